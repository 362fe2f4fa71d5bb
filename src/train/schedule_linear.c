/* In a straight line to 0 at the last epoch; within an epoch it stays. */
#include <train/schedule.h>

static double share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory)
{
    (void)schedule;
    (void)memory;
    return 1 - mli_schedule_epoch(place) / mli_schedule_epochs(place);
}

const struct mli_schedule_kind mli_schedule_linear = {
    .name = "linear",
    .form = "linear",
    .share = share,
};

/* In a straight line to 0, a step at a time: at the end the noise of the batches is averaged away. */
#include <train/schedule.h>

static double share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory)
{
    (void)schedule;
    (void)memory;
    return 1 - (double)place->step / (double)place->steps;
}

const struct mli_schedule_kind mli_schedule_linear = {
    .name = "linear",
    .form = "linear",
    .share = share,
};

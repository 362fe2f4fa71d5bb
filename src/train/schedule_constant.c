/* The rate, all the way. */
#include <train/schedule.h>

static double share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory)
{
    (void)schedule;
    (void)place;
    (void)memory;
    return 1;
}

const struct mli_schedule_kind mli_schedule_constant = {
    .name = "constant",
    .form = "constant",
    .share = share,
};

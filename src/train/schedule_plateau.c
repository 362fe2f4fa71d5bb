/* A factor when the loss no longer falls; mli_schedule_watch() counts. */
#include <train/schedule.h>

static double share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory)
{
    (void)schedule;
    (void)place;
    return memory->share;
}

const struct mli_schedule_kind mli_schedule_plateau = {
    .name = "plateau",
    .form = "plateau:N:F",
    .every = true,
    .factor = true,
    .watches = true,
    .share = share,
};

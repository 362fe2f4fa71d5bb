/* A factor every few epochs, as PyTorch's StepLR. */
#include <train/schedule.h>

#include <math.h>

static double share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory)
{
    (void)memory;
    return pow(schedule->factor, floor(mli_schedule_epoch(place) / (double)schedule->every));
}

const struct mli_schedule_kind mli_schedule_step = {
    .name = "step",
    .form = "step:N:F",
    .every = true,
    .factor = true,
    .share = share,
};

/* A factor every epoch, as PyTorch's ExponentialLR. */
#include <train/schedule.h>

#include <math.h>

static double share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory)
{
    (void)memory;
    return pow(schedule->factor, mli_schedule_epoch(place));
}

const struct mli_schedule_kind mli_schedule_exponential = {
    .name = "exponential",
    .form = "exponential:F",
    .factor = true,
    .share = share,
};

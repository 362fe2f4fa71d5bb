/* Half a cosine to 0, a step at a time [Loshchilov & Hutter 2017, equation 5]. */
#include <train/schedule.h>

#include <math.h>

#define PI 3.14159265358979323846

static double share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory)
{
    (void)schedule;
    (void)memory;
    return 0.5 * (1 + cos(PI * (double)place->step / (double)place->steps));
}

const struct mli_schedule_kind mli_schedule_cosine = {
    .name = "cosine",
    .form = "cosine",
    .share = share,
};

/* One cycle [Smith & Topin 2018]: up, then down much further. Shape and shares are those of PyTorch's OneCycleLR. */
#include <train/schedule.h>

#include <math.h>

#define PI 3.14159265358979323846
#define RISE 0.3       /* share of the steps that go up */
#define START (1 / 25.) /* of the rate, at first */
#define END 1e-4       /* of that, in the end */

static double anneal(double from, double to, double done)
{
    return to + (from - to) / 2 * (1 + cos(PI * done));
}

static double share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory)
{
    (void)schedule;
    (void)memory;
    double last = (double)place->steps - 1, peak = RISE * (double)place->steps - 1, step = (double)place->step;

    if (step <= peak && peak > 0)
        return anneal(START, 1, step / peak);
    return last > peak ? anneal(1, START * END, fmin((step - peak) / (last - peak), 1)) : 1;
}

const struct mli_schedule_kind mli_schedule_onecycle = {
    .name = "onecycle",
    .form = "onecycle",
    .warm = true,
    .share = share,
};

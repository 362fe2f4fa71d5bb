#include <train/range.h>

#include <math.h>
#include <string.h>
#include <train/batches.h>

enum { STEPS = 100, STEADY = 10 }; /* the first steps move nothing and tell where the loss stands */
#define FIRST 1e-2    /* of the optimiser's own size: those tried */
#define LAST 1e3
#define LEAST (1 / 3.) /* of it: what may come out, so that an odd curve does no harm */
#define MOST 10
#define SMOOTH 0.9    /* what the running mean of the losses keeps from step to step */
#define TOO_HIGH 4    /* times the lowest loss: the sizes are too large from here on */
#define FALLEN 0.99   /* of the first loss: what must be gone under for the test to say something */
#define MARGIN 0.1    /* of the size where the loss was lowest, which is where steps begin to do harm */

struct curve {
    double mean, best, first, rate; /* rate: where the mean was lowest */
};

static bool follow(struct curve *curve, size_t step, double rate, double loss)
{
    curve->mean = SMOOTH * curve->mean + (1 - SMOOTH) * loss;
    double mean = curve->mean / (1 - pow(SMOOTH, (double)step + 1));

    if (step < STEADY)
        curve->first = curve->best = mean;
    if (!isfinite(mean) || mean > TOO_HIGH * curve->best)
        return false;
    if (mean < curve->best) {
        curve->best = mean;
        curve->rate = rate;
    }
    return true;
}

static void climb(struct mli_descent *descent, const struct mli_optimiser *optimiser, struct curve *curve)
{
    for (size_t i = 0; i < STEPS; i++) {
        double loss;
        descent->rate = optimiser->stack_rate * FIRST * pow(LAST / FIRST, (double)i / (STEPS - 1));
        if (mli_batches_probe(descent, optimiser->step, &loss) != MLI_FAULT_NONE ||
            !follow(curve, i, descent->rate, loss))
            break;
    }
}

double mli_range_test(struct mli_descent *descent, const struct mli_optimiser *optimiser, const mli_real *start)
{
    struct curve curve = { .rate = NAN };
    size_t p = descent->problem.p;

    mli_batches_order(descent);
    climb(descent, optimiser, &curve);
    descent->batches.next = 0;
    memcpy(descent->theta, start, p * sizeof *start);
    memset(descent->vectors, 0, optimiser->doubles(p) * sizeof *descent->vectors);
    descent->count = 0;
    descent->first = NAN;
    if (!(curve.best < FALLEN * curve.first))
        return NAN;
    return fmin(fmax(MARGIN * curve.rate, LEAST * optimiser->stack_rate), MOST * optimiser->stack_rate);
}

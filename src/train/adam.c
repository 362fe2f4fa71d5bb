/* Adam [Kingma & Ba 2015, algorithm 1]; l1 by the proximal map in its metric, one threshold a parameter. */
#include <train/optimiser.h>

#include <base/clones.h>
#include <math.h>

#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8

static size_t doubles(size_t p)
{
    return 2 * p;
}

MLI_CLONES
static void step(struct mli_descent *descent, size_t first, size_t end)
{
    size_t p = descent->problem.p;
    const double t = (double)descent->count;
    const mli_real *restrict grad = descent->grad;
    mli_real *restrict theta = descent->theta, *restrict mean = descent->vectors, *restrict square = mean + p;
    const mli_real size = descent->rate / (1 - pow(BETA1, t)), scale = 1 / sqrt(1 - pow(BETA2, t));
    const mli_real old1 = BETA1, new1 = 1 - BETA1, old2 = BETA2, new2 = 1 - BETA2, epsilon = EPSILON;

    for (size_t j = first; j < end; j++) {
        mean[j] = old1 * mean[j] + new1 * grad[j];
        square[j] = old2 * square[j] + new2 * grad[j] * grad[j];
        theta[j] -= size * mean[j] / (scale * mli_sqrt(square[j]) + epsilon);
    }
    mli_problem_shrink_each(&descent->problem, descent->rate, square, scale, EPSILON, theta, first, end);
}

/* A step moves a parameter by about the rate, whatever the curvature; weights of prepared data are around 1. */
static double rate(const struct mli_curvature *curvature, const struct mli_train_config *config)
{
    (void)curvature;
    (void)config;
    return 0.01;
}

const struct mli_optimiser mli_optimiser_adam = {
    .name = "adam",
    .doubles = doubles,
    .step = step,
    .rate = rate,
    .fixed = true,
    .stack_rate = 0.001,
};

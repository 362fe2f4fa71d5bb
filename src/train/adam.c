/* Adam [Kingma & Ba 2015, algorithm 1]; l1 by the proximal map in its metric, one threshold a parameter. */
#include <train/optimiser.h>

#include <math.h>

#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8

static size_t doubles(size_t p)
{
    return 2 * p;
}

static void step(struct mli_descent *descent)
{
    const struct mli_problem *problem = &descent->problem;
    double *mean = descent->vectors, *square = mean + problem->p;
    double t = (double)++descent->count;
    double unbias1 = 1 / (1 - pow(BETA1, t)), unbias2 = 1 / (1 - pow(BETA2, t));

    for (size_t j = 0; j < problem->p; j++) {
        double g = descent->grad[j];
        mean[j] = BETA1 * mean[j] + (1 - BETA1) * g;
        square[j] = BETA2 * square[j] + (1 - BETA2) * g * g;
        double size = descent->rate / (sqrt(square[j] * unbias2) + EPSILON);
        double x = descent->theta[j] - size * (mean[j] * unbias1);
        descent->theta[j] = problem->penalised[j] ? mli_shrink(x, size * problem->l1) : x;
    }
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
    .stack_rate = 0.001,
};

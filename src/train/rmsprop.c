/*
 * RMSprop [Tieleman & Hinton 2012, lecture 6.5]: every parameter's step is divided by the root of a running mean of its
 * squared gradients; l1 by the proximal map in that metric. Decay and epsilon are PyTorch's.
 */
#include <train/optimiser.h>

#include <math.h>

#define ALPHA 0.99
#define EPSILON 1e-8

static size_t doubles(size_t p)
{
    return p;
}

static void step(struct mli_descent *descent)
{
    const double rate = descent->rate;
    const mli_real *restrict grad = descent->grad;
    mli_real *restrict theta = descent->theta, *restrict square = descent->vectors;

    for (size_t j = 0; j < descent->problem.p; j++) {
        square[j] = ALPHA * square[j] + (1 - ALPHA) * grad[j] * grad[j];
        theta[j] -= rate * grad[j] / (sqrt(square[j]) + EPSILON);
    }
    mli_problem_shrink_each(&descent->problem, rate, square, 1, EPSILON, theta);
}

/* A step moves a parameter by about the rate, whatever the curvature; weights of prepared data are around 1. */
static double rate(const struct mli_curvature *curvature, const struct mli_train_config *config)
{
    (void)curvature;
    (void)config;
    return 0.01;
}

const struct mli_optimiser mli_optimiser_rmsprop = {
    .name = "rmsprop",
    .doubles = doubles,
    .step = step,
    .rate = rate,
    .fixed = true,
    .stack_rate = 0.001,
};

/*
 * RMSprop [Tieleman & Hinton 2012, lecture 6.5]: every parameter's step is divided by the root of a running mean of its
 * squared gradients; l1 by the proximal map in that metric. Decay and epsilon are PyTorch's.
 */
#include <train/optimiser.h>

#include <base/clones.h>

#define ALPHA 0.99
#define EPSILON 1e-8

static size_t doubles(size_t p)
{
    return p;
}

MLI_CLONES
static void step(struct mli_descent *descent, size_t first, size_t end)
{
    const mli_real rate = descent->rate, old = ALPHA, new = 1 - ALPHA, epsilon = EPSILON;
    const mli_real *restrict grad = descent->grad;
    mli_real *restrict theta = descent->theta, *restrict square = descent->vectors;

    for (size_t j = first; j < end; j++) {
        square[j] = old * square[j] + new * grad[j] * grad[j];
        theta[j] -= rate * grad[j] / (mli_sqrt(square[j]) + epsilon);
    }
    mli_problem_shrink_each(&descent->problem, descent->rate, square, 1, EPSILON, theta, first, end);
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

/*
 * AdaGrad [Duchi, Hazan & Singer 2011]: every parameter's step is divided by the root of the sum of its squared
 * gradients so far; l1 by the proximal map in that metric. The epsilon is PyTorch's.
 */
#include <train/optimiser.h>

#include <base/clones.h>

#define EPSILON 1e-10

static size_t doubles(size_t p)
{
    return p;
}

MLI_CLONES
static void step(struct mli_descent *descent, size_t first, size_t end)
{
    const mli_real rate = descent->rate, epsilon = EPSILON;
    const mli_real *restrict grad = descent->grad;
    mli_real *restrict theta = descent->theta, *restrict square = descent->vectors;

    for (size_t j = first; j < end; j++) {
        square[j] += grad[j] * grad[j];
        theta[j] -= rate * grad[j] / (mli_sqrt(square[j]) + epsilon);
    }
    mli_problem_shrink_each(&descent->problem, descent->rate, square, 1, EPSILON, theta, first, end);
}

/* The first step moves a parameter by the rate, the later ones ever less; weights of prepared data are around 1. */
static double rate(const struct mli_curvature *curvature, const struct mli_train_config *config)
{
    (void)curvature;
    (void)config;
    return 0.5;
}

const struct mli_optimiser mli_optimiser_adagrad = {
    .name = "adagrad",
    .doubles = doubles,
    .step = step,
    .rate = rate,
    .fixed = true,
    .stack_rate = 0.05,
};

/*
 * AdaGrad [Duchi, Hazan & Singer 2011]: every parameter's step is divided by the root of the sum of its squared
 * gradients so far; l1 by the proximal map in that metric. The epsilon is PyTorch's.
 */
#include <train/optimiser.h>

#include <math.h>

#define EPSILON 1e-10

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
        square[j] += grad[j] * grad[j];
        theta[j] -= rate * grad[j] / (sqrt(square[j]) + EPSILON);
    }
    mli_problem_shrink_each(&descent->problem, rate, square, 1, EPSILON, theta);
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

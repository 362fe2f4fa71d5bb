/* Stochastic gradient descent [Robbins & Monro 1951] with proximal steps for l1 [Duchi & Singer 2009]. */
#include <train/optimiser.h>

#include <base/clones.h>
#include <train/rate.h>

static size_t doubles(size_t p)
{
    (void)p;
    return 0;
}

MLI_CLONES
static void step(struct mli_descent *descent, size_t first, size_t end)
{
    const mli_real rate = descent->rate;
    const mli_real *restrict grad = descent->grad;
    mli_real *restrict theta = descent->theta;

    for (size_t j = first; j < end; j++)
        theta[j] -= rate * grad[j];
    mli_problem_shrink(&descent->problem, descent->rate, theta, first, end);
}

static double rate(const struct mli_curvature *curvature, const struct mli_train_config *config)
{
    (void)config;
    return 0.5 / mli_batch_curvature(curvature);
}

const struct mli_optimiser mli_optimiser_sgd = {
    .name = "sgd",
    .doubles = doubles,
    .step = step,
    .rate = rate,
    .stack_rate = 0.01,
};

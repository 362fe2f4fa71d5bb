/*
 * Stochastic gradient descent with a heavy ball [Polyak 1964]:  v = momentum v + g,  theta -= rate v. A gradient
 * that stays moves theta by rate g / (1 - momentum) in the end, so l1 shrinks by as much: that is what makes the
 * optimum a fixed point.
 */
#include <train/optimiser.h>

#include <base/clones.h>
#include <train/rate.h>

static size_t doubles(size_t p)
{
    return p;
}

MLI_CLONES
static void step(struct mli_descent *descent, size_t first, size_t end)
{
    const mli_real rate = descent->rate, momentum = descent->config->momentum;
    const mli_real *restrict grad = descent->grad;
    mli_real *restrict theta = descent->theta, *restrict velocity = descent->vectors;

    for (size_t j = first; j < end; j++) {
        velocity[j] = momentum * velocity[j] + grad[j];
        theta[j] -= rate * velocity[j];
    }
    mli_problem_shrink(&descent->problem, descent->rate / (1 - descent->config->momentum), theta, first, end);
}

static double rate(const struct mli_curvature *curvature, const struct mli_train_config *config)
{
    return (1 - config->momentum) * 0.5 / mli_batch_curvature(curvature);
}

const struct mli_optimiser mli_optimiser_momentum = {
    .name = "momentum",
    .doubles = doubles,
    .step = step,
    .rate = rate,
    .stack_rate = 0.01,
};

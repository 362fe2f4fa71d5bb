/* Stochastic gradient descent [Robbins & Monro 1951] with proximal steps for l1 [Duchi & Singer 2009]. */
#include <train/optimiser.h>

#include <train/rate.h>

static size_t doubles(size_t p)
{
    (void)p;
    return 0;
}

static void step(struct mli_descent *descent)
{
    const struct mli_problem *problem = &descent->problem;
    double size = descent->rate * problem->l1;

    for (size_t j = 0; j < problem->p; j++) {
        double x = descent->theta[j] - descent->rate * descent->grad[j];
        descent->theta[j] = problem->penalised[j] ? mli_shrink(x, size) : x;
    }
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

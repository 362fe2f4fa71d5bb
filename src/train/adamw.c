/*
 * Adam with decoupled weight decay [Loshchilov & Hutter 2019, algorithm 2]: a step also takes rate * decay of every
 * weight, whatever its gradients were; biases are free. l2 stays what it is for all optimisers, a part of the objective.
 */
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
    size_t p = descent->problem.p;
    const double t = (double)++descent->count;
    const mli_real *restrict grad = descent->grad;
    mli_real *restrict theta = descent->theta, *restrict mean = descent->vectors, *restrict square = mean + p;
    const double size = descent->rate / (1 - pow(BETA1, t)), scale = 1 / sqrt(1 - pow(BETA2, t));
    const double keep[2] = { 1, 1 - descent->rate * descent->config->decay };
    const uint8_t *restrict penalised = descent->problem.penalised;

    for (size_t j = 0; j < p; j++) {
        mean[j] = BETA1 * mean[j] + (1 - BETA1) * grad[j];
        square[j] = BETA2 * square[j] + (1 - BETA2) * grad[j] * grad[j];
        theta[j] = keep[penalised[j]] * theta[j] - size * mean[j] / (scale * sqrt(square[j]) + EPSILON);
    }
    mli_problem_shrink_each(&descent->problem, descent->rate, square, scale, EPSILON, theta);
}

/* A step moves a parameter by about the rate, whatever the curvature; weights of prepared data are around 1. */
static double rate(const struct mli_curvature *curvature, const struct mli_train_config *config)
{
    (void)curvature;
    (void)config;
    return 0.01;
}

const struct mli_optimiser mli_optimiser_adamw = {
    .name = "adamw",
    .doubles = doubles,
    .step = step,
    .rate = rate,
    .fixed = true,
    .stack_rate = 0.001,
    .decays = true,
};

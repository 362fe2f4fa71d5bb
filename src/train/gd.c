/*
 * Gradient descent [Cauchy 1847], by default with a constant step; with l1 the proximal gradient method, ISTA [Beck & Teboulle
 * 2009].
 */
#include <train/optimiser.h>

static size_t doubles(size_t p)
{
    (void)p;
    return 0;
}

/* False when no parameter changed: the step is below their last digit. */
static bool move(struct mli_descent *descent)
{
    const struct mli_problem *problem = &descent->problem;
    double size = descent->rate * problem->l1;
    bool moved = false;

    for (size_t j = 0; j < problem->p; j++) {
        double x = descent->theta[j] - descent->rate * descent->grad[j];
        if (problem->penalised[j])
            x = mli_shrink(x, size);
        moved |= x != descent->theta[j];
        descent->theta[j] = x;
    }
    return moved;
}

static enum mli_fault epoch(struct mli_descent *descent)
{
    if (descent->epoch == 0) {
        enum mli_fault fault = mli_descent_evaluate(descent);
        if (fault || descent->end)
            return fault;
    }
    mli_descent_pace(descent);
    mli_descent_clip(descent, mli_dot(descent->problem.p, descent->grad, descent->grad));
    if (!move(descent))
        descent->end = MLI_TRAIN_STALLED;
    return mli_descent_evaluate(descent);
}

/* 1/L, with which every step goes down [Nesterov 2004, section 2.1.5]. */
static double rate(const struct mli_curvature *curvature, const struct mli_train_config *config)
{
    (void)config;
    return 1 / curvature->mean;
}

const struct mli_optimiser mli_optimiser_gd = {
    .name = "gd",
    .doubles = doubles,
    .epoch = epoch,
    .rate = rate,
    .stack_rate = 0.05,
};

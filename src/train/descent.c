#include <train/descent.h>

#include <math.h>

#define GROWTH 1e6

enum mli_fault mli_descent_check(struct mli_descent *descent, double objective)
{
    if (!isfinite(objective))
        return MLI_FAULT_LOSS;
    if (isnan(descent->first))
        descent->first = objective;
    /* a start near 0 is no measure; losses of prepared data begin around 1 */
    return objective > GROWTH * fmax(descent->first, 1) ? MLI_FAULT_GROWTH : MLI_FAULT_NONE;
}

void mli_descent_pace(struct mli_descent *descent)
{
    const struct mli_schedule_place place = {
        .step = descent->steps,
        .steps = descent->per_epoch * descent->config->epochs,
        .per_epoch = descent->per_epoch,
    };

    descent->rate = descent->base * mli_schedule_share(&descent->schedule, &place, &descent->memory);
    descent->steps++;
}

/* Without overflow on the way: the squares of what is finite may not be. square: their sum. */
static double length(size_t n, const mli_real *x, double square)
{
    double largest = 0, sum = 0;

    if (isfinite(square))
        return sqrt(square);
    for (size_t j = 0; j < n; j++) {
        if (!isfinite(x[j]))
            return NAN;
        largest = fmax(largest, fabs(x[j]));
    }
    for (size_t j = 0; j < n; j++)
        sum += x[j] / largest * (x[j] / largest);
    return largest * sqrt(sum);
}

double mli_descent_clip(struct mli_descent *descent, double square)
{
    size_t p = descent->problem.p;
    double norm = length(p, descent->grad, square), most = descent->config->clip;

    if (most > 0 && norm > most) { /* the 1e-6 is PyTorch's */
        double scale = most / (norm + 1e-6);
        for (size_t j = 0; j < p; j++)
            descent->grad[j] *= scale;
    }
    return norm;
}

enum mli_fault mli_descent_arrive(struct mli_descent *descent)
{
    enum mli_fault fault = mli_descent_check(descent, descent->value.objective);

    if (fault)
        return fault;
    size_t p = descent->problem.p;
    descent->norm = length(p, descent->grad, mli_dot(p, descent->grad, descent->grad));
    descent->gradient = mli_problem_largest(&descent->problem, descent->theta, descent->grad);
    if (!isfinite(descent->gradient))
        return MLI_FAULT_GRADIENT;
    if (descent->gradient <= descent->config->tolerance)
        descent->end = MLI_TRAIN_CONVERGED;
    return MLI_FAULT_NONE;
}

enum mli_fault mli_descent_evaluate(struct mli_descent *descent)
{
    descent->value = mli_problem_at(&descent->problem, descent->theta, descent->grad);
    return mli_descent_arrive(descent);
}

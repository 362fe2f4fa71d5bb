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

enum mli_fault mli_descent_arrive(struct mli_descent *descent)
{
    enum mli_fault fault = mli_descent_check(descent, descent->value.objective);

    if (fault)
        return fault;
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

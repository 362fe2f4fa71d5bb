#include <train/orthant.h>

#include <math.h>

#define DECREASE 1e-4
#define HALVINGS 60

void mli_orthant_align(const struct mli_problem *problem, const mli_real *subgradient,
                       mli_real *direction)
{
    for (size_t j = 0; j < problem->p; j++)
        if (problem->penalised[j] && direction[j] * subgradient[j] >= 0)
            direction[j] = 0;
}

/* theta + t direction, with 0 for what has left the orthant of theta, or of -subgradient where theta is 0. */
static void project(const struct mli_descent *descent, const mli_real *subgradient,
                    const mli_real *direction, double t, mli_real *out)
{
    for (size_t j = 0; j < descent->problem.p; j++) {
        double x = descent->theta[j], side = x != 0 ? x : -subgradient[j];
        out[j] = x + t * direction[j];
        if (descent->problem.penalised[j] && out[j] * side <= 0)
            out[j] = 0;
    }
}

/* subgradient' (out - theta): how far the step should go down at first order; negative. */
static double expected(const struct mli_descent *descent, const mli_real *subgradient,
                       const mli_real *out)
{
    double sum = 0;
    for (size_t j = 0; j < descent->problem.p; j++)
        sum += subgradient[j] * (out[j] - descent->theta[j]);
    return sum;
}

bool mli_orthant_search(const struct mli_descent *descent, const mli_real *subgradient,
                        const mli_real *direction, double *t, mli_real *out, mli_real *grad,
                        struct mli_value *value)
{
    for (int i = 0; i < HALVINGS; i++, *t /= 2) {
        project(descent, subgradient, direction, *t, out);
        double slope = expected(descent, subgradient, out);
        if (!(slope < 0))
            continue;
        *value = mli_problem_at(&descent->problem, out, grad);
        if (value->objective <= descent->value.objective + DECREASE * slope)
            return true;
    }
    return false;
}

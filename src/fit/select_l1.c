/*
 * Scores by a model with an L1 penalty [Tibshirani 1996]: the target as the solvers want it, and which of them it is.
 *
 * Of 262,817 rows of 133 features the covariance takes 0.5 s, and 100 s of quasi-Newton steps end at the same weights.
 */
#include <fit/l1.h>

#include <base/mem.h>
#include <la/kernels.h>
#include <math.h>
#include <stdlib.h>

/* A Hessian of so many rows takes 8 MB and is made, step by step, in less time than quasi-Newton steps take. */
#define NEWTON_WEIGHTS 1024

void mli_l1_unsettled(const struct mli_l1 *l1)
{
    ml_log(l1->rows->log, ML_LOG_WARNING,
           "--select l1: the weights under the penalty did not settle; features near the bound may be on the wrong "
           "side of it (--scale standard, or a larger strength, helps)");
}

/* A regression's target to mean 0 and deviation 1 (returned); classes stay. */
static double scale_y(const struct mli_reduce_rows *rows, double *y)
{
    double mean = 0, squares = 0;

    for (size_t i = 0; i < rows->n; i++) {
        y[i] = rows->y[i];
        mean += (rows->y[i] - mean) / (double)(i + 1);
    }
    if (rows->classes)
        return 1;
    for (size_t i = 0; i < rows->n; i++)
        squares += (rows->y[i] - mean) * (rows->y[i] - mean);
    double deviation = sqrt(squares / (double)rows->n);
    double unit = deviation > 0 && isfinite(deviation) ? deviation : 1;
    for (size_t i = 0; i < rows->n; i++)
        y[i] = (y[i] - mean) / unit;
    return unit;
}

static enum ml_status solve(struct mli_l1 *l1, double *score, struct ml_error *err)
{
    size_t weights, memory = l1->rows->memory;

    if (l1->rows->classes == 0 && l1->d <= l1->rows->n && l1->d < memory / sizeof(double) / l1->d)
        return mli_l1_gram(l1, score, err);
    if (l1->rows->classes > 0 && mli_mul(l1->outputs, l1->d + 1, &weights) &&
        weights <= NEWTON_WEIGHTS && mli_l1_newton_memory(l1) <= memory)
        return mli_l1_newton(l1, score, err);
    return mli_l1_trained(l1, score, err);
}

enum ml_status mli_reduce_l1(const struct mli_pipeline *pipeline, const struct mli_reduce_rows *rows,
                             double *strength, double *score, struct ml_error *err)
{
    double *y = mli_alloc(rows->n, sizeof(*y));

    if (!y)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    double unit = scale_y(rows, y);
    struct mli_l1 l1 = { .pipeline = pipeline,
                         .rows = rows,
                         .d = mli_pipeline_features(pipeline),
                         .outputs = rows->classes > 2 ? rows->classes : 1,
                         .y = y,
                         .strength = *strength / unit };
    enum ml_status status = mli_blas_prepare(err);
    if (status == ML_OK)
        status = solve(&l1, score, err);
    if (status == ML_OK)
        *strength = l1.strength * unit;
    free(y);
    return status;
}

#include <train/batches.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_EPOCHS 5
#define GOLDEN 0x9e3779b97f4a7c15u /* 2^64 over the golden ratio: epochs of one seed lie far apart */

static size_t batch_rows(size_t n, size_t batch)
{
    return batch < n ? batch : n;
}

size_t mli_batches_memory(size_t n, size_t d, size_t batch)
{
    return n * sizeof(size_t) + batch_rows(n, batch) * (d + 2) * sizeof(double);
}

enum ml_status mli_batches_init(struct mli_batches *batches, const struct mli_train_data *data,
                                const struct mli_train_config *config, struct ml_error *err)
{
    size_t size = batch_rows(data->n, config->batch);

    *batches = (struct mli_batches){
        .size = size,
        .order = mli_alloc(data->n, sizeof(size_t)),
        .X = mli_alloc(size, data->d * sizeof(double)),
        .y = mli_alloc(size, sizeof(double)),
        .weight = data->weight ? mli_alloc(size, sizeof(double)) : NULL,
    };
    mli_rng_init(&batches->rng, config->seed);
    if (!batches->order || !batches->X || !batches->y || (data->weight && !batches->weight)) {
        mli_batches_release(batches);
        return ml_error_set(err, ML_ENOMEM, "out of memory for batches of %zu rows", size);
    }
    for (size_t i = 0; i < data->n; i++)
        batches->order[i] = i;
    return ML_OK;
}

void mli_batches_release(struct mli_batches *batches)
{
    free(batches->order);
    free(batches->X);
    free(batches->y);
    free(batches->weight);
    *batches = (struct mli_batches){ 0 };
}

static struct mli_train_data gather(const struct mli_batches *batches,
                                    const struct mli_train_data *data, size_t first)
{
    size_t n = batch_rows(data->n - first, batches->size), d = data->d;

    for (size_t i = 0; i < n; i++) {
        size_t row = batches->order[first + i];
        memcpy(batches->X + i * d, data->X + row * d, d * sizeof(double));
        batches->y[i] = data->y[row];
        if (batches->weight)
            batches->weight[i] = data->weight[row];
    }
    return (struct mli_train_data){ n, d, batches->X, batches->y, batches->weight };
}

/* Whether all entries are finite. A sum would do, but could overflow by itself. */
static bool finite_all(size_t n, const double *x)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

/* Notes the epoch's value and whether it still differs from that of the epoch before. */
static enum mli_fault finish(struct mli_descent *descent, double loss)
{
    double before = descent->epoch ? descent->value.objective : INFINITY;
    double objective = loss + mli_problem_penalty(&descent->problem, descent->theta);

    if (!finite_all(descent->problem.p, descent->theta))
        return MLI_FAULT_PARAMETER;
    descent->value = (struct mli_value){ loss, objective };
    bool still = fabs(objective - before) <= descent->config->tolerance * fmax(fabs(objective), 1);
    descent->idle = still ? descent->idle + 1 : 0;
    if (descent->idle == IDLE_EPOCHS)
        descent->end = MLI_TRAIN_STALLED;
    return mli_descent_check(descent, objective);
}

enum mli_fault mli_batches_epoch(struct mli_descent *descent,
                                 void (*step)(struct mli_descent *descent))
{
    const struct mli_problem *problem = &descent->problem;
    struct mli_batches *batches = &descent->batches;
    /* the seed of an epoch follows from its number, so that there is none to keep */
    struct mli_pass pass = { .training = true,
                             .seed = descent->config->seed + GOLDEN * (descent->epoch + 1) };
    double sum = 0;

    mli_rng_shuffle(&batches->rng, batches->order, problem->data.n);
    for (size_t first = 0; first < problem->data.n; first += batches->size) {
        struct mli_train_data rows = gather(batches, &problem->data, first);
        pass.row = first;
        double part = mli_problem_batch(problem, &rows, &pass, descent->theta, descent->grad);
        enum mli_fault fault = mli_descent_check(descent, part / mli_weight_sum(&rows));
        if (fault)
            return fault;
        if (!finite_all(problem->p, descent->grad))
            return MLI_FAULT_GRADIENT;
        step(descent);
        sum += part;
    }
    return finish(descent, sum / problem->weight);
}

/*
 * Pca: features to their principal components [Jolliffe 2002], fitted by src/fit. Here the plain kernels multiply, so
 * that a row gives the same bits alone and in a batch.
 */
#include <prep/stage.h>

#include <base/mem.h>
#include <base/num.h>
#include <la/kernels.h>
#include <prep/step.h>
#include <stdlib.h>
#include <string.h>

enum ml_status mli_pca_parse(const char *how, size_t *count, double *share, struct ml_error *err)
{
    size_t n;
    double value;

    if (mli_num_parse_size(how, strlen(how), &n) && n > 0) {
        *count = n;
        *share = 0;
        return ML_OK;
    }
    if (mli_num_parse(how, strlen(how), &value) && value > 0 && value < 1) {
        *count = 0;
        *share = value;
        return ML_OK;
    }
    return ml_error_set(err, ML_EUSAGE,
                        "\"%.60s\" is neither a number of components nor a share of the variance "
                        "between 0 and 1",
                        how);
}

enum ml_status mli_pca_check(const char *how, unsigned column, struct ml_error *err)
{
    size_t count;
    double share;

    (void)column; /* it is for all of them together */
    return mli_pca_parse(how, &count, &share, err);
}

static void pca_free(void *state)
{
    struct mli_pca *pca = state;

    if (!pca)
        return;
    free(pca->mean);
    free(pca->component);
    free(pca->variance);
    free(pca->ratio);
    free(pca);
}

struct mli_pca *mli_pca_new(size_t inputs, size_t count)
{
    struct mli_pca *pca = mli_calloc(1, sizeof(*pca));
    size_t size;

    if (!pca)
        return NULL;
    *pca = (struct mli_pca){ .inputs = inputs, .count = count };
    pca->mean = mli_alloc(inputs, sizeof(*pca->mean));
    pca->component =
        mli_mul(inputs, count, &size) ? mli_alloc(size, sizeof(*pca->component)) : NULL;
    pca->variance = mli_alloc(count, sizeof(*pca->variance));
    pca->ratio = mli_alloc(count, sizeof(*pca->ratio));
    if (pca->mean && pca->component && pca->variance && pca->ratio)
        return pca;
    pca_free(pca);
    return NULL;
}

static enum ml_status pca_shape(const void *state, size_t inputs, size_t *outputs,
                                struct ml_error *err)
{
    const struct mli_pca *pca = state;

    if (pca->inputs != inputs)
        return ml_error_set(err, ML_EARTIFACT, "\"inputs\" is %zu, but there are %zu features",
                            pca->inputs, inputs);
    *outputs = pca->count;
    return ML_OK;
}

static void pca_apply(const void *state, size_t n, double *X, double *out)
{
    const struct mli_pca *pca = state;

    for (size_t i = 0; i < n; i++) {
        double *x = X + i * pca->inputs;
        for (size_t j = 0; j < pca->inputs; j++)
            x[j] -= pca->mean[j];
    }
    mli_kernels_plain.multiply_nt(n, pca->count, pca->inputs, X, pca->component, 0, out);
}

/* ---- file ---------------------------------------------------------------------------------------------------- */

static enum ml_status pca_save(const void *state, json_t *doc, struct mli_tensors *set,
                               struct ml_error *err)
{
    const struct mli_pca *pca = state;
    const struct {
        const char *name;
        size_t n;
        const double *data;
    } rows[] = {
        { "prep.pca.mean", pca->inputs, pca->mean },
        { "prep.pca.components", pca->count * pca->inputs, pca->component },
        { "prep.pca.variance", pca->count, pca->variance },
        { "prep.pca.ratio", pca->count, pca->ratio },
    };
    enum ml_status status = ML_OK;

    if (!mli_json_put(doc, "inputs", json_integer((json_int_t)pca->inputs)) ||
        !mli_json_put(doc, "components", json_integer((json_int_t)pca->count)))
        return mli_step_nomem(err);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && status == ML_OK; i++)
        status = mli_tensors_add_vector(set, rows[i].name, rows[i].n, rows[i].data, err);
    return status;
}

static enum ml_status load_sizes(const json_t *doc, struct mli_pca *pca, size_t *size,
                                 struct ml_error *err)
{
    static const char *const members[] = { "kind", "inputs", "components", NULL };
    enum ml_status status = mli_step_members(doc, members, err);

    if (status == ML_OK)
        status = mli_json_size(doc, "inputs", &pca->inputs, err);
    if (status == ML_OK)
        status = mli_json_size(doc, "components", &pca->count, err);
    if (status == ML_OK && (pca->count == 0 || pca->count > pca->inputs ||
                            !mli_mul(pca->count, pca->inputs, size)))
        status = ml_error_set(err, ML_EARTIFACT, "%zu \"components\" of %zu \"inputs\"", pca->count,
                              pca->inputs);
    return status;
}

static enum ml_status pca_load(const json_t *doc, struct mli_tensors *set, void **out,
                               struct ml_error *err)
{
    struct mli_pca *pca = mli_calloc(1, sizeof(*pca));
    size_t size = 0;
    enum ml_status status = pca ? load_sizes(doc, pca, &size, err) : mli_step_nomem(err);

    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.pca.mean", pca->inputs, &pca->mean, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.pca.components", size, &pca->component, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.pca.variance", pca->count, &pca->variance, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.pca.ratio", pca->count, &pca->ratio, err);
    if (status != ML_OK) {
        pca_free(pca);
        return status;
    }
    *out = pca;
    return ML_OK;
}

const struct mli_stage_kind mli_pca_stage = {
    .name = "pca",
    .stem = "pc",
    .shape = pca_shape,
    .apply = pca_apply,
    .save = pca_save,
    .load = pca_load,
    .free = pca_free,
};

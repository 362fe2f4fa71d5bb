/*
 * Principal components by the eigenvectors of the covariance, which is what scikit-learn's PCA calls
 * svd_solver="covariance_eigh": one pass for the means, one for the products of the centred rows.
 */
#include <fit/reduce.h>

#include <base/mem.h>
#include <fit/matrix.h>
#include <la/eigen.h>
#include <la/kernels.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct covariance {
    size_t d, n;
    double *mean;   /* d */
    double *matrix; /* (d,d), lower triangle */
};

static enum ml_status add_means(void *data, size_t n, double *X, struct ml_error *err)
{
    struct covariance *c = data;

    (void)err;
    for (size_t i = 0; i < n; i++) {
        const double *x = X + i * c->d;
        c->n++;
        for (size_t j = 0; j < c->d; j++)
            c->mean[j] += (x[j] - c->mean[j]) / (double)c->n;
    }
    return ML_OK;
}

static enum ml_status add_products(void *data, size_t n, double *X, struct ml_error *err)
{
    struct covariance *c = data;

    (void)err;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < c->d; j++)
            X[i * c->d + j] -= c->mean[j];
    mli_gram_add(n, c->d, X, c->matrix);
    return ML_OK;
}

static enum ml_status fit_covariance(const struct mli_pipeline *pipeline,
                                     const struct mli_reduce_rows *rows, struct covariance *c,
                                     struct ml_error *err)
{
    enum ml_status status =
        mli_matrix_each(pipeline, rows->table, rows->part, rows->which, add_means, c, err);

    if (status == ML_OK)
        status = mli_matrix_each(pipeline, rows->table, rows->part, rows->which, add_products, c, err);
    for (size_t i = 0; status == ML_OK && i < c->d; i++)
        for (size_t j = 0; j <= i; j++)
            c->matrix[i * c->d + j] /= (double)(c->n - 1);
    return status;
}

/* How many may be wanted: n rows vary in fewer than n directions, so for a share no more are looked for. */
static size_t sought(const struct mli_reduction *reduction, size_t d, size_t n)
{
    return reduction->components ? reduction->components : d < n ? d : n;
}

/* ---- checks -------------------------------------------------------------------------------------------------- */

static enum ml_status check_size(const struct mli_reduction *reduction,
                                 const struct mli_reduce_rows *rows, size_t d, struct ml_error *err)
{
    size_t most = d < rows->n ? d : rows->n, matrix, need;

    if (rows->n < 2)
        return ml_error_set(err, ML_EDATA, "--pca needs two training rows, there is %zu", rows->n);
    if (reduction->components > most)
        return ml_error_set(err, ML_EUSAGE,
                            "--pca %zu: there are only %zu features and %zu training rows",
                            reduction->components, d, rows->n);
    size_t k = sought(reduction, d, rows->n);
    if (mli_mul(d, d, &matrix) && mli_mul(d, d + k, &need) && mli_mul(need, sizeof(double), &need) &&
        mli_add(need, mli_eigen_memory(d), &need) && need <= rows->memory)
        return ML_OK;
    return ml_error_set(err, ML_ELIMIT,
                        "--pca needs the covariance of %zu features, more than the %zu MiB of memory that may be "
                        "used; --select k:N before it takes fewer",
                        d, rows->memory >> 20);
}

/* ---- components ---------------------------------------------------------------------------------------------- */

/* Of equal entries the first. */
static void turn_positive(double *component, size_t d)
{
    size_t largest = 0;

    for (size_t j = 1; j < d; j++)
        largest = fabs(component[j]) > fabs(component[largest]) ? j : largest;
    double sign = component[largest] < 0 ? -1 : 1;
    for (size_t j = 0; j < d; j++)
        component[j] *= sign;
}

static double total_variance(const struct covariance *c)
{
    double total = 0;

    for (size_t j = 0; j < c->d; j++)
        total += c->matrix[j * c->d + j];
    return total;
}

static size_t enough(const double *value, size_t n, double total, double share)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++) {
        sum += fmax(value[k], 0) / total;
        if (sum > share)
            return k + 1;
    }
    return n;
}

static struct mli_pca *make_state(const struct covariance *c, size_t k, const double *value,
                                  const double *vector, double total)
{
    struct mli_pca *pca = mli_pca_new(c->d, k);

    if (!pca)
        return NULL;
    memcpy(pca->mean, c->mean, c->d * sizeof(*c->mean));
    memcpy(pca->component, vector, k * c->d * sizeof(*vector));
    for (size_t i = 0; i < k; i++) {
        turn_positive(pca->component + i * c->d, c->d);
        pca->variance[i] = fmax(value[i], 0); /* below 0 by rounding only */
        pca->ratio[i] = pca->variance[i] / total;
    }
    return pca;
}

static enum ml_status decompose(const struct mli_reduction *reduction, struct covariance *c,
                                struct mli_pca **out, struct ml_error *err)
{
    double total = total_variance(c);
    size_t k = sought(reduction, c->d, c->n), size;
    double *value = mli_alloc(k, sizeof(*value));
    double *vector = mli_mul(k, c->d, &size) ? mli_alloc(size, sizeof(*vector)) : NULL;
    enum ml_status status = value && vector ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");

    if (status == ML_OK && (!(total > 0) || !isfinite(total)))
        status = ml_error_set(err, ML_EDATA, "--pca: the features do not vary, or too far");
    if (status == ML_OK && !mli_eigen_largest(c->d, c->matrix, k, value, vector))
        status = ml_error_set(err, ML_ENOMEM, "--pca: the eigenvalues of %zu features were not found", c->d);
    if (status == ML_OK) {
        if (!reduction->components)
            k = enough(value, k, total, reduction->share);
        *out = make_state(c, k, value, vector, total);
        status = *out ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    free(vector);
    free(value);
    return status;
}

static void say(const struct mli_reduce_rows *rows, const struct mli_pca *pca)
{
    double share = 0;

    for (size_t i = 0; i < pca->count; i++)
        share += pca->ratio[i];
    ml_log(rows->log, ML_LOG_NOTE, "pca: %zu components of %zu features, %.4g%% of their variance",
           pca->count, pca->inputs, 100 * share);
}

enum ml_status mli_reduce_pca(struct mli_pipeline *pipeline, const struct mli_reduction *reduction,
                              const struct mli_reduce_rows *rows, struct ml_error *err)
{
    struct covariance c = { .d = mli_pipeline_features(pipeline) };
    struct mli_pca *pca = NULL;
    size_t size;
    enum ml_status status = check_size(reduction, rows, c.d, err);

    if (status != ML_OK)
        return status;
    mli_blas_prepare();
    c.mean = mli_calloc(c.d, sizeof(*c.mean));
    c.matrix = mli_mul(c.d, c.d, &size) ? mli_calloc(size, sizeof(*c.matrix)) : NULL;
    status = c.mean && c.matrix ? fit_covariance(pipeline, rows, &c, err)
                                : ml_error_set(err, ML_ENOMEM, "out of memory");
    if (status == ML_OK)
        status = decompose(reduction, &c, &pca, err);
    free(c.matrix);
    free(c.mean);
    if (status != ML_OK)
        return status;
    say(rows, pca);
    return mli_pipeline_append(pipeline, &mli_pca_stage, pca, err);
}

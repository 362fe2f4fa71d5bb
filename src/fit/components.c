/*
 * Principal components by the eigenvectors of the covariance C = X' X / (n - 1), X the centred rows, which is what
 * scikit-learn's PCA calls svd_solver="covariance_eigh": one pass for the means, one for the products.
 *
 * With fewer rows than features the rows are held instead, and the eigenvectors are those of X X' / (n - 1), n by n: it
 * has the same eigenvalues but for zeros, and X' u is an eigenvector of C where u is one of it [Kirby & Sirovich 1990,
 * the method of snapshots]. 100 rows of 10,000 features take 8 MB and a moment instead of 800 MB and a minute.
 */
#include <fit/reduce.h>

#include <base/mem.h>
#include <fit/centre.h>
#include <float.h>
#include <la/eigen.h>
#include <la/kernels.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct spread {
    struct mli_centre centre;
    size_t d, n;
    size_t size;    /* of the matrix: d, or n if that is less */
    double *matrix; /* (size,size), lower triangle */
    double *X;      /* (n,d) centred, if n is less than d; else NULL */
};

static enum ml_status add_products(void *data, size_t n, double *X, struct ml_error *err)
{
    struct spread *c = data;

    (void)err;
    mli_centre_take(&c->centre, n, X);
    mli_gram_add(n, c->d, X, c->matrix);
    return ML_OK;
}

static enum ml_status sum_products(const struct mli_pipeline *pipeline,
                                   const struct mli_reduce_rows *rows, struct spread *c,
                                   struct ml_error *err)
{
    const struct mli_matrix_rows matrix = mli_reduce_matrix(pipeline, rows);
    enum ml_status status = mli_matrix_each(&matrix, mli_centre_add, &c->centre, err);

    if (status == ML_OK)
        status = mli_matrix_each(&matrix, add_products, c, err);
    return status;
}

static enum ml_status hold_rows(const struct mli_pipeline *pipeline, const struct mli_reduce_rows *rows,
                                struct spread *c, struct ml_error *err)
{
    const struct mli_matrix_rows matrix = mli_reduce_matrix(pipeline, rows);
    enum ml_status status = mli_matrix_build(&matrix, false, c->X, err);

    if (status != ML_OK)
        return status;
    (void)mli_centre_add(&c->centre, c->n, c->X, NULL);
    mli_centre_take(&c->centre, c->n, c->X);
    mli_gram_rows(c->n, c->d, c->X, c->matrix);
    return ML_OK;
}

static bool spread_alloc(struct spread *c, size_t n, size_t d)
{
    size_t matrix, rows;

    *c = (struct spread){ .centre.d = d, .d = d, .n = n, .size = n < d ? n : d };
    if (!mli_mul(c->size, c->size, &matrix) || !mli_mul(n, d, &rows))
        return false;
    c->centre.mean = mli_calloc(d, sizeof(*c->centre.mean));
    c->matrix = mli_calloc(matrix, sizeof(*c->matrix));
    c->X = n < d ? mli_alloc(rows, sizeof(*c->X)) : NULL;
    return c->centre.mean && c->matrix && (c->X || n >= d);
}

static void spread_release(struct spread *c)
{
    free(c->X);
    free(c->matrix);
    free(c->centre.mean);
}

static enum ml_status fit_spread(const struct mli_pipeline *pipeline, const struct mli_reduce_rows *rows,
                                 struct spread *c, struct ml_error *err)
{
    enum ml_status status = c->X ? hold_rows(pipeline, rows, c, err) : sum_products(pipeline, rows, c, err);

    for (size_t i = 0; status == ML_OK && i < c->size; i++)
        for (size_t j = 0; j <= i; j++)
            c->matrix[i * c->size + j] /= (double)(c->n - 1);
    return status;
}

/* How many may be wanted: n rows vary in fewer than n directions, so for a share no more are looked for. */
static size_t sought(const struct mli_reduction *reduction, size_t d, size_t n)
{
    return reduction->components ? reduction->components : d < n ? d : n;
}

/* ---- checks -------------------------------------------------------------------------------------------------- */

/* The matrix with its rows if they are held, k eigenvectors, and what they become. SIZE_MAX: too many to count. */
static size_t bytes_needed(size_t n, size_t d, size_t k)
{
    size_t size = n < d ? n : d, held = n < d ? n + k : 0, a, b, need;

    if (mli_mul(size, size + k, &a) && mli_mul(held, d, &b) && mli_add(a, b, &need) &&
        mli_mul(need, sizeof(double), &need) && mli_add(need, mli_eigen_memory(size), &need))
        return need;
    return SIZE_MAX;
}

static enum ml_status check_size(const struct mli_reduction *reduction,
                                 const struct mli_reduce_rows *rows, size_t d, struct ml_error *err)
{
    size_t most = d < rows->n ? d : rows->n;

    if (rows->n < 2)
        return ml_error_set(err, ML_EDATA, "--pca needs two training rows, there is %zu", rows->n);
    if (reduction->components > most)
        return ml_error_set(err, ML_EUSAGE,
                            "--pca %zu: there are only %zu features and %zu training rows",
                            reduction->components, d, rows->n);
    if (bytes_needed(rows->n, d, sought(reduction, d, rows->n)) <= rows->memory)
        return ML_OK;
    return ml_error_set(err, ML_ELIMIT,
                        "--pca needs a matrix of %zu by %zu for %zu features of %zu rows, more than the %zu MiB of "
                        "memory that may be used; --select k:N before it takes fewer",
                        most, most, d, rows->n, rows->memory >> 20);
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

static double total_variance(const struct spread *c)
{
    double total = 0;

    for (size_t j = 0; j < c->size; j++)
        total += c->matrix[j * c->size + j];
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

/* n centred rows vary in n - 1 directions at most; another would be made of rounding errors. */
static size_t without_zeros(const struct spread *c, const double *value, size_t k)
{
    double zero = DBL_EPSILON * (double)c->size * value[0];

    while (c->X && k > 1 && value[k - 1] <= zero)
        k--;
    return k;
}

static void rows_to_components(const struct spread *c, size_t k, const double *vector, double *component)
{
    mli_kernels_blas.multiply_nn(k, c->n, c->d, vector, c->X, 0, component);
    for (size_t i = 0; i < k; i++) {
        double *v = component + i * c->d, length = sqrt(mli_dot(c->d, v, v));
        for (size_t j = 0; j < c->d; j++)
            v[j] /= length;
    }
}

static struct mli_pca *make_state(const struct spread *c, size_t k, const double *value,
                                  const double *vector, double total)
{
    struct mli_pca *pca = mli_pca_new(c->d, k);

    if (!pca)
        return NULL;
    memcpy(pca->mean, c->centre.mean, c->d * sizeof(*pca->mean));
    if (c->X)
        rows_to_components(c, k, vector, pca->component);
    else
        memcpy(pca->component, vector, k * c->d * sizeof(*vector));
    for (size_t i = 0; i < k; i++) {
        turn_positive(pca->component + i * c->d, c->d);
        pca->variance[i] = fmax(value[i], 0); /* below 0 by rounding only */
        pca->ratio[i] = pca->variance[i] / total;
    }
    return pca;
}

static enum ml_status decompose(const struct mli_reduction *reduction, struct spread *c,
                                struct mli_pca **out, struct ml_error *err)
{
    double total = total_variance(c);
    size_t k = sought(reduction, c->d, c->n), size;
    double *value = mli_alloc(k, sizeof(*value));
    double *vector = mli_mul(k, c->size, &size) ? mli_alloc(size, sizeof(*vector)) : NULL;
    enum ml_status status = value && vector ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");

    if (status == ML_OK && (!(total > 0) || !isfinite(total)))
        status = ml_error_set(err, ML_EDATA, "--pca: the features do not vary, or too far");
    if (status == ML_OK && !mli_eigen_largest(c->size, c->matrix, k, value, vector))
        status = ml_error_set(err, ML_ENOMEM, "--pca: the eigenvalues of %zu features were not found", c->d);
    if (status == ML_OK) {
        if (!reduction->components)
            k = enough(value, k, total, reduction->share);
        k = without_zeros(c, value, k);
        *out = make_state(c, k, value, vector, total);
        status = *out ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    free(vector);
    free(value);
    return status;
}

static void say(const struct mli_reduce_rows *rows, const struct mli_reduction *reduction,
                const struct mli_pca *pca)
{
    double share = 0;

    for (size_t i = 0; i < pca->count; i++)
        share += pca->ratio[i];
    if (pca->count < reduction->components)
        ml_log(rows->log, ML_LOG_NOTE,
               "--pca %zu: %zu training rows vary in %zu directions; there are no more components",
               reduction->components, rows->n, pca->count);
    ml_log(rows->log, ML_LOG_NOTE, "pca: %zu components of %zu features, %.4g%% of their variance",
           pca->count, pca->inputs, 100 * share);
}

enum ml_status mli_reduce_pca(struct mli_pipeline *pipeline, const struct mli_reduction *reduction,
                              const struct mli_reduce_rows *rows, struct ml_error *err)
{
    struct spread c = { 0 };
    struct mli_pca *pca = NULL;
    size_t d = mli_pipeline_features(pipeline);
    enum ml_status status = check_size(reduction, rows, d, err);

    if (status != ML_OK)
        return status;
    status = mli_blas_prepare(err);
    if (status != ML_OK)
        return status;
    status = spread_alloc(&c, rows->n, d) ? fit_spread(pipeline, rows, &c, err)
                                          : ml_error_set(err, ML_ENOMEM, "out of memory");
    if (status == ML_OK)
        status = decompose(reduction, &c, &pca, err);
    spread_release(&c);
    if (status != ML_OK)
        return status;
    say(rows, reduction, pca);
    return mli_pipeline_append(pipeline, &mli_pca_stage, pca, err);
}

/*
 * Scores of features. Sums are taken of x - p, p the feature's value in the first training row: a constant feature then
 * has sums of exactly 0, and a mean far from 0 costs no digits [Chan, Golub & LeVeque 1983, shifted data].
 */
#include <fit/reduce.h>

#include <base/mem.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct moments {
    size_t d, groups; /* classes, or 1 */
    bool grouped;
    const double *y; /* of the rows to come */
    double mean_y, yy;
    size_t *count;    /* groups: rows */
    double *pivot;    /* d */
    double *mean;     /* (groups,d), about the pivot */
    double *squares;  /* d: about the mean of the row's group */
    double *products; /* d: with y - mean_y; not grouped */
    bool begun;
};

static void moments_release(struct moments *m)
{
    free(m->count);
    free(m->pivot);
    free(m->mean);
    free(m->squares);
    free(m->products);
}

static bool moments_init(struct moments *m, size_t d, size_t classes)
{
    size_t size;

    *m = (struct moments){ .d = d, .groups = classes ? classes : 1, .grouped = classes > 0 };
    m->count = mli_calloc(m->groups, sizeof(*m->count));
    m->pivot = mli_calloc(d, sizeof(*m->pivot));
    m->mean = mli_mul(m->groups, d, &size) ? mli_calloc(size, sizeof(*m->mean)) : NULL;
    m->squares = mli_calloc(d, sizeof(*m->squares));
    m->products = mli_calloc(d, sizeof(*m->products));
    return m->count && m->pivot && m->mean && m->squares && m->products;
}

static size_t group_of(const struct moments *m, double y)
{
    return m->grouped ? (size_t)y : 0;
}

static enum ml_status add_sums(void *data, size_t n, double *X, struct ml_error *err)
{
    struct moments *m = data;

    (void)err;
    if (n > 0 && !m->begun)
        memcpy(m->pivot, X, m->d * sizeof(*X));
    m->begun = m->begun || n > 0;
    for (size_t i = 0; i < n; i++) {
        size_t group = group_of(m, *m->y);
        double *sum = m->mean + group * m->d;
        const double *x = X + i * m->d;
        for (size_t j = 0; j < m->d; j++)
            sum[j] += x[j] - m->pivot[j];
        m->count[group]++;
        m->y++;
    }
    return ML_OK;
}

static enum ml_status add_squares(void *data, size_t n, double *X, struct ml_error *err)
{
    struct moments *m = data;

    (void)err;
    for (size_t i = 0; i < n; i++) {
        const double *x = X + i * m->d, *mean = m->mean + group_of(m, *m->y) * m->d;
        double dy = *m->y++ - m->mean_y;
        for (size_t j = 0; j < m->d; j++) {
            double dx = (x[j] - m->pivot[j]) - mean[j];
            m->squares[j] += dx * dx;
            m->products[j] += dx * dy;
        }
        m->yy += dy * dy;
    }
    return ML_OK;
}

static enum ml_status gather_moments(const struct mli_pipeline *pipeline,
                                     const struct mli_reduce_rows *rows, struct moments *m,
                                     struct ml_error *err)
{
    const struct mli_matrix_rows matrix = mli_reduce_matrix(pipeline, rows);

    m->y = rows->y;
    enum ml_status status = mli_matrix_each(&matrix, add_sums, m, err);
    for (size_t g = 0; g < m->groups; g++)
        for (size_t j = 0; j < m->d && m->count[g] > 0; j++)
            m->mean[g * m->d + j] /= (double)m->count[g];
    for (size_t i = 0; i < rows->n; i++)
        m->mean_y += (rows->y[i] - m->mean_y) / (double)(i + 1);
    m->y = rows->y;
    if (status == ML_OK)
        status = mli_matrix_each(&matrix, add_squares, m, err);
    return status;
}

/* ---- scores -------------------------------------------------------------------------------------------------- */

static double finite_or_largest(double f)
{
    return f <= DBL_MAX ? f : DBL_MAX;
}

/* One-way analysis of variance: (between / (k - 1)) / (within / (n - k)). */
static double f_classes(const struct moments *m, size_t n, size_t j)
{
    double mean = 0, between = 0;

    for (size_t g = 0; g < m->groups; g++)
        mean += m->mean[g * m->d + j] * (double)m->count[g];
    mean /= (double)n;
    for (size_t g = 0; g < m->groups; g++) {
        double d = m->mean[g * m->d + j] - mean;
        between += d * d * (double)m->count[g];
    }
    if (!(between > 0))
        return 0;
    return finite_or_largest(between / (double)(m->groups - 1) /
                             (m->squares[j] / (double)(n - m->groups)));
}

/* r^2 / (1 - r^2) (n - 2), r the correlation. */
static double f_numbers(const struct moments *m, size_t n, size_t j)
{
    double r = m->products[j] / (sqrt(m->squares[j]) * sqrt(m->yy));

    if (!(m->squares[j] > 0) || !(fabs(r) > 0))
        return 0;
    return fabs(r) < 1 ? finite_or_largest(r * r / (1 - r * r) * (double)(n - 2)) : DBL_MAX;
}

static enum ml_status score_moments(const struct mli_pipeline *pipeline,
                                    const struct mli_reduction *reduction,
                                    const struct mli_reduce_rows *rows, double *score,
                                    struct ml_error *err)
{
    bool f = reduction->method == MLI_SELECT_F;
    size_t d = mli_pipeline_features(pipeline), classes = f ? rows->classes : 0;
    struct moments m;

    if (f && rows->n <= (classes ? classes : 2))
        return ml_error_set(err, ML_EDATA, "%zu training rows are too few for --select k:N", rows->n);
    enum ml_status status = moments_init(&m, d, classes) ? gather_moments(pipeline, rows, &m, err)
                                                         : ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t j = 0; j < d && status == ML_OK; j++)
        score[j] = !f        ? finite_or_largest(m.squares[j] / (double)rows->n)
                   : classes ? f_classes(&m, rows->n, j)
                             : f_numbers(&m, rows->n, j);
    moments_release(&m);
    return status;
}

/* ---- choice -------------------------------------------------------------------------------------------------- */

struct ranked {
    double score;
    size_t feature;
};

static int best_first(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->score > b->score || a->score < b->score)
        return a->score > b->score ? -1 : 1;
    return a->feature < b->feature ? -1 : a->feature > b->feature;
}

static bool keep_best(const double *score, size_t d, size_t count, uint8_t *keep)
{
    struct ranked *ranked = mli_alloc(d, sizeof(*ranked));

    for (size_t j = 0; ranked && j < d; j++)
        ranked[j] = (struct ranked){ score[j], j };
    if (ranked)
        qsort(ranked, d, sizeof(*ranked), best_first);
    for (size_t j = 0; ranked && j < d && j < count; j++)
        keep[ranked[j].feature] = 1;
    free(ranked);
    return ranked != NULL;
}

static size_t keep_above(const double *score, size_t d, double bound, uint8_t *keep)
{
    size_t kept = 0;

    for (size_t j = 0; j < d; j++) {
        keep[j] = score[j] > bound;
        kept += keep[j];
    }
    return kept;
}

/* What the model with the L1 penalty calls not 0, as scikit-learn's SelectFromModel does. */
#define WEIGHT_LEAST 1e-5

static enum ml_status choose(const struct mli_reduction *reduction, double bound, const double *score,
                             size_t d, uint8_t *keep, struct ml_error *err)
{
    double largest = 0;

    for (size_t j = 0; j < d; j++)
        largest = score[j] > largest ? score[j] : largest;
    switch (reduction->method) {
    case MLI_SELECT_F:
        return keep_best(score, d, (size_t)bound, keep) ? ML_OK
                                                        : ml_error_set(err, ML_ENOMEM, "out of memory");
    case MLI_SELECT_VARIANCE:
        if (keep_above(score, d, bound, keep) > 0)
            return ML_OK;
        return ml_error_set(err, ML_EDATA,
                            "--select variance:%g leaves no feature; the largest variance is %g", bound,
                            largest);
    case MLI_SELECT_L1:
        break;
    }
    if (keep_above(score, d, WEIGHT_LEAST, keep) > 0)
        return ML_OK;
    return ml_error_set(err, ML_EDATA, "--select l1:%g leaves no feature; a smaller strength keeps some",
                        bound);
}

static void say(const struct mli_reduce_rows *rows, const struct mli_select *select)
{
    static const char *const why[MLI_SELECT_METHODS] = {
        [MLI_SELECT_VARIANCE] = "variance above",
        [MLI_SELECT_F] = "by F statistic, the largest",
        [MLI_SELECT_L1] = "a weight under the L1 penalty",
    };

    ml_log(rows->log, ML_LOG_NOTE, "select: %zu of %zu features (%s %g)", select->count,
           select->inputs, why[select->method], select->bound);
}

enum ml_status mli_reduce_select(struct mli_pipeline *pipeline, const struct mli_reduction *reduction,
                                 const struct mli_reduce_rows *rows, struct ml_error *err)
{
    size_t d = mli_pipeline_features(pipeline);
    double *score = mli_alloc(d, sizeof(*score)), bound = reduction->bound;
    uint8_t *keep = mli_calloc(d, 1);
    struct mli_select *select = NULL;
    enum ml_status status = score && keep ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");

    if (status == ML_OK)
        status = reduction->method == MLI_SELECT_L1
                     ? mli_reduce_l1(pipeline, rows, &bound, score, err)
                     : score_moments(pipeline, reduction, rows, score, err);
    if (status == ML_OK)
        status = choose(reduction, bound, score, d, keep, err);
    if (status == ML_OK) {
        select = mli_select_new(reduction->method, bound, d, score, keep);
        status = select ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    free(keep);
    free(score);
    if (status != ML_OK)
        return status;
    say(rows, select);
    return mli_pipeline_append(pipeline, &mli_select_stage, select, err);
}

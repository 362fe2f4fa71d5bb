/*
 * Target: a category becomes the mean of the target over the training rows that have it, drawn towards the mean over all
 * rows, the more the fewer rows there are [Micci-Barreca 2001]; classes of three or more have a number each, of the
 * indicator of the class. As scikit-learn's TargetEncoder:
 *
 *   smooth m   value = (sum + m mean) / (count + m)
 *   auto       value = l m_c + (1 - l) mean,  l = n v / (n v + s / n)    empirical Bayes: n rows of the category, m_c and s
 *              their mean and sum of squares about it, v the variance over all rows; mean where that is 0 / 0
 *
 * A category's mean over rows that include a row tells that row's own target, so the rows that train get values of other
 * encodings: they are cut into five folds, and a row's is fitted on the rows that are not in its fold.
 */
#include <prep/encode.h>

#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <prep/training.h>
#include <stdlib.h>

#define FOLDS ((size_t)5)

/* ---- folds --------------------------------------------------------------------------------------------------- */

/*
 * fold (rows of the table): 1 to 5 for rows that train, 0 for others. The rows in random order, put together by class,
 * go to the folds in turn, so that each has its share of every class.
 */
enum ml_status mli_target_folds(const struct mli_fit *fit, uint8_t **out, struct ml_error *err)
{
    size_t n = 0, rows = fit->table->rows, classes = fit->goal->classes, at = 0;
    size_t folds = fit->rows < FOLDS ? fit->rows : FOLDS;
    uint8_t *fold = mli_calloc(rows, 1);
    size_t *order = mli_alloc(fit->rows, sizeof(*order));
    struct mli_rng rng;

    if (!fold || !order) {
        free(fold);
        free(order);
        return mli_step_nomem(err);
    }
    for (size_t i = 0; i < rows; i++)
        if (!fit->train || fit->train[i])
            order[n++] = i;
    mli_rng_init(&rng, fit->goal->seed);
    mli_rng_shuffle(&rng, order, n);
    for (size_t c = 0; c < (classes ? classes : 1); c++)
        for (size_t i = 0; folds > 1 && i < n; i++)
            if (classes == 0 || fit->goal->y[order[i]] == (double)c)
                fold[order[i]] = (uint8_t)(1 + at++ % folds);
    free(order);
    *out = fold;
    return ML_OK;
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

/* What is known of the rows that an encoding is fitted on; a value's code is its place, missing comes behind them. */
struct tally {
    size_t values, outputs, rows;
    size_t *count;       /* values + 1 */
    double *sum, *about; /* (values + 1, outputs): of y, and of squares about the mean */
    double *mean, *variance; /* outputs: over all of them */
};

static void tally_release(struct tally *t)
{
    free(t->count);
    free(t->sum);
    free(t->about);
    free(t->mean);
    free(t->variance);
}

static bool tally_init(struct tally *t, size_t values, size_t outputs)
{
    size_t size;

    *t = (struct tally){ .values = values, .outputs = outputs };
    if (!mli_mul(values + 1, outputs, &size))
        return false;
    t->count = mli_calloc(values + 1, sizeof(*t->count));
    t->sum = mli_calloc(size, sizeof(*t->sum));
    t->about = mli_calloc(size, sizeof(*t->about));
    t->mean = mli_calloc(outputs, sizeof(*t->mean));
    t->variance = mli_calloc(outputs, sizeof(*t->variance));
    return t->count && t->sum && t->about && t->mean && t->variance;
}

/* Training rows: y, their codes and folds. */
struct rows {
    size_t n;
    const double *y;
    const int32_t *code;
    const uint8_t *fold;
};

static size_t place_of(int32_t code, size_t values)
{
    return code >= 0 && (size_t)code < values ? (size_t)code : values;
}

/* Classes need no second pass: the squares of indicators about their mean follow from the counts. */
static void tally_classes(struct tally *t, const struct rows *rows, size_t without)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->fold[i] == without)
            continue;
        size_t place = place_of(rows->code[i], t->values), class = (size_t)rows->y[i];
        t->rows++;
        t->count[place]++;
        if (t->outputs > 1 || class == 1)
            t->sum[place * t->outputs + (t->outputs > 1 ? class : 0)]++;
    }
    for (size_t p = 0; p <= t->values; p++) {
        for (size_t o = 0; o < t->outputs; o++) {
            double sum = t->sum[p * t->outputs + o], n = (double)t->count[p];
            t->mean[o] += sum;
            t->about[p * t->outputs + o] = n > 0 ? sum * (1 - sum / n) : 0;
        }
    }
    for (size_t o = 0; o < t->outputs; o++) {
        t->mean[o] /= (double)t->rows;
        t->variance[o] = t->mean[o] * (1 - t->mean[o]);
    }
}

static void tally_numbers(struct tally *t, const struct rows *rows, size_t without)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->fold[i] == without)
            continue;
        size_t place = place_of(rows->code[i], t->values);
        t->rows++;
        t->count[place]++;
        t->sum[place] += rows->y[i];
        t->mean[0] += (rows->y[i] - t->mean[0]) / (double)t->rows;
    }
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->fold[i] == without)
            continue;
        size_t place = place_of(rows->code[i], t->values);
        double d = rows->y[i] - t->sum[place] / (double)t->count[place], e = rows->y[i] - t->mean[0];
        t->about[place] += d * d;
        t->variance[0] += e * e;
    }
    t->variance[0] /= (double)t->rows;
}

static double encode(const struct tally *t, size_t place, size_t o, double smooth)
{
    double n = (double)t->count[place], sum = t->sum[place * t->outputs + o];
    double spread = t->variance[o] * n, mean = t->mean[o];

    if (!isnan(smooth))
        return n + smooth > 0 ? (sum + smooth * mean) / (n + smooth) : mean;
    double share = spread / (spread + t->about[place * t->outputs + o] / n);
    return isnan(share) ? mean : share * (sum / n) + (1 - share) * mean;
}

/* The values of slot k by the rows that are not in fold `without`: of every value, of missing, of all others. */
static enum ml_status fit_values(const struct mli_target_encoder *encoder, size_t k, bool classes,
                                 const struct rows *rows, size_t without, double *value,
                                 struct ml_error *err)
{
    struct tally t;
    enum ml_status status = tally_init(&t, encoder->values[k], encoder->outputs) ? ML_OK : mli_step_nomem(err);

    if (status == ML_OK) {
        if (classes)
            tally_classes(&t, rows, without);
        else
            tally_numbers(&t, rows, without);
        for (size_t p = 0; p <= t.values; p++)
            for (size_t o = 0; o < t.outputs; o++)
                *value++ = encode(&t, p, o, encoder->smooth[k]);
        for (size_t o = 0; o < t.outputs; o++)
            *value++ = t.mean[o];
    }
    tally_release(&t);
    return status;
}

static double *training_y(const struct mli_fit *fit)
{
    double *y = mli_alloc(fit->rows, sizeof(*y));
    size_t n = 0;

    for (size_t i = 0; y && i < fit->table->rows; i++)
        if (!fit->train || fit->train[i])
            y[n++] = fit->goal->y[i];
    return y;
}

static enum ml_status fit_all(const struct mli_fit *fit, struct mli_target_encoder *encoder,
                              const double *y, struct ml_error *err)
{
    size_t size;
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < fit->rows; i++)
        if (fit->training->block.fold[i] > encoder->folds)
            encoder->folds = fit->training->block.fold[i];
    if (!mli_mul(encoder->size, encoder->folds + 1, &size) || !(encoder->value = mli_alloc(size, sizeof(*encoder->value))))
        return mli_step_nomem(err);
    for (size_t k = 0; k < encoder->count; k++) {
        const struct rows rows = { fit->rows, y, fit->training->block.code[encoder->slot[k]], fit->training->block.fold };
        for (size_t f = 0; f <= encoder->folds && status == ML_OK; f++) /* no row is in fold 0 but when there is one */
            status = fit_values(encoder, k, fit->goal->classes > 0, &rows,
                                f == 0 ? SIZE_MAX : f,
                                encoder->value + f * encoder->size + encoder->at[k], err);
    }
    return status;
}

enum ml_status mli_target_fit(const struct mli_fit *fit, struct mli_target_encoder *encoder, struct ml_error *err)
{
    double *y = training_y(fit);
    enum ml_status status = y ? fit_all(fit, encoder, y, err) : mli_step_nomem(err);

    free(y);
    return status;
}

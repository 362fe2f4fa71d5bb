#include <eval/metrics.h>

#include <base/mem.h>
#include <eval/sum.h>
#include <float.h>
#include <stdlib.h>

size_t mli_argmax(size_t k, const double *p)
{
    size_t best = 0;

    for (size_t c = 1; c < k; c++)
        if (p[c] > p[best])
            best = c;
    return best;
}

static enum ml_status check(size_t n, size_t classes, const int32_t *y, const double *P, bool scores,
                            struct ml_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (y[i] < 0 || (size_t)y[i] >= classes)
            return ml_error_set(err, ML_EDATA, "row %zu has class %d, expected 0 to %zu", i + 1,
                                (int)y[i], classes - 1);
        for (size_t c = 0; c < classes; c++)
            if (!isfinite(P[i * classes + c]))
                return ml_error_set(err, ML_EDATA,
                                    "row %zu: %s of class %zu is not finite", i + 1,
                                    scores ? "score" : "probability", c);
    }
    return ML_OK;
}

static void count(size_t n, size_t classes, const int32_t *y, const double *P,
                  struct mli_classification *out)
{
    for (size_t i = 0; i < n; i++)
        out->confusion[(size_t)y[i] * classes + mli_argmax(classes, P + i * classes)]++;

    size_t correct = 0;
    for (size_t c = 0; c < classes; c++)
        correct += out->confusion[c * classes + c];
    out->accuracy = (double)correct / (double)n;
}

static double clip(double p)
{
    return fmin(fmax(p, DBL_EPSILON), 1 - DBL_EPSILON);
}

/*
 * As scikit-learn 1.2.1's log_loss with eps='auto' (finfo(float64).eps is DBL_EPSILON): clip every probability of the
 * row, divide by the sum of the clipped ones, then take the logarithm of the true class's.
 */
static double log_loss(size_t n, size_t classes, const int32_t *y, const double *P)
{
    struct mli_sum loss = { 0 };

    for (size_t i = 0; i < n; i++) {
        const double *p = P + i * classes;
        struct mli_sum row = { 0 };
        for (size_t c = 0; c < classes; c++)
            mli_sum_add(&row, clip(p[c]));
        mli_sum_add(&loss, -log(clip(p[y[i]]) / mli_sum_total(&row)));
    }
    return mli_sum_total(&loss) / (double)n;
}

/*
 * As scikit-learn's hinge_loss: of two classes max(0, 1 - margin) with the one decision value, of more what the true
 * class's score is above the largest other [Crammer & Singer 2001].
 */
static double hinge_loss(size_t n, size_t classes, const int32_t *y, const double *P)
{
    struct mli_sum loss = { 0 };

    for (size_t i = 0; i < n; i++) {
        const double *p = P + i * classes;
        double own = p[y[i]], other = classes == 2 ? 0 : -INFINITY;
        for (size_t c = 0; classes > 2 && c < classes; c++)
            if (c != (size_t)y[i])
                other = fmax(other, p[c]);
        mli_sum_add(&loss, fmax(0, 1 - (own - other)));
    }
    return mli_sum_total(&loss) / (double)n;
}

static double ratio(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* Scores of class c, and how often it was predicted. F1 is 2tp / (predicted + support), the harmonic mean reduced. */
static size_t score_class(size_t classes, size_t c, const size_t *confusion,
                          struct mli_class_scores *out)
{
    size_t hits = confusion[c * classes + c], predicted = 0, support = 0;

    for (size_t other = 0; other < classes; other++) {
        predicted += confusion[other * classes + c];
        support += confusion[c * classes + other];
    }
    *out = (struct mli_class_scores){
        .precision = ratio(hits, predicted),
        .recall = ratio(hits, support),
        .f1 = ratio(2 * hits, predicted + support),
        .support = support,
    };
    return predicted;
}

/*
 * As precision_recall_fscore_support with its default labels, the union of those in y and in the predictions: a class
 * in neither has no part in the macro mean. (It has no weight in the weighted one.)
 */
static void score_classes(struct mli_classification *out)
{
    struct mli_sum macro[3] = { 0 }, weighted[3] = { 0 };
    size_t present = 0;

    for (size_t c = 0; c < out->classes; c++) {
        struct mli_class_scores *of = &out->of[c];
        size_t predicted = score_class(out->classes, c, out->confusion, of);
        if (predicted == 0 && of->support == 0)
            continue;
        const double scores[3] = { of->precision, of->recall, of->f1 };
        for (size_t s = 0; s < 3; s++) {
            mli_sum_add(&macro[s], scores[s]);
            mli_sum_add(&weighted[s], scores[s] * (double)of->support);
        }
        present++;
    }
    out->macro_precision = mli_sum_total(&macro[0]) / (double)present;
    out->macro_recall = mli_sum_total(&macro[1]) / (double)present;
    out->macro_f1 = mli_sum_total(&macro[2]) / (double)present;
    out->weighted_precision = mli_sum_total(&weighted[0]) / (double)out->n;
    out->weighted_recall = mli_sum_total(&weighted[1]) / (double)out->n;
    out->weighted_f1 = mli_sum_total(&weighted[2]) / (double)out->n;
}

/* Area under the curve of class c against the others. */
static enum ml_status class_auc(size_t n, size_t classes, size_t c, const int32_t *y,
                                const double *P, double *out, struct ml_error *err)
{
    enum ml_status status;
    uint8_t *positive = mli_alloc(n, sizeof *positive);
    double *score = mli_alloc(n, sizeof *score);

    if (!positive || !score) {
        status = ml_error_set(err, ML_ENOMEM, "out of memory for the scores of %zu rows", n);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        positive[i] = (size_t)y[i] == c;
        score[i] = P[i * classes + c];
    }
    status = mli_roc_auc(n, positive, score, out, err);
out:
    free(score);
    free(positive);
    return status;
}

enum ml_status mli_eval_area(size_t n, size_t classes, const int32_t *y, const double *P, double *out, struct ml_error *err)
{
    struct mli_sum sum = { 0 };
    double area;

    if (classes == 2)
        return class_auc(n, classes, 1, y, P, out, err);
    for (size_t c = 0; c < classes; c++) {
        enum ml_status status = class_auc(n, classes, c, y, P, &area, err);
        if (status != ML_OK)
            return status;
        mli_sum_add(&sum, area);
        if (isnan(area))
            break;
    }
    *out = mli_sum_total(&sum) / (double)classes;
    return ML_OK;
}

enum ml_status mli_eval_rows(size_t n, size_t classes, const int32_t *y, const double *P, bool scores,
                             struct mli_classification *out, struct ml_error *err)
{
    struct mli_classification made = { .n = n, .classes = classes, .scores = scores, .roc_auc = NAN };
    size_t cells;

    if (n == 0 || classes == 0)
        return ml_error_set(err, ML_EDATA, "nothing to evaluate: %zu rows, %zu classes", n,
                            classes);
    enum ml_status status = check(n, classes, y, P, scores, err);
    if (status != ML_OK)
        return status;
    made.of = mli_calloc(classes, sizeof *made.of);
    if (mli_mul(classes, classes, &cells))
        made.confusion = mli_calloc(cells, sizeof *made.confusion);
    if (!made.of || !made.confusion) {
        status = ml_error_set(err, ML_ENOMEM, "out of memory for a confusion matrix of %zu classes",
                              classes);
        goto out;
    }
    count(n, classes, y, P, &made);
    made.log_loss = scores ? (double)NAN : log_loss(n, classes, y, P);
    made.hinge_loss = scores ? hinge_loss(n, classes, y, P) : (double)NAN;
    score_classes(&made);
    *out = made;
    return ML_OK;
out:
    mli_classification_release(&made);
    return status;
}

enum ml_status mli_eval_classification(size_t n, size_t classes, const int32_t *y, const double *P,
                                       struct mli_classification *out, struct ml_error *err)
{
    struct mli_classification made;
    enum ml_status status = mli_eval_rows(n, classes, y, P, false, &made, err);

    if (status != ML_OK)
        return status;
    status = mli_eval_area(n, classes, y, P, &made.roc_auc, err);
    if (status == ML_OK)
        *out = made;
    else
        mli_classification_release(&made);
    return status;
}

void mli_classification_release(struct mli_classification *scores)
{
    free(scores->of);
    free(scores->confusion);
    scores->of = NULL;
    scores->confusion = NULL;
}

#include <eval/metrics.h>

#include <base/mem.h>
#include <eval/sum.h>
#include <math.h>
#include <stdlib.h>

/* One label's column of y and P. ML_ENOMEM, and what _classification refuses. */
static enum ml_status score_label(size_t n, size_t labels, size_t t, const double *y, const double *P,
                                  struct mli_classification *out, struct ml_error *err)
{
    int32_t *on = mli_alloc(n, sizeof *on);
    double *p = mli_alloc(n, 2 * sizeof *p);
    enum ml_status status = on && p ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory for the scores of %zu rows", n);

    for (size_t i = 0; status == ML_OK && i < n; i++) {
        on[i] = (int32_t)y[i * labels + t];
        p[2 * i] = P[2 * (i * labels + t)];
        p[2 * i + 1] = P[2 * (i * labels + t) + 1];
    }
    if (status == ML_OK)
        status = mli_eval_classification(n, 2, on, p, out, err);
    free(p);
    free(on);
    return status;
}

static double share(size_t part, size_t all)
{
    return all ? (double)part / (double)all : 0;
}

/* Rows of which every label is right: scikit-learn's accuracy_score of several labels. */
static double subset_accuracy(size_t n, size_t labels, const double *y, const double *P)
{
    size_t right = 0;

    for (size_t i = 0; i < n; i++) {
        size_t t = 0;
        while (t < labels && mli_argmax(2, P + 2 * (i * labels + t)) == (size_t)y[i * labels + t])
            t++;
        right += t == labels;
    }
    return share(right, n);
}

/* precision_recall_fscore_support with average "micro" of the second classes, and hamming_loss. */
static void count_together(struct mli_multilabel *out)
{
    size_t hits = 0, predicted = 0, support = 0, wrong = 0;

    for (size_t t = 0; t < out->labels; t++) {
        const size_t *c = out->of[t].confusion; /* row true, column predicted */
        hits += c[3];
        predicted += c[1] + c[3];
        support += c[2] + c[3];
        wrong += c[1] + c[2];
    }
    out->hamming_loss = share(wrong, out->n * out->labels);
    out->micro.precision = share(hits, predicted);
    out->micro.recall = share(hits, support);
    out->micro.f1 = share(2 * hits, predicted + support);
    out->micro.support = support;
}

/* Averages "macro" and "weighted", and the means of what each label has. */
static void average(struct mli_multilabel *out)
{
    struct mli_sum macro[3] = { 0 }, weighted[3] = { 0 }, area = { 0 }, loss = { 0 };
    double labels = (double)out->labels, support = (double)out->micro.support;

    for (size_t t = 0; t < out->labels; t++) {
        const struct mli_class_scores *on = &out->of[t].of[1];
        const double scores[3] = { on->precision, on->recall, on->f1 };
        for (size_t s = 0; s < 3; s++) {
            mli_sum_add(&macro[s], scores[s] / labels);
            mli_sum_add(&weighted[s], support > 0 ? scores[s] * ((double)on->support / support) : 0);
        }
        mli_sum_add(&loss, out->of[t].log_loss / labels);
        if (!isnan(mli_sum_total(&area)))
            mli_sum_add(&area, out->of[t].roc_auc / labels);
    }
    out->macro = (struct mli_class_scores){ mli_sum_total(&macro[0]), mli_sum_total(&macro[1]),
                                            mli_sum_total(&macro[2]), out->micro.support };
    out->weighted = (struct mli_class_scores){ mli_sum_total(&weighted[0]), mli_sum_total(&weighted[1]),
                                               mli_sum_total(&weighted[2]), out->micro.support };
    out->log_loss = mli_sum_total(&loss);
    out->roc_auc = mli_sum_total(&area);
}

enum ml_status mli_eval_multilabel(size_t n, size_t labels, const double *y, const double *P,
                                   struct mli_multilabel *out, struct ml_error *err)
{
    struct mli_multilabel made = { .n = n, .labels = labels, .of = mli_calloc(labels, sizeof *made.of) };
    enum ml_status status = made.of ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory for the scores of %zu labels", labels);

    for (size_t t = 0; t < labels && status == ML_OK; t++)
        status = score_label(n, labels, t, y, P, &made.of[t], err);
    if (status != ML_OK) {
        mli_multilabel_release(&made);
        return status;
    }
    made.subset_accuracy = subset_accuracy(n, labels, y, P);
    count_together(&made);
    average(&made);
    *out = made;
    return ML_OK;
}

void mli_multilabel_release(struct mli_multilabel *scores)
{
    for (size_t t = 0; scores->of && t < scores->labels; t++)
        mli_classification_release(&scores->of[t]);
    free(scores->of);
    scores->of = NULL;
}

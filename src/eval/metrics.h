/*
 * Metrics: predictions in, numbers out. Pure functions over arrays; definitions are scikit-learn's, ties and empty
 * classes included, and each is cited where it is computed.
 */
#ifndef EVAL_METRICS_H
#define EVAL_METRICS_H

#include <base/json.h>
#include <mlctl/status.h>
#include <stdint.h>

struct mli_regression {
    size_t n;
    double mse, rmse, mae, median_ae, max_error, r2; /* r2 is NaN when the targets do not vary (or n < 2), as d2 below */
    double quantile, pinball, d2_pinball;            /* mean pinball loss of that quantile, and its share explained; NaN if not asked */
    double deviance, d2_deviance;                    /* mean Poisson deviance and its share explained; NaN where it is not defined */
    bool counts;                                     /* these two were asked for */
};

/* What a model is for, and so what more to measure. */
struct mli_regression_of {
    double quantile; /* it predicts; NaN: none */
    bool counts;     /* it predicts the mean of counts */
};

/* y, p (n). Sums are compensated or pairwise. n > 0. of NULL: nothing more. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_eval_regression(size_t n, const double *y, const double *p,
                                                const struct mli_regression_of *of,
                                                struct mli_regression *out, struct ml_error *err);

struct mli_class_scores {
    double precision, recall, f1; /* 0 where the denominator is 0, as scikit-learn's zero_division=0 */
    size_t support;
};

struct mli_classification {
    size_t n, classes;
    double accuracy;
    double log_loss; /* as scikit-learn 1.2: probabilities clipped to [eps, 1-eps], eps = DBL_EPSILON, then each row divided by its sum */
    double hinge_loss; /* of scores: as scikit-learn's hinge_loss, mean of max(0, 1 - what the true class's score is above the rest's) */
    bool scores;       /* not probabilities: hinge_loss is there, and log_loss is not */
    double roc_auc;  /* binary: of class 1; more: one against the rest, unweighted mean; NaN where a class is missing from y */
    double macro_precision, macro_recall, macro_f1; /* means over the classes present in y or in the predictions */
    double weighted_precision, weighted_recall, weighted_f1;
    struct mli_class_scores *of; /* classes entries, owned */
    size_t *confusion;           /* classes x classes, row true, column predicted, owned */
};

/*
 * y (n) class indices; P (n,classes) probabilities, rows need not sum to 1. Prediction is the largest probability, the
 * first of equals. ML_EDATA for no rows, a class out of range or a probability that is not finite; ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_eval_classification(size_t n, size_t classes, const int32_t *y, const double *P,
                                                    struct mli_classification *out, struct ml_error *err);
/*
 * Its two halves, which may be done at once. What is summed up row by row, with roc_auc left NaN: of probabilities, or of
 * scores of any size and sign; of two classes those of the first are minus those of the second, as net/losses.h has them.
 * And roc_auc, which sorts, of rows that the other half finds no fault with (else what it gives means nothing).
 */
ML_NODISCARD enum ml_status mli_eval_rows(size_t n, size_t classes, const int32_t *y, const double *P, bool scores,
                                          struct mli_classification *out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_eval_area(size_t n, size_t classes, const int32_t *y, const double *P, double *out,
                                          struct ml_error *err);
void mli_classification_release(struct mli_classification *scores);

/* Several labels of two classes each; precision, recall and F1 are of the second class. */
struct mli_multilabel {
    size_t n, labels;
    double subset_accuracy, hamming_loss;
    double log_loss, roc_auc; /* means over the labels; roc_auc NaN as soon as that of one is */
    struct mli_class_scores micro, macro, weighted; /* all labels' rows together; means over the labels, plain and by rows */
    struct mli_classification *of; /* labels entries, owned */
};

/* y (n,labels) 0 or 1, P (n,labels,2) probabilities. Errors of _classification. */
ML_NODISCARD enum ml_status mli_eval_multilabel(size_t n, size_t labels, const double *y, const double *P,
                                                struct mli_multilabel *out, struct ml_error *err);
void mli_multilabel_release(struct mli_multilabel *scores);

/* Index of the largest of k probabilities or scores, the first of equals. */
size_t mli_argmax(size_t k, const double *p);

/* Area under the ROC curve by ranks with ties at half [Fawcett 2006; Mann & Whitney 1947]; NaN if a class is missing.
 * ML_EDATA for a score that is NaN; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_roc_auc(size_t n, const uint8_t *positive, const double *score, double *out,
                                        struct ml_error *err);

/* {"mse":..,"rmse":..,"mae":..,"median_ae":..,"max_error":..,"r2":..,"rows":n}, with pinball and d2_pinball or
 * poisson_deviance and d2_poisson where they were asked for; and, with hinge_loss in place of log_loss for scores,
 * {"accuracy":..,"log_loss":..,"roc_auc":..,"precision"/"recall"/"f1" (binary: of class 1), "macro":{..},"weighted":{..},
 *  "classes":[{"label":..,"precision":..,"recall":..,"f1":..,"support":..}],"confusion":[[..]],"rows":n}; NaN becomes null.
 * Labels are UTF-8. The caller owns the document; NULL when memory is out. */
json_t *mli_regression_json(const struct mli_regression *scores);
json_t *mli_classification_json(const struct mli_classification *scores, const char *const *labels);
/* {"subset_accuracy":..,"hamming_loss":..,"log_loss":..,"roc_auc":..,"micro":{..},"macro":{..},"weighted":{..},"rows":n,
 *  "targets":[{"target":..,"accuracy":..,...}]}: of each label its name, and what a classification has. */
struct mli_label_names {
    const char *target;
    const char *const *labels;
};
json_t *mli_multilabel_json(const struct mli_multilabel *scores, const struct mli_label_names *names);

/* The scalar metrics by name ("rmse", "accuracy", "macro.f1" ...): each has a row with its name, one-line meaning and
 * whether larger is better. Finds a scalar in a metrics document; false when it is not there or null. */
struct mli_metric {
    const char *name, *meaning;
    bool larger_is_better, classification, multilabel; /* neither: regression */
};
const struct mli_metric *mli_metrics(size_t *count);
bool mli_metric_value(const json_t *metrics, const char *name, double *out);

#endif

/*
 * Reduce: fewer features than the steps of a pipeline make, found on the training matrix. What is found is appended to
 * the pipeline as stages (prep/stage.h): select, then pca.
 *
 *   select variance:T  features whose population variance over the training rows is above T
 *          k:N         the N features with the largest F statistic, by f_classif or f_regression as scikit-learn defines
 *                      them [Fisher 1925]; of equals the first. A constant feature counts as 0, one that tells the
 *                      target without error as the largest double
 *          l1:A        features that a linear or logistic model with the penalty A |v|_1 gives a weight of more than
 *                      1e-5 (their sum over classes; a regression's target is scaled to deviation 1, A is not). Without
 *                      A: a hundredth of the smallest penalty that leaves no feature, which does not depend on the
 *                      units of the target nor on the number of rows
 *   pca    N           the first N principal components of the features
 *          0.95        as few as explain more than that share of their variance
 *
 * The matrix is made two times, a block of rows at a time. It is held for l1 with classes, and for l1 and pca with fewer
 * rows than features.
 */
#ifndef FIT_REDUCE_H
#define FIT_REDUCE_H

#include <fit/matrix.h>
#include <mlctl/log.h>
#include <prep/stage.h>

struct mli_reduction {
    bool select, pca;
    enum mli_select_method method;
    double bound;      /* T, N, A; NaN: l1 without A */
    size_t components; /* of pca; 0: by share */
    double share;
};

/* What a configuration asks for. ML_EUSAGE. */
ML_NODISCARD enum ml_status mli_reduction_of(const struct ml_prep_config *config,
                                             struct mli_reduction *out, struct ml_error *err);

/* The training rows, as the parts of a plan mark them. */
struct mli_reduce_rows {
    const struct ml_table *table;
    const uint8_t *part;
    uint8_t which;
    size_t n;        /* of them */
    const double *y; /* n: value or class */
    size_t classes;  /* 0: regression */
    size_t threads, memory;
    const struct ml_log *log;
};

/*
 * Appends what is asked for. ML_EUSAGE for more components than features or rows, ML_EDATA when no feature is left,
 * ML_ELIMIT over the memory.
 */
ML_NODISCARD enum ml_status mli_reduce(struct mli_pipeline *pipeline,
                                       const struct mli_reduction *reduction,
                                       const struct mli_reduce_rows *rows, struct ml_error *err);

/* The same rows for fit/matrix.h. */
struct mli_matrix_rows mli_reduce_matrix(const struct mli_pipeline *pipeline, const struct mli_reduce_rows *rows);

/* The two parts, one a file. */
ML_NODISCARD enum ml_status mli_reduce_select(struct mli_pipeline *pipeline,
                                              const struct mli_reduction *reduction,
                                              const struct mli_reduce_rows *rows, struct ml_error *err);
ML_NODISCARD enum ml_status mli_reduce_pca(struct mli_pipeline *pipeline,
                                           const struct mli_reduction *reduction,
                                           const struct mli_reduce_rows *rows, struct ml_error *err);
/* score (features) of an l1 model with the penalty *strength, which is chosen first if it is NaN. */
ML_NODISCARD enum ml_status mli_reduce_l1(const struct mli_pipeline *pipeline,
                                          const struct mli_reduce_rows *rows, double *strength,
                                          double *score, struct ml_error *err);

#endif

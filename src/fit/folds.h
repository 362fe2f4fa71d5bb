/*
 * Folds: which of k parts each row is measured in, the others being what it is measured with. A pure function of the
 * rows and the seed. Sizes and shares are those of scikit-learn with shuffle=True:
 *
 *   rows     KFold: sizes differ by one row at most, the larger folds first
 *   classes  StratifiedKFold: and the rows of a class are spread over the folds to one row
 *   groups   GroupKFold, with classes StratifiedGroupKFold: whole groups, from the largest (the one of the most uneven
 *            classes) down, each to the fold that leaves the shares of the classes most even, of equals the smaller one
 */
#ifndef FIT_FOLDS_H
#define FIT_FOLDS_H

#include <table/split.h>

enum { MLI_FOLDS_MAX = 100 };

/*
 * fold[i] below k of each of rows->n rows. ML_EUSAGE: k is not from 2 to MLI_FOLDS_MAX; ML_EDATA: fewer rows or groups
 * than folds, or a fold would be empty; ML_ENOMEM. A class with fewer rows than folds is missing from some: the log says it.
 */
ML_NODISCARD enum ml_status mli_folds_assign(const struct mli_split_rows *rows, size_t k, uint64_t seed,
                                             uint8_t *fold, struct ml_error *err);

#endif

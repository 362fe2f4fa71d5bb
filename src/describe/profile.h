/* Everything that is said about one column by itself. */
#ifndef DESCRIBE_PROFILE_H
#define DESCRIBE_PROFILE_H

#include <describe/histogram.h>
#include <describe/instants.h>
#include <describe/number.h>
#include <describe/values.h>
#include <describe/words.h>

struct mli_profile {
    size_t present, missing;
    uint64_t missing_rows; /* a hash: equal in columns that are missing in the same rows; 0: none is */
    struct mli_values values;
    struct mli_histogram histogram; /* columns of doubles; bins 0: none */
    struct mli_number number;       /* ML_TYPE_NUMBER with a present value */
    struct mli_instants instants;   /* ML_TYPE_INSTANT with a present value */
    struct mli_words words;         /* ML_TYPE_TEXT and ML_TYPE_IDENTIFIER with a present value */
};

/* order: of the column if it holds doubles; scratch: rows doubles, overwritten. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_profile_fill(struct mli_profile *profile, const struct mli_column *column,
                                             size_t rows, const struct mli_order *order, double *scratch,
                                             struct ml_error *err);

#endif

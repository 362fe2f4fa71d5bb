/*
 * Bins: how the training rows of a column are spread, which the rows that a model gets later are compared with.
 *
 *   numbers, instants   bin i holds the values with edge[i-1] < x <= edge[i]; the first has no lower end, the last no upper
 *                       one, so there is an edge less than bins
 *   categories          one bin a value; where there are more than fit, the most frequent ones each have theirs (of
 *                       equals the first by bytes), and the last bin is for all the others
 *
 * Missing cells are in no bin: the field counts them.
 */
#ifndef TABLE_BINS_H
#define TABLE_BINS_H

#include <base/json.h>
#include <stdint.h>
#include <table/dict.h>

#define MLI_BINS_MAX ((size_t)32)

struct mli_bins {
    size_t count;                  /* 1 or more */
    uint64_t rows[MLI_BINS_MAX];   /* of training, by bin */
    double edge[MLI_BINS_MAX];     /* of numbers: count - 1, finite, ascending, none twice */
    size_t listed;                 /* of categories: bins that are of one value */
    int32_t code[MLI_BINS_MAX];    /* of categories: their codes, ascending */
};

/* Whether a bin stands for all categories that have none of their own. */
bool mli_bins_has_rest(const struct mli_bins *bins, const struct mli_dict *dict);

/* Of the rows of each code. NULL: no memory. */
struct mli_bins *mli_bins_of_codes(const uint64_t *rows, const struct mli_dict *dict);
/* Codes are numbered anew: renumber[old] is the new one. */
void mli_bins_renumber(struct mli_bins *bins, const int32_t *renumber);

/*
 * {"edges":[1,2.5],"rows":[10,12,9]}, of categories {"rows":[10,12]}, one a category, or with a rest
 * {"categories":["a","d"],"rows":[10,12,3]}. dict: NULL of numbers. NULL: no memory.
 */
json_t *mli_bins_to_json(const struct mli_bins *bins, const struct mli_dict *dict);
/* The reverse. ML_EARTIFACT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_bins_from_json(const json_t *doc, const struct mli_dict *dict, struct mli_bins **out,
                                               struct ml_error *err);

#endif

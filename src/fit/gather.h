/*
 * Gather: predictions and targets of every row of CSV files that has a target, in file order. What evaluation works on.
 */
#ifndef FIT_GATHER_H
#define FIT_GATHER_H

#include <model/model.h>
#include <table/flow.h>

struct mli_gathered {
    size_t n, rows;  /* rows with a target, rows in all */
    double *y;       /* (n, targets) values or class indices */
    double *P;       /* (n, width) */
    size_t *row;     /* n: which row it is, from 0, over all files */
    size_t capacity; /* rows that there is room for */
};

/*
 * Files are read as one table, by options->csv, missing, threads and log; the result does not depend on the number of
 * threads. ML_EDATA for a label that the model does not know, or no target column.
 */
ML_NODISCARD enum ml_status mli_gather(const struct ml_model *model, const char *const *paths, size_t n,
                                       const struct mli_flow_options *options, struct mli_gathered *out,
                                       struct ml_error *err);
/* That the header of a file has those columns and targets (NULL-terminated), before there is a model; says nothing else of it. */
ML_NODISCARD enum ml_status mli_gather_try(const char *path, const struct mli_schema *schema, const char *const *target,
                                           const struct mli_flow_options *options, struct ml_error *err);
void mli_gathered_release(struct mli_gathered *rows);

#endif

/*
 * Gather: predictions and targets of every row of a file that has a target, in file order. What evaluation works on.
 */
#ifndef FIT_GATHER_H
#define FIT_GATHER_H

#include <model/model.h>
#include <table/stream.h>

struct mli_gathered {
    size_t n, rows;  /* rows with a target, rows in all */
    double *y;       /* n values or class indices */
    double *P;       /* (n, width) */
    size_t *row;     /* n: which row of the file, from 0 */
    char sha256[MLI_SHA256_HEX]; /* of the file */
    size_t unknown, missing;     /* cells: unseen categories, imputed */
    size_t capacity_y, capacity_P, capacity_row;
};

/* ML_EDATA for a label that the model does not know. */
ML_NODISCARD enum ml_status mli_gather(const struct ml_model *model, const char *path,
                                       const struct mli_stream_options *options,
                                       struct mli_gathered *out, struct ml_error *err);
/* The same of several files, one after the other, whose rows are numbered as those of one; sha256 is of the last. */
ML_NODISCARD enum ml_status mli_gather_files(const struct ml_model *model, const char *const *paths, size_t n,
                                       const struct mli_stream_options *options,
                                       struct mli_gathered *out, struct ml_error *err);
void mli_gathered_release(struct mli_gathered *rows);

#endif

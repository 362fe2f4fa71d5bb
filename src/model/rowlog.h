/*
 * Row log: the rows that a server has logged with their predictions, a JSON object a line (docs/prediction-log.md), read
 * back as rows of the model's schema, some at a time.
 *
 * Of a line is read `row`, which must have every column of the model, and `digest`: a line of another model is passed
 * over. Line feeds in front of nothing are passed over, and so is a last line that was not written to its end.
 */
#ifndef MODEL_ROWLOG_H
#define MODEL_ROWLOG_H

#include <model/model.h>
#include <table/bad_rows.h>

#define MLI_ROWLOG_LINE ((size_t)64 << 20) /* bytes of a line at most */

struct mli_rowlog {
    const struct ml_model *model;
    const char *missing;     /* tokens besides the built-in ones (table/rows.h) */
    bool any_model;          /* rows of other models are taken, too, as far as they have the columns */
    struct mli_bad_rows *bad; /* where lines go that are no rows; NULL: the first one is an error */
    /* The next rows, borrowed. */
    void (*take)(void *data, const struct ml_table *rows);
    void *data;
    size_t rows, others; /* taken so far, and those of other models */
};

/*
 * Reads a file, "-" for standard input, to its end. ML_EDATA names file and line and says what is wrong with it; ML_EIO,
 * ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_rowlog_read(struct mli_rowlog *log, const char *path, struct ml_error *err);
/* The same of an input, which stays the caller's. */
ML_NODISCARD enum ml_status mli_rowlog_read_input(struct mli_rowlog *log, struct mli_input *input, struct ml_error *err);

#endif

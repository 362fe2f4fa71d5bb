/*
 * Intake: the rows of one request between a decoder (JSON, CSV) and the model. The decoder opens rows and sets cells;
 * full blocks are predicted and handed on in order. A cell that does not fit its column is a fault: it is noted, the
 * rest is still read, and nothing more is predicted, so that the answer can name what is wrong all at once.
 */
#ifndef SERVE_INTAKE_H
#define SERVE_INTAKE_H

#include <serve/worker.h>

#define MLI_FAULTS ((size_t)20)      /* kept of one request */
#define MLI_FAULT_FOUND ((size_t)64) /* bytes of the text found, with the NUL */

struct mli_fault {
    size_t row;         /* 1-based; 0: not of one row */
    const char *column; /* borrowed from the schema */
    const char *code;
    char found[MLI_FAULT_FOUND]; /* start of the text found, "" when nothing was */
};

struct mli_intake {
    struct mli_worker *worker;
    struct mli_desk *desk; /* the worker's */
    size_t max_rows;
    /* Predictions of the next n rows, in order. */
    void (*emit)(void *data, const double *P, size_t n);
    void *data;
    /* The same rows as they came, right before; what it returns may end the request. NULL: nobody looks. */
    enum ml_status (*look)(void *data, const struct ml_table *rows, struct ml_error *err);
    void *look_data;
    bool many; /* by the decoder, before the first row: the request is a list, even if of one row */
    bool typed; /* by the decoder: texts are JSON strings, never numbers, and shown with quotes */
    size_t rows, unknown, missing;
    size_t at; /* of the open row in its block */
    size_t faults; /* all of them; the first MLI_FAULTS are kept */
    struct mli_fault fault[MLI_FAULTS]; /* the last member: it is not cleared */
};

/* Of the model that the worker sits at. */
void mli_intake_init(struct mli_intake *intake, struct mli_worker *worker, size_t max_rows);
/* Opens the next row, all its cells missing. ML_ELIMIT past max_rows, ML_EINTERRUPTED past the deadline, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_intake_row(struct mli_intake *intake, struct ml_error *err);
/*
 * Opens up to n rows, *opened of them and at least one, of a desk that is a matrix: the caller writes all their cells, row
 * intake->at of a column being the first. As _row.
 */
ML_NODISCARD enum ml_status mli_intake_rows(struct mli_intake *intake, size_t n, size_t *opened, struct ml_error *err);
/* Cells of the open row; what does not fit becomes a fault. */
void mli_intake_text(struct mli_intake *intake, size_t field, const char *text, size_t len);
void mli_intake_number(struct mli_intake *intake, size_t field, double value);
void mli_intake_bool(struct mli_intake *intake, size_t field, bool value);
void mli_intake_missing(struct mli_intake *intake, size_t field);
/* A fault of the open row (or of no row) that the decoder found itself. found: NULL when nothing was. */
void mli_intake_fault(struct mli_intake *intake, size_t field, const char *code, const char *found,
                      size_t len);
/* Predicts what is left. */
ML_NODISCARD enum ml_status mli_intake_end(struct mli_intake *intake, struct ml_error *err);

/* What a fault's code means, for the message: "not_a_number" is "expected a number". Static storage. */
const char *mli_fault_text(const struct mli_fault *fault);

#endif

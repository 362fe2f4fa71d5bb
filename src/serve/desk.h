/*
 * Desk: what a loop thread keeps for one model from request to request: a block of rows to fill, room for their
 * predictions, and how the model reads texts. Made when the thread first has a request for the model.
 */
#ifndef SERVE_DESK_H
#define SERVE_DESK_H

#include <serve/served.h>
#include <table/rows.h>

struct mli_desk {
    const struct mli_served *served;
    const struct ml_model *model;    /* of served */
    const struct mli_schema *schema; /* of served */
    struct ml_csv_options csv; /* how numbers of CSV bodies are written, as in the training data; else nothing */
    struct mli_missing *missing;
    struct mli_rows *rows;
    double **plain; /* of each column: where its numbers go as they are; NULL: mli_rows_set_number() knows */
    struct mli_live_part *live; /* counts the rows; NULL: nobody does */
    bool matrix;    /* all columns have such a place */
    double *P;      /* (rows of a block, width) */
    uint64_t *seen; /* of each column: the number of the row that had it last */
    uint64_t row;   /* rows opened so far */
};

/* The model is borrowed. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_desk_new(const struct mli_served *served, struct mli_desk **out,
                                         struct ml_error *err);
void mli_desk_free(struct mli_desk *desk); /* NULL is fine */

#endif

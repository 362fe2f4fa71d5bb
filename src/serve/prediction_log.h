/*
 * Prediction log: rows as the pipeline got them and what was predicted, a line of JSON each (docs/prediction-log.md), a part of
 * them by chance. Each worker has a pen: it gathers the lines of a request, and gives them to the journal when all of it has gone
 * well.
 */
#ifndef SERVE_PREDICTION_LOG_H
#define SERVE_PREDICTION_LOG_H

#include <base/buf.h>
#include <base/rng.h>
#include <serve/journal.h>
#include <serve/served.h>
#include <serve/trace.h>
#include <table/rows.h>

#define MLI_PEN_LINES ((size_t)4 << 20) /* bytes of the lines of a request; the others are dropped */

struct mli_pen {
    struct mli_journal *journal; /* NULL: nothing is written */
    double sample;               /* share of the rows that are, above 0 to 1 */
    uint64_t skip;               /* rows to come before the next that is written */
    char id[MLI_REQUEST_ID + 1]; /* of the request */
    struct mli_buf lines, head;
    const char **stranger; /* (fields) texts of the row at hand that no dictionary has, NULL elsewhere */
    size_t fields;
    size_t count, lost; /* lines of the request; those that there was no room for */
};

void mli_pen_init(struct mli_pen *pen); /* writes nothing */
void mli_pen_take(struct mli_pen *pen, struct mli_journal *journal, double sample, struct mli_rng *rng);
void mli_pen_release(struct mli_pen *pen);

/* A request of that id begins. */
void mli_pen_begin(struct mli_pen *pen, const char *id);
/* Its rows from number `first` on, and P, their predictions. */
void mli_pen_rows(struct mli_pen *pen, const struct mli_served *served, const struct mli_rows *rows, const double *P,
                  size_t first, struct mli_rng *rng);
/* It is over: its lines are for the journal if it was good. part: the worker's number. */
void mli_pen_end(struct mli_pen *pen, size_t part, bool good);

#endif

/*
 * Worker: what one loop thread keeps from request to request, so that a request allocates next to nothing: a block of
 * rows to fill, room for their predictions, an arena for the model's scratch, and the thread's own counters.
 */
#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include <model/model.h>
#include <serve/metrics.h>
#include <serve/registry.h>
#include <table/rows.h>

#define MLI_RESULTS_MAX ((size_t)64 << 20) /* bytes of the predictions of a request that are kept */

struct mli_worker {
    const struct mli_served *served;
    const struct ml_model *model;     /* of served */
    const struct mli_schema *schema;  /* of served */
    struct ml_csv_options csv; /* how numbers of CSV bodies are written, as in the training data; else nothing */
    struct mli_missing *missing;
    struct mli_rows *rows;
    double *P; /* (rows of a block, width) */
    struct mli_arena scratch; /* of one block */
    struct mli_arena request; /* of one request */
    struct mli_buf text;      /* a string without its escapes */
    struct mli_buf results;   /* predictions that wait for the others */
    struct mli_buf payload;   /* binary part of an answer */
    uint64_t *seen;           /* of each column: the number of the row that had it last */
    uint64_t row;             /* rows opened so far */
    struct mli_metrics metrics;
};

ML_NODISCARD enum ml_status mli_worker_init(struct mli_worker *worker,
                                            const struct mli_served *served, struct ml_error *err);
/* Before a request: what the one before it left is dropped; much memory is given back. */
void mli_worker_begin(struct mli_worker *worker);
void mli_worker_release(struct mli_worker *worker);

#endif

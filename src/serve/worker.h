/*
 * Worker: what one loop thread keeps from request to request, so that a request allocates next to nothing: a block of
 * rows to fill, room for their predictions, an arena for the model's scratch, and the thread's own counters.
 */
#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include <model/model.h>
#include <serve/metrics.h>
#include <table/rows.h>

struct mli_worker {
    const struct ml_model *model;
    const struct mli_schema *schema;
    struct ml_csv_options csv; /* how numbers of CSV bodies are written, as in the training data; else nothing */
    struct mli_missing *missing;
    struct mli_rows *rows;
    double *P; /* (rows of a block, width) */
    struct mli_arena scratch;
    struct mli_metrics metrics;
};

ML_NODISCARD enum ml_status mli_worker_init(struct mli_worker *worker, const struct ml_model *model,
                                            struct ml_error *err);
void mli_worker_release(struct mli_worker *worker);

#endif

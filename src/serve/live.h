/*
 * Live: how the rows that a served model has predicted are spread, and its predictions, against those it was trained on
 * (model/drift.h): of all since it was loaded, and of a window, the last ones. Each thread counts for itself, at its desk; looking adds up.
 *
 * The window is kept by looking from time to time: what has been counted is noted whenever a tenth of the window has come since
 * the last note, and the window is what came after the newest note that is `window` rows old. So it has that many rows or
 * more (those of a time between two looks, or a tenth), and all there are while there are fewer.
 */
#ifndef SERVE_LIVE_H
#define SERVE_LIVE_H

#include <model/drift.h>
#include <mlctl/status.h>

struct mli_live;
struct mli_live_part; /* a thread's */

/* window: rows. The drift is taken, on failure too; NULL is one. NULL: no memory. */
struct mli_live *mli_live_new(struct mli_drift *drift, size_t window);
void mli_live_free(struct mli_live *live); /* its parts are freed; NULL is fine */

size_t mli_live_window(const struct mli_live *live);

struct mli_live_part *mli_live_part_new(struct mli_live *live); /* NULL: no memory */
/* What was counted stays counted. NULL is fine. */
void mli_live_part_free(struct mli_live_part *part);
/* By the part's thread: these rows were predicted, P (rows, width); NULL: only they are counted. */
void mli_live_add(struct mli_live_part *part, const struct ml_table *rows, const double *P);

/* Any thread. Counts to look at with mli_drift_column(); taken when it was made, and freed with mli_live_look_free(). */
struct mli_live_look {
    const struct mli_drift *drift;
    uint64_t rows, recent_rows; /* of all, of the window */
    uint64_t *all, *recent;
};
/* False: no memory. */
bool mli_live_look(struct mli_live *live, struct mli_live_look *out);
void mli_live_look_free(struct mli_live_look *look);

/* The greatest PSI of the columns by those counts, NaN: there is none; *column its place. */
double mli_live_worst(const struct mli_drift *drift, const uint64_t *counts, size_t *column);

#endif

/*
 * Group: requests of one model that come at about the same time and go through its network together, for a large network
 * takes hardly longer for four rows than for one: it waits for its weights. Each is read and answered by a thread of its
 * own, which waits here for the product. What a row gives does not depend on those beside it (la/kernels.h), so nobody sees
 * whom he was with.
 *
 * Whoever finds nobody waiting leads: it waits for others, at most the window, and only as long as others are to be
 * expected: on their way, or under way just now in such a product, or as many as there were lately. While all processors
 * are at such products it waits on, since nothing could be begun.
 */
#ifndef SERVE_GROUP_H
#define SERVE_GROUP_H

#include <model/model.h>
#include <serve/tally.h>

#define MLI_GROUP_SEATS ((size_t)32) /* threads, and so requests, that can be in it */
#define MLI_GROUP_WEIGHTS ((size_t)3000000) /* of a network that gains (docs/serving.md has the figures) */
#define MLI_GROUP_INPUTS ((size_t)16384)    /* at most; such requests take longer to read than to predict */
#define MLI_GROUP_ROWS ((size_t)16)  /* of a request; one with more has a product of its own */

struct mli_group;

/* Whether together is faster than alone: it waits longer for its weights than bringing requests together takes. */
bool mli_group_gains(const struct ml_model *model);

/* The model and the counts, to which it adds, are borrowed. window: nanoseconds. NULL: no memory. */
struct mli_group *mli_group_new(const struct ml_model *model, uint64_t window, struct mli_together_counts *counts);
void mli_group_free(struct mli_group *group); /* NULL is fine */

/* From any thread: a request is on its way; each ends by _predict or by _leave. */
void mli_group_expect(struct mli_group *group);
void mli_group_leave(struct mli_group *group);
/* P (n,width) of X (n,inputs), n <= MLI_GROUP_ROWS. Waits. scratch as for mli_model_predict_rows(). ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_group_predict(struct mli_group *group, size_t n, const double *X,
                                              struct mli_arena *scratch, double *P, struct ml_error *err);

#endif

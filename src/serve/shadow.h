/*
 * Shadow: a version that predicts what another one is asked, and whose predictions nobody gets: they are compared with
 * those that were given. Requests are copied into a queue once they are answered, and a thread of a low priority asks
 * them again of the shadow, by the same protocol, so that another schema is read as it would be. A queue that is full drops
 * what comes, and counts it: no client ever waits for a shadow, or fails by it.
 */
#ifndef SERVE_SHADOW_H
#define SERVE_SHADOW_H

#include <serve/routes.h>

#define MLI_SHADOW_WAITING ((size_t)1024)       /* requests in the queue, */
#define MLI_SHADOW_BYTES ((size_t)32 << 20)     /* and their bytes */

struct mli_shadow;

/* The worker is the shadow's own: it counts where nobody looks. ML_ENOMEM, ML_EIO. */
ML_NODISCARD enum ml_status mli_shadow_start(const struct mli_service *service, struct mli_worker *worker,
                                             struct mli_shadow **out, struct ml_error *err);
/* What waits is dropped, and what is at hand ends between two blocks of rows. NULL is fine. */
void mli_shadow_stop(struct mli_shadow *shadow);

/* Whether a shadow is to see this request, when it has gone well; then worker->captures is to be set. */
bool mli_shadow_wants(const struct mli_route *route, const struct mli_request *request);
/* A request that was answered, with what was predicted in worker->captured. Takes copies. */
void mli_shadow_offer(struct mli_shadow *shadow, const struct mli_worker *worker, const struct mli_route *route,
                      const struct mli_request *request);

#endif

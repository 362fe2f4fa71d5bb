/*
 * The model repository extension of the Open Inference Protocol: load and unload, and rollback, which is ours; for keys of
 * the admin scope. And the statistics extension: what came of each model's requests, as Triton says it.
 */
#ifndef SERVE_REPOSITORY_H
#define SERVE_REPOSITORY_H

#include <serve/routes.h>

void mli_repository_load(const struct mli_service *service, struct mli_worker *worker,
                         const struct mli_request *request, struct mli_reply *reply);
void mli_repository_unload(const struct mli_service *service, struct mli_worker *worker,
                           const struct mli_request *request, struct mli_reply *reply);
void mli_repository_rollback(const struct mli_service *service, struct mli_worker *worker,
                             const struct mli_request *request, struct mli_reply *reply);
/* A line of the audit log, if there is one: what was asked for a model by name, and what was there before, which is dropped. */
void mli_repository_note(const struct mli_service *service, const struct mli_request *request, const char *action,
                         const char *name, struct mli_registry *before, const char *failure);
/* Of all models, or of those that the path names. */
void mli_repository_stats(const struct mli_service *service, struct mli_worker *worker,
                          const struct mli_request *request, struct mli_reply *reply);

#endif

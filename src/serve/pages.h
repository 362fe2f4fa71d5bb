/*
 * The pages one GETs: /healthz (the process lives), /readyz (it takes requests: 503 while draining, or without a model), /metrics, /model
 * (the model's card: task, target, labels, inputs, metrics, digest), /models (their names) and /version.
 */
#ifndef SERVE_PAGES_H
#define SERVE_PAGES_H

#include <serve/routes.h>

void mli_health_answer(const struct mli_service *service, struct mli_worker *worker,
                       const struct mli_request *request, struct mli_reply *reply);
void mli_ready_answer(const struct mli_service *service, struct mli_worker *worker,
                      const struct mli_request *request, struct mli_reply *reply);
void mli_metrics_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply);
void mli_model_answer(const struct mli_service *service, struct mli_worker *worker,
                      const struct mli_request *request, struct mli_reply *reply);
void mli_version_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply);

#endif

/*
 * POST /invocations, where the scoring server of MLflow and the containers of Amazon SageMaker meet: what comes is told
 * by Content-Type, what goes by Accept, and without it JSON, or lines for lines. docs/serving.md has the forms.
 */
#ifndef SERVE_INVOCATIONS_H
#define SERVE_INVOCATIONS_H

#include <serve/routes.h>

void mli_invocations_answer(const struct mli_service *service, struct mli_worker *worker,
                            const struct mli_request *request, struct mli_reply *reply);
/* GET /ping, /health: 200 and nothing; 503 while draining. */
void mli_ping_answer(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply);
/* GET /execution-parameters, which SageMaker's batch transform asks for. */
void mli_execution_answer(const struct mli_service *service, struct mli_worker *worker,
                          const struct mli_request *request, struct mli_reply *reply);

/* The reply to a Content-Type that is not understood, in MLflow's words and plain text. type: as it came; NULL: not said. */
void mli_invocations_refuse(struct mli_reply *reply, const struct mli_content *content, const char *type);

#endif

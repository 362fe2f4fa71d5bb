/*
 * GET /openapi.json: the server and the model that answers where no name is given, in OpenAPI 3.1; behind /models/NAME/
 * another. Which paths there are
 * is said by the table of routes; what each takes and gives by page/openapi.json, under the path as the table has it
 * ({} may have a name there; one with /versions/{v} is described as the same without); what the model's rows and
 * predictions are by schemas.h. Paths that this model does not answer are left out. GET /docs: a page that shows it.
 */
#ifndef SERVE_OPENAPI_H
#define SERVE_OPENAPI_H

#include <serve/routes.h>

void mli_openapi_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply);
void mli_docs_answer(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply);

#endif

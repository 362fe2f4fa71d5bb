/*
 * Open Inference Protocol v2 over HTTP (KServe v2, Triton), with the binary tensor extension. docs/serving.md has the
 * requests and answers. A model has one input tensor, input-0, when all its columns are numbers, and takes one tensor
 * a column in any case; outputs are those of results.h.
 */
#ifndef SERVE_V2_H
#define SERVE_V2_H

#include <serve/routes.h>

void mli_v2_server(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
void mli_v2_live(const struct mli_service *service, struct mli_worker *worker,
                 const struct mli_request *request, struct mli_reply *reply);
void mli_v2_ready(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply);
void mli_v2_models(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
void mli_v2_index(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply);
void mli_v2_model(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply);
void mli_v2_config(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
void mli_v2_model_ready(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply);
void mli_v2_infer(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply);

#endif

/*
 * The REST protocol of TensorFlow Serving, which is KServe v1 and Vertex AI's, too: rows in, `instances`, give
 * `predictions`; columns in, `inputs`, give `outputs`. docs/serving.md has the requests and answers.
 */
#ifndef SERVE_V1_H
#define SERVE_V1_H

#include <serve/routes.h>

void mli_v1_alive(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply);
void mli_v1_status(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
void mli_v1_metadata(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply);
void mli_v1_predict(const struct mli_service *service, struct mli_worker *worker,
                    const struct mli_request *request, struct mli_reply *reply);
void mli_v1_classify(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply);
void mli_v1_regress(const struct mli_service *service, struct mli_worker *worker,
                    const struct mli_request *request, struct mli_reply *reply);

#endif

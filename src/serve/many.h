/*
 * Many models in one container, as Amazon SageMaker's multi-model endpoints ask for them: POST /models with a name and a place
 * below the folder that is served, DELETE /models/NAME. docs/serving.md has who may.
 */
#ifndef SERVE_MANY_H
#define SERVE_MANY_H

#include <serve/routes.h>

/* {"models":[{"modelName":"churn","modelUrl":"/models/churn"}]} */
void mli_many_list(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
/* The card with "modelName" and "modelUrl". */
void mli_many_card(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
/* {"model_name":"churn","url":"/opt/ml/models/churn/model"}: 409: it is loaded; 507: no memory; 400. */
void mli_many_load(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
void mli_many_unload(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply);

#endif

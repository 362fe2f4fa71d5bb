/*
 * POST /predict: an object in gives one prediction out, an array gives an array in the same order, CSV gives CSV, JSON lines give
 * JSON lines. The
 * form of a prediction is that of model/output.h.
 */
#ifndef SERVE_PREDICT_H
#define SERVE_PREDICT_H

#include <serve/routes.h>

void mli_predict_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply);

#endif

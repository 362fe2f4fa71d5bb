/*
 * POST /explain: predictions as those of /predict, each with what every column added to it (model/contributions.h), of a
 * model of one layer. The answer is in JSON for rows of CSV, too.
 *
 *   {"prediction":"yes","probabilities":{"no":0.27,"yes":0.73},
 *    "contributions":[{"of":"yes","margin":1,"bias":0.25,"columns":{"age":0.5,"city":0.25}}]}
 *
 * An entry a margin: of a regression's target, of the second of two classes, of each of more, and with several targets
 * of the second class of each, then with "target".
 */
#ifndef SERVE_EXPLAIN_H
#define SERVE_EXPLAIN_H

#include <serve/routes.h>

void mli_explain_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply);
/* POST /v1/models/NAME:explain, KServe's: rows of "instances"; the same documents as a list of "predictions". */
void mli_explain_instances(const struct mli_service *service, struct mli_worker *worker,
                           const struct mli_request *request, struct mli_reply *reply);

#endif

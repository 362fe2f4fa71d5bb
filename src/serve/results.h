/*
 * Results: the predictions of a request, kept until all are there, for protocols that answer by columns or say first
 * how many rows there are.
 */
#ifndef SERVE_RESULTS_H
#define SERVE_RESULTS_H

#include <serve/intake.h>

/* Makes the intake keep its predictions with the worker. */
void mli_results_begin(struct mli_intake *intake);
/* After the last row: the predictions, intake->rows of them. ML_ELIMIT: too many to answer; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_results_end(struct mli_intake *intake, const double **P,
                                            struct ml_error *err);

#endif

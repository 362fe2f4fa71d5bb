/*
 * Evaluate: a model against rows that have a target. One pass over the file at block memory plus the predictions.
 */
#ifndef FIT_EVALUATE_H
#define FIT_EVALUATE_H

#include <model/model.h>
#include <table/flow.h>

/*
 * Metrics of a prepared matrix of predictions: P (n, width) against y (n, targets); the document of eval/metrics.h.
 * threads 1: the calling one alone; another number: two where that pays, with the same result.
 */
ML_NODISCARD enum ml_status mli_evaluate_arrays(const struct ml_model *model, size_t n, const double *y,
                                                const double *P, size_t threads, json_t **metrics,
                                                struct ml_error *err);

/* Every row of the files that has a target, see mli_gather(). ML_EDATA for a label that the model does not know, or no rows. */
ML_NODISCARD enum ml_status mli_evaluate_files(const struct ml_model *model, const char *const *paths, size_t n,
                                               const struct mli_flow_options *options, json_t **metrics,
                                               struct ml_error *err);
/* The same, and how the predictions are spread (model/predicted.h). */
ML_NODISCARD enum ml_status mli_evaluate_files_spread(const struct ml_model *model, const char *const *paths, size_t n,
                                                      const struct mli_flow_options *options, json_t **metrics,
                                                      json_t **predicted, struct ml_error *err);

/*
 * The rows that training held out, found again: the recorded file is checked by its digest, split by the recorded
 * specification and seed. *found is false (and metrics NULL) when the file is gone or changed or nothing was held out;
 * `why` then says so.
 */
ML_NODISCARD enum ml_status mli_evaluate_holdout(const struct ml_model *model, const struct ml_log *log, bool *found,
                                                 char why[512], json_t **metrics, struct ml_error *err);

#endif

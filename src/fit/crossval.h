/*
 * Cross-validation: settings measured on rows that did not train. The training rows of a plan are dealt out to k folds;
 * for each the pipeline is fitted and the model trained on the other folds' rows alone, and measured on its own. Rows that
 * the plan holds out are not looked at.
 *
 * Features of a fold follow from the settings of cleaning, from which rows validate, and from the share of the rows: they
 * are made once for each and kept while they fit into half of the memory that may be used. Any number of threads may
 * evaluate at once; the numbers do not depend on it.
 */
#ifndef FIT_CROSSVAL_H
#define FIT_CROSSVAL_H

#include <eval/metrics.h>
#include <fit/job.h>

struct mli_crossval;

/* Whether models of that task have the metric. */
bool mli_metric_suits(const struct mli_metric *metric, enum mli_task task);

/*
 * base has a plan (mli_job_plan) and is borrowed. The same rows are dealt out in another way for each `again`, 0 being the
 * first. Errors of mli_folds_assign().
 */
ML_NODISCARD enum ml_status mli_crossval_new(const struct mli_job *base, size_t folds, size_t again,
                                             struct mli_crossval **out, struct ml_error *err);
void mli_crossval_free(struct mli_crossval *cv); /* NULL is fine */

/*
 * {"rmse":[..], ..}: each metric that the task has in each fold, null where it is not defined (an AUC without one of the
 * classes). config: the base's but for knobs (fit/knobs.h). share: of the training rows of each fold. The error of the
 * first fold that fails; ML_EINTERRUPTED when config->stop is set.
 */
ML_NODISCARD enum ml_status mli_crossval_run(struct mli_crossval *cv, const struct ml_fit_config *config, double share,
                                             json_t **scores, struct ml_error *err);

/* Mean and deviation (of the folds themselves: divided by their number) of scores, nulls left out. NaN: there are none. */
void mli_scores_summary(const json_t *scores, const char *metric, double *mean, double *deviation);
/* {"rmse":{"mean":..,"deviation":..,"folds":[..]}, ..} NULL: no memory. */
json_t *mli_scores_json(const json_t *scores);

#endif

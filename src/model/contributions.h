/*
 * Contributions: how much each column of a row adds to the margin of a model of one layer, which is what the loss makes
 * a prediction of: the value of a regression (its logarithm with the Poisson loss), the log odds of the second of two
 * classes, a number a class where they are more, whose differences are log odds, or scores.
 *
 *   margin[o] = bias[o] + sum over columns c of contribution[o][c]
 *
 * A column's is the sum of weight * feature over all features that are made of it, as they go into the layer: scaled, so
 * that a number at its training mean adds nothing under standard scaling. Features behind PCA are sums of those before
 * it, and the weights are carried back through it.
 */
#ifndef MODEL_CONTRIBUTIONS_H
#define MODEL_CONTRIBUTIONS_H

#include <model/model.h>

/* Whether the model has one layer. */
bool mli_contributions_can(const struct ml_model *model);
/* Margins of a row: one, one a class, or one a target. */
size_t mli_contributions_margins(const struct ml_model *model);

/*
 * C (rows, margins, columns + 1): of each margin the columns' contributions in the schema's order, then the bias. rows
 * follow the schema by position; memory is taken from scratch. Only for a model that can. ML_EDATA as
 * mli_pipeline_apply(), ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_contributions(const struct ml_model *model, const struct ml_table *rows,
                                              struct mli_arena *scratch, double *C, struct ml_error *err);

#endif

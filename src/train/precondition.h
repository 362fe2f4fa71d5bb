/*
 * Preconditioner of one dense layer: the inverse of a matrix B that bounds the Hessian of the objective from above,
 *
 *   B = c/W sum_i w_i x_i x_i' + l2 I     x_i with a 1 at its end for the bias, which l2 leaves alone
 *
 * the same for every output, c the loss's curvature bound [Böhning & Lindsay 1988; Böhning 1992 for softmax]. With
 * squared loss B is the Hessian, so that quasi-Newton starts where it would end; with cross entropy it takes out what the
 * columns' scales and correlations cost. Worth its price (one product X'X and a Cholesky factor) up to some width.
 * Where parameters close to the optimum are known, B is the Hessian there: the second derivative of each row's loss in the
 * place of c.
 */
#ifndef TRAIN_PRECONDITION_H
#define TRAIN_PRECONDITION_H

#include <train/problem.h>

struct mli_precondition {
    size_t inputs, outputs; /* of the layer */
    double *factor;         /* (inputs+1, inputs+1) Cholesky factor of B; NULL: none */
    double *work;           /* (inputs+1) */
};

/* Whether one is worth having: one dense layer, not too wide, no l1 (orthants ask for a diagonal). */
bool mli_precondition_fits(const struct mli_network *net, double l1);
/* Bytes that _init allocates. */
size_t mli_precondition_memory(const struct mli_network *net, double l1);
/* And those for rows from a supply. */
size_t mli_precondition_supply_memory(const struct mli_network *net, double l1);
/*
 * near: the parameters (of one output), NULL: none are known. Leaves `out` without a factor when it does not fit or B cannot
 * be factored (data that are not finite). ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_precondition_init(struct mli_precondition *out, const struct mli_problem *problem,
                                                  const mli_real *near, struct ml_error *err);
void mli_precondition_release(struct mli_precondition *p);
/* x (parameters of the layer) becomes B^-1 x, output by output; untouched without a factor. */
void mli_precondition_apply(const struct mli_precondition *p, mli_real *x);

#endif

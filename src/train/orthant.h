/*
 * Orthant by orthant: what l1 asks of a quasi-Newton step [Andrew & Gao 2007, OWL-QN]. Inside an orthant l1 is
 * linear; a step follows the direction but stops at the planes where a penalised parameter changes its sign.
 */
#ifndef TRAIN_ORTHANT_H
#define TRAIN_ORTHANT_H

#include <train/descent.h>

/* Zeroes the entries of a direction that point against the steepest way down, -subgradient. */
void mli_orthant_align(const struct mli_problem *problem, const mli_real *subgradient,
                       mli_real *direction);

/*
 * Backtracking search from descent->theta: out (p) the point found, grad (p) and *value what is there, *t the step.
 * False when no step lowers the objective.
 */
bool mli_orthant_search(const struct mli_descent *descent, const mli_real *subgradient,
                        const mli_real *direction, double *t, mli_real *out, mli_real *grad,
                        struct mli_value *value);

#endif

/*
 * Coordinate: minimises a quadratic function with an L1 penalty,
 *
 *   f(u) = q0'(u - u0) + 1/2 (u - u0)' H (u - u0) + sum over j of penalty[j] |u[j]|,
 *
 * which is the lasso [Tibshirani 1996] where H is a covariance, and a step of Newton's method for a logistic one. An
 * entry of u that is better at 0 is exactly 0.
 */
#ifndef FIT_COORDINATE_H
#define FIT_COORDINATE_H

#include <stdbool.h>
#include <stddef.h>

struct mli_quadratic {
    size_t d;
    const double *H;       /* (d,d) symmetric, both triangles, positive semidefinite */
    const double *penalty; /* d, 0 or more */
    double *q;             /* d: the gradient of the quadratic part at u, kept up to date */
};

/*
 * From u (d) to the minimum: until no entry, set to its best, moves further than the tolerance in units of
 * 1 / sqrt(H_jj). False when that did not come to pass within a fixed number of rounds; u is then as good as it got.
 */
bool mli_coordinate_minimise(const struct mli_quadratic *f, double tolerance, double *u);

/* C (d,d) of which the lower triangle is given: multiplies it by factor and fills the upper one. */
void mli_coordinate_mirror(size_t d, double factor, double *C);

#endif

/*
 * One output of a linear model under a loss that is linear between its kinks, as what an interior-point method works
 * on: every kink is a term rise (z - at)+ with four positive numbers,
 *
 *   u - t = z - at      u, t >= 0    parts of z above and below the kink
 *   a + b = rise        a, b >= 0    what the term's slope is in the dual, and what it lacks: b = 0 above, a = 0 below
 *
 * and at the optimum a t = 0 = b u. All four are kept, as rise - a would lose the digits of a small b. A weight under l1 is such a term of its own, of z = v. Sums of loss, not
 * means. Sweeps go over fixed parts of the rows whose sums are added in order: the bits do not depend on the threads.
 */
#ifndef TRAIN_INTERIOR_H
#define TRAIN_INTERIOR_H

#include <train/descent.h>

#define MLI_INTERIOR_WIDEST ((size_t)2048) /* features: the products of all pairs have to fit, several times */

/* Sums over terms; steps are the longest that keep all numbers positive. */
struct mli_interior_sums {
    double loss;                  /* at z */
    double gap;                   /* above the dual, term by term: never negative */
    double complement;            /* sum of a t + b u */
    double primal, dual, both;    /* how complement changes with the affine step: linear in either step, and bilinear */
    double step_primal, step_dual;
};

enum {
    MLI_INTERIOR_PRIMAL, MLI_INTERIOR_DUAL, /* shares of the step to take: theta, u and t; a */
    MLI_INTERIOR_CENTRE,  /* what it drives a t and b u to */
    MLI_INTERIOR_PENDING, /* 1: it is yet to be taken */
    MLI_INTERIOR_BEGUN,   /* 1: the output's terms are there */
    MLI_INTERIOR_LEAST,   /* the output's least excess over the optimum so far */
    MLI_INTERIOR_STALLED, /* 1: an output ended before its tolerance */
    MLI_INTERIOR_SCALARS
};

/* Where everything lies in the `vectors` of a descent. */
struct mli_interior {
    const struct mli_problem *problem;
    size_t n, d, m, output, outputs, parts;
    double l1, l2;   /* times the sum of weights */
    double *scalar;  /* (MLI_INTERIOR_SCALARS) by the names below */
    double *theta;   /* (m) of the output: weights, bias */
    double *affine;  /* (m) step towards complement 0 */
    double *step;    /* (m) step taken */
    double *slope;   /* (m) gradient of the loss part in the dual's slopes */
    double *pull, *lift, *bend;                      /* (m) sums for right-hand sides */
    double *gram, *factor;                           /* (m,m) */
    double *z, *dz_affine, *dz;                      /* (n) */
    double *term;                                    /* (n, 2, 4): u, t, a, b */
    double *penalty;                                 /* (d, 4): the same of weights under l1 */
    double *part;                                    /* (parts, stride) */
    size_t stride;
};

size_t mli_interior_doubles(const struct mli_network *net, size_t n);
/* The work of output `output`. */
struct mli_interior mli_interior_view(const struct mli_descent *descent, size_t output);

/* Puts the output's terms where the method starts from: theta as it is, all numbers well inside. */
void mli_interior_begin(struct mli_interior *work);
/* Takes the pending step, if any, and sums what the next one needs: slope, pull, gram. */
struct mli_interior_sums mli_interior_measure(struct mli_interior *work);
/* Along `affine`: lift, bend, and what the sums say of that step. */
struct mli_interior_sums mli_interior_try(struct mli_interior *work);
/* Along `step`, with complement driven to `centre` a term: the longest steps. */
struct mli_interior_sums mli_interior_aim(struct mli_interior *work, double centre);

#endif

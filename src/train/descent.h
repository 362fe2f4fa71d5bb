/* A descent under way: where it is and what it needs to move on. The trainer owns it, the optimisers work on it. */
#ifndef TRAIN_DESCENT_H
#define TRAIN_DESCENT_H

#include <train/shuffle.h>
#include <train/precondition.h>
#include <train/problem.h>
#include <train/schedule.h>

/* Why a descent cannot go on. Nothing is repaired: the trainer falls back to the last good parameters. */
enum mli_fault {
    MLI_FAULT_NONE,
    MLI_FAULT_LOSS,      /* not finite */
    MLI_FAULT_GRADIENT,  /* not finite */
    MLI_FAULT_PARAMETER, /* not finite */
    MLI_FAULT_GROWTH     /* the objective has left the start a million times behind */
};

/* Rows in a new order every epoch, room to gather a batch into, and how far the epoch under way is. */
struct mli_batches {
    size_t next;    /* rows done; 0: a new epoch begins */
    size_t steps;   /* done of the epoch */
    double loss;    /* weighted sum over these rows, as it went */
    double seen;    /* sum of their weights */
    double squares; /* sum of the squared lengths of the steps' gradients */
    size_t size;    /* rows of a batch; the last of an epoch may be shorter */
    struct mli_shuffle order;
    mli_real *X;    /* (size,d) */
    double *y;      /* (size) */
    double *weight; /* (size), NULL without weights */
    struct mli_train_data window; /* rows from a supply: those that order.row tells of, owned; else X is NULL */
};

struct mli_descent {
    const struct mli_train_config *config;
    struct mli_problem problem;
    struct mli_batches batches;
    struct mli_precondition precondition; /* without a factor unless the optimiser wants one and it fits */
    mli_real *theta;   /* (p) */
    mli_real *grad;    /* (p) of the smooth part: at theta, or of the last batch before its step */
    mli_real *vectors; /* the optimiser's own */
    size_t count;      /* steps over batches; pairs since a restart (lbfgs) */
    size_t idle;  /* the optimiser's own: iterations, one after the other, that improved nothing */
    size_t epoch; /* epochs done */
    double rate;  /* step size in use */
    double base;  /* step size that the schedule takes its share of */
    struct mli_schedule schedule;
    struct mli_schedule_memory memory;
    size_t steps, per_epoch; /* optimiser's steps done, and of an epoch */
    double first; /* objective at the start */
    struct mli_value value; /* at theta; over batches: the epoch's mean as it went */
    double gradient;        /* largest entry of the subgradient at theta; NaN over batches */
    double norm;            /* length of grad before clipping; over batches: the root of the mean square of the epoch's */
    enum mli_train_end end;
};

/* See step of struct mli_optimiser. */
typedef void mli_step(struct mli_descent *descent, size_t first, size_t end);

/* Whether a value is finite and not far above that of the start, which the first call notes. */
enum mli_fault mli_descent_check(struct mli_descent *descent, double objective);

/* The step size of the next step by the schedule, into descent->rate; counts the step. */
void mli_descent_pace(struct mli_descent *descent);
/*
 * The length of grad, whose squares add up to `square`; grad is then cut to config->clip if that is not 0 and exceeded.
 * NaN: grad is not finite.
 */
double mli_descent_clip(struct mli_descent *descent, double square);

/*
 * For what follows the gradient of all rows: _arrive checks value and grad, measures the gradient and ends the
 * descent when the tolerance is met; _evaluate computes both at theta first.
 */
enum mli_fault mli_descent_arrive(struct mli_descent *descent);
enum mli_fault mli_descent_evaluate(struct mli_descent *descent);

#endif

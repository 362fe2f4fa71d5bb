/*
 * Primal-dual interior point with a predictor and a corrector [Mehrotra 1992; Portnoy & Koenker 1997 for quantiles;
 * Ferris & Munson 2003 for support vector machines]: the way to the optimum of losses with kinks, which no gradient
 * shows. Every iteration weighs the rows anew, solves one system as wide as the model, and knows by the dual how far the
 * value can still be above the least. Each output is a problem of its own and comes after the one before. An epoch is one
 * iteration.
 *
 * The system gets a trifle on its diagonal, which leaves the optimum where it is and keeps columns that depend on
 * each other from making it singular [Friedlander & Orban 2012].
 */
#include <train/interior.h>

#include <float.h>
#include <la/cholesky.h>
#include <math.h>
#include <string.h>
#include <train/optimiser.h>

#define INSIDE 0.995     /* of the longest step that keeps all numbers positive */
#define JITTER 1e-13     /* of the mean diagonal */
#define JITTERS 8        /* each a hundred times the one before */
#define NEARER 0.9       /* times the least excess so far, and the optimum is nearer */
#define IDLE 30          /* iterations without that, and the output is as good as it gets */
#define ENOUGH 0.05      /* of the tolerance: the complement that steps aim at in the end */
#define FINEST 1e-12     /* tolerance below which nothing is gained */
#define SMALL 1e-3       /* the mean loss from which on a gap counts relative to it */

static size_t doubles(size_t p)
{
    (void)p;
    return 0;
}

static void load_theta(const struct mli_descent *descent, struct mli_interior *work)
{
    memcpy(work->theta, descent->theta + work->output * work->d, work->d * sizeof(double));
    work->theta[work->d] = descent->theta[work->outputs * work->d + work->output];
}

static void store_theta(struct mli_descent *descent, const struct mli_interior *work)
{
    memcpy(descent->theta + work->output * work->d, work->theta, work->d * sizeof(double));
    descent->theta[work->outputs * work->d + work->output] = work->theta[work->d];
}

/* False when the matrix cannot be factored: it is not finite. */
static bool factor(struct mli_interior *work)
{
    size_t m = work->m;
    double trace = 0, jitter;

    for (size_t j = 0; j < m; j++)
        trace += work->gram[j * m + j];
    if (!isfinite(trace))
        return false;
    jitter = JITTER * trace / (double)m;
    for (int tries = 0; tries < JITTERS; tries++, jitter *= 100) {
        memcpy(work->factor, work->gram, m * m * sizeof(double));
        for (size_t j = 0; j < m; j++)
            work->factor[j * m + j] += jitter;
        if (mli_cholesky_factor(m, work->factor))
            return true;
    }
    return false;
}

/* step = -(gram)^-1 (slope + pull + centre lift - bend), without the last two for the affine one */
static void solve(const struct mli_interior *work, double centre, bool corrected, double *step)
{
    for (size_t j = 0; j < work->m; j++) {
        double change = corrected ? centre * work->lift[j] - work->bend[j] : 0;
        step[j] = -(work->slope[j] + work->pull[j] + change);
    }
    mli_cholesky_solve(work->m, work->factor, step);
}

/* Steps that stay inside. With l2 the dual depends on theta, so both are the same. */
static void shorten(const struct mli_interior *work, double part, struct mli_interior_sums *sums)
{
    sums->step_primal = fmin(part * sums->step_primal, 1);
    sums->step_dual = fmin(part * sums->step_dual, 1);
    if (work->l2 > 0)
        sums->step_primal = sums->step_dual = fmin(sums->step_primal, sums->step_dual);
}

static double terms_of(const struct mli_interior *work)
{
    const struct mli_loss *loss = work->problem->blocks.loss;
    struct mli_kinks kinks;

    loss->kinks(loss, work->problem->data.y[0], work->output, work->outputs, &kinks);
    return 2 * ((double)work->n * (double)kinks.n + (work->l1 > 0 ? (double)work->d : 0));
}

/*
 * Finds the next step, which the next measure takes; false when there is none. It does not drive the complement below
 * `enough`: the nearer to 0, the worse the system, whose rounding then keeps the slope from 0.
 */
static bool plan(struct mli_interior *work, double complement, double enough)
{
    if (!factor(work))
        return false;
    solve(work, 0, false, work->affine);
    struct mli_interior_sums affine = mli_interior_try(work);
    shorten(work, 1, &affine);
    double left = complement + affine.step_primal * affine.primal + affine.step_dual * affine.dual +
                  affine.step_primal * affine.step_dual * affine.both;
    double centre = fmax(pow(fmax(left, 0) / complement, 3) * complement, enough) / terms_of(work);
    solve(work, centre, true, work->step);
    struct mli_interior_sums taken = mli_interior_aim(work, centre);
    shorten(work, INSIDE, &taken);
    if (!isfinite(centre) || !isfinite(taken.step_primal) || !isfinite(taken.step_dual))
        return false;
    work->scalar[MLI_INTERIOR_PRIMAL] = taken.step_primal;
    work->scalar[MLI_INTERIOR_DUAL] = taken.step_dual;
    work->scalar[MLI_INTERIOR_PENDING] = 1;
    return true;
}

/* The value, or what counts for it where that is near 0. */
static double value_scale(const struct mli_interior *work, const struct mli_interior_sums *sums)
{
    double squares = 0, sizes = 0;

    for (size_t j = 0; j < work->d; j++) {
        squares += work->theta[j] * work->theta[j];
        sizes += fabs(work->theta[j]);
    }
    return fmax(sums->loss + 0.5 * work->l2 * squares + work->l1 * sizes, SMALL * work->problem->weight);
}

/* How far the value may be above the least, relative to it: the gap, and what the slope left over could add. */
static double excess(const struct mli_interior *work, const struct mli_interior_sums *sums)
{
    double rest = 0;

    for (size_t j = 0; j < work->m; j++)
        rest += fabs(work->slope[j] * work->theta[j]);
    return (sums->gap + rest) / value_scale(work, sums);
}

/* A weight whose own slope has room on both sides is 0 at the optimum, and is put there. */
static void snap(struct mli_interior *work)
{
    double rise = 2 * work->l1;

    for (size_t j = 0; work->l1 > 0 && j < work->d; j++) {
        const double *term = work->penalty + 4 * j;
        if (fabs(work->theta[j]) < fmin(term[2], term[3]) / rise)
            work->theta[j] = 0;
    }
}

static void begin(const struct mli_descent *descent, struct mli_interior *work)
{
    load_theta(descent, work);
    mli_interior_begin(work);
    work->scalar[MLI_INTERIOR_BEGUN] = 1;
    work->scalar[MLI_INTERIOR_LEAST] = DBL_MAX;
}

/* The next output is next, if there is one. */
static void finish(struct mli_descent *descent, struct mli_interior *work, bool converged)
{
    snap(work);
    store_theta(descent, work);
    work->scalar[MLI_INTERIOR_BEGUN] = 0;
    if (!converged)
        work->scalar[MLI_INTERIOR_STALLED] = 1;
    descent->idle = 0;
    if (++descent->count == work->outputs)
        descent->end = work->scalar[MLI_INTERIOR_STALLED] > 0 ? MLI_TRAIN_STALLED : MLI_TRAIN_CONVERGED;
}

/* Counts the iterations, one after the other, that brought the optimum no nearer. */
static bool gets_nearer(struct mli_descent *descent, struct mli_interior *work)
{
    double *least = &work->scalar[MLI_INTERIOR_LEAST];

    if (descent->gradient < NEARER * *least) {
        *least = descent->gradient;
        descent->idle = 0;
    }
    return ++descent->idle <= IDLE;
}

/* Whether there is a step that may lead somewhere. */
static bool goes_on(struct mli_descent *descent, struct mli_interior *work, const struct mli_interior_sums *sums)
{
    double enough = ENOUGH * fmax(descent->config->tolerance, FINEST) * value_scale(work, sums);

    return gets_nearer(descent, work) && plan(work, sums->complement, enough);
}

/* One output's loss is known; with more, those before and behind count too, and finish() may have moved a weight. */
static struct mli_value value_of(const struct mli_descent *descent, const struct mli_interior *work,
                                 const struct mli_interior_sums *sums)
{
    if (work->outputs > 1 || work->l1 > 0)
        return mli_problem_at(&descent->problem, descent->theta, NULL);
    double loss = sums->loss / descent->problem.weight;
    return (struct mli_value){ loss, loss + mli_problem_penalty(&descent->problem, descent->theta) };
}

static enum mli_fault epoch(struct mli_descent *descent)
{
    struct mli_interior work = mli_interior_view(descent, descent->count);

    if (!(work.scalar[MLI_INTERIOR_BEGUN] > 0))
        begin(descent, &work);
    struct mli_interior_sums sums = mli_interior_measure(&work);
    if (!isfinite(sums.loss))
        return MLI_FAULT_LOSS;
    store_theta(descent, &work);
    descent->gradient = excess(&work, &sums);
    bool converged = descent->gradient <= descent->config->tolerance;
    if (converged || !goes_on(descent, &work, &sums))
        finish(descent, &work, converged);
    descent->value = value_of(descent, &work, &sums);
    return isfinite(descent->value.objective) ? MLI_FAULT_NONE : MLI_FAULT_LOSS;
}

const struct mli_optimiser mli_optimiser_interior = {
    .name = "interior",
    .doubles = doubles,
    .kept = mli_interior_doubles,
    .epoch = epoch,
    .kinks = true,
};

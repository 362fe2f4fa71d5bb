/*
 * Limited-memory BFGS [Nocedal & Wright 2006, algorithms 7.4 and 7.5] with a strong Wolfe line search; with l1
 * orthant by orthant (train/orthant.h). The way to the optimum of a convex problem, to rounding if asked. The loops
 * start from the preconditioner where there is one (train/precondition.h).
 */
#include <train/optimiser.h>

#include <math.h>
#include <string.h>
#include <train/linesearch.h>
#include <train/orthant.h>

#define PAIRS 10
#define IDLE_ITERATIONS 10

/* What `vectors` of the descent holds. */
struct work {
    mli_real *step[PAIRS];                           /* theta_(i+1) - theta_i */
    mli_real *change[PAIRS];                          /* grad_(i+1) - grad_i */
    mli_real *curve;                                  /* (PAIRS) step' change */
    mli_real *direction, *subgradient, *theta, *grad; /* theta and grad: the point tried */
    mli_real *scratch;
};

static size_t doubles(size_t p)
{
    return (2 * PAIRS + 5) * p + PAIRS;
}

static struct work work_of(const struct mli_descent *descent)
{
    size_t p = descent->problem.p;
    mli_real *next = descent->vectors;
    struct work work;

    for (int i = 0; i < PAIRS; i++, next += 2 * p) {
        work.step[i] = next;
        work.change[i] = next + p;
    }
    work.direction = next;
    work.subgradient = next + p;
    work.theta = next + 2 * p;
    work.grad = next + 3 * p;
    work.scratch = next + 4 * p;
    work.curve = next + 5 * p;
    return work;
}

/* x += a y */
static void add(size_t n, double a, const mli_real *y, mli_real *x)
{
    const mli_real factor = a;
    mli_kernels_plain.multiply_tn(1, 1, n, &factor, y, 1, x);
}

/*
 * q becomes H0 q, the first guess of the inverse Hessian: the preconditioner if there is one, times the scale that the
 * newest pair saw [equation 7.20].
 */
static void guess(const struct mli_descent *descent, const struct work *work, size_t pairs, mli_real *q)
{
    size_t p = descent->problem.p, i = (descent->count - 1) % PAIRS;

    mli_precondition_apply(&descent->precondition, q);
    if (pairs == 0)
        return;
    memcpy(work->scratch, work->change[i], p * sizeof(mli_real));
    mli_precondition_apply(&descent->precondition, work->scratch);
    double scale = work->curve[i] / mli_dot(p, work->change[i], work->scratch);
    for (size_t j = 0; j < p; j++)
        q[j] *= scale;
}

/* direction = -H subgradient by the two loops over the pairs, newest first, then oldest first. */
static void find_direction(const struct mli_descent *descent, struct work *work)
{
    size_t p = descent->problem.p, pairs = descent->count < PAIRS ? descent->count : PAIRS;
    double weight[PAIRS] = { 0 };
    mli_real *q = work->direction;

    for (size_t j = 0; j < p; j++)
        q[j] = -work->subgradient[j];
    for (size_t k = 0; k < pairs; k++) {
        size_t i = (descent->count - 1 - k) % PAIRS;
        weight[i] = mli_dot(p, work->step[i], q) / work->curve[i];
        add(p, -weight[i], work->change[i], q);
    }
    guess(descent, work, pairs, q);
    for (size_t k = pairs; k-- > 0;) {
        size_t i = (descent->count - 1 - k) % PAIRS;
        add(p, weight[i] - mli_dot(p, work->change[i], q) / work->curve[i], work->step[i], q);
    }
    if (descent->problem.l1 > 0)
        mli_orthant_align(&descent->problem, work->subgradient, q);
}

struct line {
    const struct mli_descent *descent;
    struct work *work;
    struct mli_value value; /* at the point tried last */
};

static struct mli_line_point line_at(void *data, double t)
{
    struct line *line = data;
    const struct mli_descent *descent = line->descent;
    struct work *work = line->work;
    size_t p = descent->problem.p;

    memcpy(work->theta, descent->theta, p * sizeof(mli_real));
    add(p, t, work->direction, work->theta);
    line->value = mli_problem_at(&descent->problem, work->theta, work->grad);
    return (struct mli_line_point){ t, line->value.objective,
                                    mli_dot(p, work->grad, work->direction) };
}

/* Finds the next point along the direction; *t is the first step to try and then the step taken. */
static bool search(const struct mli_descent *descent, struct work *work, double *t,
                   struct mli_value *value)
{
    double slope = mli_dot(descent->problem.p, work->subgradient, work->direction);

    if (!(slope < 0) || !isfinite(slope))
        return false;
    if (descent->problem.l1 > 0)
        return mli_orthant_search(descent, work->subgradient, work->direction, t, work->theta,
                                  work->grad, value);
    struct line along = { descent, work, descent->value };
    struct mli_line line = { line_at, &along };
    struct mli_line_point start = { 0, descent->value.objective, slope }, found;
    if (!mli_line_search(&line, start, *t, &found))
        return false;
    *t = found.t;
    *value = along.value;
    return true;
}

/* Notes the pair that leads to the point found, unless rounding has taken its curvature. */
static void remember(struct mli_descent *descent, struct work *work)
{
    size_t p = descent->problem.p, i = descent->count % PAIRS;
    mli_real *step = work->step[i], *change = work->change[i];

    for (size_t j = 0; j < p; j++) {
        step[j] = work->theta[j] - descent->theta[j];
        change[j] = work->grad[j] - descent->grad[j];
    }
    double curve = mli_dot(p, step, change), square = mli_dot(p, change, change);
    if (!(curve > MLI_REAL_EPSILON * square) || !isfinite(square))
        return;
    work->curve[i] = curve;
    descent->count++;
}

/* Moves to the point found and counts the iterations after which neither value nor gradient is measurably lower. */
static enum mli_fault move(struct mli_descent *descent, const struct work *work,
                           struct mli_value value)
{
    size_t p = descent->problem.p;
    double before = descent->value.objective, gradient = descent->gradient;

    memcpy(descent->theta, work->theta, p * sizeof(mli_real));
    memcpy(descent->grad, work->grad, p * sizeof(mli_real));
    descent->value = value;
    enum mli_fault fault = mli_descent_arrive(descent);
    bool lower = value.objective < before - 4 * MLI_REAL_EPSILON * fabs(before) ||
                 descent->gradient < 0.5 * gradient;
    descent->idle = lower ? 0 : descent->idle + 1;
    if (descent->idle == IDLE_ITERATIONS && !descent->end)
        descent->end = MLI_TRAIN_STALLED;
    return fault;
}

static enum mli_fault epoch(struct mli_descent *descent)
{
    struct work work = work_of(descent);
    struct mli_value value;

    if (descent->epoch == 0) {
        enum mli_fault fault = mli_descent_evaluate(descent);
        if (fault || descent->end)
            return fault;
    }
    mli_problem_subgradient(&descent->problem, descent->theta, descent->grad, work.subgradient);
    for (;;) {
        find_direction(descent, &work);
        double length = sqrt(mli_dot(descent->problem.p, work.direction, work.direction));
        bool scaled = descent->count > 0 || descent->precondition.factor;
        descent->rate = scaled ? 1 : fmin(1, 1 / length);
        if (search(descent, &work, &descent->rate, &value))
            break;
        if (descent->count == 0) { /* not even straight down: rounding is all that is left */
            descent->end = MLI_TRAIN_STALLED;
            return isfinite(length) ? MLI_FAULT_NONE : MLI_FAULT_GRADIENT;
        }
        descent->count = 0;
    }
    remember(descent, &work);
    return move(descent, &work, value);
}

const struct mli_optimiser mli_optimiser_lbfgs = {
    .name = "lbfgs",
    .doubles = doubles,
    .epoch = epoch,
    .preconditioned = true,
};

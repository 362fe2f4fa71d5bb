#include <train/fault.h>

#include <base/clones.h>
#include <base/mem.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <train/pieces.h>
#include <train/supply.h>

#define ROWS ((size_t)256) /* read at a time where they are not in memory */
#define EXTREME 1e100  /* from here on products of a few values may overflow */
#define HOPELESS 1e150 /* from here on a square does */

/* Largest absolute entry, in lanes so that the loop is a vector's. What is not a number is passed over. */
MLI_CLONES
static mli_real largest_entry(size_t n, const mli_real *x)
{
    enum { LANES = 32 };
    mli_real top[LANES] = { 0 }, best = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            mli_real size = x[i + l] < 0 ? -x[i + l] : x[i + l];
            top[l] = size > top[l] ? size : top[l];
        }
    }
    for (size_t l = 0; l < LANES; l++)
        best = top[l] > best ? top[l] : best;
    for (; i < n; i++)
        best = fabs(x[i]) > best ? fabs(x[i]) : best;
    return best;
}

struct search {
    const struct mli_train_data *data;
    double limit;
    atomic_bool found;
};

static void search_range(void *data, size_t first, size_t end)
{
    struct search *search = data;

    if (largest_entry(end - first, search->data->X + first) >= search->limit)
        atomic_store(&search->found, true);
}

/* Whether there is an entry of that size, of rows in memory; of others it is not known before they are read. */
static bool may_reach(const struct mli_problem *problem, double limit)
{
    struct search search = { .data = &problem->data, .limit = limit };

    if (problem->data.supply)
        return true;
    mli_pieces(problem->data.n * problem->data.d, problem->blocks.team, search_range, &search);
    return atomic_load(&search.found);
}

/* Place of the first entry as large as that. */
static size_t find_entry(size_t n, const mli_real *x, mli_real size)
{
    size_t i = 0;
    while (i < n && fabs(x[i]) != size)
        i++;
    return i;
}

static double largest_target(const struct mli_train_data *data)
{
    double best = 0;
    for (size_t i = 0; i < data->n; i++)
        if (fabs(data->y[i]) > fabs(best))
            best = data->y[i];
    return best;
}

struct extreme {
    mli_real size;
    double value;
    size_t feature;
};

/* The largest entry if there is one of at least `limit`; size 0: there is none, or no memory to look for it. */
static struct extreme find_extreme(const struct mli_train_data *data, double limit)
{
    struct extreme found = { 0 };
    size_t d = data->d, rows = data->supply && ROWS < data->n ? ROWS : data->n;
    mli_real *room = data->supply ? mli_alloc(rows * d, sizeof(*room)) : NULL;

    for (size_t first = 0, n; first < data->n && (room || !data->supply); first += n) {
        n = data->n - first < rows ? data->n - first : rows;
        const mli_real *X = mli_supply_rows(data, first, n, room);
        mli_real largest = largest_entry(n * d, X);
        if (largest < limit || largest <= found.size)
            continue;
        size_t entry = find_entry(n * d, X, largest);
        found = (struct extreme){ largest, (double)X[entry], entry % d };
    }
    free(room);
    return found;
}

/* Says so when a value of the data is at least `limit`: no step size could help. */
static bool blame_data(const struct mli_problem *problem, double limit, char *out, size_t size)
{
    const struct mli_train_data *data = &problem->data;
    double target = largest_target(data);

    if (fabs(target) >= limit) {
        snprintf(out, size, "the target reaches %g; remove such rows or scale the target", target);
        return true;
    }
    if (!may_reach(problem, limit))
        return false;
    const struct extreme found = find_extreme(data, limit);
    if (found.size > 0)
        snprintf(out, size, "feature %zu reaches %g; clip, scale or drop its column", found.feature + 1, found.value);
    return found.size > 0;
}

static void describe(const struct mli_descent *descent, enum mli_fault fault, char *out, size_t size)
{
    static const char *const texts[] = {
        [MLI_FAULT_LOSS] = "the loss is not finite",
        [MLI_FAULT_GRADIENT] = "the gradient is not finite",
        [MLI_FAULT_PARAMETER] = "a parameter is not finite",
    };

    if (fault == MLI_FAULT_GROWTH)
        snprintf(out, size, "the loss has grown a million times from %g", descent->first);
    else
        snprintf(out, size, "%s", texts[fault]);
}

enum ml_status mli_fault_explain(enum mli_fault fault, const struct mli_descent *descent,
                                 const struct mli_optimiser *optimiser, struct ml_error *err)
{
    size_t epoch = descent->epoch + 1;
    char what[128], cause[160];

    describe(descent, fault, what, sizeof(what));
    if (blame_data(&descent->problem, EXTREME, cause, sizeof(cause)))
        return ml_error_set(err, ML_EDIVERGED, "diverged in epoch %zu: %s; %s", epoch, what, cause);
    if (!optimiser->step && !optimiser->rate)
        return ml_error_set(err, ML_EDIVERGED,
                            "diverged in epoch %zu: %s; scale the columns or use a larger --l2",
                            epoch, what);
    return ml_error_set(err, ML_EDIVERGED,
                        "diverged in epoch %zu: %s with step size %g; lower --rate (for example to "
                        "%g)%s",
                        epoch, what, descent->rate, descent->base / 10,
                        descent->problem.blocks.net->layers > 1 ? " or give --clip 1" : " or use --optimiser lbfgs");
}

enum ml_status mli_fault_hopeless(const struct mli_problem *problem, struct ml_error *err)
{
    char cause[160];

    if (!blame_data(problem, HOPELESS, cause, sizeof(cause)))
        return ML_OK;
    return ml_error_set(err, ML_EDIVERGED, "diverged in epoch 1: %s", cause);
}

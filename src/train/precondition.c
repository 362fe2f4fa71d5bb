#include <train/precondition.h>

#include <base/mem.h>
#include <la/cholesky.h>
#include <math.h>
#include <net/layers.h>
#include <stdlib.h>
#include <string.h>
#include <train/supply.h>

#define WIDEST ((size_t)1024) /* X'X of more columns costs more than the iterations it saves */
#define PARTS 4               /* partial sums, added in order: the bits do not depend on the threads */
#define ROWS ((size_t)64)     /* rows a product */
#define STEP 0.01             /* in an output, to see the slope of a loss change */
#define JITTER 1e-10          /* of the mean diagonal: columns that depend on each other leave B singular */

bool mli_precondition_fits(const struct mli_network *net, double l1)
{
    return net->layers == 1 && net->layer[0].kind == &mli_layer_dense && net->inputs > 0 &&
           net->inputs <= WIDEST && !(l1 > 0);
}

/* Of X'X and of the rows that a thread adds to it; with a supply of those that it reads, too. */
static size_t part_size(size_t m, bool supplied)
{
    return m * m + (supplied ? 2 : 1) * ROWS * m;
}

size_t mli_precondition_memory(const struct mli_network *net, double l1)
{
    size_t m = net->inputs + 1;
    return mli_precondition_fits(net, l1) ? PARTS * part_size(m, false) * sizeof(mli_real) + (m * m + m) * sizeof(double) : 0;
}

/* weight (n): w_i times the second derivative of the loss in the output near, from the slopes on both sides. */
static void bend(const struct mli_problem *problem, const mli_real *near, const mli_real *X, size_t begin, size_t n,
                 double *weight)
{
    const struct mli_train_data *data = &problem->data;
    const struct mli_loss *loss = problem->blocks.loss;
    const double *w = data->weight ? data->weight + begin : NULL;
    mli_real z[ROWS], below[ROWS], above[ROWS];

    mli_kernels_plain.multiply_nt(n, 1, data->d, X, near, 0, z);
    for (size_t i = 0; i < n; i++)
        z[i] += near[data->d] - STEP;
    loss->value(loss, n, 1, z, data->y + begin, w, below);
    for (size_t i = 0; i < n; i++)
        z[i] += 2 * STEP;
    loss->value(loss, n, 1, z, data->y + begin, w, above);
    for (size_t i = 0; i < n; i++)
        weight[i] = fmax((above[i] - below[i]) / (2 * STEP), 0);
}

/* rows (n,m): sqrt(weight_i) (x_i, 1); weight NULL: all 1 */
static void scale(const mli_real *X, size_t n, size_t d, const double *weight, mli_real *rows)
{
    for (size_t i = 0; i < n; i++, rows += d + 1, X += d) {
        const mli_real w = weight ? sqrt(weight[i]) : 1;
        for (size_t j = 0; j < d; j++)
            rows[j] = w * X[j];
        rows[d] = w;
    }
}

struct parts {
    const struct mli_problem *problem;
    const mli_real *near;
    mli_real *sums; /* each its sum (m,m) of x x', room for ROWS rows and, from a supply, for as many as they are read */
};

static void sum_part(void *to, size_t part, size_t thread)
{
    const struct parts *parts = to;
    const struct mli_problem *problem = parts->problem;
    const struct mli_train_data *data = &problem->data;
    const mli_real *near = parts->near;
    size_t m = data->d + 1, each = (data->n + PARTS - 1) / PARTS;
    size_t begin = part * each < data->n ? part * each : data->n, end = begin + each < data->n ? begin + each : data->n;
    mli_real *sum = parts->sums + part * part_size(m, data->supply), *rows = sum + m * m;
    double bends[ROWS];

    (void)thread;
    memset(sum, 0, m * m * sizeof(*sum));
    for (; begin < end; begin += ROWS) {
        size_t n = end - begin < ROWS ? end - begin : ROWS;
        const mli_real *X = mli_supply_rows(data, begin, n, rows + ROWS * m);
        if (near)
            bend(problem, near, X, begin, n, bends);
        scale(X, n, data->d, near ? bends : data->weight ? data->weight + begin : NULL, rows);
        mli_kernels_blas.multiply_tn(n, m, m, rows, rows, 1, sum);
    }
}

/* B from the sum of x x': scaled, with l2 on what is penalised, and jitter. */
static void finish(const struct mli_problem *problem, double curvature, double *B)
{
    size_t m = problem->data.d + 1;
    double trace = 0;

    for (size_t i = 0; i < m * m; i++)
        B[i] *= curvature / problem->weight;
    for (size_t j = 0; j + 1 < m; j++)
        B[j * m + j] += problem->l2;
    for (size_t j = 0; j < m; j++)
        trace += B[j * m + j];
    for (size_t j = 0; j < m; j++)
        B[j * m + j] += JITTER * trace / (double)m;
}

/* A pivot that is not a number passes for positive in some LAPACKs. */
static bool is_finite_diagonal(size_t m, const double *L)
{
    for (size_t j = 0; j < m; j++)
        if (!isfinite(L[j * m + j]))
            return false;
    return true;
}

enum ml_status mli_precondition_init(struct mli_precondition *out, const struct mli_problem *problem,
                                     const mli_real *near, struct ml_error *err)
{
    const struct mli_network *net = problem->blocks.net;
    const struct mli_train_data *data = &problem->data;
    size_t m = data->d + 1, part = part_size(m, data->supply);

    *out = (struct mli_precondition){ .inputs = data->d, .outputs = net->outputs };
    if (!mli_precondition_fits(net, problem->l1))
        return ML_OK;
    mli_real *sums = mli_alloc(PARTS * part, sizeof(*sums));
    double *B = out->factor = mli_alloc(m * m, sizeof(*B));
    out->work = mli_alloc(m, sizeof(*out->work));
    if (!sums || !B || !out->work) {
        free(sums);
        mli_precondition_release(out);
        return ml_error_set(err, ML_ENOMEM, "out of memory for a product of %zu columns", m);
    }
    struct parts parts = { problem, near, sums };
    mli_team_run(problem->blocks.team, problem->blocks.threads, PARTS, sum_part, &parts);
    memset(B, 0, m * m * sizeof(*B));
    for (size_t p = 0; p < PARTS; p++)
        for (size_t i = 0; i < m * m; i++)
            B[i] += sums[p * part + i];
    free(sums);
    finish(problem, near ? 1 : problem->blocks.loss->curvature(net->outputs), B);
    if (!mli_cholesky_factor(m, B) || !is_finite_diagonal(m, B))
        mli_precondition_release(out);
    return ML_OK;
}

size_t mli_precondition_supply_memory(const struct mli_network *net, double l1)
{
    size_t m = net->inputs + 1;
    return mli_precondition_fits(net, l1) ? PARTS * (part_size(m, true) - part_size(m, false)) * sizeof(mli_real) : 0;
}

void mli_precondition_release(struct mli_precondition *p)
{
    free(p->factor);
    free(p->work);
    *p = (struct mli_precondition){ 0 };
}

void mli_precondition_apply(const struct mli_precondition *p, mli_real *x)
{
    size_t d = p->inputs;
    mli_real *bias = x + d * p->outputs;

    for (size_t k = 0; p->factor && k < p->outputs; k++) {
        for (size_t j = 0; j < d; j++)
            p->work[j] = x[k * d + j];
        p->work[d] = bias[k];
        mli_cholesky_solve(d + 1, p->factor, p->work);
        for (size_t j = 0; j < d; j++)
            x[k * d + j] = p->work[j];
        bias[k] = p->work[d];
    }
}

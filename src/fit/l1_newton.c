/*
 * A logistic model with an L1 penalty by proximal Newton steps [Yuan, Ho & Lin 2012, newGLMNET]: the loss is replaced by
 * its second-order expansion, coordinate descent minimises that with the penalty, and a line search makes sure of the
 * descent. For softmax the expansion takes all classes together: H has a block for each two of them,
 *
 *   H[b][c] = 1/n sum over i of p_ib ((b = c) - p_ic) x_i x_i',    x_i centred, and 1 at the end for the bias.
 */
#include <fit/l1.h>

#include <base/mem.h>
#include <fit/centre.h>
#include <fit/coordinate.h>
#include <la/eigen.h>
#include <la/kernels.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 100, HALVINGS = 40, BLOCK = 512 };

#define TOLERANCE 1e-9  /* of a step's quadratic problem, see coordinate.h */
#define SETTLED 1e-13   /* what a step promises to take off the objective, when it is the last one */
#define SUFFICIENT 0.01 /* share of the promise that a step must keep */

struct newton {
    size_t n, k, D; /* rows, outputs, features and the bias */
    size_t size;    /* k D */
    double *X;      /* (n,D) */
    double *Z, *dZ; /* (n,k) margins, and what a whole step adds to them */
    double *P;      /* (n,k) probabilities, then what they are too large */
    double *H;      /* (size,size) */
    double *part;   /* (D,D) lower triangle */
    double *block;  /* (BLOCK,D) */
    double *z;      /* k: margins of one row */
    double *theta, *to, *step, *grad, *q, *penalty; /* (k,D) each */
};

static void newton_release(struct newton *w)
{
    free(w->X);
    free(w->Z);
    free(w->dZ);
    free(w->P);
    free(w->H);
    free(w->part);
    free(w->block);
    free(w->z);
    free(w->theta);
    free(w->to);
    free(w->step);
    free(w->grad);
    free(w->q);
    free(w->penalty);
}

static double *zeros(size_t n, size_t d)
{
    size_t size;

    return mli_mul(n, d, &size) ? mli_calloc(size, sizeof(double)) : NULL;
}

static bool newton_alloc(const struct mli_l1 *l1, struct newton *w)
{
    size_t n = l1->rows->n, k = l1->outputs, D = l1->d + 1, size = k * D;

    *w = (struct newton){ .n = n, .k = k, .D = D, .size = size };
    w->X = zeros(n, D);
    w->Z = zeros(n, k);
    w->dZ = zeros(n, k);
    w->P = zeros(n, k);
    w->H = zeros(size, size);
    w->part = zeros(D, D);
    w->block = zeros(BLOCK, D);
    w->z = zeros(1, k);
    w->theta = zeros(k, D);
    w->to = zeros(k, D);
    w->step = zeros(k, D);
    w->grad = zeros(k, D);
    w->q = zeros(k, D);
    w->penalty = zeros(k, D);
    return w->X && w->Z && w->dZ && w->P && w->H && w->part && w->block && w->z && w->theta &&
           w->to && w->step && w->grad && w->q && w->penalty;
}

size_t mli_l1_newton_memory(const struct mli_l1 *l1)
{
    size_t D = l1->d + 1, size, rows, matrix, need;

    if (mli_mul(l1->outputs, D, &size) && mli_mul(size, size + 6, &matrix) &&
        mli_mul(l1->rows->n, D + 3 * l1->outputs, &rows) && mli_add(matrix, rows, &need) &&
        mli_add(need, (BLOCK + D) * D, &need) && mli_mul(need, sizeof(double), &need))
        return need;
    return SIZE_MAX;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

/* The bias stands behind the features, so the matrix is filled a row at a time. */
struct filling {
    struct mli_centre centre;
    double *X;
};

static enum ml_status add_rows(void *data, size_t n, double *X, struct ml_error *err)
{
    struct filling *to = data;
    size_t d = to->centre.d;

    (void)mli_centre_add(&to->centre, n, X, err);
    for (size_t i = 0; i < n; i++, to->X += d + 1) {
        memcpy(to->X, X + i * d, d * sizeof(*X));
        to->X[d] = 1;
    }
    return ML_OK;
}

static enum ml_status fill(const struct mli_l1 *l1, struct newton *w, struct ml_error *err)
{
    const struct mli_matrix_rows matrix = mli_reduce_matrix(l1->pipeline, l1->rows);
    struct filling filling = { { .d = l1->d, .mean = mli_calloc(l1->d, sizeof(double)) }, w->X };

    if (!filling.centre.mean)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    enum ml_status status = mli_matrix_each(&matrix, add_rows, &filling, err);
    for (size_t i = 0; status == ML_OK && i < w->n; i++)
        mli_centre_take(&filling.centre, 1, w->X + i * w->D);
    free(filling.centre.mean);
    return status;
}

/* ---- the loss ------------------------------------------------------------------------------------------------ */

/* Of a row with margins z, of class y: minus the logarithm of its probability. p (k), if not NULL: what they are. */
static double row_loss(size_t k, const double *z, double y, double *p)
{
    double most = k == 1 ? 0 : z[0], sum = 0;

    if (k == 1) { /* against a margin of 0 for the first class */
        double e = exp(-fabs(z[0]));
        if (p)
            p[0] = z[0] > 0 ? 1 / (1 + e) : e / (1 + e);
        return log1p(e) + (y > 0 ? fmax(-z[0], 0) : fmax(z[0], 0));
    }
    for (size_t c = 1; c < k; c++)
        most = fmax(most, z[c]);
    for (size_t c = 0; c < k; c++)
        sum += exp(z[c] - most);
    for (size_t c = 0; p && c < k; c++)
        p[c] = exp(z[c] - most) / sum;
    return log(sum) - (z[(size_t)y] - most);
}

/* The objective at theta + share step; sets P where it is wanted. */
static double objective(const struct mli_l1 *l1, struct newton *w, double share, bool with_p)
{
    double total = 0, penalty = 0, *z = w->z;

    for (size_t i = 0; i < w->n; i++) {
        for (size_t c = 0; c < w->k; c++)
            z[c] = w->Z[i * w->k + c] + share * w->dZ[i * w->k + c];
        total += row_loss(w->k, z, l1->y[i], with_p ? w->P + i * w->k : NULL);
    }
    for (size_t j = 0; j < w->size; j++)
        penalty += w->penalty[j] * fabs(w->theta[j] + share * w->step[j]);
    return total / (double)w->n + penalty;
}

/* ---- its expansion ------------------------------------------------------------------------------------------- */

/* Lower triangle of part += 1/n sum of v_i x_i x_i', v of classes b and c, without the sign. */
static void sum_block(struct newton *w, size_t b, size_t c)
{
    memset(w->part, 0, w->D * w->D * sizeof(*w->part));
    for (size_t begin = 0; begin < w->n; begin += BLOCK) {
        size_t n = w->n - begin < BLOCK ? w->n - begin : BLOCK;
        for (size_t i = 0; i < n; i++) {
            const double *x = w->X + (begin + i) * w->D, *p = w->P + (begin + i) * w->k;
            double root = sqrt(p[b] * (b == c ? 1 - p[b] : p[c]) / (double)w->n);
            for (size_t j = 0; j < w->D; j++)
                w->block[i * w->D + j] = root * x[j];
        }
        mli_gram_add(n, w->D, w->block, w->part);
    }
}

static void fill_hessian(struct newton *w)
{
    for (size_t b = 0; b < w->k; b++) {
        for (size_t c = 0; c <= b; c++) {
            sum_block(w, b, c);
            mli_coordinate_mirror(w->D, b == c ? 1 : -1, w->part);
            for (size_t i = 0; i < w->D; i++)
                memcpy(w->H + (b * w->D + i) * w->size + c * w->D, w->part + i * w->D,
                       w->D * sizeof(*w->part));
        }
    }
    mli_coordinate_mirror(w->size, 1, w->H);
}

/* P becomes what the probabilities are too large. */
static void fill_gradient(const struct mli_l1 *l1, struct newton *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->k > 1 || l1->y[i] > 0)
            w->P[i * w->k + (w->k > 1 ? (size_t)l1->y[i] : 0)] -= 1;
    mli_kernels_blas.multiply_tn(w->n, w->k, w->D, w->P, w->X, 0, w->grad);
    for (size_t j = 0; j < w->size; j++)
        w->grad[j] /= (double)w->n;
}

/* ---- steps --------------------------------------------------------------------------------------------------- */

/* The best model without features: the logarithms of the classes' shares as biases. */
static void start(const struct mli_l1 *l1, struct newton *w)
{
    double rows[2] = { 0, 0 };

    for (size_t i = 0; i < w->n; i++) {
        if (w->k > 1)
            w->theta[(size_t)l1->y[i] * w->D + w->D - 1]++;
        else
            rows[l1->y[i] > 0]++;
    }
    for (size_t c = 0; c < w->k; c++) {
        double *bias = w->theta + c * w->D + w->D - 1;
        *bias = w->k > 1 ? log(*bias) : log(rows[1] / rows[0]);
        for (size_t i = 0; i < w->n; i++)
            w->Z[i * w->k + c] = *bias;
    }
}

static void set_penalty(struct mli_l1 *l1, struct newton *w)
{
    double largest = 0;

    for (size_t j = 0; j < w->size; j++)
        largest = fmax(largest, j % w->D < w->D - 1 ? fabs(w->grad[j]) : 0);
    if (isnan(l1->strength))
        l1->strength = MLI_L1_OF_LARGEST * largest;
    for (size_t j = 0; j < w->size; j++)
        w->penalty[j] = j % w->D < w->D - 1 ? l1->strength : 0;
}

/* Finds the step, and by how much it promises to lower the objective. */
static double find_step(struct newton *w)
{
    const struct mli_quadratic f = { w->size, w->H, w->penalty, w->q };
    double promise = 0;

    memcpy(w->to, w->theta, w->size * sizeof(*w->to));
    memcpy(w->q, w->grad, w->size * sizeof(*w->q));
    (void)mli_coordinate_minimise(&f, TOLERANCE, w->to);
    for (size_t j = 0; j < w->size; j++) {
        w->step[j] = w->to[j] - w->theta[j];
        promise -= w->grad[j] * w->step[j] + w->penalty[j] * (fabs(w->to[j]) - fabs(w->theta[j]));
    }
    mli_kernels_blas.multiply_nt(w->n, w->k, w->D, w->X, w->step, 0, w->dZ);
    return promise;
}

static void take_step(struct newton *w, double share)
{
    for (size_t j = 0; j < w->size; j++) {
        w->theta[j] += share * w->step[j];
        w->step[j] = 0;
    }
    for (size_t i = 0; i < w->n * w->k; i++) {
        w->Z[i] += share * w->dZ[i];
        w->dZ[i] = 0;
    }
}

/* One step of Newton's method. False: it was the last. */
static bool advance(struct mli_l1 *l1, struct newton *w, bool first)
{
    double before = objective(l1, w, 0, true), share = 1;
    size_t halvings = 0;

    fill_hessian(w);
    fill_gradient(l1, w);
    if (first)
        set_penalty(l1, w);
    double promise = find_step(w);
    bool last = !(promise > SETTLED);
    while (!last && objective(l1, w, share, false) > before - SUFFICIENT * share * promise) {
        share /= 2;
        last = ++halvings == HALVINGS; /* nothing but rounding is left to gain */
    }
    take_step(w, halvings == HALVINGS ? 0 : share);
    return !last;
}

enum ml_status mli_l1_newton(struct mli_l1 *l1, double *score, struct ml_error *err)
{
    struct newton w;
    enum ml_status status = newton_alloc(l1, &w) ? fill(l1, &w, err)
                                                 : ml_error_set(err, ML_ENOMEM, "out of memory");

    if (status == ML_OK) {
        size_t steps = 0;
        start(l1, &w);
        while (steps < STEPS && advance(l1, &w, steps == 0))
            steps++;
        if (steps == STEPS)
            mli_l1_unsettled(l1);
        for (size_t j = 0; j < l1->d; j++) {
            score[j] = 0;
            for (size_t c = 0; c < w.k; c++)
                score[j] += fabs(w.theta[c * w.D + j]);
        }
    }
    newton_release(&w);
    return status;
}

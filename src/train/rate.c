/*
 * The objective of one layer curves by at most  c * (eigenvalue of 1/W sum_i w_i x_i x_i') + l2,  where x_i has a 1
 * at its end for the bias and c bounds the loss. The largest eigenvalue comes from a power iteration, whose estimate
 * after 20 rounds is low by a few per cent at most [Kuczynski & Wozniakowski 1992]; steps of 1/L forgive a factor of
 * two.
 */
#include <train/rate.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <train/supply.h>

#define ROUNDS 20
#define SAMPLE ((size_t)4096) /* rows enough for optimisers that see noise anyway */
#define ROWS ((size_t)64)     /* read at a time where they are not in memory */

/* Every stride-th row, one after the other. */
struct walk {
    const struct mli_train_data *data;
    size_t stride;
    mli_real *room; /* (ROWS,d) */
    size_t begin, end; /* rows in it */
};

static const mli_real *row_at(struct walk *walk, size_t i)
{
    const struct mli_train_data *data = walk->data;

    if (!data->supply)
        return data->X + i * data->d;
    if (i < walk->begin || i >= walk->end) {
        size_t n = walk->stride > 1 ? 1 : data->n - i < ROWS ? data->n - i : ROWS;
        mli_supply_rows(data, i, n, walk->room);
        walk->begin = i;
        walk->end = i + n;
    }
    return walk->room + (i - walk->begin) * data->d;
}

/* out (d+1) = 1/W sum_i w_i x_i (x_i' v) over the rows of the walk. */
static void multiply(struct walk *walk, const mli_real *v, mli_real *out)
{
    const struct mli_train_data *data = walk->data;
    size_t d = data->d;
    double sum = 0;

    memset(out, 0, (d + 1) * sizeof(*out));
    for (size_t i = 0; i < data->n; i += walk->stride) {
        const mli_real *x = row_at(walk, i);
        double w = data->weight ? data->weight[i] : 1;
        mli_real z = w * (mli_dot(d, x, v) + v[d]);
        mli_kernels_plain.multiply_tn(1, 1, d, &z, x, 1, out);
        out[d] += z;
        sum += w;
    }
    for (size_t j = 0; j <= d; j++)
        out[j] /= sum;
}

static double norm(size_t n, const mli_real *x)
{
    return sqrt(mli_dot(n, x, x));
}

static void divide(size_t n, mli_real *x, double by)
{
    for (size_t j = 0; j < n; j++)
        x[j] /= by;
}

/*
 * Largest eigenvalue; v and next (d+1) are work space. The start is a fixed random vector: none is special to the
 * data.
 */
static double eigenvalue(struct walk *walk, mli_real *v, mli_real *next)
{
    size_t m = walk->data->d + 1;
    struct mli_rng rng;
    double largest = 0;

    mli_rng_init(&rng, 1);
    for (size_t j = 0; j < m; j++)
        v[j] = mli_rng_normal(&rng);
    divide(m, v, norm(m, v));
    for (int round = 0; round < ROUNDS; round++) {
        multiply(walk, v, next);
        largest = norm(m, next);
        if (!(largest > 0) || !isfinite(largest))
            break;
        memcpy(v, next, m * sizeof(*v));
        divide(m, v, largest);
    }
    return largest;
}

/* max_i w_i |x_i|^2 over the mean weight. */
static double largest_row(struct walk *walk)
{
    const struct mli_train_data *data = walk->data;
    double largest = 0, sum = 0;

    for (size_t i = 0; i < data->n; i++) {
        const mli_real *x = row_at(walk, i);
        double w = data->weight ? data->weight[i] : 1;
        largest = fmax(largest, w * (mli_dot(data->d, x, x) + 1));
        sum += w;
    }
    return largest * ((double)data->n / sum);
}

static struct mli_curvature measure(const struct mli_optimiser *optimiser,
                                    const struct mli_network *net, const struct mli_loss *loss,
                                    const struct mli_train_data *data,
                                    const struct mli_train_config *config, mli_real *work)
{
    double bound = mli_loss_curvature(loss, net->outputs);
    mli_real *room = work + 2 * (data->d + 1);
    struct walk all = { .data = data, .stride = 1, .room = room }, some = all;
    if (optimiser->step && data->n > SAMPLE)
        some.stride = data->n / SAMPLE;

    return (struct mli_curvature){
        .mean = bound * eigenvalue(&some, work, work + data->d + 1) + config->l2,
        .row = optimiser->step ? bound * largest_row(&all) + config->l2 : 0,
        .n = data->n,
        .batch = config->batch < data->n ? config->batch : data->n,
    };
}

enum ml_status mli_rate_choose(const struct mli_optimiser *optimiser, const struct mli_network *net,
                               const struct mli_loss *loss, const struct mli_train_data *data,
                               const struct mli_train_config *config, struct mli_rate *out,
                               struct ml_error *err)
{
    bool found = !optimiser->step && !optimiser->rate; /* by a line search */
    struct mli_rate rate = { optimiser->stack_rate, found ? NULL : "by default" };

    if (config->rate > 0) {
        rate = (struct mli_rate){ config->rate, NULL };
    } else if (net->layers == 1 && optimiser->rate) {
        mli_real *work = mli_alloc(2 * (data->d + 1) + (data->supply ? ROWS * data->d : 0), sizeof(*work));
        if (!work)
            return ml_error_set(err, ML_ENOMEM, "out of memory for the step size");
        struct mli_curvature curvature = measure(optimiser, net, loss, data, config, work);
        rate.size = optimiser->rate(&curvature, config);
        if (!isfinite(curvature.mean) || !isfinite(curvature.row))
            rate.size = NAN;
        if (!optimiser->fixed)
            rate.by = "by a bound on the curvature of the loss";
        free(work);
    }
    *out = rate;
    return ML_OK;
}

/* Expected smoothness of batches drawn without replacement [Gower et al. 2019, proposition 3.8]. */
double mli_batch_curvature(const struct mli_curvature *curvature)
{
    double n = (double)curvature->n, b = (double)curvature->batch;

    if (curvature->n <= 1)
        return curvature->row;
    return n * (b - 1) / (b * (n - 1)) * curvature->mean + (n - b) / (b * (n - 1)) * curvature->row;
}

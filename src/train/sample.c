#include <train/sample.h>

#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <train/supply.h>

#define SHARE ((size_t)16)      /* one row in so many, or fewer: */
#define ROWS_MAX ((size_t)65536)
#define NUMBERS_MAX ((size_t)64 * 1024 * 1024 / sizeof(mli_real))
#define RUN ((size_t)16)        /* rows that are drawn together: they lie in memory together */
#define ROWS_MIN ((size_t)8192) /* of a sample */
#define ROWS_EACH ((size_t)64)  /* of a sample, for every parameter */
#define EPOCHS ((size_t)50)
#define TOLERANCE 1e-6 /* the sample's optimum is not that of all rows: no need to hit it */
#define VARIED 256.0   /* rows that a feature varies in, for the sample's Hessian to say what it does in all */
#define DOUBT 1e-3     /* share of the loss's largest curvature that is no longer next to none */

/* Rows of the sample and all that is learned of them. */
struct sample {
    size_t n, d;
    mli_real *X;
    double *y, *weight;
    mli_real *theta;
};

/* One row in how many. */
static size_t share_of(size_t n, size_t d)
{
    size_t most = NUMBERS_MAX / (d + 1) < ROWS_MAX ? NUMBERS_MAX / (d + 1) : ROWS_MAX, share = most ? n / most + 1 : n;

    return share > SHARE ? share : SHARE;
}

static size_t sample_rows(size_t n, size_t d)
{
    return n / (share_of(n, d) * RUN) * RUN;
}

bool mli_sample_fits(const struct mli_network *net, const struct mli_loss *loss, double l1, size_t n)
{
    size_t rows = sample_rows(n, net->inputs);

    return mli_precondition_fits(net, l1) && net->outputs == 1 && (!loss || (!loss->kinks && !loss->quadratic)) &&
           rows >= ROWS_MIN && rows / ROWS_EACH >= net->parameters;
}

static struct mli_train_config config_of(const struct mli_train_config *config, size_t share)
{
    struct mli_train_config own = *config;

    own.optimiser = "lbfgs";
    own.l2 *= (double)share; /* against so many fewer rows the penalty weighs as much as it does against all */
    own.tolerance = fmax(config->tolerance, TOLERANCE);
    own.epochs = EPOCHS;
    own.pause = NULL;
    return own;
}

size_t mli_sample_memory(const struct mli_network *net, const struct mli_train_config *config, size_t n)
{
    struct mli_train_config own = config_of(config, SHARE);
    size_t rows = sample_rows(n, net->inputs);

    return rows * (net->inputs * sizeof(mli_real) + 2 * sizeof(double)) + net->parameters * sizeof(mli_real) +
           mli_trainer_memory(net, &own, rows);
}

static bool sample_init(struct sample *s, const struct mli_train_data *data)
{
    size_t n = sample_rows(data->n, data->d), d = data->d;

    *s = (struct sample){
        .n = n,
        .d = d,
        .X = mli_alloc(n, d * sizeof(*s->X)),
        .y = mli_alloc(n, sizeof(*s->y)),
        .weight = mli_alloc(n, sizeof(*s->weight)),
        .theta = mli_alloc(d + 1, sizeof(*s->theta)),
    };
    return s->X && s->y && s->weight && s->theta;
}

static void sample_release(struct sample *s)
{
    free(s->X);
    free(s->y);
    free(s->weight);
    free(s->theta);
}

/* Of every so many runs of rows one at random, so that an order with a period does not fool it. */
static void draw(struct sample *s, const struct mli_train_data *data, uint64_t seed)
{
    struct mli_rng rng;
    size_t d = data->d, share = share_of(data->n, d);

    mli_rng_init(&rng, seed);
    for (size_t at = 0; at < s->n; at += RUN) {
        size_t row = at * share + mli_rng_below(&rng, share) * RUN;
        const mli_real *X = mli_supply_rows(data, row, RUN, s->X + at * d);
        if (X != s->X + at * d)
            memcpy(s->X + at * d, X, RUN * d * sizeof(*s->X));
        memcpy(s->y + at, data->y + row, RUN * sizeof(*s->y));
        for (size_t i = 0; i < RUN; i++)
            s->weight[at + i] = data->weight ? data->weight[row + i] : 1;
    }
}

static struct mli_train_data rows_of(const struct sample *s)
{
    return (struct mli_train_data){ .n = s->n, .d = s->d, .X = s->X, .y = s->y, .weight = s->weight };
}

/* Its optimum, to some digits. False: the rows of the sample cannot be trained on. */
static enum ml_status solve(struct sample *s, const struct mli_descent *descent, bool *solved, struct ml_error *err)
{
    const struct mli_problem *all = &descent->problem;
    const struct mli_train_data rows = rows_of(s);
    struct mli_train_config config = config_of(descent->config, share_of(all->data.n, s->d));
    struct ml_error why = ML_ERROR_INIT;
    struct mli_trainer *trainer = NULL;
    enum ml_status status = mli_trainer_new(all->blocks.net, all->blocks.loss, &rows, NULL, &config, descent->theta,
                                            &trainer, &why);

    while (status == ML_OK && mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING)
        status = mli_trainer_epoch(trainer, &why);
    *solved = status == ML_OK;
    if (*solved)
        memcpy(s->theta, mli_trainer_theta(trainer), (s->d + 1) * sizeof(*s->theta));
    mli_trainer_free(trainer);
    return status == ML_ENOMEM ? ml_error_set(err, ML_ENOMEM, "out of memory for a sample of %zu rows", s->n) : ML_OK;
}

/* Of each column its mean, and the sums of the squares and of the fourth powers of what is left without it. */
static void add_powers(const struct sample *s, double *restrict mean, double *restrict squares, double *restrict fourths)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->d; j++)
            mean[j] += s->X[i * s->d + j] / (double)s->n;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->d; j++) {
            double square = (s->X[i * s->d + j] - mean[j]) * (s->X[i * s->d + j] - mean[j]);
            squares[j] += square;
            fourths[j] += square * square;
        }
}

/*
 * Whether each column varies in enough rows: what they deviate by, spread evenly over so many rows, would have the same
 * squares and fourth powers. One of a single value has none: the sample has missed what is rare. ML_ENOMEM.
 */
static enum ml_status varies(const struct sample *s, bool *out, struct ml_error *err)
{
    size_t d = s->d;
    double *mean = mli_calloc(d, 3 * sizeof(*mean));

    if (!mean)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the powers of %zu columns", d);
    double *squares = mean + d, *fourths = squares + d;
    add_powers(s, mean, squares, fourths);
    *out = true;
    for (size_t j = 0; j < d; j++)
        *out = *out && squares[j] * squares[j] >= VARIED * fourths[j] && fourths[j] > 0;
    free(mean);
    return ML_OK;
}

/* Whether the sample's optimum leaves doubt: without, its Hessian says nothing of any other point. */
static bool doubts(const struct mli_problem *sample, const struct mli_precondition *p)
{
    size_t m = p->inputs + 1;
    const double *last = p->factor + (m - 1) * m;
    double mean = 0; /* second derivative of the loss: the last entry of B, that of the bias */

    for (size_t j = 0; j < m; j++)
        mean += last[j] * last[j];
    return mean >= DOUBT * sample->blocks.loss->curvature(1);
}

static enum ml_status measure(const struct sample *s, struct mli_descent *descent, struct ml_error *err)
{
    struct mli_precondition *out = &descent->precondition;
    struct mli_problem problem = descent->problem;
    enum ml_status status;

    problem.data = rows_of(s);
    problem.weight = mli_weight_sum(&problem.data);
    status = mli_precondition_init(out, &problem, s->theta, err);
    if (status != ML_OK || !out->factor)
        return status;
    if (!doubts(&problem, out)) {
        mli_precondition_release(out);
        return ML_OK;
    }
    bool varied = false;
    status = varies(s, &varied, err);
    if (status != ML_OK || varied)
        return status;
    mli_precondition_release(out);
    return mli_precondition_init(out, &descent->problem, s->theta, err);
}

enum ml_status mli_sample_start(struct mli_descent *descent, struct ml_error *err)
{
    struct sample s;
    bool solved = false;
    enum ml_status status = sample_init(&s, &descent->problem.data)
                                ? ML_OK
                                : ml_error_set(err, ML_ENOMEM, "out of memory for a sample of %zu rows", s.n);

    if (status == ML_OK) {
        draw(&s, &descent->problem.data, descent->config->seed);
        status = solve(&s, descent, &solved, err);
    }
    if (solved)
        status = measure(&s, descent, err);
    if (status == ML_OK && descent->precondition.factor)
        memcpy(descent->theta, s.theta, (s.d + 1) * sizeof(*s.theta));
    sample_release(&s);
    return status;
}

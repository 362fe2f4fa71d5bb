/*
 * Scores by a model with an L1 penalty [Tibshirani 1996], trained on the whole matrix by the orthant-wise quasi-Newton
 * steps of src/train [Andrew & Gao 2007], under which a weight is exactly 0 or not.
 */
#include <fit/reduce.h>

#include <base/mem.h>
#include <math.h>
#include <net/kinds.h>
#include <stdlib.h>
#include <train/trainer.h>

#define OF_LARGEST 0.01 /* the strength if none is given, as a share of the smallest that leaves no feature */
#define EPOCHS 2000

struct l1 {
    const struct mli_loss *loss;
    struct mli_network *net;
    struct mli_train_data data;
    double *X, *y, *theta;
    double unit; /* of y: what a regression's target was divided by */
};

static void l1_release(struct l1 *l1)
{
    mli_network_free(l1->net);
    free(l1->X);
    free(l1->y);
    free(l1->theta);
}

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* A regression's target to mean 0 and deviation 1; classes stay. */
static void scale_y(const struct mli_reduce_rows *rows, struct l1 *l1)
{
    double mean = 0, squares = 0;

    l1->unit = 1;
    for (size_t i = 0; i < rows->n; i++) {
        l1->y[i] = rows->y[i];
        mean += (rows->y[i] - mean) / (double)(i + 1);
    }
    if (rows->classes)
        return;
    for (size_t i = 0; i < rows->n; i++)
        squares += (rows->y[i] - mean) * (rows->y[i] - mean);
    double deviation = sqrt(squares / (double)rows->n);
    l1->unit = deviation > 0 && isfinite(deviation) ? deviation : 1;
    for (size_t i = 0; i < rows->n; i++)
        l1->y[i] = (l1->y[i] - mean) / l1->unit;
}

/* theta of the best model without features: the logarithms of the classes' shares as biases. */
static void start(const struct mli_reduce_rows *rows, struct l1 *l1)
{
    const struct mli_layer *layer = &l1->net->layer[0];
    double *bias = l1->theta + layer->offset + layer->inputs * layer->outputs;
    size_t k = layer->outputs;

    for (size_t i = 0; rows->classes && i < rows->n; i++)
        if (k > 1 || l1->y[i] > 0)
            bias[k > 1 ? (size_t)l1->y[i] : 0]++;
    for (size_t c = 0; rows->classes && c < k; c++)
        bias[c] = log(k > 1 ? bias[c] : bias[c] / ((double)rows->n - bias[c]));
}

static enum ml_status check_memory(const struct mli_reduce_rows *rows, const struct l1 *l1,
                                   const struct mli_train_config *config, struct ml_error *err)
{
    size_t need;

    if (mli_mul(rows->n, (l1->net->inputs + 1) * sizeof(double), &need) &&
        mli_add(need, mli_trainer_memory(l1->net, config, rows->n), &need) && need <= rows->memory)
        return ML_OK;
    return ml_error_set(err, ML_ELIMIT,
                        "--select l1 needs the whole matrix, %zu rows of %zu features, in %zu MiB of memory; "
                        "--select k:N or variance:T needs less",
                        rows->n, l1->net->inputs, rows->memory >> 20);
}

static enum ml_status l1_init(const struct mli_pipeline *pipeline, const struct mli_reduce_rows *rows,
                              const struct mli_train_config *config, struct l1 *l1,
                              struct ml_error *err)
{
    size_t d = mli_pipeline_features(pipeline), size = 0;
    char layers[64];

    const struct mli_kind *kind = mli_kind_default(rows->classes > 0);
    *l1 = (struct l1){ .loss = mli_kind_loss(kind, rows->classes > 0) };
    if (!mli_kind_layers(kind, l1->loss, rows->classes, layers, sizeof(layers)) || !mli_mul(rows->n, d, &size))
        return no_memory(err);
    enum ml_status status = mli_network_new(layers, d, &l1->net, err);
    if (status == ML_OK)
        status = check_memory(rows, l1, config, err);
    if (status != ML_OK)
        return status;
    l1->X = mli_alloc(size, sizeof(*l1->X));
    l1->y = mli_alloc(rows->n, sizeof(*l1->y));
    l1->theta = mli_calloc(l1->net->parameters, sizeof(*l1->theta));
    if (!l1->X || !l1->y || !l1->theta)
        return no_memory(err);
    scale_y(rows, l1);
    start(rows, l1);
    l1->data = (struct mli_train_data){ .n = rows->n, .d = d, .X = l1->X, .y = l1->y };
    const struct mli_matrix_rows matrix = mli_reduce_matrix(pipeline, rows);
    return mli_matrix_build(&matrix, false, l1->X, err);
}

/* With all weights 0, a penalty of at least the largest entry of their gradient keeps them there. */
static enum ml_status default_strength(const struct mli_reduce_rows *rows, const struct l1 *l1,
                                       double *strength, struct ml_error *err)
{
    const struct mli_layer *layer = &l1->net->layer[0];
    double *grad = mli_alloc(l1->net->parameters, sizeof(*grad)), value, largest = 0;

    if (!grad)
        return no_memory(err);
    enum ml_status status = mli_objective(l1->net, l1->loss, &l1->data, 0, 0, rows->threads,
                                          l1->theta, grad, &value, err);
    for (size_t i = 0; status == ML_OK && i < layer->inputs * layer->outputs; i++)
        largest = fmax(largest, fabs(grad[layer->offset + i]));
    free(grad);
    if (status == ML_OK)
        *strength = OF_LARGEST * largest * l1->unit;
    return status;
}

static enum ml_status train(const struct mli_train_config *config, const struct l1 *l1, double *score,
                            struct ml_error *err)
{
    const struct mli_layer *layer = &l1->net->layer[0];
    struct mli_trainer *trainer = NULL;
    enum ml_status status = mli_trainer_new(l1->net, l1->loss, &l1->data, NULL, config, l1->theta,
                                            &trainer, err);

    while (status == ML_OK && mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING)
        status = mli_trainer_epoch(trainer, err);
    for (size_t j = 0; status == ML_OK && j < layer->inputs; j++) {
        const double *weight = mli_trainer_theta(trainer) + layer->offset + j;
        score[j] = 0;
        for (size_t k = 0; k < layer->outputs; k++)
            score[j] += fabs(weight[k * layer->inputs]);
    }
    mli_trainer_free(trainer);
    return status;
}

enum ml_status mli_reduce_l1(const struct mli_pipeline *pipeline, const struct mli_reduce_rows *rows,
                             double *strength, double *score, struct ml_error *err)
{
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct l1 l1;

    config.threads = rows->threads;
    config.epochs = EPOCHS;
    enum ml_status status = l1_init(pipeline, rows, &config, &l1, err);
    if (status == ML_OK && isnan(*strength))
        status = default_strength(rows, &l1, strength, err);
    if (status == ML_OK) {
        config.l1 = *strength / l1.unit;
        status = train(&config, &l1, score, err);
    }
    l1_release(&l1);
    return status;
}

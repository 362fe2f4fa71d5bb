/*
 * A model with an L1 penalty, trained on the whole matrix by the orthant-wise quasi-Newton steps of src/train [Andrew &
 * Gao 2007], under which a weight is exactly 0 or not.
 */
#include <fit/l1.h>

#include <base/mem.h>
#include <math.h>
#include <net/kinds.h>
#include <stdlib.h>
#include <train/trainer.h>

#define EPOCHS 2000

struct model {
    const struct mli_loss *loss;
    struct mli_network *net;
    struct mli_train_data data;
    double *X, *theta;
};

static void model_release(struct model *model)
{
    mli_network_free(model->net);
    free(model->X);
    free(model->theta);
}

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* theta of the best model without features: the logarithms of the classes' shares as biases. */
static void start(const struct mli_l1 *l1, struct model *model)
{
    const struct mli_layer *layer = &model->net->layer[0];
    double *bias = model->theta + layer->offset + layer->inputs * layer->outputs;
    size_t k = layer->outputs, n = l1->rows->n;

    for (size_t i = 0; l1->rows->classes && i < n; i++)
        if (k > 1 || l1->y[i] > 0)
            bias[k > 1 ? (size_t)l1->y[i] : 0]++;
    for (size_t c = 0; l1->rows->classes && c < k; c++)
        bias[c] = log(k > 1 ? bias[c] : bias[c] / ((double)n - bias[c]));
}

static enum ml_status check_memory(const struct mli_l1 *l1, const struct model *model,
                                   const struct mli_train_config *config, struct ml_error *err)
{
    const struct mli_reduce_rows *rows = l1->rows;
    size_t need;

    if (mli_mul(rows->n, (l1->d + 1) * sizeof(double), &need) &&
        mli_add(need, mli_trainer_memory(model->net, config, rows->n), &need) && need <= rows->memory)
        return ML_OK;
    return ml_error_set(err, ML_ELIMIT,
                        "--select l1 needs the whole matrix, %zu rows of %zu features, in %zu MiB of memory; "
                        "--select k:N or variance:T needs less",
                        rows->n, l1->d, rows->memory >> 20);
}

static enum ml_status model_init(const struct mli_l1 *l1, const struct mli_train_config *config,
                                 struct model *model, struct ml_error *err)
{
    const struct mli_reduce_rows *rows = l1->rows;
    enum mli_task task = rows->classes > 0 ? MLI_TASK_CLASSIFICATION : MLI_TASK_REGRESSION;
    const struct mli_kind *kind = mli_kind_default(task);
    const struct mli_matrix_rows matrix = mli_reduce_matrix(l1->pipeline, rows);
    size_t size = 0;
    char layers[64];

    *model = (struct model){ .loss = mli_kind_loss(kind, task) };
    if (!mli_kind_layers(kind, model->loss, rows->classes, layers, sizeof(layers)) ||
        !mli_mul(rows->n, l1->d, &size))
        return no_memory(err);
    enum ml_status status = mli_network_new(layers, l1->d, &model->net, err);
    if (status == ML_OK)
        status = check_memory(l1, model, config, err);
    if (status != ML_OK)
        return status;
    model->X = mli_alloc(size, sizeof(*model->X));
    model->theta = mli_calloc(model->net->parameters, sizeof(*model->theta));
    if (!model->X || !model->theta)
        return no_memory(err);
    start(l1, model);
    model->data = (struct mli_train_data){ .n = rows->n, .d = l1->d, .X = model->X, .y = l1->y };
    return mli_matrix_build(&matrix, false, model->X, err);
}

/* With all weights 0, a penalty of at least the largest entry of their gradient keeps them there. */
static enum ml_status choose_strength(struct mli_l1 *l1, const struct model *model, struct ml_error *err)
{
    const struct mli_layer *layer = &model->net->layer[0];
    double *grad = mli_alloc(model->net->parameters, sizeof(*grad)), value, largest = 0;

    if (!grad)
        return no_memory(err);
    enum ml_status status = mli_objective(model->net, model->loss, &model->data, 0, 0,
                                          l1->rows->threads, model->theta, grad, &value, err);
    for (size_t i = 0; status == ML_OK && i < layer->inputs * layer->outputs; i++)
        largest = fmax(largest, fabs(grad[layer->offset + i]));
    free(grad);
    if (status == ML_OK)
        l1->strength = MLI_L1_OF_LARGEST * largest;
    return status;
}

static enum ml_status train(const struct mli_l1 *l1, const struct mli_train_config *config,
                            const struct model *model, double *score, struct ml_error *err)
{
    const struct mli_layer *layer = &model->net->layer[0];
    struct mli_trainer *trainer = NULL;
    enum ml_status status = mli_trainer_new(model->net, model->loss, &model->data, NULL, config,
                                            model->theta, &trainer, err);

    while (status == ML_OK && mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING)
        status = mli_trainer_epoch(trainer, err);
    for (size_t j = 0; status == ML_OK && j < layer->inputs; j++) {
        const double *weight = mli_trainer_theta(trainer) + layer->offset + j;
        score[j] = 0;
        for (size_t k = 0; k < layer->outputs; k++)
            score[j] += fabs(weight[k * layer->inputs]);
    }
    if (status == ML_OK && mli_trainer_state(trainer)->end == MLI_TRAIN_EPOCHS)
        mli_l1_unsettled(l1);
    mli_trainer_free(trainer);
    return status;
}

enum ml_status mli_l1_trained(struct mli_l1 *l1, double *score, struct ml_error *err)
{
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct model model;

    config.threads = l1->rows->threads;
    config.epochs = EPOCHS;
    enum ml_status status = model_init(l1, &config, &model, err);
    if (status == ML_OK && isnan(l1->strength))
        status = choose_strength(l1, &model, err);
    if (status == ML_OK) {
        config.l1 = l1->strength;
        status = train(l1, &config, &model, score, err);
    }
    model_release(&model);
    return status;
}

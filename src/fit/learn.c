#include <fit/learn.h>

#include <base/mem.h>
#include <stdlib.h>

static struct mli_train_data data_of(const struct mli_learn *learn, const struct mli_learn_rows *rows)
{
    return (struct mli_train_data){
        .n = rows->n, .d = learn->inputs, .X = rows->X, .y = rows->y, .weight = rows->weight
    };
}

/* Epochs until the trainer has come to its end or the caller wants no more. */
static enum ml_status run(const struct mli_learn *learn, struct mli_trainer *trainer, struct ml_error *err)
{
    const struct mli_train_state *state = mli_trainer_state(trainer);
    enum ml_status status = learn->epoch(learn->data, state, err);

    while (!status && state->end == MLI_TRAIN_RUNNING) {
        status = mli_trainer_epoch(trainer, err);
        enum mli_train_end why = status || !learn->over ? MLI_TRAIN_RUNNING : learn->over(learn->data);
        if (why != MLI_TRAIN_RUNNING)
            status = mli_trainer_stop(trainer, why, err);
        if (!status && !state->partial)
            status = learn->epoch(learn->data, state, err);
    }
    return status;
}

static bool should_pause(void *data)
{
    const struct mli_learn *learn = data;
    return learn->over(learn->data) != MLI_TRAIN_RUNNING;
}

/* In the precision of the build, with the start in its place. */
static enum ml_status descend(const struct mli_learn *learn, const struct mli_network *net, mli_real *start,
                              double *theta, struct ml_error *err)
{
    struct mli_train_data train = data_of(learn, &learn->train), validation = data_of(learn, &learn->validation);
    struct mli_loss loss = *mli_loss_find(learn->loss);
    struct mli_train_config config = *learn->config;
    struct mli_learn asked = *learn;
    struct mli_trainer *trainer = NULL;

    config.pause = learn->over ? should_pause : NULL;
    config.pause_data = &asked;
    loss.parameter = learn->parameter;
    for (size_t j = 0; j < net->parameters; j++)
        start[j] = theta[j];
    enum ml_status status =
        mli_trainer_new(net, &loss, &train, validation.n ? &validation : NULL,
                        &config, start, &trainer, err);
    if (!status)
        status = run(learn, trainer, err);
    if (!status && learn->health)
        status = mli_trainer_health(trainer, learn->health, err);
    for (size_t j = 0; !status && j < net->parameters; j++)
        theta[j] = mli_trainer_theta(trainer)[j];
    mli_trainer_free(trainer);
    return status;
}

enum ml_status mli_learn(const struct mli_learn *learn, double *theta, struct ml_error *err)
{
    struct mli_network *net = NULL;
    enum ml_status status = mli_network_new(learn->layers, learn->inputs, &net, err);
    if (status)
        return status;
    mli_real *start = mli_alloc(net->parameters, sizeof *start);
    status = start ? descend(learn, net, start, theta, err)
                   : ml_error_set(err, ML_ENOMEM, "out of memory for %zu parameters", net->parameters);
    free(start);
    mli_network_free(net);
    return status;
}

enum ml_status mli_learn_memory(const struct mli_learn *learn, size_t n, size_t *out, struct ml_error *err)
{
    struct mli_network *net = NULL;
    enum ml_status status = mli_network_new(learn->layers, learn->inputs, &net, err);
    if (status)
        return status;
    *out = mli_trainer_memory(net, learn->config, n) + net->parameters * sizeof(mli_real);
    mli_network_free(net);
    return ML_OK;
}

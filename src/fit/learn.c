#include <fit/learn.h>

#include <base/mem.h>
#include <stdlib.h>
#include <train/state.h>

static struct mli_train_data data_of(const struct mli_learn *learn, const struct mli_learn_rows *rows)
{
    return (struct mli_train_data){
        .n = rows->n, .d = learn->inputs, .X = rows->X, .supply = rows->supply, .y = rows->y, .weight = rows->weight
    };
}

static enum ml_status keep(const struct mli_learn *learn, const struct mli_trainer *trainer, struct ml_error *err)
{
    struct mli_tensors state;
    mli_tensors_init(&state);
    enum ml_status status = mli_trainer_save(trainer, &state, err);
    if (!status)
        status = learn->keep(learn->data, &state, err);
    mli_tensors_release(&state);
    return status;
}

/* An epoch, or a part of one; what is kept is kept before an early end, so that the run can go on from there. */
static enum ml_status advance(const struct mli_learn *learn, struct mli_trainer *trainer, struct ml_error *err)
{
    const struct mli_train_state *state = mli_trainer_state(trainer);
    enum ml_status status = mli_trainer_epoch(trainer, err);

    if (!status && !state->partial)
        status = learn->epoch(learn->data, state, err);
    if (status || state->end != MLI_TRAIN_RUNNING)
        return status;
    if (learn->due && learn->due(learn->data))
        status = keep(learn, trainer, err);
    enum mli_train_end why = status || !learn->over ? MLI_TRAIN_RUNNING : learn->over(learn->data);
    if (why == MLI_TRAIN_RUNNING)
        return status;
    status = mli_trainer_stop(trainer, why, err);
    return status ? status : learn->epoch(learn->data, state, err);
}

/* Epochs until the trainer has come to its end or the caller wants no more. */
static enum ml_status run(const struct mli_learn *learn, struct mli_trainer *trainer, struct ml_error *err)
{
    const struct mli_train_state *state = mli_trainer_state(trainer);
    enum ml_status status = learn->from ? mli_trainer_load(trainer, learn->from, err) :
                                          learn->epoch(learn->data, state, err);

    while (!status && state->end == MLI_TRAIN_RUNNING)
        status = advance(learn, trainer, err);
    return status;
}

static bool should_pause(void *data)
{
    const struct mli_learn *learn = data;
    return (learn->over && learn->over(learn->data) != MLI_TRAIN_RUNNING) || (learn->due && learn->due(learn->data));
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

    config.pause = learn->over || learn->due ? should_pause : NULL;
    config.pause_data = &asked;
    loss.parameter = learn->parameter;
    loss.sides = learn->sides;
    for (size_t j = 0; j < net->parameters; j++)
        start[j] = theta[j];
    enum ml_status status =
        mli_trainer_new(net, &loss, &train, validation.n ? &validation : NULL,
                        &config, start, &trainer, err);
    if (!status && learn->began)
        *learn->began = mli_trainer_state(trainer)->loss;
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
    if (learn->train.supply)
        *out += mli_trainer_supply_memory(net, learn->config, n);
    if (learn->keeps)
        *out += mli_trainer_state_memory(net, learn->config, n);
    mli_network_free(net);
    return ML_OK;
}

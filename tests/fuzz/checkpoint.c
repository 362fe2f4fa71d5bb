/*
 * States of a training, as a checkpoint whose digest is right may hold them. The first byte chooses an optimiser and a
 * network; a run of it is stopped within an epoch, and every ten bytes that follow (array, entry, a double) change one
 * number of its state. What is loaded then must be refused with a reason, or train on to an end that is none of these:
 * a crash, a hang, a state that cannot be saved and loaded again.
 */
#include <base/mem.h>
#include <fit/history.h>
#include <stdlib.h>
#include <string.h>
#include <train/state.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { ROWS = 40, COLUMNS = 3, EPOCHS = 6 };

static double X[ROWS * COLUMNS], y[ROWS];

static bool always(void *data)
{
    (void)data;
    return true;
}

static void fill(void)
{
    struct mli_rng rng;
    mli_rng_init(&rng, 3);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        X[i] = mli_rng_normal(&rng);
    for (size_t i = 0; i < ROWS; i++)
        y[i] = X[i * COLUMNS] + 0.1 * mli_rng_normal(&rng);
}

struct run {
    struct mli_network *net;
    struct mli_loss loss;
    struct mli_train_config config;
    struct mli_train_data rows;
};

static struct run choose(uint8_t choice)
{
    struct run run = { .config = MLI_TRAIN_CONFIG_INIT, .rows = { .n = ROWS, .d = COLUMNS, .X = X, .y = y } };
    const char *const *names = mli_optimiser_names();
    size_t count = 0;
    while (names[count])
        count++;
    run.config.optimiser = names[choice % count];
    run.config.epochs = EPOCHS;
    run.config.batch = 9;
    run.config.pause = always;
    bool kinks = strcmp(run.config.optimiser, "interior") == 0, deep = choice >= 128 && !kinks;
    run.loss = *mli_loss_find(kinks ? "absolute" : "squared");
    if (deep && strcmp(run.config.optimiser, "gd") != 0 && strcmp(run.config.optimiser, "lbfgs") != 0)
        run.config.schedule = "plateau:1:0.5";
    if (mli_network_new(deep ? "dense 4, tanh, dense 1" : "dense 1", COLUMNS, &run.net, NULL) != ML_OK)
        abort();
    return run;
}

static struct mli_trainer *start(const struct run *run)
{
    struct mli_trainer *trainer = NULL;
    double theta[64];
    struct mli_rng rng;
    if (run->net->parameters > sizeof theta / sizeof *theta)
        abort();
    mli_rng_init(&rng, 1);
    mli_network_init(run->net, theta, &rng);
    if (mli_trainer_new(run->net, &run->loss, &run->rows, NULL, &run->config, theta, &trainer, NULL) != ML_OK)
        abort();
    return trainer;
}

static void change(struct mli_tensors *set, const uint8_t *bytes, size_t n)
{
    for (; n >= 10; bytes += 10, n -= 10) {
        struct mli_tensor *tensor = &set->items[bytes[0] % set->count];
        size_t count = 1;
        for (size_t k = 0; k < tensor->rank; k++)
            count *= tensor->shape[k];
        if (count)
            memcpy(&tensor->data[bytes[1] % count], bytes + 2, sizeof(double));
    }
}

/* To its end, taken up once more on the way. */
static void go_on(const struct run *run, struct mli_trainer *trainer)
{
    struct mli_tensors set;
    struct mli_trainer *again = start(run);
    for (size_t i = 0; i < 100 && mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING; i++)
        if (mli_trainer_epoch(trainer, NULL) != ML_OK)
            break;
    mli_tensors_init(&set);
    if (mli_trainer_save(trainer, &set, NULL) != ML_OK)
        abort();
    if (mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING && mli_trainer_load(again, &set, NULL) == ML_OK)
        (void)!mli_trainer_epoch(again, NULL);
    mli_tensors_release(&set);
    mli_trainer_free(again);
}

static void load_history(struct mli_tensors *set)
{
    struct mli_history history;
    struct ml_error err = ML_ERROR_INIT;
    mli_history_init(&history);
    if (mli_history_load(&history, set, &err) != ML_OK && err.text[0] == '\0')
        abort();
    mli_history_release(&history);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_tensors set;
    struct mli_history history;
    if (n < 2)
        return 0;
    fill();
    struct run run = choose(bytes[0]);
    struct mli_trainer *trainer = start(&run), *loaded = start(&run);
    mli_history_init(&history);
    for (int i = 0; i < 1 + bytes[1] % 8; i++)
        if (mli_trainer_epoch(trainer, NULL) != ML_OK ||
            mli_history_add(&history, mli_trainer_state(trainer), NULL) != ML_OK)
            abort();
    mli_tensors_init(&set);
    if (mli_trainer_save(trainer, &set, NULL) != ML_OK || mli_history_save(&history, &set, NULL) != ML_OK)
        abort();
    change(&set, bytes + 2, n - 2);
    enum ml_status status = mli_trainer_load(loaded, &set, &err);
    if (status == ML_OK)
        go_on(&run, loaded);
    else if (status != ML_EARTIFACT || err.text[0] == '\0')
        abort();
    load_history(&set);
    mli_tensors_release(&set);
    mli_history_release(&history);
    mli_trainer_free(trainer);
    mli_trainer_free(loaded);
    mli_network_free(run.net);
    return 0;
}

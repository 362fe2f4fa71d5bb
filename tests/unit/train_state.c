/* The state of a run taken out and put into another trainer: the run goes on as if nothing had happened. */
#include <tests/unit/train.h>

#include <base/mem.h>
#include <stdio.h>
#include <string.h>
#include <train/state.h>

static bool always(void *data)
{
    (void)data;
    return true;
}

static struct mli_trainer *open_trainer(const struct problem *problem, const struct mli_train_data *validation,
                                        const struct mli_train_config *config)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_trainer *trainer = NULL;
    struct mli_rng rng;
    double *theta = mli_calloc(problem->net->parameters, sizeof(double));

    assert_non_null(theta);
    mli_rng_init(&rng, 7);
    mli_network_init(problem->net, theta, &rng);
    if (mli_trainer_new(problem->net, problem->loss, &problem->data, validation, config, theta, &trainer, &err))
        fail_msg("%s: %s", config->optimiser, err.text);
    free(theta);
    return trainer;
}

static void step(struct mli_trainer *trainer)
{
    struct ml_error err = ML_ERROR_INIT;
    if (mli_trainer_epoch(trainer, &err) != ML_OK)
        fail_msg("%s", err.text);
}

static struct mli_tensors taken_from(const struct mli_trainer *trainer)
{
    struct mli_tensors set;
    mli_tensors_init(&set);
    assert_int_equal(mli_trainer_save(trainer, &set, NULL), ML_OK);
    return set;
}

/* A trainer that has taken a state over would save the same one: every number of it has arrived. */
static void expect_taken_over(const struct mli_trainer *trainer, const struct mli_tensors *from)
{
    struct mli_tensors again = taken_from(trainer);
    assert_int_equal(again.count, from->count);
    for (size_t i = 0; i < from->count; i++) {
        const struct mli_tensor *a = &from->items[i], *b = &again.items[i];
        size_t n = a->shape[0] * (a->rank == 2 ? a->shape[1] : 1);
        assert_string_equal(a->name, b->name);
        for (size_t j = 0; j < n; j++)
            if (memcmp(&a->data[j], &b->data[j], sizeof a->data[j]) != 0)
                fail_msg("%s: number %zu of %zu has not arrived", a->name, j, n);
    }
    mli_tensors_release(&again);
}

/* Killed after every single step, and taken up again by a new trainer. */
static struct mli_trainer *run_broken(const struct problem *problem, const struct mli_train_data *validation,
                                      const struct mli_train_config *config, size_t *breaks)
{
    struct mli_train_config pausing = *config;
    struct ml_error err = ML_ERROR_INIT;

    pausing.pause = always;
    *breaks = 0;
    struct mli_trainer *trainer = open_trainer(problem, validation, &pausing);
    for (step(trainer); mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING; step(trainer)) {
        struct mli_tensors set = taken_from(trainer);
        mli_trainer_free(trainer);
        trainer = open_trainer(problem, validation, &pausing);
        if (mli_trainer_load(trainer, &set, &err) != ML_OK)
            fail_msg("%s: %s", config->optimiser, err.text);
        assert_null(mli_tensors_unused(&set));
        expect_taken_over(trainer, &set);
        mli_tensors_release(&set);
        ++*breaks;
    }
    return trainer;
}

static void expect_same(const struct problem *problem, const struct mli_train_data *validation,
                        const struct mli_train_config *config, const char *what)
{
    size_t p = problem->net->parameters, breaks;
    struct mli_trainer *whole = open_trainer(problem, validation, config);

    while (mli_trainer_state(whole)->end == MLI_TRAIN_RUNNING)
        step(whole);
    struct mli_trainer *broken = run_broken(problem, validation, config, &breaks);
    const struct mli_train_state *a = mli_trainer_state(whole), *b = mli_trainer_state(broken);
    printf("%-9s %s: %zu epochs, %zu steps, taken up %zu times\n", config->optimiser, what, a->epoch, a->steps, breaks);
    assert_true(breaks + 1 >= a->epoch);
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->best, b->best);
    assert_int_equal(a->end, b->end);
    assert_memory_equal(&a->loss, &b->loss, sizeof a->loss);
    assert_memory_equal(&a->objective, &b->objective, sizeof a->objective);
    assert_memory_equal(mli_trainer_theta(whole), mli_trainer_theta(broken), p * sizeof(mli_real));
    mli_trainer_free(whole);
    mli_trainer_free(broken);
}

static void every_optimiser_goes_on_as_it_was(void **state)
{
    (void)state;
    for (const char *const *name = mli_optimiser_names(); *name; name++) {
        bool kinks = strcmp(*name, "interior") == 0;
        struct problem problem = problem_new("dense 1", kinks ? "absolute" : "squared", 90, 5, 2, 3);
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        config.optimiser = *name;
        config.epochs = 9;
        config.batch = 16;
        config.l2 = 1e-3;
        expect_same(&problem, NULL, &config, "one layer");
        problem_release(&problem);
    }
    struct problem many = problem_new("dense 1", "cross_entropy", 140000, 3, 1, 3); /* begins at the optimum of a sample */
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    expect_same(&many, NULL, &config, "many rows");
    problem_release(&many);
}

static void networks_go_on_as_they_were(void **state)
{
    static const char *const optimisers[] = { "sgd", "momentum", "adam", "adamw", "lbfgs" };
    (void)state;
    for (size_t i = 0; i < COUNT(optimisers); i++) {
        bool batches = strcmp(optimisers[i], "lbfgs") != 0;
        struct problem problem =
            problem_new(batches ? "dense 6, batch_norm, relu, dropout 0.3, dense 3" : "dense 6, tanh, dense 3",
                        "cross_entropy", 120, 4, 1, 5);
        struct problem other = problem_new("dense 3", "cross_entropy", 40, 4, 1, 6);
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        config.optimiser = optimisers[i];
        config.epochs = 12;
        config.batch = 25;
        config.patience = 4;
        config.seed = 11;
        if (batches) {
            config.schedule = "plateau:2:0.5";
            config.warmup = 2;
            config.clip = 1;
        }
        expect_same(&problem, &other.data, &config, "network");
        problem_release(&problem);
        problem_release(&other);
    }
}

/* A number that cannot be, and the words for it. */
static void states_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct problem problem = problem_new("dense 1", "squared", 60, 3, 1, 3), wider = problem_new("dense 1", "squared", 60, 4, 1, 3);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    config.optimiser = "adam";
    config.batch = 16;
    config.epochs = 4;
    config.pause = always;
    static const struct {
        size_t number;
        double value;
        const char *text;
    } wrong[] = {
        { 0, -1, "descent.count is -1, which counts nothing" },
        { 0, 0.5, "descent.count is 0.5, which counts nothing" },
        { 0, NAN, "descent.count is nan, which counts nothing" },
        { 2, 4, "it has done 4 of 4 epochs" },
        { 14, 60, "it stands at row 60 of an epoch of 60 rows" },
        { 14, 17, "it stands at row 17 of an epoch of 60 rows" },
    };
    struct mli_trainer *trainer = open_trainer(&problem, NULL, &config);
    step(trainer);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_tensors set = taken_from(trainer);
        struct mli_tensor *numbers = &set.items[set.count - 1];
        uint64_t bits;
        memcpy(&bits, &wrong[i].value, sizeof bits);
        assert_string_equal(numbers->name, "run.numbers");
        numbers->data[2 * wrong[i].number] = (double)(bits >> 32);
        numbers->data[2 * wrong[i].number + 1] = (double)(bits & UINT32_MAX);
        struct mli_trainer *into = open_trainer(&problem, NULL, &config);
        assert_int_equal(mli_trainer_load(into, &set, &err), ML_EARTIFACT);
        assert_string_equal(err.text, wrong[i].text);
        numbers->data[1] = 0.5;
        err = (struct ml_error)ML_ERROR_INIT;
        assert_int_equal(mli_trainer_load(into, &set, &err), ML_EARTIFACT);
        assert_string_equal(err.text, "run.numbers: 0.5 is not the half of a number's bits");
        mli_trainer_free(into);
        mli_tensors_release(&set);
    }
    struct mli_tensors set = taken_from(trainer);
    struct mli_trainer *into = open_trainer(&wider, NULL, &config);
    assert_int_equal(mli_trainer_load(into, &set, NULL), ML_EARTIFACT);
    mli_trainer_free(into);
    mli_tensors_release(&set);
    mli_trainer_free(trainer);
    problem_release(&problem);
    problem_release(&wider);
}

int train_state_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimiser_goes_on_as_it_was),
        cmocka_unit_test(networks_go_on_as_they_were),
        cmocka_unit_test(states_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("train: state", tests, NULL, NULL);
}

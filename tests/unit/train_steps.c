/* PyTorch's steps and step sizes (tests/numeric/optimiser_expected.h), clipping, pauses. */
#include <tests/unit/train.h>

#include <base/mem.h>
#include <tests/numeric/optimiser_expected.h>
#include <train/schedule.h>

static struct mli_trainer *start(const struct problem *problem, const struct mli_train_config *config,
                                 const double *theta)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_trainer *trainer = NULL;

    if (mli_trainer_new(problem->net, problem->loss, &problem->data, NULL, config, theta, &trainer, &err) != ML_OK)
        fail_msg("%s", err.text);
    return trainer;
}

static struct problem expected_problem(void)
{
    struct problem problem = problem_new("dense 1", "squared", EXPECTED_ROWS, EXPECTED_COLUMNS, 1, 1);
    memcpy(problem.X, expected_X, sizeof expected_X);
    memcpy(problem.y, expected_y, sizeof expected_y);
    return problem;
}

/* 1e-12: the sums over rows are added in another order. */
static void first_steps_are_those_of_pytorch(void **state)
{
    struct problem problem = expected_problem();
    size_t p = EXPECTED_COLUMNS + 1;
    (void)state;

    for (size_t i = 0; i < COUNT(expected_steps); i++) {
        const struct expected_steps *e = &expected_steps[i];
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        config.optimiser = e->optimiser;
        config.schedule = "constant";
        config.rate = e->rate;
        config.decay = e->decay;
        config.clip = e->clip;
        config.l2 = EXPECTED_L2;
        config.batch = EXPECTED_ROWS;
        struct mli_trainer *trainer = start(&problem, &config, expected_start);
        for (size_t step = 0; step < EXPECTED_STEPS; step++) {
            assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
            const double *theta = mli_trainer_theta(trainer), *expected = e->theta + step * p;
            for (size_t j = 0; j < p; j++)
                if (!(fabs(theta[j] - expected[j]) <= 1e-12))
                    fail_msg("%s, step %zu, parameter %zu: %.17g, expected %.17g", e->optimiser, step + 1, j,
                             theta[j], expected[j]);
        }
        mli_trainer_free(trainer);
    }
    problem_release(&problem);
}

static void schedules_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected_rates); i++) {
        const struct expected_rates *e = &expected_rates[i];
        struct mli_schedule schedule;
        struct mli_schedule_memory memory;
        assert_int_equal(mli_schedule_parse(e->spec, &schedule, NULL), ML_OK);
        schedule.warmup = e->warmup;
        mli_schedule_begin(&memory);
        for (size_t step = 0; step < COUNT(e->rate); step++) {
            struct mli_schedule_place place = { step, COUNT(e->rate), EXPECTED_PER_EPOCH };
            double share = mli_schedule_share(&schedule, &place, &memory);
            if (!(fabs(share - e->rate[step]) <= 1e-12))
                fail_msg("%s, step %zu: %.17g, expected %.17g", e->spec, step, share, e->rate[step]);
            if (step % EXPECTED_PER_EPOCH == EXPECTED_PER_EPOCH - 1)
                mli_schedule_watch(&schedule, expected_losses[step / EXPECTED_PER_EPOCH], &memory);
        }
    }
}

/* One step an epoch, few steps, a warm-up of all: no share leaves [0,1] and none is NaN. */
static void short_runs_have_sound_schedules(void **state)
{
    static const char *const specs[] = { "constant", "linear", "step:1:0.5", "exponential:0.5", "cosine", "onecycle",
                                         "plateau:1:0.5" };
    static const double warmups[] = { 0, 0.001, 0.5, 0.999, 1, 3 };
    (void)state;

    for (size_t i = 0; i < COUNT(specs); i++)
        for (size_t w = 0; w < COUNT(warmups); w++)
            for (size_t steps = 1; steps <= 12; steps++) {
                struct mli_schedule schedule;
                struct mli_schedule_memory memory;
                assert_int_equal(mli_schedule_parse(specs[i], &schedule, NULL), ML_OK);
                schedule.warmup = warmups[w];
                mli_schedule_begin(&memory);
                for (size_t step = 0; step < steps; step++) {
                    struct mli_schedule_place place = { step, steps, 1 };
                    double share = mli_schedule_share(&schedule, &place, &memory);
                    assert_true(share >= 0 && share <= 1);
                    assert_true(step > 0 || share > 0);
                }
            }
}

static void the_schedule_reaches_the_steps(void **state)
{
    struct problem problem = expected_problem();
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    (void)state;

    config.optimiser = "sgd";
    config.schedule = "step:2:0.5";
    config.warmup = 2;
    config.rate = 0.1;
    config.batch = 4; /* three steps an epoch: six of the warm-up */
    config.epochs = 6;
    struct mli_trainer *trainer = start(&problem, &config, expected_start);
    static const double expected[] = { 0.05, 0.1, 0.1, 0.1, 0.05, 0.05 };
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
        assert_true(fabs(mli_trainer_state(trainer)->rate - expected[i]) < 1e-15);
    }
    mli_trainer_free(trainer);
    problem_release(&problem);
}

/* A step of sgd is the rate times the gradient: none may be longer than rate times clip. */
static void clipping_bounds_every_step(void **state)
{
    struct problem problem = expected_problem();
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    double before[EXPECTED_COLUMNS + 1], longest = 0;
    (void)state;

    memcpy(before, expected_start, sizeof before);
    config.optimiser = "sgd";
    config.schedule = "constant";
    config.rate = 0.01;
    config.clip = 0.125;
    config.tolerance = 0;
    config.batch = EXPECTED_ROWS;
    config.epochs = 5000;
    struct mli_trainer *trainer = start(&problem, &config, before);
    for (size_t i = 0; i < config.epochs; i++) {
        double square = 0;
        assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
        const double *theta = mli_trainer_theta(trainer);
        for (size_t j = 0; j < COUNT(before); j++)
            square += (theta[j] - before[j]) * (theta[j] - before[j]);
        double norm = mli_trainer_state(trainer)->norm;
        assert_true(fabs(sqrt(square) - 0.01 * fmin(norm, 0.125)) < 2e-8);
        longest = fmax(longest, norm);
        memcpy(before, theta, sizeof before);
    }
    assert_true(longest > 0.125 && mli_trainer_state(trainer)->norm < 0.125); /* the norm told is the unclipped one */
    mli_trainer_free(trainer);
    problem_release(&problem);
}

/* At the optimum no size of a step makes the loss fall, so the optimiser's own is taken. */
static void a_range_test_without_a_fall_changes_nothing(void **state)
{
    struct problem problem = problem_new("dense 4, relu, dense 1", "squared", 64, 3, 1, 2);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    mli_real zero[32] = { 0 };
    (void)state;

    assert_true(problem.net->parameters <= COUNT(zero));
    for (size_t i = 0; i < 64; i++)
        problem.y[i] = 0;
    config.optimiser = "adam";
    struct mli_trainer *trainer = start(&problem, &config, zero);
    assert_true(mli_trainer_state(trainer)->rate == 0.001);
    assert_string_not_equal(mli_trainer_state(trainer)->rate_by, "by range test");
    mli_trainer_free(trainer);
    problem_release(&problem);
}

/* The test leaves nothing behind: the step size given at once leads to the same bits. */
static void a_range_test_leaves_no_trace(void **state)
{
    static const char *const specs[] = { "dense 8, relu, dense 3", "dense 8, batch_norm, relu, dropout 0.2, dense 3" };
    struct problem problem = problem_new("dense 3", "cross_entropy", 203, 4, 1, 2);
    (void)state;

    for (size_t s = 0; s < COUNT(specs); s++) {
        mli_network_free(problem.net);
        assert_int_equal(mli_network_new(specs[s], 4, &problem.net, NULL), ML_OK);
        for (const char *const *name = mli_optimiser_names(); *name; name++) {
            if (!suits(*name, problem.loss))
                continue;
            struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
            mli_real chosen[256], given[256], start_[256];
            struct mli_rng rng;
            config.optimiser = *name;
            config.epochs = 5;
            if (!strcmp(*name, "gd") || !strcmp(*name, "lbfgs"))
                continue;
            mli_rng_init(&rng, 3);
            mli_network_init(problem.net, start_, &rng);
            struct mli_trainer *trainer = start(&problem, &config, start_);
            assert_string_equal(mli_trainer_state(trainer)->rate_by, "by range test");
            config.rate = mli_trainer_state(trainer)->rate;
            print_message("%-9s %g\n", *name, config.rate);
            assert_true(config.rate > 1e-4 && config.rate < 1);
            mli_trainer_free(trainer);
            for (int run = 0; run < 2; run++) {
                struct mli_train_config same = config;
                same.rate = run ? config.rate : 0;
                trainer = start(&problem, &same, start_);
                while (mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING)
                    assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
                memcpy(run ? given : chosen, mli_trainer_theta(trainer), problem.net->parameters * sizeof *given);
                mli_trainer_free(trainer);
            }
            assert_memory_equal(chosen, given, problem.net->parameters * sizeof *given);
        }
    }
    problem_release(&problem);
}

/* ---- pauses ------------------------------------------------------------------------------------------------------ */

static bool every_third(void *data)
{
    size_t *asked = data;
    return ++*asked % 3 == 0;
}

static void a_paused_run_takes_the_same_steps(void **state)
{
    struct problem problem = problem_new("dense 3", "cross_entropy", 203, 4, 1, 2);
    double theta[15], paused[15];
    (void)state;

    for (const char *const *name = mli_optimiser_names(); *name; name++) {
        if (!suits(*name, problem.loss))
            continue;
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        size_t asked = 0, pauses = 0;
        config.optimiser = *name;
        config.epochs = 7;
        config.batch = 20;
        struct mli_train_state whole = problem_train(&problem, &config, theta);
        config.pause = every_third;
        config.pause_data = &asked;
        memset(paused, 0, sizeof paused);
        struct mli_trainer *trainer = start(&problem, &config, paused);
        const struct mli_train_state *now = mli_trainer_state(trainer);
        while (now->end == MLI_TRAIN_RUNNING) {
            assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
            pauses += now->partial;
        }
        assert_memory_equal(mli_trainer_theta(trainer), theta, sizeof theta);
        assert_int_equal(now->epoch, whole.epoch);
        assert_memory_equal(&now->loss, &whole.loss, sizeof whole.loss);
        assert_memory_equal(&now->norm, &whole.norm, sizeof whole.norm);
        assert_int_equal(pauses, strcmp(*name, "gd") && strcmp(*name, "lbfgs") ? 7 * 10 / 3 : 0);
        mli_trainer_free(trainer);
    }
    problem_release(&problem);
}

static void a_stop_within_an_epoch_keeps_what_was_learnt(void **state)
{
    struct problem problem = problem_new("dense 1", "squared", 1000, 4, 1, 2);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    double zero[5] = { 0 };
    size_t asked = 0;
    (void)state;

    config.optimiser = "sgd";
    config.batch = 10;
    config.pause = every_third;
    config.pause_data = &asked;
    struct mli_trainer *trainer = start(&problem, &config, zero);
    const struct mli_train_state *now = mli_trainer_state(trainer);
    assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
    assert_true(now->partial);
    assert_int_equal(now->epoch, 0);
    assert_int_equal(mli_trainer_stop(trainer, MLI_TRAIN_TIME, NULL), ML_OK);
    assert_false(now->partial);
    assert_int_equal(now->epoch, 1);
    assert_int_equal(now->best, 1);
    assert_int_equal(now->end, MLI_TRAIN_TIME);
    assert_true(isfinite(now->loss) && isfinite(now->norm));
    assert_memory_not_equal(mli_trainer_theta(trainer), zero, sizeof zero);
    assert_int_equal(mli_trainer_stop(trainer, MLI_TRAIN_EPOCHS, NULL), ML_OK); /* over is over */
    assert_int_equal(now->end, MLI_TRAIN_TIME);
    mli_trainer_free(trainer);
    problem_release(&problem);
}

int train_steps_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_steps_are_those_of_pytorch),
        cmocka_unit_test(schedules_are_those_of_pytorch),
        cmocka_unit_test(short_runs_have_sound_schedules),
        cmocka_unit_test(the_schedule_reaches_the_steps),
        cmocka_unit_test(clipping_bounds_every_step),
        cmocka_unit_test(a_range_test_leaves_no_trace),
        cmocka_unit_test(a_range_test_without_a_fall_changes_nothing),
        cmocka_unit_test(a_paused_run_takes_the_same_steps),
        cmocka_unit_test(a_stop_within_an_epoch_keeps_what_was_learnt),
    };

    return cmocka_run_group_tests_name("train: steps", tests, NULL, NULL);
}

/* Settings, state, divergence, early stopping and memory of a trainer. */
#include <tests/unit/train.h>

#include <base/mem.h>
#include <stddef.h>
#include <stdio.h>
#include <tests/unit/heap.h>
#include <train/health.h>

static struct mli_trainer *start(const struct problem *problem,
                                 const struct mli_train_data *validation,
                                 const struct mli_train_config *config)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_trainer *trainer = NULL;
    double *theta = mli_calloc(problem->net->parameters, sizeof(double));

    assert_non_null(theta);
    if (mli_trainer_new(problem->net, problem->loss, &problem->data, validation, config, theta,
                        &trainer, &err) != ML_OK)
        fail_msg("%s", err.text);
    free(theta);
    return trainer;
}

/*
 * ---- settings ----------------------------------------------------------------------------------------------------
 */

/* One setting out of place: a double, a count, or the schedule. */
static const struct refused {
    const char *optimiser;
    size_t number, count; /* offsets in struct mli_train_config; 0: not this kind */
    double value;
    const char *schedule, *text;
} refused[] = {
#define NUMBER(optimiser, field, value, text) { optimiser, offsetof(struct mli_train_config, field), 0, value, NULL, text }
#define WHOLE(optimiser, field, value, text) { optimiser, 0, offsetof(struct mli_train_config, field), value, NULL, text }
#define SCHEDULE(optimiser, spec, text) { optimiser, 0, 0, 0, spec, text }
    WHOLE("adm", seed, 1, "unknown optimiser \"adm\"; did you mean \"adam\"?"),
    WHOLE("newton-raphson", seed, 1,
          "unknown optimiser \"newton-raphson\"; expected one of: gd sgd momentum nesterov adagrad rmsprop adam adamw lbfgs interior"),
    NUMBER("sgd", rate, -1, "the step size (rate) must be 0 (chosen) or more, not -1"),
    NUMBER("sgd", rate, NAN, "the step size (rate) must be 0 (chosen) or more, not nan"),
    NUMBER("lbfgs", rate, 0.1,
           "lbfgs finds its step sizes by itself; leave the step size (rate) away or choose another optimiser"),
    NUMBER("sgd", momentum, 1, "momentum must be at least 0 and below 1, not 1"),
    NUMBER("sgd", momentum, -0.1, "momentum must be at least 0 and below 1, not -0.1"),
    NUMBER("adamw", decay, -1, "the decay must be 0 or more and below 1 / step size, not -1"),
    NUMBER("adamw", rate, 200, "the decay must be 0 or more and below 1 / step size, not 0.01"),
    NUMBER("sgd", l1, -1, "the penalties l1 and l2 must be 0 or more, not -1 and 0"),
    NUMBER("sgd", l2, INFINITY, "the penalties l1 and l2 must be 0 or more, not 0 and inf"),
    NUMBER("sgd", tolerance, -1e-9, "the tolerance must be 0 or more, not -1e-09"),
    NUMBER("sgd", clip, -1, "the length that gradients are clipped to must be 0 (any) or more, not -1"),
    NUMBER("sgd", min_delta, -1, "min-delta must be 0 or more, not -1"),
    NUMBER("sgd", warmup, -1, "the warm-up must be a number of epochs up to all 1000, or a share below 1, not -1"),
    NUMBER("sgd", warmup, 1001, "the warm-up must be a number of epochs up to all 1000, or a share below 1, not 1001"),
    NUMBER("lbfgs", warmup, 1, "lbfgs finds its step sizes by itself: no warm-up goes with it"),
    NUMBER("lbfgs", clip, 1, "lbfgs finds its step sizes by itself: no clipping goes with it"),
    WHOLE("sgd", epochs, 0, "the number of epochs must be at least 1"),
    WHOLE("sgd", batch, 0, "a batch must have at least 1 row"),
    WHOLE("sgd", threads, 0, "the number of threads must be from 1 to 1024, not 0"),
    WHOLE("sgd", threads, 1025, "the number of threads must be from 1 to 1024, not 1025"),
    WHOLE("sgd", patience, 3, "early stopping (patience) needs validation rows"),
    SCHEDULE("lbfgs", "cosine", "lbfgs finds its step sizes by itself: no schedule goes with it"),
    SCHEDULE("sgd", "cosin", "unknown schedule \"cosin\"; did you mean cosine?"),
    SCHEDULE("sgd", "",
             "unknown schedule \"\"; there are: constant, linear, step:N:F, exponential:F, cosine, onecycle, plateau:N:F"),
    SCHEDULE("sgd", "step:10", "schedule \"step:10\", column 8: expected a factor above 0 and below 1, found \"\" (step:N:F)"),
    SCHEDULE("sgd", "step:x:0.5", "schedule \"step:x:0.5\", column 6: expected a number of epochs, found \"x\" (step:N:F)"),
    SCHEDULE("sgd", "plateau:2.5:0.5",
             "schedule \"plateau:2.5:0.5\", column 9: expected a number of epochs, found \"2.5\" (plateau:N:F)"),
    SCHEDULE("sgd", "exponential:1",
             "schedule \"exponential:1\", column 13: expected a factor above 0 and below 1, found \"1\" (exponential:F)"),
    SCHEDULE("sgd", "cosine:3", "schedule \"cosine:3\", column 8: expected its end, found \"3\" (cosine)"),
    SCHEDULE("sgd", "step:1:0.5:", "schedule \"step:1:0.5:\", column 12: expected its end, found \"\" (step:N:F)"),
};

static void settings_out_of_range_are_refused(void **state)
{
    struct problem problem = problem_new("dense 1", "squared", 10, 2, 1, 1);
    double theta[3] = { 0 };
    (void)state;

    for (size_t i = 0; i < COUNT(refused); i++) {
        const struct refused *r = &refused[i];
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        struct mli_trainer *trainer = NULL;
        struct ml_error err = ML_ERROR_INIT;
        size_t count = (size_t)fabs(r->value);
        config.optimiser = r->optimiser;
        config.schedule = r->schedule;
        if (r->number)
            memcpy((char *)&config + r->number, &r->value, sizeof r->value);
        else if (r->count)
            memcpy((char *)&config + r->count, &count, sizeof count);
        assert_int_equal(mli_trainer_new(problem.net, problem.loss, &problem.data, NULL, &config,
                                         theta, &trainer, &err),
                         ML_EUSAGE);
        assert_string_equal(err.text, r->text);
        assert_null(trainer);
    }
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct mli_trainer *trainer = NULL;
    struct ml_error err = ML_ERROR_INIT;
    problem.data.n = 0;
    assert_int_equal(mli_trainer_new(problem.net, problem.loss, &problem.data, NULL, &config, theta,
                                     &trainer, &err),
                     ML_EUSAGE);
    assert_string_equal(err.text, "there are no rows to train on");
    problem_release(&problem);
}

/* Losses with kinks and optimisers for smooth ones, the other way round, and what is too much for interior. */
static void losses_and_optimisers_that_do_not_go_together(void **state)
{
    static const struct {
        const char *spec, *loss, *optimiser, *text;
        size_t d;
    } cases[] = {
        { "dense 1", "absolute", "lbfgs",
          "lbfgs needs a smooth loss and absolute has kinks; use interior or an optimiser over batches such as adam", 3 },
        { "dense 3", "hinge", "gd",
          "gd needs a smooth loss and hinge has kinks; use interior or an optimiser over batches such as adam", 3 },
        { "dense 1", "squared", "interior", "interior is for losses with kinks and squared is smooth; use lbfgs", 3 },
        { "dense 2, dense 1", "absolute", "interior",
          "interior is for a single dense layer, not for \"dense 2, dense 1\"; use adam", 3 },
        { "dense 1", "absolute", "interior",
          "2049 features are over the 2048 that interior can take; fewer of them, a smooth loss or the optimiser adam can do",
          2049 },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct problem problem = problem_new(cases[i].spec, cases[i].loss, 20, cases[i].d, 1, 2);
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        struct mli_trainer *trainer = NULL;
        struct ml_error err = ML_ERROR_INIT;
        double *theta = mli_calloc(problem.net->parameters, sizeof(double));
        config.optimiser = cases[i].optimiser;
        assert_int_equal(mli_trainer_new(problem.net, problem.loss, &problem.data, NULL, &config, theta, &trainer, &err),
                         ML_EUSAGE);
        assert_string_equal(err.text, cases[i].text);
        assert_null(trainer);
        free(theta);
        problem_release(&problem);
    }
}

static void optimisers_are_the_ones_named(void **state)
{
    static const char *const expected[] = { "gd",      "sgd",  "momentum", "nesterov", "adagrad",
                                            "rmsprop", "adam", "adamw",    "lbfgs",    "interior" };
    const char *const *names = mli_optimiser_names();
    (void)state;

    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(names[i], expected[i]);
    assert_null(names[COUNT(expected)]);
}

static void ends_have_texts(void **state)
{
    (void)state;
    for (int end = MLI_TRAIN_RUNNING; end <= MLI_TRAIN_INTERRUPTED; end++)
        for (int other = MLI_TRAIN_RUNNING; other < end; other++)
            assert_string_not_equal(mli_train_end_text((enum mli_train_end)end),
                                    mli_train_end_text((enum mli_train_end)other));
}

/*
 * ---- state -------------------------------------------------------------------------------------------------------
 */

static void state_tells_what_the_parameters_are_worth(void **state)
{
    struct problem problem = problem_new("dense 3", "cross_entropy", 200, 4, 1, 2);
    struct problem other = problem_new("dense 3", "cross_entropy", 50, 4, 1, 3);
    (void)state;

    for (const char *const *name = mli_optimiser_names(); *name; name++) {
        if (!suits(*name, problem.loss))
            continue;
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        bool batches = strcmp(*name, "gd") != 0 && strcmp(*name, "lbfgs") != 0;
        config.optimiser = *name;
        config.epochs = 5;
        config.l1 = 0.001;
        config.l2 = 0.01;
        struct mli_trainer *trainer = start(&problem, &other.data, &config);
        const struct mli_train_state *now = mli_trainer_state(trainer);
        assert_int_equal(now->epoch, 0);
        assert_true(isnan(now->objective) && isnan(now->loss) && isnan(now->validation) &&
                    isnan(now->gradient));
        for (size_t epoch = 1; epoch <= config.epochs; epoch++) {
            double grad[15], largest = 0, loss;
            assert_int_equal(now->end, MLI_TRAIN_RUNNING);
            assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
            assert_int_equal(now->epoch, epoch);
            assert_int_equal(now->best, epoch);
            assert_true(now->rate > 0);
            const double *theta = mli_trainer_theta(trainer);
            double value = problem_value(&problem, &config, theta, grad);
            for (size_t j = 0; j < 15; j++)
                largest = fmax(largest, fabs(grad[j]));
            assert_true(batches ? isnan(now->gradient) : now->gradient == largest);
            assert_true(batches ? fabs(now->objective - value) < 0.3 : now->objective == value);
            assert_true(now->loss < now->objective && now->loss > 0);
            assert_int_equal(mli_objective(problem.net, problem.loss, &other.data, 0, 0, 1, theta,
                                           NULL, &loss, NULL),
                             ML_OK);
            assert_true(fabs(now->validation - loss) < 1e-14);
        }
        assert_int_equal(now->end, MLI_TRAIN_EPOCHS);
        assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK); /* over: nothing more happens */
        assert_int_equal(now->epoch, config.epochs);
        mli_trainer_free(trainer);
    }
    problem_release(&problem);
    problem_release(&other);
}

static void the_optimum_as_a_start_is_the_end(void **state)
{
    static const double X[] = { 1, 2, 3, 4 }, y[] = { 3, 5, 7, 9 }, theta[] = { 2, 1 };
    static const char *const names[] = { "gd", "lbfgs" };
    struct problem problem = problem_new("dense 1", "squared", 4, 1, 1, 1);
    (void)state;

    problem.data.X = X;
    problem.data.y = y;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        struct mli_trainer *trainer = NULL;
        config.optimiser = names[i];
        assert_int_equal(mli_trainer_new(problem.net, problem.loss, &problem.data, NULL, &config,
                                         theta, &trainer, NULL),
                         ML_OK);
        assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
        assert_int_equal(mli_trainer_state(trainer)->end, MLI_TRAIN_CONVERGED);
        assert_int_equal(mli_trainer_state(trainer)->epoch, 1);
        assert_memory_equal(mli_trainer_theta(trainer), theta, sizeof(theta));
        mli_trainer_free(trainer);
    }
    problem_release(&problem);
}

/*
 * A tolerance that rounding never meets: the objective stops falling and that is the end. With l1 lbfgs has values
 * alone to go by, and they are level when the gradient is around the square root of their rounding error.
 */
static void rounding_ends_in_a_stall(void **state)
{
    static const struct {
        const char *optimiser;
        double l1, gradient;
    } cases[] = {
        { "gd", 0, 1e-13 }, { "gd", 0.01, 1e-13 }, { "lbfgs", 0, 1e-13 }, { "lbfgs", 0.01, 1e-7 }
    };
    struct problem problem = problem_new("dense 1", "squared", 300, 5, 1, 3);
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        double theta[6];
        config.optimiser = cases[i].optimiser;
        config.l1 = cases[i].l1;
        config.tolerance = 0;
        config.epochs = 20000;
        struct mli_train_state end = problem_train(&problem, &config, theta);
        print_message("%-6s l1 %g: %zu epochs, gradient %.1e, %s\n", config.optimiser, config.l1,
                      end.epoch, end.gradient, mli_train_end_text(end.end));
        assert_true(end.end == MLI_TRAIN_STALLED ||
                    end.end == MLI_TRAIN_CONVERGED); /* a gradient of 0 is luck */
        assert_true(end.gradient < cases[i].gradient);
        assert_true(end.epoch < 1000);
    }
    problem_release(&problem);
}

/* Constant and empty columns, no columns, one class, a single row: odd data, but no reason to fail. */
static void odd_data_trains(void **state)
{
    (void)state;
    for (const char *const *name = mli_optimiser_names(); *name; name++) {
        if (!suits(*name, &mli_loss_squared))
            continue;
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        double theta[15];
        config.optimiser = *name;
        config.epochs = 300;
        config.l2 = 0.001;

        struct problem problem = problem_new("dense 3", "cross_entropy", 60, 4, 1, 2);
        for (size_t i = 0; i < 60; i++) {
            problem.X[4 * i] = 0;
            problem.X[4 * i + 1] = 1;
            problem.y[i] = (double)(i % 2); /* class 2 never comes */
        }
        problem_train(&problem, &config, theta);
        for (size_t j = 0; j < 15; j++)
            assert_true(isfinite(theta[j]));
        assert_true(theta[0] == 0 && theta[4] == 0 && theta[8] == 0);
        problem_release(&problem);

        problem = problem_new("dense 1", "squared", 40, 0, 1, 2);
        double mean = 0;
        for (size_t i = 0; i < 40; i++)
            mean += problem.y[i] / 40;
        problem_train(&problem, &config, theta);
        assert_true(fabs(theta[0] - mean) < 0.02);
        problem_release(&problem);
    }
}

/*
 * ---- divergence --------------------------------------------------------------------------------------------------
 */

/* Trains until it fails; the parameters must still be finite, and the failure stays. */
static struct ml_error fail_of(const struct problem *problem, const struct mli_train_config *config)
{
    struct ml_error err = ML_ERROR_INIT, again = ML_ERROR_INIT;
    struct mli_trainer *trainer = start(problem, NULL, config);

    while (mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING && err.status == ML_OK)
        if (mli_trainer_epoch(trainer, &err) != err.status)
            fail_msg("status and error differ");
    if (err.status != ML_EDIVERGED)
        fail_msg("%s did not diverge: %s", config->optimiser,
                 mli_train_end_text(mli_trainer_state(trainer)->end));
    for (size_t j = 0; j < problem->net->parameters; j++)
        assert_true(isfinite(mli_trainer_theta(trainer)[j]));
    assert_int_equal(mli_trainer_state(trainer)->best, mli_trainer_state(trainer)->epoch);
    assert_int_equal(mli_trainer_epoch(trainer, &again), ML_EDIVERGED);
    mli_trainer_free(trainer);
    return err;
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void steps_too_large_diverge(void **state)
{
    static const char *const names[] = { "gd", "sgd", "momentum", "adam" };
    static const double rates[] = { 1e6, 1e200, 1e308 };
    struct problem problem = problem_new("dense 1", "squared", 100, 4, 1, 2);
    (void)state;

    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t r = 0; r < COUNT(rates); r++) {
            struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
            char part[128];
            config.optimiser = names[i];
            config.rate = rates[r];
            struct ml_error err = fail_of(&problem, &config);
            assert_contains(err.text, "diverged in epoch 1: ");
            snprintf(part, sizeof(part),
                     "with step size %g; lower --rate (for example to %g) or use --optimiser lbfgs",
                     rates[r], rates[r] / 10);
            assert_contains(err.text, part);
        }
    }
    struct mli_train_config config =
        MLI_TRAIN_CONFIG_INIT; /* a little too large: it takes its time */
    config.optimiser = "gd";
    config.rate = 3;
    struct ml_error err = fail_of(&problem, &config);
    assert_contains(err.text, ": the loss has grown a million times from ");
    assert_null(strstr(err.text, "epoch 1:"));
    problem_release(&problem);
}

static void values_too_large_are_named(void **state)
{
    static const double values[] = { 1e308, -1e308, 1e200, 1e151 };
    (void)state;

    for (const char *const *name = mli_optimiser_names(); *name; name++) {
        if (!suits(*name, &mli_loss_squared))
            continue;
        for (size_t v = 0; v < COUNT(values); v++) {
            struct problem problem = problem_new("dense 1", "squared", 100, 4, 1, 2);
            struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
            char part[128];
            config.optimiser = *name;
            problem.X[4 * 50 + 2] = values[v];
            snprintf(part, sizeof(part),
                     "diverged in epoch 1: feature 3 reaches %g; clip, scale or drop its column",
                     values[v]);
            assert_string_equal(fail_of(&problem, &config).text, part);
            problem.X[4 * 50 + 2] = 0;
            problem.y[7] = values[v];
            snprintf(
                part, sizeof(part),
                "diverged in epoch 1: the target reaches %g; remove such rows or scale the target",
                values[v]);
            assert_string_equal(fail_of(&problem, &config).text, part);
            problem_release(&problem);
        }
    }
}

/* Large but not hopeless values: whatever comes of it, it is finite or a failure that names the column. */
static void large_values_do_no_harm(void **state)
{
    static const double values[] = { 1e149, 1e120, 1e80, 1e30 };
    (void)state;

    for (const char *const *name = mli_optimiser_names(); *name; name++) {
        if (!suits(*name, &mli_loss_squared))
            continue;
        for (size_t v = 0; v < COUNT(values); v++) {
            struct problem problem = problem_new("dense 1", "cross_entropy", 100, 4, 1, 2);
            struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
            struct ml_error err = ML_ERROR_INIT;
            config.optimiser = *name;
            config.epochs = 50;
            for (size_t i = 0; i < 100; i++)
                problem.X[4 * i + 2] *= values[v];
            struct mli_trainer *trainer = start(&problem, NULL, &config);
            while (mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING)
                if (mli_trainer_epoch(trainer, &err) != ML_OK)
                    break;
            if (err.status != ML_OK) {
                assert_int_equal(err.status, ML_EDIVERGED);
                if (values[v] > 1e100)
                    assert_contains(err.text, "feature 3 reaches");
            }
            for (size_t j = 0; j < 5; j++)
                assert_true(isfinite(mli_trainer_theta(trainer)[j]));
            mli_trainer_free(trainer);
            problem_release(&problem);
        }
    }
}

static void lbfgs_speaks_of_columns_not_of_steps(void **state)
{
    struct problem problem = problem_new("dense 1", "squared", 100, 4, 1, 2);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    (void)state;

    problem.X[5] = NAN;
    assert_string_equal(
        fail_of(&problem, &config).text,
        "diverged in epoch 1: the loss is not finite; scale the columns or use a larger --l2");
    problem_release(&problem);
}

/*
 * ---- early stopping ----------------------------------------------------------------------------------------------
 */

/* Thirty rows and twenty-five columns: what is learnt last is noise. */
static void patience_gives_the_best_parameters_back(void **state)
{
    struct problem whole = problem_new("dense 1", "squared", 230, 25, 1, 2), part = whole;
    struct mli_train_data rest = { .n = 200, .d = 25, .X = whole.X + 30 * 25, .y = whole.y + 30 };
    double theta[26];
    (void)state;

    part.data.n = 30;
    for (const char *const *name = mli_optimiser_names(); *name; name++) {
        if (!suits(*name, whole.loss))
            continue;
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        config.optimiser = *name;
        config.epochs = 5000;
        config.patience = 4;
        for (size_t i = 0; i < 30; i++)
            part.y[i] += i % 2 ? 2 : -2;
        struct mli_trainer *trainer = start(&part, &rest, &config);
        const struct mli_train_state *now = mli_trainer_state(trainer);
        double least = INFINITY, loss;
        size_t best = 0;
        while (now->end == MLI_TRAIN_RUNNING) {
            assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
            if (now->validation < least) {
                least = now->validation;
                best = now->epoch;
            }
            assert_int_equal(now->best, best);
        }
        print_message("%-9s best epoch %zu of %zu, validation loss %.3f, in the end %.3f\n", *name,
                      best, now->epoch, least, now->validation);
        assert_int_equal(now->end, MLI_TRAIN_PATIENCE);
        assert_int_equal(now->epoch, best + config.patience);
        assert_true(now->validation > least);
        memcpy(theta, mli_trainer_theta(trainer), sizeof(theta));
        assert_int_equal(
            mli_objective(part.net, part.loss, &rest, 0, 0, 1, theta, NULL, &loss, NULL), ML_OK);
        assert_true(fabs(loss - least) < 1e-12 * least);
        mli_trainer_free(trainer);
        for (size_t i = 0; i < 30; i++)
            part.y[i] -= i % 2 ? 2 : -2;
    }
    problem_release(&whole);
}

/* A start that was trained is measured, and kept when no epoch comes to less; one that was not is given up at once. */
static void a_trained_start_is_to_be_beaten(void **state)
{
    struct problem problem = problem_new("dense 1", "squared", 60, 3, 1, 2);
    const struct mli_train_data rest = problem.data;
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    (void)state;
    config.optimiser = "sgd";
    config.patience = 3;
    config.rate = 1e-9;
    double loss, zero[4] = { 0 };
    assert_int_equal(mli_objective(problem.net, problem.loss, &problem.data, 0, 0, 1, zero, NULL, &loss, NULL), ML_OK);
    for (int trained = 0; trained < 2; trained++) {
        config.trained = trained;
        config.min_delta = loss; /* no epoch is better by so much */
        struct mli_trainer *trainer = start(&problem, &rest, &config);
        const struct mli_train_state *now = mli_trainer_state(trainer);
        assert_true(trained ? fabs(now->loss - loss) < 1e-12 * loss && fabs(now->validation - loss) < 1e-12 * loss
                            : isnan(now->loss) && isnan(now->validation));
        while (now->end == MLI_TRAIN_RUNNING)
            assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
        assert_int_equal(now->end, MLI_TRAIN_PATIENCE);
        assert_int_equal(now->epoch, trained ? 3 : 4);
        mli_trainer_free(trainer);
    }
    /* steps that lead away from it: what is given back is the start */
    config.min_delta = 0;
    config.rate = 0;
    config.trained = true;
    config.optimiser = "gd";
    config.epochs = 1;
    struct mli_train_data far = rest;
    double *other = malloc(far.n * sizeof *other);
    assert_non_null(other);
    for (size_t i = 0; i < far.n; i++)
        other[i] = -rest.y[i];
    far.y = other;
    struct mli_trainer *trainer = start(&problem, &far, &config);
    assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
    assert_int_equal(mli_trainer_state(trainer)->best, 0);
    assert_memory_equal(mli_trainer_theta(trainer), zero, sizeof zero);
    mli_trainer_free(trainer);
    free(other);
    problem_release(&problem);
}

/*
 * Patience counts from the last loss that was lower by more than min_delta; the parameters are those of the lowest loss
 * all the same.
 */
static void small_gains_do_not_buy_patience(void **state)
{
    struct problem whole = problem_new("dense 1", "squared", 230, 25, 1, 2), part = whole;
    struct mli_train_data rest = { .n = 200, .d = 25, .X = whole.X + 30 * 25, .y = whole.y + 30 };
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    size_t epochs[2], best[2];
    (void)state;

    part.data.n = 30;
    for (size_t i = 0; i < 30; i++)
        part.y[i] += i % 2 ? 2 : -2;
    config.optimiser = "adam";
    config.epochs = 5000;
    config.patience = 4;
    for (int i = 0; i < 2; i++) {
        config.min_delta = i ? 0.05 : 0;
        struct mli_trainer *trainer = start(&part, &rest, &config);
        const struct mli_train_state *now = mli_trainer_state(trainer);
        double least = INFINITY, mark = INFINITY;
        size_t since = 0, lowest = 0;
        while (now->end == MLI_TRAIN_RUNNING) {
            assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
            if (isinf(mark) || now->validation < mark - config.min_delta) {
                mark = now->validation;
                since = now->epoch;
            }
            if (now->validation < least) {
                least = now->validation;
                lowest = now->epoch;
            }
            assert_int_equal(now->best, lowest);
        }
        assert_int_equal(now->end, MLI_TRAIN_PATIENCE);
        assert_int_equal(now->epoch, since + config.patience);
        epochs[i] = now->epoch;
        best[i] = now->best;
        mli_trainer_free(trainer);
    }
    assert_true(epochs[1] < epochs[0] && best[1] > 0);
    problem_release(&whole);
}

/* ---- health ------------------------------------------------------------------------------------------------------ */

static struct mli_health health_of(const char *spec, double shift)
{
    struct problem problem = problem_new(spec, "cross_entropy", 300, 6, 1, 2);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    mli_real *theta = mli_calloc(problem.net->parameters, sizeof *theta);
    struct mli_trainer *trainer = NULL;
    struct mli_health health;
    struct mli_rng rng;

    config.optimiser = "sgd";
    config.rate = 1e-9;
    config.epochs = 1;
    mli_rng_init(&rng, 3);
    mli_network_init(problem.net, theta, &rng);
    for (size_t j = 6 * 10; j < 6 * 10 + 7; j++) /* seven of ten biases of the lowest layer */
        theta[j] += (mli_real)shift;
    assert_int_equal(mli_trainer_new(problem.net, problem.loss, &problem.data, NULL, &config, theta, &trainer, NULL),
                     ML_OK);
    assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
    assert_int_equal(mli_trainer_health(trainer, &health, NULL), ML_OK);
    mli_trainer_free(trainer);
    free(theta);
    problem_release(&problem);
    return health;
}

static void dead_units_and_vanishing_gradients_are_seen(void **state)
{
    (void)state;
    struct mli_health health = health_of("dense 10, relu, dense 3", 0);
    assert_int_equal(health.units, 10);
    assert_int_equal(health.layer, 2);
    assert_int_equal(health.dead, 0);
    assert_true(health.vanishing > 0.01 && health.vanishing < 100);
    health = health_of("dense 10, relu, dense 5, relu, dense 3", -1000);
    assert_int_equal(health.dead, 7);
    assert_int_equal(health.layer, 2);
    health = health_of("dense 10, sigmoid, dense 10, sigmoid, dense 10, sigmoid, dense 10, sigmoid, dense 10, sigmoid, "
                       "dense 10, sigmoid, dense 10, sigmoid, dense 10, sigmoid, dense 3",
                       0);
    assert_int_equal(health.units, 0);
    assert_true(health.vanishing > 0 && health.vanishing < 1e-4);
}

/*
 * ---- memory ------------------------------------------------------------------------------------------------------
 */

static void memory_is_what_was_said_and_epochs_take_none(void **state)
{
    static const char *const specs[] = { "dense 1", "dense 64, dense 3", "dense 3" };
    static const char *const losses[] = { "squared", "cross_entropy", "hinge" };
    (void)state;

    if (!heap_counts())
        skip();
    for (size_t s = 0; s < COUNT(specs); s++) {
        struct problem problem = problem_new(specs[s], losses[s], 6000, 30, 1, 2);
        double *theta = mli_calloc(problem.net->parameters, sizeof(double));
        for (const char *const *name = mli_optimiser_names(); *name; name++) {
            if (!suits(*name, problem.loss))
                continue;
            struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
            struct mli_trainer *trainer = NULL;
            config.optimiser = *name;
            config.batch = 1000;
            size_t said = mli_trainer_memory(problem.net, &config, problem.data.n);
            heap_start(SIZE_MAX);
            enum ml_status status = mli_trainer_new(problem.net, problem.loss, &problem.data, NULL,
                                                    &config, theta, &trainer, NULL);
            struct heap_report made = heap_stop();
            heap_start(SIZE_MAX);
            enum ml_status first = mli_trainer_epoch(trainer, NULL),
                           second = mli_trainer_epoch(trainer, NULL);
            struct heap_report run = heap_stop();
            assert_int_equal(status, ML_OK);
            assert_true(first == ML_OK && second == ML_OK);
            assert_int_equal(run.bytes, 0);
            if (!(made.bytes <= said + 1 /* an empty array takes a byte */ &&
                  (double)made.bytes >= 0.9 * (double)said))
                fail_msg("%s: %zu bytes taken, %zu said", *name, made.bytes, said);
            mli_trainer_free(trainer);
        }
        free(theta);
        problem_release(&problem);
    }
}

/* A trainer made with one allocation more each time, until there are enough; how many that were. */
static size_t make_with_little(const struct problem *problem, const char *optimiser)
{
    double *theta = mli_calloc(problem->net->parameters, sizeof(double));
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct heap_report report = { .failed = true };
    size_t allowed = 0;

    config.optimiser = optimiser;
    for (; report.failed; allowed++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_trainer *trainer = NULL;
        heap_start(allowed);
        enum ml_status status = mli_trainer_new(problem->net, problem->loss, &problem->data, NULL, &config, theta,
                                                &trainer, &err);
        mli_trainer_free(trainer);
        report = heap_stop();
        assert_int_equal(report.blocks, 0);
        assert_int_equal(status, report.failed ? ML_ENOMEM : ML_OK);
        assert_int_equal(err.status, status);
    }
    free(theta);
    return allowed;
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    if (!heap_counts())
        skip();
    struct problem problem = problem_new("dense 8, dense 3", "cross_entropy", 2000, 40, 1, 2);
    struct problem many = problem_new("dense 1", "cross_entropy", 140000, 3, 1, 2); /* begins at the optimum of a sample */
    double *theta = mli_calloc(problem.net->parameters, sizeof(double)), value;
    for (const char *const *name = mli_optimiser_names(); *name; name++)
        if (suits(*name, problem.loss))
            assert_true(make_with_little(&problem, *name) > 5);
    assert_true(make_with_little(&many, "lbfgs") > 20);
    problem_release(&many);
    struct heap_report report = { .failed = true };
    for (size_t allowed = 0; report.failed; allowed++) {
        heap_start(allowed);
        enum ml_status status = mli_objective(problem.net, problem.loss, &problem.data, 0, 0, 1,
                                              theta, NULL, &value, NULL);
        report = heap_stop();
        assert_int_equal(report.blocks, 0);
        assert_int_equal(status, report.failed ? ML_ENOMEM : ML_OK);
    }
    free(theta);
    problem_release(&problem);
}

int train_epoch_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_out_of_range_are_refused),
        cmocka_unit_test(losses_and_optimisers_that_do_not_go_together),
        cmocka_unit_test(optimisers_are_the_ones_named),
        cmocka_unit_test(ends_have_texts),
        cmocka_unit_test(state_tells_what_the_parameters_are_worth),
        cmocka_unit_test(the_optimum_as_a_start_is_the_end),
        cmocka_unit_test(rounding_ends_in_a_stall),
        cmocka_unit_test(odd_data_trains),
        cmocka_unit_test(steps_too_large_diverge),
        cmocka_unit_test(values_too_large_are_named),
        cmocka_unit_test(large_values_do_no_harm),
        cmocka_unit_test(lbfgs_speaks_of_columns_not_of_steps),
        cmocka_unit_test(patience_gives_the_best_parameters_back),
        cmocka_unit_test(a_trained_start_is_to_be_beaten),
        cmocka_unit_test(small_gains_do_not_buy_patience),
        cmocka_unit_test(dead_units_and_vanishing_gradients_are_seen),
        cmocka_unit_test(memory_is_what_was_said_and_epochs_take_none),
        cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests_name("train: epochs", tests, NULL, NULL);
}

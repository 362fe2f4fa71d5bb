/* Rows that are read when they are wanted: the bits of rows in memory, in every order that a disk can give. */
#include <tests/unit/train.h>

#include <base/mem.h>
#include <stdio.h>
#include <train/health.h>
#include <train/shuffle.h>

/* ---- the order ---------------------------------------------------------------------------------------------------- */

static void fill(struct mli_shuffle *shuffle, size_t place)
{
    mli_shuffle_open(shuffle, place);
    assert_true(mli_shuffle_has(shuffle, place));
    size_t filled = 0;
    for (size_t k = 0; k < mli_shuffle_runs(shuffle); k++) {
        struct mli_shuffle_run run = mli_shuffle_run(shuffle, k);
        assert_int_equal(run.at, filled);
        assert_true(run.n > 0);
        for (size_t i = 0; i < run.n; i++)
            shuffle->row[filled++] = run.first + i;
    }
    assert_int_equal(filled, shuffle->end - shuffle->begin);
    mli_shuffle_mix(shuffle);
}

/* Every row once, in windows of whole batches; another order in each epoch, the same for the same one. */
static void an_epoch_has_every_row_once(void **state)
{
    static const struct {
        size_t n, d, batch;
    } cases[] = { { 5000, 2048, 32 }, { 4097, 3000, 7 }, { 2048, 2048, 2048 }, { 1, 5, 32 }, { 999, 29, 10 }, { 700, 1u << 20, 3 }, { 64, 0, 4 } };
    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct mli_shuffle shuffle;
        size_t n = cases[c].n, moved = 0;
        uint8_t *seen = mli_calloc(n, 1);
        assert_int_equal(mli_shuffle_init(&shuffle, n, cases[c].d, cases[c].batch, true, NULL), ML_OK);
        assert_true(shuffle.window == n || shuffle.window % cases[c].batch == 0);
        mli_shuffle_epoch(&shuffle, 17);
        assert_false(mli_shuffle_has(&shuffle, 0));
        for (size_t place = 0; place < n; place++) {
            if (!mli_shuffle_has(&shuffle, place))
                fill(&shuffle, place);
            size_t row = shuffle.row[place - shuffle.begin];
            assert_true(row < n);
            assert_int_equal(seen[row]++, 0);
            moved += row != place;
        }
        printf("%zu rows of %zu: windows of %zu, stripes of %zu\n", n, cases[c].d, shuffle.window, shuffle.stripe);
        assert_true(moved >= n - n / 10 || n == 1);
        free(seen);
        mli_shuffle_release(&shuffle);
    }
}

static void a_window_is_found_again_by_its_place(void **state)
{
    struct mli_shuffle shuffle;
    size_t first[64], other = 0;
    (void)state;
    assert_int_equal(mli_shuffle_init(&shuffle, 5000, 2048, 32, true, NULL), ML_OK);
    mli_shuffle_epoch(&shuffle, 5);
    fill(&shuffle, 2048);
    memcpy(first, shuffle.row, sizeof first);
    mli_shuffle_epoch(&shuffle, 6);
    fill(&shuffle, 2500);
    for (size_t i = 0; i < COUNT(first); i++)
        other += first[i] != shuffle.row[i];
    assert_true(other > COUNT(first) / 2);
    mli_shuffle_epoch(&shuffle, 5);
    fill(&shuffle, 4095);
    assert_memory_equal(first, shuffle.row, sizeof first);
    mli_shuffle_release(&shuffle);
}

/* Rows in memory that outgrow the caches: every row once, and of each window it is known early which come next. */
static void rows_in_memory_come_in_stripes(void **state)
{
    static const struct {
        size_t n, d, batch, window;
    } cases[] = { { 150001, 28, 32, 576 }, { 150001, 28, 1024, 1024 }, { 262145, 16, 1000, 1000 }, { 5000000, 1, 7, 16380 }, { 40000, 128, 32, 128 } };
    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct mli_shuffle shuffle;
        size_t n = cases[c].n, coming = 0, far = 0;
        uint8_t *seen = mli_calloc(n, 1), *soon = mli_calloc(n, 1);
        assert_int_equal(mli_shuffle_init(&shuffle, n, cases[c].d, cases[c].batch, false, NULL), ML_OK);
        assert_int_equal(shuffle.window, cases[c].window);
        mli_shuffle_epoch(&shuffle, 17);
        for (size_t place = 0; place < n; place++) {
            if (!mli_shuffle_has(&shuffle, place)) {
                mli_shuffle_open(&shuffle, place);
                mli_shuffle_number(&shuffle);
                mli_shuffle_mix(&shuffle);
                for (size_t i = place; coming > 0 && i < shuffle.end; i++)
                    assert_true(soon[shuffle.row[i - shuffle.begin]]);
                coming = shuffle.coming;
                assert_int_equal(coming, n - shuffle.end < shuffle.window ? n - shuffle.end : shuffle.window);
                for (size_t i = 0; i < coming; i++)
                    soon[shuffle.soon[i]] = 1;
            }
            size_t row = shuffle.row[place - shuffle.begin];
            assert_int_equal(seen[row]++, 0);
            far += row > place ? row - place > n / 100 : place - row > n / 100;
        }
        assert_true(far > n - n / 20);
        free(seen);
        free(soon);
        mli_shuffle_release(&shuffle);
    }
}

/* What fits a cache, and rows too wide for it to matter, come one by one. */
static void few_rows_and_wide_ones_come_one_by_one(void **state)
{
    (void)state;
    assert_int_equal(mli_shuffle_window(149000, 28, 32, false), 149000);
    assert_int_equal(mli_shuffle_window(60000, 784, 64, false), 60000);
    assert_int_equal(mli_shuffle_window(60000, 129, 64, false), 60000);
}

/* Class by class in the table or mixed there: the batches are as good. */
static void sorted_rows_train_as_well(void **state)
{
    enum { N = 200000, D = 24 };
    double loss[2];
    (void)state;
    for (size_t sorted = 0; sorted < 2; sorted++) {
        struct problem problem = problem_new("dense 1", "cross_entropy", 8, D, 1, 2);
        struct mli_train_data rows = problem.data;
        double *X = mli_alloc((size_t)N * D, sizeof *X), *y = mli_alloc(N, sizeof *y), theta[D + 1] = { 0 };
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        struct mli_trainer *trainer = NULL;
        struct mli_rng rng;

        mli_rng_init(&rng, 3);
        for (size_t i = 0; i < N; i++) {
            y[i] = (sorted ? i >= N / 2 : i % 2) ? 1 : 0;
            for (size_t j = 0; j < D; j++)
                X[i * D + j] = mli_rng_normal(&rng) + (j < 4 ? y[i] - 0.5 : 0);
        }
        rows.n = N;
        rows.X = X;
        rows.y = y;
        config.optimiser = "sgd";
        config.epochs = 2;
        assert_true(mli_shuffle_window(N, D, config.batch, false) < N);
        assert_int_equal(mli_trainer_new(problem.net, problem.loss, &rows, NULL, &config, theta, &trainer, NULL), ML_OK);
        while (mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING)
            assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_OK);
        assert_int_equal(mli_objective(problem.net, problem.loss, &rows, 0, 0, 1, mli_trainer_theta(trainer), NULL, &loss[sorted], NULL),
                         ML_OK);
        mli_trainer_free(trainer);
        problem_release(&problem);
        free(X);
        free(y);
    }
    printf("mixed %.6f, sorted %.6f\n", loss[0], loss[1]);
    assert_true(fabs(loss[1] - loss[0]) < 1e-2 * loss[0]); /* two draws of rows: so much by themselves */
}

/* ---- training ----------------------------------------------------------------------------------------------------- */

static void read_rows(void *data, size_t first, size_t n, void *X)
{
    const struct mli_train_data *rows = data;
    assert_true(first + n <= rows->n);
    memcpy(X, rows->X + first * rows->d, n * rows->d * sizeof(*rows->X));
}

/* Both runs to their end; what they end with is the same, bit for bit. */
static void expect_same(struct problem *problem, struct problem *other, const struct mli_train_config *config)
{
    struct mli_train_data memory[2] = { problem->data, other ? other->data : problem->data };
    struct mli_supply supply[2] = { { read_rows, &memory[0] }, { read_rows, &memory[1] } };
    struct mli_train_data streamed[2] = { memory[0], memory[1] };
    struct mli_trainer *a = NULL, *b = NULL;
    struct mli_health ha, hb;
    struct ml_error err = ML_ERROR_INIT;
    size_t p = problem->net->parameters;
    double *theta = mli_calloc(p, sizeof(double));
    struct mli_rng rng;

    for (size_t i = 0; i < 2; i++) {
        streamed[i].supply = &supply[i];
        streamed[i].X = NULL;
    }
    mli_rng_init(&rng, 4);
    mli_network_init(problem->net, theta, &rng);
    if (mli_trainer_new(problem->net, problem->loss, &memory[0], other ? &memory[1] : NULL, config, theta, &a, &err) ||
        mli_trainer_new(problem->net, problem->loss, &streamed[0], other ? &streamed[1] : NULL, config, theta, &b, &err))
        fail_msg("%s: %s", config->optimiser, err.text);
    while (mli_trainer_state(a)->end == MLI_TRAIN_RUNNING)
        assert_int_equal(mli_trainer_epoch(a, NULL), ML_OK);
    while (mli_trainer_state(b)->end == MLI_TRAIN_RUNNING)
        assert_int_equal(mli_trainer_epoch(b, NULL), ML_OK);
    const struct mli_train_state *sa = mli_trainer_state(a), *sb = mli_trainer_state(b);
    printf("%-9s %zu epochs, loss %.6g\n", config->optimiser, sa->epoch, sa->loss);
    assert_int_equal(sa->epoch, sb->epoch);
    assert_memory_equal(&sa->loss, &sb->loss, sizeof sa->loss);
    assert_memory_equal(&sa->validation, &sb->validation, sizeof sa->validation);
    assert_memory_equal(mli_trainer_theta(a), mli_trainer_theta(b), p * sizeof(mli_real));
    assert_int_equal(mli_trainer_health(a, &ha, NULL), ML_OK);
    assert_int_equal(mli_trainer_health(b, &hb, NULL), ML_OK);
    assert_memory_equal(&ha.vanishing, &hb.vanishing, sizeof ha.vanishing);
    assert_int_equal(ha.dead, hb.dead);
    mli_trainer_free(a);
    mli_trainer_free(b);
    free(theta);
}

static void every_optimiser_gets_the_same_bits(void **state)
{
    (void)state;
    for (const char *const *name = mli_optimiser_names(); *name; name++) {
        bool full = strcmp(*name, "lbfgs") == 0 || strcmp(*name, "gd") == 0;
        if (strcmp(*name, "interior") == 0)
            continue;
        struct problem problem = problem_new("dense 3", "cross_entropy", 1500, 6, 2, 3);
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        problem.weight = mli_alloc(1500, sizeof(double));
        for (size_t i = 0; i < 1500; i++)
            problem.weight[i] = 0.5 + (double)(i % 3);
        problem.data.weight = problem.weight;
        config.optimiser = *name;
        config.windows = !full;
        config.epochs = 6;
        config.l2 = 1e-3;
        for (config.threads = 1; config.threads < 4; config.threads += 2)
            expect_same(&problem, NULL, &config);
        problem_release(&problem);
    }
}

static void networks_get_the_same_bits(void **state)
{
    static const char *const specs[] = { "dense 6, batch_norm, relu, dropout 0.3, dense 3", "dense 5, relu, dense 4, relu, dense 3" };
    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        struct problem problem = problem_new(specs[i], "cross_entropy", 700, 4, 1, 5);
        struct problem other = problem_new("dense 3", "cross_entropy", 140, 4, 1, 6);
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        config.optimiser = "adam";
        config.windows = true;
        config.epochs = 8;
        config.batch = 48;
        config.patience = 3;
        config.threads = 2;
        expect_same(&problem, &other, &config);
        problem_release(&problem);
        problem_release(&other);
    }
}

/* 40 rows a window: three of them, the last one short, and stripes of a row. */
static void several_windows_get_the_same_bits(void **state)
{
    (void)state;
    struct problem problem = problem_new("dense 1", "squared", 109, 100000, 1, 8);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    config.optimiser = "sgd";
    config.windows = true;
    config.epochs = 2;
    config.batch = 10;
    config.rate = 1e-7;
    config.threads = 2;
    assert_int_equal(mli_shuffle_window(109, 100000, 10, true), 40);
    expect_same(&problem, NULL, &config);
    problem_release(&problem);
}

static void what_cannot_be_streamed_is_refused(void **state)
{
    static const struct {
        const char *optimiser, *loss, *text;
        bool windows;
    } cases[] = {
        { "interior", "absolute", "cannot stream them; choose an optimiser over batches", false },
        { "sgd", "squared", "rows that are streamed come in windows, not one by one", false },
        { "lbfgs", "squared", "lbfgs takes all rows at a time: no order of them (shuffle) goes with it", true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct problem problem = problem_new("dense 1", cases[i].loss, 50, 3, 1, 1);
        struct mli_train_data rows = problem.data;
        struct mli_supply supply = { read_rows, &problem.data };
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        struct ml_error err = ML_ERROR_INIT;
        struct mli_trainer *trainer = NULL;
        double theta[4] = { 0 };
        rows.supply = &supply;
        rows.X = NULL;
        config.optimiser = cases[i].optimiser;
        config.windows = cases[i].windows;
        assert_int_equal(mli_trainer_new(problem.net, problem.loss, &rows, NULL, &config, theta, &trainer, &err), ML_EUSAGE);
        assert_non_null(strstr(err.text, cases[i].text));
        assert_null(trainer);
        problem_release(&problem);
    }
}

static void read_nothing(void *data, size_t first, size_t n, void *X)
{
    double *x = X;
    (void)first;
    for (size_t i = 0; i < n * *(size_t *)data; i++)
        x[i] = NAN;
}

/* Rows that cannot be read end the run, they do not train it. */
static void rows_that_cannot_be_read_end_a_run(void **state)
{
    static const char *const optimisers[] = { "gd", "lbfgs", "sgd", "adam" };
    (void)state;
    for (size_t i = 0; i < COUNT(optimisers); i++) {
        struct problem problem = problem_new("dense 1", "squared", 50, 3, 1, 1);
        struct mli_train_data rows = problem.data;
        struct mli_supply supply = { read_nothing, &rows.d };
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        struct mli_trainer *trainer = NULL;
        double theta[4] = { 0 };
        rows.supply = &supply;
        rows.X = NULL;
        config.optimiser = optimisers[i];
        config.windows = i > 1;
        assert_int_equal(mli_trainer_new(problem.net, problem.loss, &rows, NULL, &config, theta, &trainer, NULL), ML_OK);
        assert_int_equal(mli_trainer_epoch(trainer, NULL), ML_EDIVERGED);
        mli_trainer_free(trainer);
        problem_release(&problem);
    }
}

static void a_value_that_is_too_large_is_found(void **state)
{
    (void)state;
    struct problem problem = problem_new("dense 1", "squared", 1000, 3, 1, 1);
    struct mli_train_data rows = problem.data;
    struct mli_supply supply = { read_rows, &problem.data };
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_trainer *trainer = NULL;
    double theta[4] = { 0 };
    problem.X[777 * 3 + 1] = -1e160;
    rows.supply = &supply;
    rows.X = NULL;
    config.optimiser = "sgd";
    config.windows = true;
    config.rate = 0.1;
    assert_int_equal(mli_trainer_new(problem.net, problem.loss, &rows, NULL, &config, theta, &trainer, NULL), ML_OK);
    assert_int_equal(mli_trainer_epoch(trainer, &err), ML_EDIVERGED);
    assert_non_null(strstr(err.text, "feature 2 reaches -1e+160"));
    mli_trainer_free(trainer);
    problem_release(&problem);
}

int train_supply_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_has_every_row_once),
        cmocka_unit_test(a_window_is_found_again_by_its_place),
        cmocka_unit_test(rows_in_memory_come_in_stripes),
        cmocka_unit_test(few_rows_and_wide_ones_come_one_by_one),
        cmocka_unit_test(sorted_rows_train_as_well),
        cmocka_unit_test(every_optimiser_gets_the_same_bits),
        cmocka_unit_test(networks_get_the_same_bits),
        cmocka_unit_test(several_windows_get_the_same_bits),
        cmocka_unit_test(what_cannot_be_streamed_is_refused),
        cmocka_unit_test(rows_that_cannot_be_read_end_a_run),
        cmocka_unit_test(a_value_that_is_too_large_is_found),
    };
    return cmocka_run_group_tests_name("train supply", tests, NULL, NULL);
}

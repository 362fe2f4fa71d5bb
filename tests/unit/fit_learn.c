/* fit/learn: what is compiled twice learns the same in both builds, and in each the same with any number of threads. */
#include <tests/unit/fit.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/rng.h>
#include <fit/learn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3000, INPUTS = 12, CLASSES = 3, MOST = 512 };

struct sample {
    double X[ROWS * INPUTS], y[ROWS];
    float narrow[ROWS * INPUTS];
};

/* Classes by the largest of three noisy linear scores; features are floats, so that both builds see the same. */
static struct sample *sample_new(void)
{
    struct sample *s = calloc(1, sizeof *s);
    double hidden[CLASSES * INPUTS];
    struct mli_rng rng;

    assert_non_null(s);
    mli_rng_init(&rng, 3);
    for (size_t i = 0; i < CLASSES * INPUTS; i++)
        hidden[i] = mli_rng_normal(&rng);
    for (size_t i = 0; i < ROWS; i++) {
        double best = -INFINITY;
        for (size_t j = 0; j < INPUTS; j++)
            s->X[i * INPUTS + j] = s->narrow[i * INPUTS + j] = (float)mli_rng_normal(&rng);
        for (size_t k = 0; k < CLASSES; k++) {
            double score = 2 * mli_rng_normal(&rng);
            for (size_t j = 0; j < INPUTS; j++)
                score += s->X[i * INPUTS + j] * hidden[k * INPUTS + j];
            if (score > best)
                s->y[i] = (double)k;
            best = fmax(best, score);
        }
    }
    return s;
}

static enum ml_status count(void *data, const struct mli_train_state *state, struct ml_error *err)
{
    (void)err;
    *(struct mli_train_state *)data = *state;
    return ML_OK;
}

static struct mli_train_state learn(const struct sample *s, bool single, const char *layers,
                                    const struct mli_train_config *config, double theta[MOST])
{
    struct mli_train_state state = { 0 };
    struct ml_error err = ML_ERROR_INIT;
    const struct mli_learn what = {
        .layers = layers,
        .inputs = INPUTS,
        .loss = "cross_entropy",
        .config = config,
        .train = { .n = ROWS, .X = single ? (const void *)s->narrow : s->X, .y = s->y },
        .epoch = count,
        .data = &state,
    };

    if ((single ? mli_learn_f32 : mli_learn)(&what, theta, &err) != ML_OK)
        fail_msg("%s", err.text);
    return state;
}

static double largest_difference(const double *a, const double *b)
{
    double largest = 0;
    for (size_t j = 0; j < MOST; j++)
        largest = fmax(largest, fabs(a[j] - b[j]));
    return largest;
}

static void both_builds_find_the_optimum(void **state)
{
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct sample *s = sample_new();
    double wide[MOST] = { 0 }, narrow[MOST] = { 0 };
    (void)state;

    config.l2 = 1e-3;
    struct mli_train_state a = learn(s, false, "dense 3", &config, wide);
    struct mli_train_state b = learn(s, true, "dense 3", &config, narrow);
    assert_int_equal(a.end, MLI_TRAIN_CONVERGED);
    assert_int_not_equal(b.end, MLI_TRAIN_RUNNING);
    assert_true(b.epoch < 100);
    /* sums of 3000 floats keep five digits; the objective is flat at the optimum and keeps more */
    assert_true(largest_difference(wide, narrow) < 1e-3);
    assert_true(fabs(a.objective - b.objective) < 1e-6);
    free(s);
}

static void parameters_of_the_float_build_are_floats(void **state)
{
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct sample *s = sample_new();
    double theta[MOST] = { 0 };
    (void)state;

    learn(s, true, "dense 3", &config, theta);
    for (size_t j = 0; j < MOST; j++)
        assert_true(theta[j] == (double)(float)theta[j]);
    assert_true(theta[0] != 0);
    free(s);
}

static void threads_change_no_bit(void **state)
{
    static const char *const optimisers[] = { "lbfgs", "gd", "sgd", "momentum", "adam" };
    static const char *const layers[] = { "dense 3", "dense 14, dense 3" };
    struct sample *s = sample_new();
    (void)state;

    for (size_t i = 0; i < 2 * 2 * sizeof optimisers / sizeof *optimisers; i++) {
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        double theta[3][MOST];
        config.optimiser = optimisers[i / 4];
        config.epochs = 3;
        config.batch = 500;
        for (size_t t = 0; t < 3; t++) {
            struct mli_rng rng;
            mli_rng_init(&rng, 9);
            for (size_t j = 0; j < MOST; j++)
                theta[t][j] = 0.1 * mli_rng_normal(&rng);
            config.threads = (size_t)1 << t;
            learn(s, i % 2, layers[i / 2 % 2], &config, theta[t]);
        }
        assert_memory_equal(theta[0], theta[1], sizeof theta[0]);
        assert_memory_equal(theta[0], theta[2], sizeof theta[0]);
    }
    free(s);
}

static void floats_take_half_the_memory(void **state)
{
    const struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    const struct mli_learn what = { .layers = "dense 200, dense 100", .inputs = 300, .config = &config };
    size_t wide = 0, narrow = 0;
    (void)state;

    assert_int_equal(mli_learn_memory(&what, 5000, &wide, NULL), ML_OK);
    assert_int_equal(mli_learn_memory_f32(&what, 5000, &narrow, NULL), ML_OK);
    assert_true(narrow > wide * 45 / 100 && narrow < wide * 60 / 100);
}

static void layers_that_are_none(void **state)
{
    const struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    const struct mli_learn what = { .layers = "dance 3", .inputs = 2, .loss = "squared", .config = &config };
    struct ml_error err = ML_ERROR_INIT;
    double theta[1] = { 7 };
    size_t bytes = 5;
    (void)state;

    assert_int_equal(mli_learn_f32(&what, theta, &err), ML_EUSAGE);
    assert_int_equal(mli_learn_memory_f32(&what, 1, &bytes, NULL), ML_EUSAGE);
    assert_true(theta[0] == 7 && bytes == 5);
}

int fit_learn_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_builds_find_the_optimum),
        cmocka_unit_test(parameters_of_the_float_build_are_floats),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(floats_take_half_the_memory),
        cmocka_unit_test(layers_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

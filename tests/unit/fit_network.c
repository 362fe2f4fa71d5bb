/*
 * Networks trained in both builds against PyTorch: the losses of the first ten steps and the parameters after them, from
 * the same first weights (tests/numeric/network_reference.py).
 */
#include <tests/unit/fit.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fit/learn.h>
#include <math.h>
#include <string.h>
#include <tests/numeric/network_expected.h>

enum { MOST = 256 };

struct losses {
    double loss[EXPECTED_STEPS];
};

static enum ml_status keep(void *data, const struct mli_train_state *state, struct ml_error *err)
{
    struct losses *losses = data;
    (void)err;
    if (state->epoch > 0)
        losses->loss[state->epoch - 1] = state->loss;
    return ML_OK;
}

static void assert_near(const struct expected_network *e, const char *what, size_t i, double got, double expected,
                        double tolerance)
{
    if (!(fabs(got - expected) <= tolerance * fmax(fabs(expected), 1)))
        fail_msg("%s, %s, %s %zu: %.12g, PyTorch has %.12g", e->layers, e->optimiser, what, i, got, expected);
}

/* Whole batches, so that the order of rows is none of its own but for rounding. */
static void check(const struct expected_network *e, bool single)
{
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct losses losses = { { 0 } };
    struct ml_error err = ML_ERROR_INIT;
    float narrow[EXPECTED_ROWS * EXPECTED_INPUTS];
    struct mli_network *net = NULL;
    double theta[MOST];

    for (size_t i = 0; i < EXPECTED_ROWS * EXPECTED_INPUTS; i++)
        narrow[i] = (float)expected_X[i];
    assert_int_equal(mli_network_new(e->layers, EXPECTED_INPUTS, &net, &err), ML_OK);
    assert_true(net->parameters <= MOST);
    memcpy(theta, e->first, net->parameters * sizeof *theta);
    config.optimiser = e->optimiser;
    config.rate = e->rate;
    config.l2 = e->l2;
    config.schedule = "constant";
    config.tolerance = 0;
    config.epochs = EXPECTED_STEPS;
    config.batch = EXPECTED_ROWS;
    const struct mli_learn learn = {
        .layers = e->layers,
        .inputs = EXPECTED_INPUTS,
        .loss = e->loss,
        .config = &config,
        .train = { EXPECTED_ROWS, single ? (const void *)narrow : expected_X, e->y, NULL },
        .epoch = keep,
        .data = &losses,
    };
    if ((single ? mli_learn_f32 : mli_learn)(&learn, theta, &err) != ML_OK)
        fail_msg("%s: %s", e->layers, err.text);
    /* 1e-12: rounding of ten steps in double; in float the goal, 1e-5, which its rounding of 6e-8 leaves room for */
    for (size_t i = 0; i < EXPECTED_STEPS; i++)
        assert_near(e, "loss", i, losses.loss[i], e->losses[i], single ? 1e-5 : 1e-12);
    for (size_t j = 0; e->last && j < net->parameters; j++)
        assert_near(e, "parameter", j, theta[j], e->last[j], single ? 1e-4 : 1e-12);
    mli_network_free(net);
}

static void losses_equal_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected_network / sizeof *expected_network; i++)
        check(&expected_network[i], false);
}

static void losses_in_single_precision_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected_network / sizeof *expected_network; i++)
        check(&expected_network[i], true);
}

int fit_network_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_equal_those_of_pytorch),
        cmocka_unit_test(losses_in_single_precision_too),
    };
    return cmocka_run_group_tests_name("fit: networks", tests, NULL, NULL);
}

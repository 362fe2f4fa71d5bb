/*
 * src/net: specifications, stacks, losses, kinds; layers and gradients have files of their own.
 */
#include <tests/unit/net.h>

#include <float.h>
#include <net/stack.h>
#include <tests/numeric/multilabel_expected.h>
#include <tests/unit/heap.h>

struct mli_network *net_make(const char *spec, size_t inputs)
{
    struct mli_network *net = NULL;
    struct ml_error err = ML_ERROR_INIT;

    if (mli_network_new(spec, inputs, &net, &err) != ML_OK)
        fail_msg("%s: %s", spec, err.text);
    return net;
}

/*
 * ---- specifications ----------------------------------------------------------------------------------------------
 */

static void specifications_become_shapes(void **state)
{
    static const struct {
        const char *spec, *normal;
        size_t inputs, layers, outputs, parameters, widest;
    } cases[] = {
        { "dense 1", "dense 1", 4, 1, 1, 5, 4 },
        { "  dense\t3  ", "dense 3", 4, 1, 3, 15, 4 },
        { "dense 5,dense 3", "dense 5, dense 3", 4, 2, 3, 43, 5 },
        { "dense 2 ,\tdense 9 , dense 1", "dense 2, dense 9, dense 1", 3, 3, 1, 45, 9 },
        { "dense 2", "dense 2", 0, 1, 2, 2, 2 },
        { "dense 5,relu ,dropout  0.25, dense 3", "dense 5, relu, dropout 0.25, dense 3", 4, 4, 3, 43, 5 },
        { "batch_norm, dense 2, batch_norm, tanh, dense 1", "batch_norm, dense 2, batch_norm, tanh, dense 1", 3, 5, 1, 31, 3 },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mli_network *net = net_make(cases[i].spec, cases[i].inputs);
        assert_string_equal(net->spec, cases[i].normal);
        assert_int_equal(net->layers, cases[i].layers);
        assert_int_equal(net->inputs, cases[i].inputs);
        assert_int_equal(net->outputs, cases[i].outputs);
        assert_int_equal(net->parameters, cases[i].parameters);
        assert_int_equal(net->widest, cases[i].widest);
        mli_network_free(net);
    }
}

static void bad_specifications_name_layer_and_column(void **state)
{
    static const struct {
        const char *spec;
        enum ml_status status;
        const char *text;
    } cases[] = {
        { "dense 5, dens 3", ML_EUSAGE,
          "layer 2 at column 10: unknown layer \"dens\"; did you mean \"dense\"?" },
        { "convolution 3", ML_EUSAGE,
          "layer 1 at column 1: unknown layer \"convolution\"; expected one of: dense, relu, leaky_relu, elu, gelu, tanh, "
          "sigmoid, dropout, batch_norm" },
        { "dense 5, ReLU6, dense 3", ML_EUSAGE,
          "layer 2 at column 10: unknown layer \"ReLU6\"; did you mean \"relu\"?" },
        { "dense 5, relu 3, dense 3", ML_EUSAGE,
          "layer 2 at column 15: relu takes no arguments, found \"3\"" },
        { "dense 5, batch_norm 0.1, dense 3", ML_EUSAGE,
          "layer 2 at column 21: batch_norm takes no arguments, found \"0.1\"" },
        { "dense 5, dropout, dense 3", ML_EUSAGE,
          "layer 2 at column 17: dropout needs the share to drop, for example \"dropout 0.2\"" },
        { "dropout 1, dense 3", ML_EUSAGE,
          "layer 1 at column 9: expected a share to drop, from 0 to below 1, found \"1\"" },
        { "dropout -0.1, dense 3", ML_EUSAGE,
          "layer 1 at column 9: expected a share to drop, from 0 to below 1, found \"-0.1\"" },
        { "dropout nan, dense 3", ML_EUSAGE,
          "layer 1 at column 9: expected a share to drop, from 0 to below 1, found \"nan\"" },
        { "dense 3, sigmoid", ML_EUSAGE,
          "layer 2 at column 10: the last layer must be dense, found \"sigmoid\"; probabilities are made of its "
          "outputs by the loss" },
        { "", ML_EUSAGE,
          "layer 1 at column 1: a layer is missing; expected one such as \"dense 3\"" },
        { "  ", ML_EUSAGE,
          "layer 1 at column 3: a layer is missing; expected one such as \"dense 3\"" },
        { "dense 5,", ML_EUSAGE,
          "layer 2 at column 9: a layer is missing; expected one such as \"dense 3\"" },
        { "dense 5,,dense 3", ML_EUSAGE,
          "layer 2 at column 9: a layer is missing; expected one such as \"dense 3\"" },
        { "dense", ML_EUSAGE,
          "layer 1 at column 6: dense needs a number of outputs, for example \"dense 3\"" },
        { "dense 0", ML_EUSAGE,
          "layer 1 at column 7: expected a whole number of outputs of at least 1, found \"0\"" },
        { "dense 3, dense -1", ML_EUSAGE,
          "layer 2 at column 16: expected a whole number of outputs of at least 1, found \"-1\"" },
        { "dense 3 4", ML_EUSAGE,
          "layer 1 at column 7: expected a whole number of outputs of at least 1, found \"3 4\"" },
        { "dense 99999999999999999999", ML_EUSAGE,
          "layer 1 at column 7: expected a whole number of outputs of at least 1, found "
          "\"99999999999999999999\"" },
        { "dense 1048577", ML_ELIMIT,
          "layer 1 at column 7: 1048577 outputs are over the limit of 1048576" },
        { "dense 30000, dense 30000", ML_ELIMIT,
          "layer 2 at column 14: over the limit of 268435456 parameters in a network (30000 inputs "
          "times 30000 "
          "outputs); use fewer" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1", ML_EUSAGE,
          "layer 1 at column 1: too long to be a layer" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mli_network *net = NULL;
        struct ml_error err = ML_ERROR_INIT;
        assert_int_equal(mli_network_new(cases[i].spec, 4, &net, &err), cases[i].status);
        assert_int_equal(err.status, cases[i].status);
        assert_string_equal(err.text, cases[i].text);
        assert_null(net);
    }
}

static void limits_hold(void **state)
{
    char spec[65 * 8 + 1] = "dense 1";
    struct mli_network *net = NULL;
    struct ml_error err = ML_ERROR_INIT;
    (void)state;

    for (size_t i = 1; i < 64; i++)
        memcpy(spec + 8 * i - 1, ",dense 1", 9);
    net = net_make(spec, 1);
    assert_int_equal(net->layers, 64);
    mli_network_free(net);
    net = NULL;
    memcpy(spec + 8 * 64 - 1, ",dense 1", 9);
    assert_int_equal(mli_network_new(spec, 1, &net, &err), ML_ELIMIT);
    assert_string_equal(err.text, "layer 65 at column 513: over the limit of 64 layers");
    err = (struct ml_error)ML_ERROR_INIT;
    assert_int_equal(mli_network_new("dense 1", SIZE_MAX, &net, &err), ML_ELIMIT);
    assert_null(net);
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    if (!heap_counts())
        skip();
    for (size_t allowed = 0;; allowed++) {
        struct mli_network *net = NULL;
        struct ml_error err = ML_ERROR_INIT;
        heap_start(allowed);
        enum ml_status status = mli_network_new("dense 5, dense 3", 4, &net, &err);
        struct mli_network *made = net;
        mli_network_free(net);
        struct heap_report report = heap_stop();
        assert_int_equal(report.blocks, 0);
        if (!report.failed) {
            assert_int_equal(status, ML_OK);
            assert_true(allowed >= 3);
            return;
        }
        assert_null(made);
        assert_int_equal(status, ML_ENOMEM);
        assert_int_equal(err.status, ML_ENOMEM);
        assert_string_not_equal(err.text, "");
    }
}

/*
 * ---- layers ------------------------------------------------------------------------------------------------------
 */

static void start_is_zero_alone_and_drawn_in_a_stack(void **state)
{
    struct mli_network *one = net_make("dense 3", 4), *two = net_make("dense 6, dense 2", 4);
    struct mli_rng rng;
    double theta[44], again[44];
    (void)state;

    mli_rng_init(&rng, 1);
    memset(theta, 1, sizeof(theta));
    mli_network_init(one, theta, &rng);
    for (size_t i = 0; i < one->parameters; i++)
        assert_true(theta[i] == 0);
    mli_network_init(two, theta, &rng);
    mli_rng_init(&rng, 1);
    mli_network_init(two, again, &rng);
    assert_memory_equal(theta, again, two->parameters * sizeof(double));
    for (size_t i = 0; i < 24; i++)
        assert_true(theta[i] != 0 && fabs(theta[i]) <= sqrt(0.6));
    for (size_t i = 24; i < 30; i++)
        assert_true(theta[i] == 0);
    for (size_t i = 30; i < 42; i++)
        assert_true(theta[i] != 0 && fabs(theta[i]) <= sqrt(0.75));
    mli_network_free(one);
    mli_network_free(two);
}

static void weights_are_penalised_and_biases_not(void **state)
{
    static const uint8_t expected[] = { 1, 1, 1, 1, 0, 0, 1, 1, 0 };
    struct mli_network *net = net_make("dense 2, dense 1", 2);
    uint8_t got[9];
    (void)state;

    assert_int_equal(net->parameters, sizeof(got));
    mli_network_penalised(net, got);
    assert_memory_equal(got, expected, sizeof(got));
    mli_network_free(net);
}

/* By hand: hidden = (x1 + 2 x2 + 0.5, 3 x1 - x2), out = hidden1 - hidden2 + 10. */
static void stack_computes_and_propagates(void **state)
{
    static const double theta[] = { 1, 2, 3, -1, 0.5, 0, 1, -1, 10 }, X[] = { 1, 1, 2, -3 },
                        dZ[] = { 1, 10 };
    static const double gradient[] = { 21, -29, -21, 29, 11, -11, -31.5, 92, 11 };
    struct mli_network *net = net_make("dense 2, dense 1", 2);
    double work[64], grad[9] = { 0 };
    (void)state;

    assert_int_equal(mli_network_workspace(net, 2, false), 2 * (2 + 1));
    assert_int_equal(mli_network_workspace(net, 2, true), 2 * (2 + 1) + 2 * 2 * 2);
    double *Z = mli_network_forward(net, &mli_kernels_plain, theta, 2, X, NULL, work);
    assert_true(Z[0] == 3.5 - 2 + 10 && Z[1] == -3.5 - 9 + 10);
    mli_network_backward(net, &mli_kernels_plain, theta, 2, X, dZ, NULL, true, grad, work);
    for (size_t i = 0; i < 9; i++)
        assert_true(grad[i] == gradient[i]);
    mli_network_backward(net, &mli_kernels_plain, theta, 2, X, dZ, NULL, true, grad, work);
    for (size_t i = 0; i < 9; i++)
        assert_true(grad[i] == 2 * gradient[i]); /* added to */
    mli_network_backward(net, &mli_kernels_plain, theta, 2, X, dZ, NULL, false, grad, work);
    for (size_t i = 0; i < 9; i++)
        assert_true(grad[i] == gradient[i]); /* overwritten */
    mli_network_free(net);
}

static void many_rows_equal_single_rows_bit_by_bit(void **state)
{
    enum { N = 37, D = 11, K = 3 };
    struct mli_network *net = net_make("dense 7, dense 3", D);
    struct mli_rng rng;
    double X[N * D], theta[(D + 1) * 7 + 8 * K], all[N * 10], one[10];
    (void)state;

    mli_rng_init(&rng, 4);
    mli_network_init(net, theta, &rng);
    for (size_t i = 0; i < N * D; i++)
        X[i] = mli_rng_normal(&rng);
    const double *Z = mli_network_forward(net, &mli_kernels_plain, theta, N, X, NULL, all);
    for (size_t i = 0; i < N; i++) {
        const double *z = mli_network_forward(net, &mli_kernels_plain, theta, 1, X + i * D, NULL, one);
        assert_memory_equal(z, Z + i * K, K * sizeof(double));
    }
    mli_network_free(net);
}

static void parameters_survive_the_tensors(void **state)
{
    struct mli_network *net = net_make("dense 3, dense 2", 4), *wider = net_make("dense 4, dense 2", 4);
    struct mli_tensors set;
    struct mli_rng rng;
    struct ml_error err = ML_ERROR_INIT;
    double theta[30], back[30] = { 0 };
    const double *weight;
    (void)state;

    mli_rng_init(&rng, 2);
    mli_network_init(net, theta, &rng);
    mli_tensors_init(&set);
    assert_int_equal(mli_network_save(net, theta, &set, &err), ML_OK);
    assert_int_equal(mli_tensors_find(&set, "net.1.weight", 2, (size_t[]){ 2, 3 }, &weight, &err),
                     ML_OK);
    assert_memory_equal(weight, theta + 15, 6 * sizeof(double));
    assert_int_equal(mli_network_load(net, back, &set, &err), ML_OK);
    assert_memory_equal(back, theta, net->parameters * sizeof(double));
    assert_null(mli_tensors_unused(&set));
    assert_int_equal(mli_network_save(net, theta, &set, &err), ML_EUSAGE); /* the names are taken */
    err = (struct ml_error)ML_ERROR_INIT;
    assert_int_equal(mli_network_load(wider, back, &set, &err), ML_EARTIFACT);
    assert_memory_equal(back, theta, net->parameters * sizeof(double));
    mli_tensors_release(&set);
    assert_int_equal(mli_network_load(net, back, &set, NULL), ML_EARTIFACT);
    mli_network_free(net);
    mli_network_free(wider);
}

/*
 * ---- losses ------------------------------------------------------------------------------------------------------
 */

static void losses_have_names_and_shapes(void **state)
{
    (void)state;
    assert_ptr_equal(mli_loss_find("squared"), &mli_loss_squared);
    assert_ptr_equal(mli_loss_find("cross_entropy"), &mli_loss_cross_entropy);
    assert_null(mli_loss_find("hing"));
    assert_int_equal(mli_loss_squared.outputs(0), 1);
    assert_int_equal(mli_loss_cross_entropy.outputs(2), 1);
    assert_int_equal(mli_loss_cross_entropy.outputs(3), 3);
    assert_true(mli_loss_squared.curvature(1) == 1);
    assert_true(mli_loss_cross_entropy.curvature(1) == 0.25);
    assert_true(mli_loss_cross_entropy.curvature(3) == 0.5);
    assert_true(mli_loss_cross_entropy.task == MLI_TASK_CLASSIFICATION && mli_loss_squared.task == MLI_TASK_REGRESSION);
}

static void squared_loss_by_hand(void **state)
{
    static const double Z[] = { 1, 2, 3 }, y[] = { 0, 2, 5 }, weight[] = { 2, 7, 0.5 };
    double dZ[3], P[3];
    (void)state;

    assert_true(mli_loss_squared.value(&mli_loss_squared, 3, 1, Z, y, NULL, dZ) == 2.5);
    assert_true(dZ[0] == 1 && dZ[1] == 0 && dZ[2] == -2);
    assert_true(mli_loss_squared.value(&mli_loss_squared, 3, 1, Z, y, weight, dZ) == 2);
    assert_true(dZ[0] == 2 && dZ[1] == 0 && dZ[2] == -1);
    mli_loss_squared.predict(3, 1, Z, P);
    assert_memory_equal(P, Z, sizeof(Z));
}

/* Every loss at one output: value, slope, and what it predicts; y is a class for those of margins. */
static void losses_by_hand(void **state)
{
    static const struct {
        const char *loss;
        double z, y, value, slope, prediction;
    } cases[] = {
        { "huber:0.5", 1.25, 1, 0.03125, 0.25, 1.25 },
        { "huber:0.5", 1.5, 1, 0.125, 0.5, 1.5 },
        { "huber:0.5", -2, 1, 1.375, -0.5, -2 },
        { "squared_epsilon_insensitive:0.5", 1.25, 1, 0, 0, 1.25 },
        { "squared_epsilon_insensitive:0.5", 3, 1, 2.25, 3, 3 },
        { "squared_epsilon_insensitive:0.5", -1, 1, 2.25, -3, -1 },
        { "squared_epsilon_insensitive:0", 3, 1, 4, 4, 3 },
        { "absolute", 3, 1, 2, 1, 3 },
        { "absolute", -1, 1, 2, -1, -1 },
        { "quantile:0.75", 3, 1, 0.5, 0.25, 3 },
        { "quantile:0.75", -1, 1, 1.5, -0.75, -1 },
        { "epsilon_insensitive:0.5", 1.25, 1, 0, 0, 1.25 },
        { "epsilon_insensitive:0.5", 3, 1, 1.5, 1, 3 },
        { "epsilon_insensitive:0.5", -1, 1, 1.5, -1, -1 },
        { "hinge", 0.5, 1, 0.5, -1, 0.5 },
        { "hinge", 0.5, 0, 1.5, 1, 0.5 },
        { "hinge", 1.5, 1, 0, 0, 1.5 },
        { "poisson", 0, 1, 0, 0, 1 },
        { "poisson", 0, 0, 1, 1, 1 },
        { "poisson", 2, 0, 7.3890560989306502, 7.3890560989306502, 7.3890560989306502 },
        { "poisson", 0, 3, 1.2958368660043291, -2, 1 }, /* 1 - 3 + 3 ln 3 */
        /* the tangent at 80, exp(80) 921, and its prediction exp(700) */
        { "poisson", 1000, 0, 5.102913216026422e37, 5.54062238439351e34, 1.0142320547350045e304 },
        { "squared_hinge", 0.5, 1, 0.25, -1, 0.5 },
        { "squared_hinge", 0.5, 0, 2.25, 3, 0.5 },
        { "squared_hinge", 1.5, 1, 0, 0, 1.5 },
        { "squared_hinge", -1.5, 0, 0, 0, -1.5 },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mli_loss loss;
        double slope, P[2], weight = 3, z = cases[i].z, y = cases[i].y;
        assert_int_equal(mli_loss_parse(cases[i].loss, &loss, NULL, NULL), ML_OK);
        double value = loss.value(&loss, 1, 1, &z, &y, NULL, &slope);
        assert_true(value >= 0 && isfinite(value) && isfinite(slope));
        loss.predict(1, 1, &z, P);
        bool classes = loss.task == MLI_TASK_CLASSIFICATION;
        assert_true(fabs(P[classes] - cases[i].prediction) <= 1e-14 * fabs(cases[i].prediction));
        assert_true(!classes || P[0] == -P[1]);
        assert_true(fabs(value - cases[i].value) <= 1e-15 * fmax(1, cases[i].value));
        assert_true(fabs(slope - cases[i].slope) <= 1e-15 * fmax(1, cases[i].slope));
        assert_true(loss.value(&loss, 1, 1, &z, &y, NULL, NULL) == value);
        assert_true(loss.value(&loss, 1, 1, &z, &y, &weight, NULL) == 3 * value);
    }
}

/* What a loss says of its kinks is what its value does, and at a kink its slope is one of those that fit there. */
static void kinks_are_where_the_slope_jumps(void **state)
{
    static const char *const texts[] = { "absolute", "quantile:0.8", "epsilon_insensitive:0.5", "hinge" };
    (void)state;

    for (size_t t = 0; t < COUNT(texts); t++) {
        for (int y = 0; y < 2; y++) {
            struct mli_loss loss;
            struct mli_kinks kinks;
            double target = y, slope;
            assert_int_equal(mli_loss_parse(texts[t], &loss, NULL, NULL), ML_OK);
            loss.kinks(&loss, target, 0, 1, &kinks);
            for (double z = -3; z <= 3; z += 0.125) {
                double expected = kinks.slope * (z - kinks.at[0]), low = kinks.slope, high = low;
                for (size_t k = 0; k < kinks.n; k++) {
                    expected += kinks.rise[k] * fmax(z - kinks.at[k], 0);
                    low += kinks.at[k] < z ? kinks.rise[k] : 0;
                    high += kinks.at[k] <= z ? kinks.rise[k] : 0;
                }
                assert_true(fabs(loss.value(&loss, 1, 1, &z, &target, NULL, &slope) - expected) < 1e-15);
                assert_true(slope >= low - 1e-15 && slope <= high + 1e-15);
            }
        }
    }
    assert_null(mli_loss_squared.kinks);
    assert_null(mli_loss_squared_hinge.kinks);
}

/* One class against the rest: the sum of the three, and the scores are the outputs. */
static void hinge_of_many_classes_is_a_sum(void **state)
{
    static const double Z[] = { 2, -0.5, 0.25 }, y[] = { 2 };
    double dZ[3], P[3];
    const struct mli_loss *loss = &mli_loss_squared_hinge;
    (void)state;

    assert_int_equal(loss->outputs(2), 1);
    assert_int_equal(loss->outputs(3), 3);
    assert_true(loss->value(loss, 1, 3, Z, y, NULL, dZ) == 9 + 0.25 + 0.5625);
    assert_true(dZ[0] == 6 && dZ[1] == 1 && dZ[2] == -1.5);
    loss->predict(1, 3, Z, P);
    assert_memory_equal(P, Z, sizeof(Z));
}

static void losses_are_read_and_written(void **state)
{
    static const struct {
        const char *text, *normal; /* NULL: refused with that message */
        const char *message;
    } cases[] = {
        { "squared", "squared", NULL },
        { "huber", "huber:1.35", NULL },
        { "huber:1e-3", "huber:0.001", NULL },
        { "squared_epsilon_insensitive:0", "squared_epsilon_insensitive:0", NULL },
        { "hube:1", NULL, "unknown loss \"hube\"; did you mean \"huber\"?" },
        { "", NULL, "unknown loss \"\"; expected one of: squared " },
        { "quantile:0.9", "quantile:0.9", NULL },
        { "quantile:1", NULL, "q of loss quantile must be a number above 0 and below 1, found \"1\"" },
        { "squared:1", NULL, "loss squared takes no parameter, found \":1\"" },
        { "huber:0", NULL, "delta of loss huber must be a number above 0, found \"0\"" },
        { "huber:", NULL, "delta of loss huber must be a number above 0, found \"\"" },
        { "huber:inf", NULL, "delta of loss huber must be a number above 0, found \"inf\"" },
        { "huber:1:2", NULL, "delta of loss huber must be a number above 0, found \"1:2\"" },
        { "squared_epsilon_insensitive:-1", NULL,
          "epsilon of loss squared_epsilon_insensitive must be a number 0 or more, found \"-1\"" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mli_loss loss;
        struct ml_error err = ML_ERROR_INIT;
        char text[MLI_LOSS_TEXT];
        bool given;
        enum ml_status status = mli_loss_parse(cases[i].text, &loss, &given, &err);
        if (cases[i].message) {
            assert_int_equal(status, ML_EUSAGE);
            assert_memory_equal(err.text, cases[i].message, strlen(cases[i].message));
            continue;
        }
        assert_int_equal(status, ML_OK);
        assert_int_equal(given, strchr(cases[i].text, ':') != NULL);
        mli_loss_text(&loss, text);
        assert_string_equal(text, cases[i].normal);
    }
}

static void assert_near(double got, double expected)
{
    if (!(fabs(got - expected) <= 4 * DBL_EPSILON * fabs(expected)))
        fail_msg("%.17g, expected %.17g", got, expected);
}

/* The loss and its slope, with weights and without, and the same as each label alone is under the loss of two classes. */
static void labels_agree(void **state)
{
    (void)state;

    for (size_t i = 0; i < COUNT(expected_labels_loss); i++) {
        const struct expected_labels_loss *e = &expected_labels_loss[i];
        const struct mli_loss *loss = &mli_loss_binary_cross_entropy, *alone = &mli_loss_cross_entropy;
        double y[64], dZ[256], P[512], sum = 0;
        assert_int_equal(loss->outputs(e->labels), e->labels);
        for (size_t r = 0; r < e->n; r++)
            y[r] = mli_labels_code(e->labels, e->y + r * e->labels);
        assert_near(loss->value(loss, e->n, e->labels, e->z, y, e->weight, NULL), e->weighted);
        assert_near(loss->value(loss, e->n, e->labels, e->z, y, NULL, dZ), e->sum);
        loss->predict(e->n, e->labels, e->z, P);
        for (size_t k = 0; k < e->n * e->labels; k++) {
            double slope, p[2];
            assert_true(fabs(dZ[k] - e->slope[k]) <= 1e-15);
            sum += alone->value(alone, 1, 1, e->z + k, e->y + k, NULL, &slope);
            assert_true(dZ[k] == slope);
            alone->predict(1, 1, e->z + k, p);
            assert_true(P[2 * k] == p[0] && P[2 * k + 1] == p[1]);
        }
        assert_near(sum, e->sum);
    }
}

/* What the classes of a label count multiplies its loss and its slope. */
static void sides_weigh_the_classes_of_a_label(void **state)
{
    static const double sides[] = { 0.5, 3, 2, 7 }, Z[] = { 0.3, -1, 2, 0.5 }, y[] = { 1, 2 }, weight[] = { 1, 10 };
    static const double side[] = { 3, 2, 5, 70 };
    struct mli_loss loss = mli_loss_binary_cross_entropy;
    double dZ[4], plain[4];
    (void)state;

    loss.value(&loss, 2, 2, Z, y, NULL, plain);
    assert_true(mli_loss_curvature(&loss, 2) == 0.25);
    loss.sides = sides;
    assert_true(mli_loss_curvature(&loss, 2) == 7 * 0.25);
    loss.value(&loss, 2, 2, Z, y, weight, dZ);
    for (size_t k = 0; k < 4; k++)
        assert_near(dZ[k], side[k] * plain[k]);
}

/* Every label has a bit of its own, up to the last that a double can tell. */
static void a_code_tells_all_labels(void **state)
{
    double on[MLI_LABELS_MAX] = { 0 }, Z[MLI_LABELS_MAX] = { 0 }, dZ[MLI_LABELS_MAX];
    const struct mli_loss *loss = &mli_loss_binary_cross_entropy;
    (void)state;

    for (size_t j = 0; j < MLI_LABELS_MAX; j += 4)
        on[j] = 1;
    on[MLI_LABELS_MAX - 1] = 1;
    double y = mli_labels_code(MLI_LABELS_MAX, on);
    loss->value(loss, 1, MLI_LABELS_MAX, Z, &y, NULL, dZ);
    for (size_t j = 0; j < MLI_LABELS_MAX; j++)
        assert_true(dZ[j] == (on[j] > 0 ? -0.5 : 0.5));
}

/*
 * One logit. Expected values to the last digits: log(1 + e^-m) is e^-m - e^-2m/2 + .. for large m and -m for small
 * ones.
 */
static void logistic_keeps_its_digits_at_any_logit(void **state)
{
    static const struct {
        double z, y, loss, slope;
    } cases[] = {
        { 0, 1, 0.69314718055994530942, -0.5 },
        { 0, 0, 0.69314718055994530942, 0.5 },
        { 1, 1, 0.31326168751822283405, -0.26894142136999512075 },
        { 1, 0, 1.3132616875182228340, 0.73105857863000487925 },
        { 40, 1, 4.2483542552915889953e-18, -4.2483542552915889953e-18 },
        { -40, 0, 4.2483542552915889953e-18, 4.2483542552915889953e-18 },
        { 700, 1, 9.8596765437597708567e-305, -9.8596765437597708567e-305 },
        { 800, 0, 800, 1 },
        { -1e308, 1, 1e308, -1 },
        { 1e308, 1, 0, 0 },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        double slope, P[2], weight = 3;
        const struct mli_loss *loss = &mli_loss_cross_entropy;
        assert_near(loss->value(loss, 1, 1, &cases[i].z, &cases[i].y, NULL, &slope), cases[i].loss);
        assert_near(slope, cases[i].slope);
        assert_near(loss->value(loss, 1, 1, &cases[i].z, &cases[i].y, NULL, NULL), cases[i].loss);
        if (cases[i].loss < 1e300)
            assert_near(loss->value(loss, 1, 1, &cases[i].z, &cases[i].y, &weight, &slope),
                        3 * cases[i].loss);
        assert_near(slope, cases[i].loss < 1e300 ? 3 * cases[i].slope : cases[i].slope);
        loss->predict(1, 1, &cases[i].z, P);
        assert_near(P[cases[i].y > 0 ? 0 : 1], fabs(cases[i].slope)); /* the class that is not y */
        assert_near(P[0] + P[1], 1);
    }
}

static void softmax_keeps_its_digits_at_any_logits(void **state)
{
    static const struct {
        double z[3], y, loss, slope[3];
    } cases[] = {
        { { 0, 0, 0 }, 1, 1.0986122886681098, { 1 / 3.0, -2 / 3.0, 1 / 3.0 } },
        { { 5, 5, 5 }, 0, 1.0986122886681098, { -2 / 3.0, 1 / 3.0, 1 / 3.0 } },
        { { 40, 0, 0 },
          0,
          8.4967085105831779906e-18,
          { -8.4967085105831779906e-18, 4.2483542552915889953e-18, 4.2483542552915889953e-18 } },
        { { 0, 1000, 0 }, 2, 1000, { 0, 1, -1 } },
        { { 8e307, -8e307, 0 }, 1, 1.6e308, { 1, -1, 0 } },
        { { -8e307, -8e307, -8e307 }, 2, 1.0986122886681098, { 1 / 3.0, 1 / 3.0, -2 / 3.0 } },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        double slope[3], P[3];
        size_t label = (size_t)cases[i].y;
        assert_near(mli_loss_cross_entropy.value(&mli_loss_cross_entropy, 1, 3, cases[i].z, &cases[i].y, NULL, slope),
                    cases[i].loss);
        assert_near(mli_loss_cross_entropy.value(&mli_loss_cross_entropy, 1, 3, cases[i].z, &cases[i].y, NULL, NULL),
                    cases[i].loss);
        mli_loss_cross_entropy.predict(1, 3, cases[i].z, P);
        for (size_t j = 0; j < 3; j++) {
            assert_near(slope[j], cases[i].slope[j]);
            assert_near(P[j], j == label ? 1 + cases[i].slope[j] : cases[i].slope[j]);
        }
        assert_near(P[0] + P[1] + P[2], 1);
    }
}

/* Rows side by side are predicted as each is alone. */
static void softmax_takes_many_rows(void **state)
{
    static const double Z[4][3] = { { 1, 2, 3 }, { 0, -5, 5 }, { 40, 0, 0 }, { -1, -1, 2 } };
    double all[4][3], alone[3];
    (void)state;

    mli_loss_cross_entropy.predict(4, 3, Z[0], all[0]);
    for (size_t i = 0; i < 4; i++) {
        mli_loss_cross_entropy.predict(1, 3, Z[i], alone);
        assert_memory_equal(alone, all[i], sizeof(alone));
    }
    assert_true(all[0][2] > all[0][1] && all[2][0] > 0.99);
}

/*
 * ---- kinds -------------------------------------------------------------------------------------------------------
 */

static void kinds_expand_to_layers(void **state)
{
    char spec[64];
    size_t n;
    (void)state;

    assert_non_null(mli_kinds(&n));
    assert_true(n >= 2);
    assert_null(mli_kind_find("forest"));
    assert_ptr_equal(mli_kind_default(MLI_TASK_REGRESSION), mli_kind_find("linear"));
    assert_ptr_equal(mli_kind_default(MLI_TASK_CLASSIFICATION), mli_kind_find("logistic"));
    assert_true(mli_kind_layers(mli_kind_find("linear"), &mli_loss_squared, 0, spec, sizeof(spec)));
    assert_string_equal(spec, "dense 1");
    assert_true(mli_kind_layers(mli_kind_find("logistic"), &mli_loss_cross_entropy, 2, spec, sizeof(spec)));
    assert_string_equal(spec, "dense 1");
    assert_true(mli_kind_layers(mli_kind_find("logistic"), &mli_loss_cross_entropy, 12, spec, sizeof(spec)));
    assert_string_equal(spec, "dense 12");
    assert_false(mli_kind_layers(mli_kind_find("logistic"), &mli_loss_cross_entropy, 12, spec, 8));
    assert_ptr_equal(mli_kind_loss(mli_kind_find("svm"), MLI_TASK_CLASSIFICATION), &mli_loss_squared_hinge);
    assert_ptr_equal(mli_kind_loss(mli_kind_find("svm"), MLI_TASK_REGRESSION), &mli_loss_epsilon_insensitive);
    assert_null(mli_kind_loss(mli_kind_find("poisson"), MLI_TASK_CLASSIFICATION));
    assert_true(mli_kind_takes(mli_kind_find("linear"), &mli_loss_huber));
    assert_false(mli_kind_takes(mli_kind_find("linear"), &mli_loss_poisson));
}

static void presets_become_specifications(void **state)
{
    static const struct {
        struct mli_stack stack;
        size_t outputs;
        const char *text; /* specification or error */
    } cases[] = {
        { { "64,32", "relu", 0, false }, 1, "dense 64, relu, dense 32, relu, dense 1" },
        { { " 8 ", "tanh", 0.25, true }, 3, "dense 8, batch_norm, tanh, dropout 0.25, dense 3" },
        { { "8,x", "relu", 0, false }, 1,
          "--hidden: column 3: expected a whole number of units of at least 1, found \"x\"; for example 128,64" },
        { { "", "relu", 0, false }, 1,
          "--hidden: column 1: expected a whole number of units of at least 1, found \"\"; for example 128,64" },
        { { "8, 0", "relu", 0, false }, 1,
          "--hidden: column 4: expected a whole number of units of at least 1, found \"0\"; for example 128,64" },
        { { "8,", "relu", 0, false }, 1, "--hidden: column 3: a number of units is missing behind the comma" },
        { { "8", "rely", 0, false }, 1, "--activation: no \"rely\"; did you mean \"relu\"?" },
        { { "8", "dropout", 0, false }, 1,
          "--activation: no \"dropout\"; expected one of: relu, leaky_relu, elu, gelu, tanh, sigmoid" },
        { { "8", "relu", 1, false }, 1, "--dropout 1 is out of range: it must be from 0 to below 1" },
        { { "8", "relu", NAN, false }, 1, "--dropout nan is out of range: it must be from 0 to below 1" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_buf spec;
        mli_buf_init(&spec, 1024);
        bool good = strncmp(cases[i].text, "--", 2) != 0;
        assert_int_equal(mli_stack_spec(&cases[i].stack, cases[i].outputs, &spec, &err), good ? ML_OK : ML_EUSAGE);
        assert_string_equal(good ? spec.data : err.text, cases[i].text);
        mli_buf_release(&spec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specifications_become_shapes),
        cmocka_unit_test(bad_specifications_name_layer_and_column),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
        cmocka_unit_test(start_is_zero_alone_and_drawn_in_a_stack),
        cmocka_unit_test(weights_are_penalised_and_biases_not),
        cmocka_unit_test(stack_computes_and_propagates),
        cmocka_unit_test(many_rows_equal_single_rows_bit_by_bit),
        cmocka_unit_test(parameters_survive_the_tensors),
        cmocka_unit_test(losses_have_names_and_shapes),
        cmocka_unit_test(losses_by_hand),
        cmocka_unit_test(kinks_are_where_the_slope_jumps),
        cmocka_unit_test(hinge_of_many_classes_is_a_sum),
        cmocka_unit_test(labels_agree),
        cmocka_unit_test(sides_weigh_the_classes_of_a_label),
        cmocka_unit_test(a_code_tells_all_labels),
        cmocka_unit_test(losses_are_read_and_written),
        cmocka_unit_test(squared_loss_by_hand),
        cmocka_unit_test(logistic_keeps_its_digits_at_any_logit),
        cmocka_unit_test(softmax_keeps_its_digits_at_any_logits),
        cmocka_unit_test(softmax_takes_many_rows),
        cmocka_unit_test(kinds_expand_to_layers),
        cmocka_unit_test(presets_become_specifications),
    };

    int failed = cmocka_run_group_tests_name("net", tests, NULL, NULL);
    failed += net_layer_tests();
    failed += net_gradient_tests();
    return failed;
}

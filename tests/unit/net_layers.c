/* What each layer computes: activations at known points, dropout's masks, batch_norm's statistics, first weights. */
#include <tests/unit/net.h>

#include <base/mem.h>
#include <float.h>
#include <net/members.h>

static void assert_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance * fmax(fabs(expected), DBL_MIN)))
        fail_msg("%.17g, expected %.17g", got, expected);
}

/* A layer alone, below a dense one that is not looked at. */
static const struct mli_layer *layer_of(const struct mli_network *net)
{
    return &net->layer[0];
}

static void activations_at_known_points(void **state)
{
    /* gelu: x (1 + erf(x / sqrt 2)) / 2; digits of mpmath */
    static const struct {
        const char *name;
        double x, z;
    } cases[] = {
        { "relu", 2.5, 2.5 },
        { "relu", -3, 0 },
        { "relu", 0, 0 },
        { "leaky_relu", 4, 4 },
        { "leaky_relu", -4, -0.04 },
        { "elu", 3, 3 },
        { "elu", -1e-9, -9.999999995e-10 },
        { "elu", -800, -1 },
        { "tanh", 1, 0.76159415595576488812 },
        { "tanh", -400, -1 },
        { "sigmoid", 0, 0.5 },
        { "sigmoid", 2, 0.88079707797788244406 },
        { "sigmoid", 800, 1 },
        { "sigmoid", -700, 9.8596765437597708567e-305 },
        { "gelu", 1, 0.84134474606854294859 },
        { "gelu", -1, -0.15865525393145705141 },
        { "gelu", 0, 0 },
        { "gelu", -10, -7.6198530241605260659e-23 },
        { "gelu", 40, 40 },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        char spec[64];
        double z, theta[4] = { 0 };
        snprintf(spec, sizeof(spec), "%s, dense 1", cases[i].name);
        struct mli_network *net = net_make(spec, 1);
        struct mli_turn turn = { .n = 1, .theta = theta, .X = &cases[i].x, .Z = &z };
        layer_of(net)->kind->forward(layer_of(net), &turn);
        assert_near(z, cases[i].z, 64 * DBL_EPSILON); /* erfc(7) magnifies the rounding of its argument 50 times */
        mli_network_free(net);
    }
}

static void what_is_no_number_stays_so(void **state)
{
    size_t kinds;
    const struct mli_layer_kind *const *kind = mli_layer_kinds(&kinds);
    (void)state;

    for (size_t k = 0; k < kinds; k++) {
        char spec[64];
        double x = NAN, z, theta[4] = { 0 };
        snprintf(spec, sizeof(spec), "%s, dense 1", kind[k]->example);
        if (!kind[k]->pointwise)
            continue;
        struct mli_network *net = net_make(spec, 1);
        struct mli_turn turn = { .n = 1, .theta = theta, .X = &x, .Z = &z };
        layer_of(net)->kind->forward(layer_of(net), &turn);
        assert_true(isnan(z));
        mli_network_free(net);
    }
}

/* ---- dropout ------------------------------------------------------------------------------------------------------ */

enum { N = 500, K = 7 };

static void drop(const struct mli_pass *pass, size_t n, const double *X, double *Z)
{
    struct mli_network *net = net_make("dropout 0.3, dense 1", K);
    struct mli_turn turn = { .pass = pass, .n = n, .X = X, .Z = Z };
    layer_of(net)->kind->forward(layer_of(net), &turn);
    mli_network_free(net);
}

static void dropout_keeps_the_mean_and_predicts_nothing(void **state)
{
    double X[N * K], Z[N * K];
    struct mli_pass pass = { .training = true, .seed = 5 };
    size_t kept = 0;
    (void)state;

    for (size_t i = 0; i < N * K; i++)
        X[i] = 1 + (double)i;
    drop(NULL, N, X, Z);
    assert_memory_equal(X, Z, sizeof(X));
    drop(&pass, N, X, Z);
    for (size_t i = 0; i < N * K; i++) {
        assert_true(Z[i] == 0 || fabs(Z[i] - X[i] / 0.7) < 1e-9);
        kept += Z[i] != 0;
    }
    /* 3500 draws: 0.7 within four deviations of 0.0077 */
    assert_true(fabs((double)kept / (N * K) - 0.7) < 0.031);
}

static void masks_follow_from_seed_row_and_unit(void **state)
{
    double X[N * K], all[N * K], part[N * K], other[N * K];
    struct mli_pass pass = { .training = true, .seed = 5, .row = 100 };
    size_t same = 0;
    (void)state;

    for (size_t i = 0; i < N * K; i++)
        X[i] = 1;
    drop(&pass, N, X, all);
    for (size_t i = 0; i < N; i += 50) { /* in blocks, last one first */
        size_t first = N - 50 - i;
        struct mli_pass block = { .training = true, .seed = 5, .row = 100 + first };
        drop(&block, 50, X, part + first * K);
    }
    assert_memory_equal(all, part, sizeof(all));
    pass.seed = 6;
    drop(&pass, N, X, other);
    for (size_t i = 0; i < N * K; i++)
        same += (all[i] == 0) == (other[i] == 0);
    /* two masks agree by chance in 0.58 of the places, deviation 0.0083 */
    assert_true(fabs((double)same / (N * K) - 0.58) < 0.034);
}

/* ---- batch_norm --------------------------------------------------------------------------------------------------- */

/* By hand: columns (1, 3) and (5, 5); means 2 and 5, variances 1 and 0. */
static void batch_norm_by_hand(void **state)
{
    static const double X[] = { 1, 5, 3, 5 }, dZ[] = { 1, 0, 0, 0 };
    static const double start[] = { 2, 1, 0.5, -1, 0, 0, 1, 1 };
    struct mli_network *net = net_make("batch_norm, dense 1", 2);
    const struct mli_layer *layer = layer_of(net);
    struct mli_pass pass = { .training = true };
    double theta[11] = { 0 }, grad[11] = { 0 }, Z[4 + 10], dX[4];
    double inverse = 1 / sqrt(1 + 1e-5);
    (void)state;

    memcpy(theta, start, sizeof(start));
    struct mli_turn turn = { .pass = &pass, .n = 2, .theta = theta, .X = X, .Z = Z, .dZ = dZ, .grad = grad, .dX = dX };
    assert_int_equal(layer->scratch, 10);
    layer->kind->forward(layer, &turn);
    assert_near(Z[0], 0.5 - 2 * inverse, 4 * DBL_EPSILON);
    assert_near(Z[2], 0.5 + 2 * inverse, 4 * DBL_EPSILON);
    assert_true(Z[1] == -1 && Z[3] == -1);
    layer->kind->backward(layer, &turn);
    assert_near(grad[0], -inverse, 4 * DBL_EPSILON);
    assert_true(grad[1] == 0 && grad[2] == 1 && grad[3] == 0);
    assert_true(grad[4] == 2 && grad[5] == 5);  /* mean - running mean */
    assert_true(grad[6] == 1 && grad[7] == -1); /* unbiased variance 2 and 0, less 1 */
    assert_near(dX[0], -dX[2], 1e-9);           /* a shift of the column changes nothing */
    mli_network_settle(net, theta, grad);
    assert_near(theta[4], 0.2, 4 * DBL_EPSILON);
    assert_near(theta[5], 0.5, 4 * DBL_EPSILON);
    assert_near(theta[6], 1.1, 4 * DBL_EPSILON);
    assert_near(theta[7], 0.9, 4 * DBL_EPSILON);
    assert_true(grad[4] == 0 && grad[5] == 0 && grad[6] == 0 && grad[7] == 0 && grad[2] == 1);
    turn.pass = NULL;
    layer->kind->forward(layer, &turn);
    assert_near(Z[0], 2 * (1 - theta[4]) / sqrt(theta[6] + 1e-5) + 0.5, 8 * DBL_EPSILON);
    assert_near(Z[1], (5 - theta[5]) / sqrt(theta[7] + 1e-5) - 1, 8 * DBL_EPSILON);
    mli_network_free(net);
}

/* Scale 1, shift 0, mean 0, variance 1 of every column: over whatever was there. */
static void batch_norm_begins_as_nothing(void **state)
{
    struct mli_network *net = net_make("batch_norm, dense 1", 5);
    double theta[26];
    (void)state;

    for (size_t i = 0; i < 26; i++)
        theta[i] = 9;
    layer_of(net)->kind->init(layer_of(net), theta, NULL);
    for (size_t i = 0; i < 20; i++)
        assert_true(theta[i] == (i < 5 || i >= 15 ? 1 : 0));
    assert_true(theta[20] == 9);
    mli_network_free(net);
}

static void one_row_has_no_variance_to_learn(void **state)
{
    static const double X[] = { 4 }, dZ[] = { 1 };
    struct mli_network *net = net_make("batch_norm, dense 1", 1);
    struct mli_pass pass = { .training = true };
    double theta[6] = { 1, 0, 1, 2, 0, 0 }, grad[6] = { 0 }, Z[6], dX[1];
    struct mli_turn turn = { .pass = &pass, .n = 1, .theta = theta, .X = X, .Z = Z, .dZ = dZ, .grad = grad, .dX = dX };
    (void)state;

    layer_of(net)->kind->forward(layer_of(net), &turn);
    assert_true(Z[0] == 0);
    layer_of(net)->kind->backward(layer_of(net), &turn);
    assert_true(grad[2] == 3 && grad[3] == 0 && dX[0] == 0);
    mli_network_free(net);
}

static void hostile_statistics_are_refused(void **state)
{
    struct mli_network *net = net_make("batch_norm, dense 1", 2);
    double theta[11] = { 1, 1, 0, 0, 0, 0, 1, -1e-9, 0, 0, 0 }, back[11] = { 0 };
    struct mli_tensors set;
    struct ml_error err = ML_ERROR_INIT;
    (void)state;

    mli_tensors_init(&set);
    assert_int_equal(mli_network_save(net, theta, &set, &err), ML_OK);
    assert_int_equal(set.count, 6);
    assert_string_equal(set.items[2].name, "net.0.running_mean");
    assert_string_equal(set.items[5].name, "net.1.bias");
    assert_int_equal(mli_network_load(net, back, &set, &err), ML_EARTIFACT);
    assert_string_equal(err.text,
                        "tensor \"net.0.running_var\": variance 1 is -1e-09, expected 0 or more");
    mli_tensors_release(&set);
    mli_network_free(net);
}

/* ---- stacks ------------------------------------------------------------------------------------------------------- */

/* He below what rectifies, whatever lies between; Glorot below the others and at the end. */
static void first_weights_suit_the_activation(void **state)
{
    static const struct {
        const char *spec;
        double fan; /* of the first dense layer: bound^2 = 6 / fan */
    } cases[] = {
        { "dense 40, relu, dense 1", 10 },
        { "dense 40, batch_norm, gelu, dense 1", 10 },
        { "dense 40, dropout 0.2, leaky_relu, dense 1", 10 },
        { "dense 40, tanh, dense 1", 50 },
        { "dense 40, batch_norm, sigmoid, relu, dense 1", 50 },
        { "dense 40, dense 1", 50 },
    };
    (void)state;

    for (size_t c = 0; c < COUNT(cases); c++) {
        struct mli_network *net = net_make(cases[c].spec, 10);
        double *theta = mli_calloc(net->parameters, sizeof(*theta)), largest = 0, bound = sqrt(6 / cases[c].fan);
        struct mli_rng rng;
        assert_non_null(theta);
        for (size_t j = 0; j < net->parameters; j++)
            theta[j] = 9; /* over whatever was there */
        mli_rng_init(&rng, 1);
        mli_network_init(net, theta, &rng);
        for (size_t j = 0; j < 400; j++)
            largest = fmax(largest, fabs(theta[j]));
        assert_true(largest <= bound && largest > 0.98 * bound);
        for (size_t j = 400; j < 440; j++)
            assert_true(theta[j] == 0);
        free(theta);
        mli_network_free(net);
    }
}

/* tanh after dense lies in its place; gelu reads its input and has a place of its own. */
static void activations_share_memory_where_they_can(void **state)
{
    struct mli_network *plain = net_make("dense 8, dense 1", 2), *in_place = net_make("dense 8, tanh, dense 1", 2),
                       *apart = net_make("dense 8, gelu, dense 1", 2),
                       *twice = net_make("dense 8, relu, dropout 0.5, dense 1", 2);
    (void)state;

    assert_int_equal(mli_network_workspace(plain, 3, false), 3 * 9);
    assert_int_equal(mli_network_workspace(in_place, 3, false), 3 * 9);
    assert_int_equal(mli_network_workspace(apart, 3, false), 3 * 17);
    assert_int_equal(mli_network_workspace(twice, 3, false), 3 * 17);
    mli_network_free(plain);
    mli_network_free(in_place);
    mli_network_free(apart);
    mli_network_free(twice);
}

static void stacks_predict_rows_one_by_one_alike(void **state)
{
    enum { ROWS = 37, D = 11 };
    struct mli_network *net = net_make("batch_norm, dense 7, gelu, dropout 0.5, dense 6, elu, dense 5, sigmoid, dense 3", D);
    struct mli_rng rng;
    double X[ROWS * D], theta[300], all[2048 + 64], one[128];
    (void)state;

    assert_true(net->parameters <= COUNT(theta));
    assert_true(mli_network_workspace(net, ROWS, false) <= COUNT(all));
    mli_rng_init(&rng, 4);
    mli_network_init(net, theta, &rng);
    for (size_t i = 0; i < ROWS * D; i++)
        X[i] = mli_rng_normal(&rng);
    const double *Z = mli_network_forward(net, &mli_kernels_plain, theta, ROWS, X, NULL, all);
    for (size_t i = 0; i < ROWS; i++) {
        const double *z = mli_network_forward(net, &mli_kernels_plain, theta, 1, X + i * D, NULL, one);
        assert_memory_equal(z, Z + i * 3, 3 * sizeof(double));
    }
    mli_network_free(net);
}

/* ---- members ------------------------------------------------------------------------------------------------------ */

enum { ROWS = 9, INPUTS = 5, MEMBERS = 3 };

/* Outputs of the stack against the mean of the members' own. */
static void check_members(const char *spec)
{
    struct mli_network *one = net_make(spec, INPUTS), *all = NULL;
    struct mli_rng rng;
    size_t outputs = one->outputs;
    assert_true(mli_members_suit(one));
    assert_int_equal(mli_members_network(one, MEMBERS, &all, NULL), ML_OK);
    double *theta = mli_calloc(MEMBERS * one->parameters, sizeof *theta), *joint = mli_calloc(all->parameters, sizeof *joint);
    double *workspace = mli_calloc(mli_network_workspace(all, ROWS, false), sizeof *workspace);
    double X[ROWS * INPUTS], mean[ROWS * 4] = { 0 };

    mli_rng_init(&rng, 1);
    for (size_t i = 0; i < MEMBERS * one->parameters; i++)
        theta[i] = 0.1 + mli_rng_uniform(&rng); /* above 0: some are variances */
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        X[i] = mli_rng_uniform(&rng) - 0.5;
    memset(joint, 0xFF, all->parameters * sizeof *joint);
    mli_members_join(one, MEMBERS, theta, joint);
    for (size_t m = 0; m < MEMBERS; m++) {
        const double *Z = mli_network_forward(one, &mli_kernels_plain, theta + m * one->parameters, ROWS, X, NULL, workspace);
        for (size_t i = 0; i < ROWS * outputs; i++)
            mean[i] += Z[i] / MEMBERS;
    }
    const double *Z = mli_network_forward(all, &mli_kernels_plain, joint, ROWS, X, NULL, workspace);
    for (size_t i = 0; i < ROWS * outputs; i++)
        assert_near(Z[i], mean[i], 1e-13);
    free(workspace);
    free(joint);
    free(theta);
    mli_network_free(all);
    mli_network_free(one);
}

static void members_side_by_side_are_their_mean(void **state)
{
    (void)state;
    check_members("dense 4, dense 2");
    check_members("dense 7, relu, dense 3");
    check_members("dense 6, batch_norm, gelu, dropout 0.2, dense 1");
    check_members("dense 4, tanh, dense 3, batch_norm, leaky_relu, dense 5, sigmoid, dense 4");
}

static void members_are_written_as_layers(void **state)
{
    struct mli_network *one = net_make("dense 64, batch_norm, relu, dropout 0.25, dense 32, dense 3", 8), *all = NULL;
    (void)state;

    assert_int_equal(mli_members_network(one, 5, &all, NULL), ML_OK);
    assert_string_equal(all->spec, "dense 320, batch_norm, relu, dropout 0.25, dense 160, dense 3");
    mli_network_free(all);
    mli_network_free(one);
    const char *const refused[] = { "dense 3", "relu, dense 3", "batch_norm, dense 4, relu, dense 1" };
    for (size_t i = 0; i < COUNT(refused); i++) {
        one = net_make(refused[i], 8);
        assert_false(mli_members_suit(one));
        mli_network_free(one);
    }
    one = net_make("dense 1048576, dense 1", 8); /* no layer may be wider */
    assert_int_equal(mli_members_network(one, 2, &all, NULL), ML_ELIMIT);
    mli_network_free(one);
}

int net_layer_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_at_known_points),
        cmocka_unit_test(what_is_no_number_stays_so),
        cmocka_unit_test(dropout_keeps_the_mean_and_predicts_nothing),
        cmocka_unit_test(masks_follow_from_seed_row_and_unit),
        cmocka_unit_test(batch_norm_by_hand),
        cmocka_unit_test(batch_norm_begins_as_nothing),
        cmocka_unit_test(one_row_has_no_variance_to_learn),
        cmocka_unit_test(hostile_statistics_are_refused),
        cmocka_unit_test(first_weights_suit_the_activation),
        cmocka_unit_test(activations_share_memory_where_they_can),
        cmocka_unit_test(stacks_predict_rows_one_by_one_alike),
        cmocka_unit_test(members_side_by_side_are_their_mean),
        cmocka_unit_test(members_are_written_as_layers),
    };
    return cmocka_run_group_tests_name("net: layers", tests, NULL, NULL);
}

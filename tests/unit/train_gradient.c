/* The objective, its gradient against central differences, and the line search. */
#include <tests/unit/train.h>

#include <base/mem.h>
#include <train/linesearch.h>

static const struct {
    const char *spec, *loss;
} stacks[] = {
    { "dense 1", "squared" },       { "dense 5, dense 1", "squared" },
    { "dense 1", "cross_entropy" }, { "dense 5, dense 1", "cross_entropy" },
    { "dense 3", "cross_entropy" }, { "dense 5, dense 3", "cross_entropy" },
    { "dense 1", "huber:0.7" },     { "dense 5, dense 1", "huber:0.7" },
    { "dense 1", "absolute" },      { "dense 5, dense 1", "absolute" },
    { "dense 1", "quantile:0.8" },  { "dense 5, dense 1", "quantile:0.8" },
    { "dense 1", "epsilon_insensitive:0.5" }, { "dense 5, dense 1", "epsilon_insensitive:0.5" },
    { "dense 1", "hinge" },         { "dense 5, dense 1", "hinge" },
    { "dense 3", "hinge" },         { "dense 5, dense 3", "hinge" },
    { "dense 1", "poisson" },       { "dense 5, dense 1", "poisson" },
    { "dense 1", "squared_epsilon_insensitive:0.5" }, { "dense 5, dense 1", "squared_epsilon_insensitive:0.5" },
    { "dense 1", "squared_hinge" }, { "dense 5, dense 1", "squared_hinge" },
    { "dense 3", "squared_hinge" }, { "dense 5, dense 3", "squared_hinge" },
};

/*
 * Central differences err by h^2 f'''/6 and by rounding, eps |f| / h. With h = 1e-6 both are near 1e-10 for values
 * around 1, so an entry is compared relative to its size or to 1e-3 of the largest one or of 1, whichever is largest.
 */
static void check_gradient(const struct problem *problem, const struct mli_train_config *config,
                           double *theta)
{
    size_t p = problem->net->parameters;
    double *grad = mli_alloc(p, sizeof(double)), largest = 0;

    assert_non_null(grad);
    problem_value(problem, config, theta, grad);
    for (size_t j = 0; j < p; j++)
        largest = fmax(largest, fabs(grad[j]));
    for (size_t j = 0; j < p; j++) {
        double x = theta[j], h = 1e-6 * fmax(1, fabs(x)), up, down;
        theta[j] = x + h;
        up = problem_value(problem, config, theta, NULL);
        theta[j] = x - h;
        down = problem_value(problem, config, theta, NULL);
        theta[j] = x;
        double slope = (up - down) / (2 * h), scale = fmax(fabs(grad[j]), 1e-3 * fmax(largest, 1));
        if (!(fabs(slope - grad[j]) < 1e-6 * scale))
            fail_msg("%s, %s, parameter %zu: %.12g, differences give %.12g", problem->net->spec,
                     problem->loss->name, j, grad[j], slope);
    }
    free(grad);
}

static void gradients_equal_differences(void **state)
{
    static const struct {
        double l1, l2;
    } penalties[] = { { 0, 0 }, { 0, 0.3 }, { 0.2, 0 }, { 0.1, 0.1 } };
    (void)state;

    for (size_t s = 0; s < COUNT(stacks); s++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct problem problem = problem_new(stacks[s].spec, stacks[s].loss, 40, 6, 0.9, seed);
            double theta[64], weight[40];
            struct mli_rng rng;
            mli_rng_init(&rng, seed + 100);
            for (size_t j = 0; j < problem.net->parameters; j++)
                theta[j] = 0.5 * mli_rng_normal(&rng);
            for (size_t i = 0; i < 40; i++)
                weight[i] = 0.1 + 2 * mli_rng_uniform(&rng);
            problem.data.weight = seed % 2 ? weight : NULL;
            for (size_t c = 0; c < COUNT(penalties); c++) {
                struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
                config.l1 = penalties[c].l1;
                config.l2 = penalties[c].l2;
                check_gradient(&problem, &config, theta);
            }
            problem_release(&problem);
        }
    }
}

/* Two rows by hand: loss (3 * 0.5 * 4 + 1 * 0.5 * 1) / 4, penalties on the weights alone. */
static void objective_by_hand(void **state)
{
    static const double X[] = { 1, 2, -1, 0 }, y[] = { 1, 0 }, weight[] = { 3, 1 },
                        theta[] = { 2, 0, 1 };
    struct problem problem = problem_new("dense 1", "squared", 2, 2, 1, 1);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    double grad[3];
    (void)state;

    problem.data.X = X;
    problem.data.y = y;
    problem.data.weight = weight;
    assert_true(problem_value(&problem, &config, theta, grad) == 1.625);
    assert_true(grad[0] == 1.75 && grad[1] == 3 && grad[2] == 1.25);
    config.l2 = 0.5;
    config.l1 = 4;
    assert_true(problem_value(&problem, &config, theta, grad) == 1.625 + 0.25 * 4 + 4 * 2);
    assert_true(grad[0] == 1.75 + 1 + 4 && grad[2] == 1.25);
    assert_true(grad[1] == 0); /* a slope of 3 does not move a 0 that costs 4 */
    config.l1 = 1;
    problem_value(&problem, &config, theta, grad);
    assert_true(grad[1] == 2);
    problem_release(&problem);
}

/* Two thousand rows make several blocks and chunks; their sum is that of the rows one by one, to rounding. */
static void blocks_add_up(void **state)
{
    struct problem problem = problem_new("dense 4, dense 3", "cross_entropy", 2000, 20, 1, 3);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    size_t p = problem.net->parameters;
    double theta[128], all[128], one[128], sum[128] = { 0 }, value = 0;
    struct mli_train_data whole = problem.data;
    struct mli_rng rng;
    (void)state;

    mli_rng_init(&rng, 1);
    mli_network_init(problem.net, theta, &rng);
    double total = problem_value(&problem, &config, theta, all);
    for (size_t i = 0; i < whole.n; i++) {
        problem.data =
            (struct mli_train_data){ .n = 1, .d = whole.d, .X = whole.X + i * whole.d, .y = whole.y + i };
        value += problem_value(&problem, &config, theta, one) / (double)whole.n;
        for (size_t j = 0; j < p; j++)
            sum[j] += one[j] / (double)whole.n;
    }
    assert_true(fabs(total - value) < 1e-12);
    for (size_t j = 0; j < p; j++)
        assert_true(fabs(all[j] - sum[j]) < 1e-12);
    problem_release(&problem);
}

/* A batch of two thousand rows is one block where a layer measures it: the running mean moves a tenth of the way to theirs. */
static void what_is_measured_is_the_whole_batch(void **state)
{
    enum { N = 2000, D = 20 };
    struct problem problem = problem_new("batch_norm, dense 4, relu, dense 1", "squared", N, D, 1, 3);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    double theta[512];
    (void)state;

    config.optimiser = "sgd";
    config.batch = N;
    config.epochs = 1;
    config.threads = 2;
    problem_train(&problem, &config, theta);
    for (size_t j = 0; j < D; j++) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < N; i++)
            mean += problem.X[i * D + j] / N;
        for (size_t i = 0; i < N; i++)
            variance += (problem.X[i * D + j] - mean) * (problem.X[i * D + j] - mean) / (N - 1);
        assert_true(fabs(theta[2 * D + j] - 0.1 * mean) < 1e-14);
        assert_true(fabs(theta[3 * D + j] - (0.9 + 0.1 * variance)) < 1e-12);
    }
    problem_release(&problem);
}

/*
 * ---- line search -------------------------------------------------------------------------------------------------
 */

/* Functions of one variable that fall at 0; the second half from More & Thuente 1994, section 5, or with walls. */
static double quadratic(double t)
{
    return (t - 3) * (t - 3);
}
static double quadratic_slope(double t)
{
    return 2 * (t - 3);
}
static double quartic(double t)
{
    return pow(t - 2, 4) - t;
}
static double quartic_slope(double t)
{
    return 4 * pow(t - 2, 3) - 1;
}
static double rational(double t)
{
    return -t / (t * t + 2);
}
static double rational_slope(double t)
{
    return (t * t - 2) / ((t * t + 2) * (t * t + 2));
}
static double power(double t)
{
    return pow(t + 0.004, 5) - 2 * pow(t + 0.004, 4);
}
static double power_slope(double t)
{
    return 5 * pow(t + 0.004, 4) - 8 * pow(t + 0.004, 3);
}
static double wall(double t)
{
    return t < 1 ? -t - log1p(-t) * 0.1 : INFINITY;
}
static double wall_slope(double t)
{
    return t < 1 ? -1 + 0.1 / (1 - t) : NAN;
}
static double hole(double t)
{
    return t < 0.5 ? -t : NAN;
}
static double hole_slope(double t)
{
    return t < 0.5 ? -1 : NAN;
}
static double endless(double t)
{
    return -t;
}
static double endless_slope(double t)
{
    (void)t;
    return -1;
}

struct function {
    double (*value)(double), (*slope)(double);
    double last;
};

static struct mli_line_point evaluate(void *data, double t)
{
    struct function *f = data;
    f->last = t;
    return (struct mli_line_point){ t, f->value(t), f->slope(t) };
}

static void line_search_meets_the_wolfe_conditions(void **state)
{
    static const struct function functions[] = {
        { quadratic, quadratic_slope, 0 }, { quartic, quartic_slope, 0 },
        { rational, rational_slope, 0 },   { power, power_slope, 0 },
        { wall, wall_slope, 0 },
    };
    static const double first[] = { 1e-6, 1e-3, 0.1, 1, 10, 1e3, 1e6 };
    (void)state;

    for (size_t i = 0; i < COUNT(functions); i++) {
        for (size_t j = 0; j < COUNT(first); j++) {
            struct function f = functions[i];
            struct mli_line line = { evaluate, &f };
            struct mli_line_point start = evaluate(&f, 0), found;
            if (!mli_line_search(&line, start, first[j], &found))
                fail_msg("function %zu from %g: nothing found", i, first[j]);
            assert_true(found.t > 0 && f.last == found.t);
            assert_true(found.value == f.value(found.t));
            assert_true(found.value <= start.value + 1e-4 * found.t * start.slope);
            assert_true(fabs(found.slope) <= 0.9 * -start.slope);
        }
    }
}

static void line_search_ends_where_there_is_no_such_point(void **state)
{
    struct function f = { hole, hole_slope, 0 };
    struct mli_line line = { evaluate, &f };
    struct mli_line_point start = evaluate(&f, 0), found;
    (void)state;

    assert_true(mli_line_search(&line, start, 1, &found)); /* lower, though never flatter */
    assert_true(found.t > 0.25 && found.t < 0.5 && f.last == found.t);
    f = (struct function){ endless, endless_slope, 0 };
    assert_true(mli_line_search(&line, start, 1, &found));
    assert_true(found.t > 1e6 && f.last == found.t);
    start.slope = -1; /* a slope that promises what the function does not keep */
    f = (struct function){ rational, rational_slope, 0 };
    start.value = -10;
    assert_false(mli_line_search(&line, start, 1, &found));
}

int train_gradient_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_equal_differences),
        cmocka_unit_test(objective_by_hand),
        cmocka_unit_test(blocks_add_up),
        cmocka_unit_test(what_is_measured_is_the_whole_batch),
        cmocka_unit_test(line_search_meets_the_wolfe_conditions),
        cmocka_unit_test(line_search_ends_where_there_is_no_such_point),
    };

    return cmocka_run_group_tests_name("train: gradients", tests, NULL, NULL);
}

/*
 * Optima: scikit-learn's (tests/numeric/train_expected.h), every optimiser on every toy problem, and the same bits
 * for every number of threads.
 */
#include <tests/unit/train.h>

#include <base/mem.h>
#include <tests/numeric/train_expected.h>

/* theta holds (outputs, d) weights and then biases; row by row with the bias last is how the reference is kept. */
static double expected_entry(const struct expected_optimum *e, size_t d, size_t j)
{
    size_t weights = e->outputs * d;
    return j < weights ? e->theta[j / d * (d + 1) + j % d] : e->theta[(j - weights) * (d + 1) + d];
}

/* More than one bias: a shift of all changes nothing, the reference has mean 0. */
static void centre(double *bias, size_t k)
{
    double mean = 0;
    for (size_t c = 0; k > 1 && c < k; c++)
        mean += bias[c] / (double)k;
    for (size_t c = 0; c < k; c++)
        bias[c] -= mean;
}

/* 1e-6 of the largest coefficient; what l1 takes out must be 0 exactly. */
static void lbfgs_reaches_the_optima_of_scikit_learn(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected_optimum); i++) {
        const struct expected_optimum *e = &expected_optimum[i];
        struct problem problem = problem_read(e->table, e->loss, e->outputs, e->weighted);
        size_t d = problem.data.d, p = problem.net->parameters;
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        double theta[64], largest = 0;
        config.l1 = e->l1;
        config.l2 = e->l2;
        config.tolerance = 1e-10;
        struct mli_train_state end = problem_train(&problem, &config, theta);
        print_message("%-34s %4zu epochs, gradient %.1e, %s\n", e->name, end.epoch, end.gradient,
                      mli_train_end_text(end.end));
        assert_true(end.end == MLI_TRAIN_CONVERGED || end.end == MLI_TRAIN_STALLED);
        if (!e->l1 && strcmp(e->loss, "squared") == 0) /* the preconditioner is the Hessian here */
            assert_true(end.epoch <= 3);
        centre(theta + e->outputs * d, e->outputs);
        for (size_t j = 0; j < p; j++)
            largest = fmax(largest, fabs(expected_entry(e, d, j)));
        for (size_t j = 0; j < p; j++) {
            double expected = expected_entry(e, d, j);
            if (!(fabs(theta[j] - expected) <= 1e-6 * fmax(fabs(expected), 1e-2 * largest)))
                fail_msg("%s, parameter %zu: %.12g, expected %.12g", e->name, j, theta[j],
                         expected);
            if (e->l1 > 0 && expected == 0)
                assert_true(theta[j] == 0);
        }
        problem_release(&problem);
    }
}

/*
 * ---- toy problems ------------------------------------------------------------------------------------------------
 */

static const struct toy {
    const char *name, *spec, *loss;
    size_t n, d;
    double
        spread; /* column j is scaled by spread^j: 0.4^3 makes a condition number of some hundreds */
    double l1, l2;
    bool hard;
    bool separable; /* the class is the sign of the first columns' sum */
} toys[] = {
    { "well-conditioned quadratic", "dense 1", "squared", 200, 5, 1, 0, 0, false, false },
    { "ill-conditioned quadratic", "dense 1", "squared", 200, 4, 0.4, 0, 0, true, false },
    { "ridge", "dense 1", "squared", 300, 10, 0.9, 0, 0.1, false, false },
    { "lasso", "dense 1", "squared", 300, 10, 1, 0.5, 0, false, false },
    { "logistic", "dense 1", "cross_entropy", 400, 5, 1, 0, 0.01, false, false },
    { "softmax", "dense 3", "cross_entropy", 400, 5, 1, 0, 0.01, false, false },
    { "softmax with both penalties", "dense 3", "cross_entropy", 400, 5, 1, 0.02, 0.01, false, false },
    { "three labels", "dense 3", "binary_cross_entropy", 400, 5, 1, 0, 0.01, false, false },
    { "three labels, l1", "dense 3", "binary_cross_entropy", 400, 5, 1, 0.02, 0, false, false },
    { "huber", "dense 1", "huber:0.3", 300, 5, 1, 0, 0.01, false, false },
    { "huber, l1", "dense 1", "huber:0.3", 300, 5, 1, 0.05, 0, false, false },
    { "svr", "dense 1", "squared_epsilon_insensitive:0.2", 300, 5, 1, 0, 0.01, false, false },
    { "svm", "dense 1", "squared_hinge", 300, 5, 1, 0, 0.01, false, false },
    { "svm, three classes", "dense 3", "squared_hinge", 300, 5, 1, 0, 0.01, false, false },
    { "poisson", "dense 1", "poisson", 300, 5, 1, 0, 0.01, false, false },
    { "median", "dense 1", "absolute", 300, 5, 1, 0, 0, false, false },
    { "median, both penalties", "dense 1", "absolute", 300, 5, 1, 0.05, 0.1, false, false },
    { "quantile, l1", "dense 1", "quantile:0.8", 300, 5, 1, 0.05, 0, false, false },
    { "svr, epsilon", "dense 1", "epsilon_insensitive:0.2", 300, 5, 1, 0, 0.01, false, false },
    { "hinge", "dense 1", "hinge", 300, 5, 1, 0, 0.01, false, false },
    { "hinge, l1", "dense 1", "hinge", 300, 5, 1, 0.02, 0, false, false },
    { "hinge, three classes", "dense 3", "hinge", 300, 5, 1, 0, 0.01, false, false },
    { "separable hinge", "dense 1", "hinge", 300, 4, 1, 0, 0.01, false, true },
    { "one row", "dense 1", "squared", 1, 3, 1, 0, 0.1, true, false },
    { "separable logistic", "dense 1", "cross_entropy", 300, 4, 1, 0, 0.01, false, true },
    { "separable logistic, l1", "dense 1", "cross_entropy", 300, 4, 1, 0.01, 0, false, true },
};

/*
 * How near the objective comes to its least, relative to where it started. lbfgs: rounding. interior: it says so. gd: its error falls by a
 * factor of 1 - 1/condition an epoch. The others see noise, which the falling step size takes out in the end.
 */
static const struct {
    const char *optimiser;
    size_t epochs;
    double easy,
        hard; /* hard: an ill-conditioned problem, or one row, which is one step an epoch */
} runs[] = {
    { "lbfgs", 1000, 1e-12, 1e-12 },  { "interior", 300, 1e-7, 1e-7 }, { "gd", 2000, 1e-9, 2e-4 },   { "sgd", 1000, 1e-4, 5e-3 },
    { "momentum", 1000, 1e-4, 5e-3 }, { "nesterov", 1000, 1e-4, 5e-3 },
    { "adagrad", 1000, 1e-4, 5e-3 },  { "rmsprop", 1000, 1e-4, 5e-3 },
    { "adam", 1000, 1e-4, 5e-3 },     { "adamw", 1000, 1e-4, 5e-3 },
};

static void separate(const struct problem *problem)
{
    for (size_t i = 0; i < problem->data.n; i++) {
        const double *x = problem->X + i * problem->data.d;
        problem->y[i] = x[0] + x[1] > 0;
    }
}

static void every_optimiser_reaches_every_optimum(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(toys); i++) {
        const struct toy *toy = &toys[i];
        struct problem problem = problem_new(toy->spec, toy->loss, toy->n, toy->d, toy->spread, 7);
        if (toy->separable)
            separate(&problem);
        struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
        double theta[64] = { 0 }, grad[64], least = 0;
        config.l1 = toy->l1;
        config.l2 = toy->l2;
        double start = problem_value(&problem, &config, theta, NULL);
        for (size_t r = 0; r < COUNT(runs); r++) {
            if (!suits(runs[r].optimiser, problem.loss))
                continue;
            config.optimiser = runs[r].optimiser;
            config.epochs = runs[r].epochs;
            config.decay = 0; /* it has an optimum of its own */
            struct mli_train_state end = problem_train(&problem, &config, theta);
            double value = problem_value(&problem, &config, theta, grad);
            if (problem.loss->kinks && r == 1) { /* interior's certificate: the least is not lower by more */
                least = value;
                assert_int_equal(end.end, MLI_TRAIN_CONVERGED);
                assert_true(end.gradient <= config.tolerance && value <= (1 + 1e-12) * end.objective);
            }
            if (r == 0) { /* lbfgs goes first and its gradient says that this is the optimum */
                least = value;
                for (size_t j = 0; j < problem.net->parameters; j++)
                    assert_true(fabs(grad[j]) < 1e-7);
            }
            double gap = (value - least) / (start - least);
            print_message("%-28s %-9s %5zu epochs, gap %8.1e, rate %.2g, %s\n", toy->name,
                          config.optimiser, end.epoch, gap, end.rate, mli_train_end_text(end.end));
            if (!(gap <= (toy->hard ? runs[r].hard : runs[r].easy)))
                fail_msg("%s, %s: %.3g above the optimum", toy->name, config.optimiser, gap);
        }
        problem_release(&problem);
    }
}

/* A stack is not convex, but without activations its least loss is that of one layer. */
static void every_optimiser_trains_a_stack(void **state)
{
    struct problem flat = problem_new("dense 1", "squared", 300, 6, 1, 9);
    struct problem deep = problem_new("dense 5, dense 1", "squared", 300, 6, 1, 9);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    double theta[64];
    (void)state;

    double least = problem_train(&flat, &config, theta).loss;
    for (size_t r = 0; r < COUNT(runs); r++) {
        if (!suits(runs[r].optimiser, flat.loss))
            continue;
        config.optimiser = runs[r].optimiser;
        config.epochs = 1000;
        struct mli_train_state end = problem_train(&deep, &config, theta);
        config.l2 = 0;
        double loss = problem_value(&deep, &config, theta, NULL);
        print_message("stack %-9s %5zu epochs, loss %.9g, least %.9g, rate %.2g, %s\n",
                      config.optimiser, end.epoch, loss, least, end.rate,
                      mli_train_end_text(end.end));
        if (!(loss <= least * 1.001))
            fail_msg("%s: %.9g, one layer reaches %.9g", config.optimiser, loss, least);
    }
    problem_release(&flat);
    problem_release(&deep);
}

/*
 * A bent valley, as Rosenbrock's: the four parameters of w tanh(v x + b) + c fit a curve of that form without error, and
 * on the way there v and w trade against each other. Both signs of v and w are optima.
 */
static void every_optimiser_finds_the_end_of_a_valley(void **state)
{
    struct problem problem = problem_new("dense 1, tanh, dense 1", "squared", 80, 1, 1, 4);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    mli_real theta[4], zero[4] = { 0 };
    (void)state;

    for (size_t i = 0; i < problem.data.n; i++)
        problem.y[i] = 1.5 * tanh(1.2 * (double)problem.X[i] - 0.5) + 0.3;
    double start = problem_value(&problem, &config, zero, NULL);
    for (size_t r = 0; r < COUNT(runs); r++) {
        config.optimiser = runs[r].optimiser;
        if (strcmp(config.optimiser, "interior") == 0) /* for one layer and losses with kinks */
            continue;
        config.epochs = strcmp(config.optimiser, "gd") ? 3000 : 30000;
        config.batch = 16;
        config.seed = 5;
        config.decay = 0;
        struct mli_train_state end = problem_train(&problem, &config, theta);
        double gap = problem_value(&problem, &config, theta, NULL) / start;
        print_message("valley %-9s %5zu epochs, gap %8.1e, rate %.2g, %s\n", config.optimiser, end.epoch, gap, end.rate,
                      mli_train_end_text(end.end));
        if (!(gap <= runs[r].easy))
            fail_msg("%s: %.3g above the optimum", config.optimiser, gap);
    }
    problem_release(&problem);
}

/*
 * ---- threads -----------------------------------------------------------------------------------------------------
 */

/*
 * Wide layers go through BLAS, narrow ones through the portable loops; rows and batches are many enough for four
 * threads to be woken (train/blocks.c).
 */
static void threads_do_not_change_a_bit(void **state)
{
    static const struct {
        const char *spec, *loss;
        size_t n;
    } cases[] = {
        { "dense 1", "squared", 120000 },
        { "dense 3", "cross_entropy", 40000 },
        { "dense 20, dense 3", "cross_entropy", 6000 },
        { "dense 1", "epsilon_insensitive:0.1", 40000 },
        { "dense 3", "hinge", 6000 },
    };
    (void)state;

    for (size_t c = 0; c < COUNT(cases); c++) {
        struct problem problem = problem_new(cases[c].spec, cases[c].loss, cases[c].n, 24, 0.95, 5);
        size_t p = problem.net->parameters;
        double one[1024], many[1024];
        assert_true(p <= COUNT(one));
        for (const char *const *name = mli_optimiser_names(); *name; name++) {
            if (!suits(*name, problem.loss))
                continue;
            struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
            config.optimiser = *name;
            config.epochs = 3;
            config.batch = cases[c].n / 2;
            config.l2 = 0.01;
            config.seed = 11;
            struct mli_train_state a = problem_train(&problem, &config, one), b;
            for (config.threads = 2; config.threads <= 4; config.threads += 2) {
                b = problem_train(&problem, &config, many);
                assert_memory_equal(one, many, p * sizeof(double));
                assert_memory_equal(&a.objective, &b.objective, sizeof(double));
            }
        }
        problem_release(&problem);
    }
}

static void seeds_choose_the_order_of_rows(void **state)
{
    struct problem problem = problem_new("dense 1", "squared", 100, 3, 1, 5);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    double first[4], again[4], other[4];
    (void)state;

    config.optimiser = "sgd";
    config.epochs = 3;
    problem_train(&problem, &config, first);
    problem_train(&problem, &config, again);
    config.seed = 1;
    problem_train(&problem, &config, other);
    assert_memory_equal(first, again, sizeof(first));
    assert_memory_not_equal(first, other, sizeof(first));
    problem_release(&problem);
}

/* ---- a start by a sample ----------------------------------------------------------------------------------------- */

enum { MANY = 140000 };

/*
 * Trains with the tolerance 1e-9; the optimum is where the gradient of all rows says that it is. settle: what is done to the
 * rows first.
 */
static struct mli_train_state train_many(const char *loss, void (*settle)(struct problem *problem), size_t threads,
                                         double *theta)
{
    struct problem problem = problem_new("dense 1", loss, MANY, 4, 0.5, 21);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    double grad[5];

    config.l2 = 1e-5;
    config.tolerance = 1e-9;
    config.threads = threads;
    if (settle)
        settle(&problem);
    struct mli_train_state end = problem_train(&problem, &config, theta);
    print_message("%-14s %zu threads: %zu epochs, gradient %.1e\n", loss, threads, end.epoch, end.gradient);
    assert_int_equal(end.end, MLI_TRAIN_CONVERGED);
    problem_value(&problem, &config, theta, grad);
    for (size_t j = 0; j < COUNT(grad); j++)
        assert_true(fabs(grad[j]) <= 1.001e-9);
    problem_release(&problem);
    return end;
}

static void weigh(struct problem *problem)
{
    problem->weight = mli_alloc(MANY, sizeof(double));
    assert_non_null(problem->weight);
    for (size_t i = 0; i < MANY; i++)
        problem->weight[i] = i % 3 ? 0.5 : 2;
    problem->data.weight = problem->weight;
}

/* Rows in the order of their classes, and a feature that is there in one of 2000: hardly in a sample. */
static void hide(struct problem *problem)
{
    for (size_t i = 0; i < MANY; i++) {
        problem->X[i * 4] = i % 2000 == 7;
        problem->y[i] = i % 2000 == 7 ? i % 4000 == 7 : i > MANY / 3;
    }
}

/* Hardly one of the second class, of which the sample may have none. */
static void starve(struct problem *problem)
{
    for (size_t i = 0; i < MANY; i++)
        problem->y[i] = i == 77777 || i == 99999;
}

static void many_rows_begin_at_the_optimum_of_a_sample(void **state)
{
    static const char *const losses[] = { "cross_entropy", "squared_hinge", "poisson", "huber:0.5" };
    double one[5], three[5];
    (void)state;
    for (size_t i = 0; i < COUNT(losses); i++) {
        struct mli_train_state end = train_many(losses[i], NULL, 1, one);
        assert_true(end.sampled && end.epoch <= 6);
        train_many(losses[i], NULL, 3, three);
        assert_memory_equal(one, three, sizeof one);
    }
    assert_true(train_many("cross_entropy", weigh, 2, one).epoch <= 6);
    assert_true(train_many("cross_entropy", hide, 2, one).sampled);
    assert_false(train_many("cross_entropy", starve, 2, one).sampled);
    assert_false(train_many("squared", NULL, 2, one).sampled); /* one step is enough from anywhere */
}

int train_optimum_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lbfgs_reaches_the_optima_of_scikit_learn),
        cmocka_unit_test(every_optimiser_reaches_every_optimum),
        cmocka_unit_test(every_optimiser_trains_a_stack),
        cmocka_unit_test(every_optimiser_finds_the_end_of_a_valley),
        cmocka_unit_test(many_rows_begin_at_the_optimum_of_a_sample),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(seeds_choose_the_order_of_rows),
    };

    return cmocka_run_group_tests_name("train: optima", tests, NULL, NULL);
}

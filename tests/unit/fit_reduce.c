/* Selected features and principal components against scikit-learn's (tests/numeric/reduce_reference.py), and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first */
#include <cmocka.h>

#include <fit/l1.h>
#include <fit/matrix.h>
#include <fit/plan.h>
#include <la/kernels.h>
#include <math.h>
#include <prep/stage.h>
#include <stdlib.h>
#include <string.h>
#include <tests/unit/fit.h>

struct expected {
    const char *file, *target, *scale, *split, *select, *pca;
    size_t rows, step, features, scores;
    const char *const *name;
    const double *score, *variance, *ratio;
    const double *X; /* of every step-th row */
};

#include <tests/numeric/reduce_expected.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool near(double found, double wanted, double tolerance)
{
    return fabs(found - wanted) <= tolerance * (1 + fabs(wanted));
}

static struct ml_fit_config config_of(const char *target, const char **scale, const char **select,
                                      const char **pca)
{
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;

    config.target = target;
    config.split = "every:5";
    config.clean.scale = scale;
    config.clean.select = select;
    config.clean.pca = pca;
    return config;
}

static enum ml_status fit(const struct ml_table *table, const struct ml_fit_config *config,
                          struct mli_pipeline **out, struct ml_error *err)
{
    struct mli_settings settings;
    struct mli_plan plan = { 0 };
    enum ml_status status = mli_settings_check(config, &settings, err);

    if (status == ML_OK)
        status = mli_plan_make(table, config->target, "auto", &settings, 1, NULL, &plan, err);
    if (status == ML_OK)
        status = mli_plan_fit_pipeline(table, &plan, &settings, NULL, out, err);
    mli_plan_release(&plan);
    return status;
}

static const void *state_of(const struct mli_pipeline *pipeline, const struct mli_stage_kind *kind)
{
    for (size_t i = 0; i < mli_pipeline_stages(pipeline); i++) {
        if (mli_pipeline_stage(pipeline, i)->kind == kind)
            return mli_pipeline_stage(pipeline, i)->state;
    }
    return NULL;
}

/* Weights under a penalty agree as far as both solvers go; everything else to rounding. */
static void compare_states(const struct expected *c, const struct mli_pipeline *pipeline)
{
    const struct mli_select *select = state_of(pipeline, &mli_select_stage);
    const struct mli_pca *pca = state_of(pipeline, &mli_pca_stage);

    assert_true((select != NULL) == (c->select != NULL) && (pca != NULL) == (c->pca != NULL));
    for (size_t j = 0; j < c->scores; j++) {
        if (!near(select->score[j], c->score[j], select->method == MLI_SELECT_L1 ? 1e-7 : 1e-9))
            fail_msg("%s %s: score %zu is %.17g instead of %.17g", c->file, c->select, j,
                     select->score[j], c->score[j]);
    }
    for (size_t i = 0; pca && i < c->features; i++)
        assert_true(near(pca->variance[i], c->variance[i], 1e-9) &&
                    near(pca->ratio[i], c->ratio[i], 1e-9));
}

static void compare_case(const struct expected *c)
{
    const char *scale[] = { c->scale, NULL }, *select[] = { c->select, NULL }, *pca[] = { c->pca, NULL };
    struct ml_fit_config config = config_of(c->target, scale, select, pca);
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline = NULL;
    struct ml_table *table = NULL;
    const double *wanted = c->X;

    config.split = c->split;
    if (ml_table_read(c->file, NULL, &table, &err) != ML_OK || fit(table, &config, &pipeline, &err) != ML_OK)
        fail_msg("%s: %s", c->file, err.text);
    uint8_t *all = calloc(c->rows, 1);
    double *X = calloc(c->rows * c->features, sizeof(*X));
    assert_true(all && X && table->rows == c->rows);
    assert_int_equal(mli_pipeline_features(pipeline), c->features);
    const struct mli_matrix_rows rows = { .pipeline = pipeline, .table = table, .part = all };
    assert_int_equal(mli_matrix_build(&rows, false, X, &err), ML_OK);
    compare_states(c, pipeline);
    for (size_t j = 0; j < c->features; j++)
        assert_string_equal(mli_pipeline_feature(pipeline, j), c->name[j]);
    for (size_t i = 0; i < c->rows; i += c->step, wanted += c->features) {
        for (size_t j = 0; j < c->features; j++) {
            if (!near(X[i * c->features + j], wanted[j], 1e-9))
                fail_msg("%s row %zu, %s: %.17g instead of %.17g", c->file, i, c->name[j],
                         X[i * c->features + j], wanted[j]);
        }
    }
    free(X);
    free(all);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void against_scikit_learn(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(expected); k++)
        compare_case(&expected[k]);
}

/* ---- three ways to the same weights --------------------------------------------------------------------------- */

/* A table's training rows with their pipeline. */
struct problem {
    struct ml_table *table;
    struct mli_plan plan;
    struct mli_pipeline *pipeline;
    struct mli_reduce_rows rows;
    double *y; /* as struct mli_l1 wants it */
};

static void standardise(double *y, size_t n)
{
    double mean = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        mean += y[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (y[i] - mean) * (y[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++)
        y[i] = (y[i] - mean) / sqrt(squares);
}

static void problem_init(struct problem *p, const char *file, const char *target)
{
    const struct ml_fit_config config = config_of(target, NULL, NULL, NULL);
    struct mli_settings settings;

    *p = (struct problem){ 0 };
    assert_int_equal(mli_settings_check(&config, &settings, NULL), ML_OK);
    assert_int_equal(ml_table_read(file, NULL, &p->table, NULL), ML_OK);
    assert_int_equal(mli_plan_make(p->table, target, "auto", &settings, 1, NULL, &p->plan, NULL), ML_OK);
    assert_int_equal(mli_plan_fit_pipeline(p->table, &p->plan, &settings, NULL, &p->pipeline, NULL), ML_OK);
    p->rows = (struct mli_reduce_rows){ .table = p->table,
                                        .part = p->plan.part,
                                        .which = MLI_PART_TRAIN,
                                        .n = p->plan.rows[MLI_PART_TRAIN],
                                        .classes = p->plan.target.of[0].classes,
                                        .threads = 1,
                                        .memory = SIZE_MAX };
    p->y = calloc(p->rows.n, sizeof(*p->y));
    assert_non_null(p->y);
    for (size_t i = 0, at = 0; i < p->table->rows; i++)
        if (p->plan.part[i] == MLI_PART_TRAIN)
            p->y[at++] = p->plan.target.y[i]; /* no target is missing */
    if (!p->rows.classes)
        standardise(p->y, p->rows.n);
}

static void problem_release(struct problem *p)
{
    free(p->y);
    mli_pipeline_free(p->pipeline);
    mli_plan_release(&p->plan);
    ml_table_free(p->table);
}

static void compare_ways(const char *file, const char *target, size_t outputs)
{
    struct problem p;
    enum { MOST = 40 };
    double fast[MOST], trained[MOST];

    problem_init(&p, file, target);
    struct mli_l1 a = { p.pipeline, &p.rows, mli_pipeline_features(p.pipeline), outputs, p.y, NAN }, b = a;
    assert_true(a.d <= MOST);
    assert_int_equal(p.rows.classes ? mli_l1_newton(&a, fast, NULL) : mli_l1_gram(&a, fast, NULL), ML_OK);
    assert_int_equal(mli_l1_trained(&b, trained, NULL), ML_OK);
    assert_true(near(a.strength, b.strength, 1e-12) && a.strength > 0);
    for (size_t j = 0; j < a.d; j++)
        if (!near(fast[j], trained[j], 1e-5))
            fail_msg("%s: weight %zu is %.17g, trained %.17g", file, j, fast[j], trained[j]);
    problem_release(&p);
}

static void three_ways_to_the_same_weights(void **state)
{
    (void)state;
    compare_ways("datasets/diabetes.csv", "target", 1);
    compare_ways("datasets/breast_cancer.csv", "diagnosis", 1);
    compare_ways("datasets/wine.csv", "class", 3);
    compare_ways("datasets/iris.csv", "species", 3);
}

static void the_default_strength_keeps_some(void **state)
{
    const char *select[] = { "l1", NULL };
    const struct ml_fit_config config = config_of("target", NULL, select, NULL);
    struct mli_pipeline *pipeline = NULL;
    struct ml_table *table = NULL;
    struct ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml_table_read("datasets/diabetes.csv", NULL, &table, &err), ML_OK);
    assert_int_equal(fit(table, &config, &pipeline, &err), ML_OK);
    const struct mli_select *found = state_of(pipeline, &mli_select_stage);
    assert_true(found->bound > 0 && found->count > 4 && found->count <= 10);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static struct ml_table *small_table(void)
{
    static const char text[] = "a,b,c,y\n1,0,x,1\n2,1,x,3\n3,0,y,2\n4,1,x,5\n5,0,y,4\n6,2,y,7\n";
    struct mli_input *input = NULL;
    struct ml_table *table = NULL;

    assert_int_equal(mli_input_memory("data.csv", text, strlen(text), &input, NULL), ML_OK);
    assert_int_equal(mli_table_read_input(input, NULL, &table, NULL), ML_OK);
    return table;
}

static void refusals(void **state)
{
    static const struct {
        const char *select, *pca, *part;
    } cases[] = {
        { "best", NULL, "--select best: \"best\" is no way to select features; expected variance:T" },
        { "k", NULL, "no way to select" },
        { "k:0", NULL, "no way to select" },
        { "k:1.5", NULL, "no way to select" },
        { "variance", NULL, "no way to select" },
        { "variance:-1", NULL, "no way to select" },
        { "l1:0", NULL, "no way to select" },
        { "l1:", NULL, "no way to select" },
        { "a=k:1", NULL, "--select a=k:1: it is for all columns together" },
        { "variance:9", NULL, "--select variance:9 leaves no feature; the largest variance is 1" },
        { "l1:99", NULL, "--select l1:99 leaves no feature" },
        { NULL, "0", "neither a number of components nor a share" },
        { NULL, "1.0", "neither a number" },
        { NULL, "-2", "neither a number" },
        { NULL, "9", "--pca 9: there are only 4 features and 5 training rows" },
        { "k:2", "3", "--pca 3: there are only 2 features" },
    };
    struct ml_table *table = small_table();

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *select[] = { cases[i].select, NULL }, *pca[] = { cases[i].pca, NULL };
        const struct ml_fit_config config = config_of(NULL, NULL, select, pca);
        struct mli_pipeline *pipeline = NULL;
        struct ml_error err = ML_ERROR_INIT;
        if (fit(table, &config, &pipeline, &err) == ML_OK || pipeline)
            fail_msg("case %zu was not refused", i);
        if (!strstr(err.text, cases[i].part))
            fail_msg("expected \"%s\", got \"%s\"", cases[i].part, err.text);
    }
    ml_table_free(table);
}

/* 9 rows of 10 features vary in 8 directions: there is no ninth component, whatever is asked for. */
static void as_many_components_as_directions(void **state)
{
    static const char *const wanted[] = { "9", "0.999999999999" };

    (void)state;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        const char *pca[] = { wanted[i], NULL };
        struct ml_fit_config config = config_of("target", NULL, NULL, pca);
        struct mli_pipeline *pipeline = NULL;
        struct ml_table *table = NULL;
        struct ml_error err = ML_ERROR_INIT;
        config.split = "last:0.98";
        assert_int_equal(ml_table_read("datasets/diabetes.csv", NULL, &table, &err), ML_OK);
        assert_int_equal(fit(table, &config, &pipeline, &err), ML_OK);
        const struct mli_pca *found = state_of(pipeline, &mli_pca_stage);
        assert_int_equal(found->inputs, 10);
        assert_int_equal(found->count, 8);
        for (size_t j = 0; j < 8; j++)
            for (size_t k = 0; k <= j; k++)
                assert_true(near(mli_dot(10, found->component + j * 10, found->component + k * 10), j == k, 1e-9));
        mli_pipeline_free(pipeline);
        ml_table_free(table);
    }
}

/* 456 rows of 30 features, then 23: the matrix, the rows if they are held, and what LAPACK works in. */
static void memory_is_counted_before(void **state)
{
    static const struct {
        const char *split, *part;
        size_t memory;
    } cases[] = {
        { "every:5", "--pca needs a matrix of 30 by 30 for 30 features of 456 rows", 30 * 30 * 8 },
        { "last:0.96", "--pca needs a matrix of 23 by 23 for 30 features of 23 rows", 23 * (23 + 30) * 8 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *pca[] = { "2", NULL };
        struct ml_fit_config config = config_of("diagnosis", NULL, NULL, pca);
        struct mli_pipeline *pipeline = NULL;
        struct ml_table *table = NULL;
        struct ml_error err = ML_ERROR_INIT;
        config.split = cases[i].split;
        config.memory = cases[i].memory;
        assert_int_equal(ml_table_read("datasets/breast_cancer.csv", NULL, &table, NULL), ML_OK);
        assert_int_equal(fit(table, &config, &pipeline, &err), ML_ELIMIT);
        if (!strstr(err.text, cases[i].part))
            fail_msg("expected \"%s\", got \"%s\"", cases[i].part, err.text);
        config.memory = 1 << 20;
        assert_int_equal(fit(table, &config, &pipeline, NULL), ML_OK);
        mli_pipeline_free(pipeline);
        ml_table_free(table);
    }
}

/* A feature that is the target, and one that never varies among the training rows. */
static void scores_at_the_ends(void **state)
{
    static const char text[] = "same,a,b,y\n7,1,0,1\n7,2,1,2\n7,3,1,3\n7,4,0,4\n8,5,1,5\n7,6,0,6\n";
    const char *select[] = { "k:2", NULL }, *scale[] = { "none", NULL };
    const struct ml_fit_config config = config_of(NULL, scale, select, NULL);
    struct mli_input *input = NULL;
    struct ml_table *table = NULL;
    struct mli_pipeline *pipeline = NULL;

    (void)state;
    assert_int_equal(mli_input_memory("data.csv", text, strlen(text), &input, NULL), ML_OK);
    assert_int_equal(mli_table_read_input(input, NULL, &table, NULL), ML_OK);
    assert_int_equal(fit(table, &config, &pipeline, NULL), ML_OK);
    const struct mli_select *found = state_of(pipeline, &mli_select_stage);
    assert_int_equal(found->count, 2);
    assert_true(found->score[0] > 1e300);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

int fit_reduce_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_scikit_learn),
        cmocka_unit_test(three_ways_to_the_same_weights),
        cmocka_unit_test(the_default_strength_keeps_some),
        cmocka_unit_test(as_many_components_as_directions),
        cmocka_unit_test(memory_is_counted_before),
        cmocka_unit_test(refusals),
        cmocka_unit_test(scores_at_the_ends),
    };

    return cmocka_run_group_tests_name("fit: reduce", tests, NULL, NULL);
}

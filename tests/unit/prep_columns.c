/* The steps that a configuration asks for, one at a time: their statistics and what they make of rows. */
#include <tests/unit/prep.h>

#include <math.h>
#include <prep/options.h>
#include <prep/stats.h>
#include <stdlib.h>
#include <table/table.h>

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A pipeline that leaves alone what it is not asked to change. */
static struct ml_prep_config plain(void)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    static const char *const none[] = { "none", NULL };

    config.scale = none;
    return config;
}

/* Fits on one table and checks features and matrix of another (NULL: the same). expected is row-major. */
static void expect(const char *text, const char *other, const struct ml_prep_config *config,
                   const char *features, const double *expected, size_t n)
{
    struct ml_table *table = table_of(text), *rows = table_of(other ? other : text);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, config);

    assert_string_equal(features_of(pipeline), features);
    assert_int_equal(n, rows->rows * mli_pipeline_features(pipeline));
    double *X = matrix_of(pipeline, rows, NULL);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(X[i] - expected[i]) <= 1e-12 * fabs(expected[i])))
            fail_msg("row %zu, feature %zu: %.17g instead of %.17g",
                     i / mli_pipeline_features(pipeline), i % mli_pipeline_features(pipeline), X[i],
                     expected[i]);
    }
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(rows);
    ml_table_free(table);
}
#define EXPECT(text, other, config, features, ...)                                                 \
    expect(text, other, config, features, (const double[]){ __VA_ARGS__ },                         \
           sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double))

static void flags(void **state)
{
    static const char text[] = "a,b,c,t\n1,5,x,2024-01-01\n,6,,2024-02-01\n3,7,x,\n";
    struct ml_prep_config config = plain();

    (void)state;
    config.dates = LIST("month");
    config.impute = LIST("0");
    config.missing_flags = LIST("yes");
    EXPECT(text, NULL, &config, "a a.missing b c=x c=missing t.missing t.month ",
           1, 0, 5, 1, 0, 0, 1, 0, 1, 6, 0, 1, 0, 2, 3, 0, 7, 1, 0, 1, 0);
    config.missing_flags = LIST("t=yes");
    EXPECT(text, "a,b,c,t\n,,x,\n", &config, "a b c=x c=missing t.missing t.month ", 0, 0, 1, 0, 1, 0);
    config.missing_flags = LIST("yes", "a=no");
    config.scale = LIST("standard"); /* leaves the flag as it is */
    EXPECT("a,t\n1,2024-01-01\n,\n3,2024-01-01\n2,2024-02-01\n", "a,t\n1.5,\n", &config,
           "a t.missing t.month ", 0, 1, -1.4142135623730951);
}

static void fill(void **state)
{
    static const char text[] = "c,d,n\nx,u,1\ny,,2\ny,v,3\n,w,4\nx,v,5\n";
    struct ml_prep_config config = plain();
    struct ml_table *table = table_of(text);
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline = NULL;

    (void)state;
    config.encode = LIST("ordinal");
    config.impute = LIST("mode", "c=mode", "d=constant:w");
    EXPECT(text, "c,d,n\n,,\nq,q,7\n", &config, "c d n ", 0, 2, 1, -1, -1, 7);
    config.impute = LIST("c=indicator");
    EXPECT(text, "c,d,n\n,u,1\n", &config, "c d n ", -1, 0, 1);
    config.impute = LIST("c=constant:z");
    assert_int_equal(fit_all(table, NULL, &config, NULL, &pipeline, &err), ML_EUSAGE);
    expect_error(&err, ML_EUSAGE, "--impute c=constant:z: no training row of the column has the value \"z\"");
    ml_table_free(table);
}

static void clip(void **state)
{
    /* quartiles 2 and 4; mean 4, deviation sqrt(11.6) */
    static const char text[] = "a,b\n1,0\n2,0\n3,0\n4,0\n11,0\n3,1\n4,0\n";
    struct ml_prep_config config = plain();
    struct notes notes;
    struct ml_table *table = table_of(text);
    struct mli_pipeline *pipeline = NULL;

    (void)state;
    config.outliers = LIST("iqr:1.5", "b=none");
    EXPECT(text, "a,b\n-9,9\n99,-9\n3.5,0\n", &config, "a b ", 0.25, 9, 6.25, -9, 3.5, 0);
    config.outliers = LIST("a=zscore:1");
    EXPECT("a\n1\n2\n3\n4\n", "a\n-9\n99\n2\n", &config, "a ", 2.5 - sqrt(1.25), 2.5 + sqrt(1.25), 2);
    config.outliers = LIST("quantile:0.25");
    EXPECT("a\n1\n2\n3\n4\n5\n", "a\n-9\n99\n2.5\n", &config, "a ", 2, 4, 2.5);
    config.outliers = LIST("iqr");
    assert_int_equal(fit_all(table, NULL, &config, &notes, &pipeline, NULL), ML_OK);
    assert_non_null(strstr(notes.text, "column \"b\" is not clipped: its quartiles are equal"));
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void yeo_johnson(void **state)
{
    static const double lambdas[] = { 0, 2, 1, -1.5, 0.5, 3 }, xs[] = { -3, -0.25, 0, 0.25, 7 };

    (void)state;
    for (size_t l = 0; l < COUNT(lambdas); l++) {
        for (size_t i = 0; i < COUNT(xs); i++) {
            double x = xs[i], p = x >= 0 ? lambdas[l] : 2 - lambdas[l], base = 1 + fabs(x), y;
            y = p == 0 ? log(base) : (pow(base, p) - 1) / p;
            y = x >= 0 ? y : -y;
            assert_true(fabs(mli_yeo_johnson(x, lambdas[l]) - y) <= 1e-14 * (1 + fabs(y)));
        }
    }
}

/* The likelihood falls to both sides of the lambda that is found. */
static void power(void **state)
{
    static const char text[] = "a,b,same\n1,-1,2\n2,-2,2\n4,-4,2\n9,-9,2\n30,-30,2\n31,-31,\n";
    struct ml_prep_config config = plain();
    struct ml_table *table = table_of(text);
    double y[3];

    (void)state;
    config.power = LIST("yeo-johnson", "b=none");
    config.keep_all = true;
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
    const struct mli_power *found = NULL;
    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++) {
        if (mli_pipeline_step(pipeline, i)->kind == &mli_power_step)
            found = mli_pipeline_step(pipeline, i)->state;
    }
    assert_non_null(found);
    assert_int_equal(found->count, 1);
    for (int side = -1; side <= 1; side++) {
        double lambda = found->lambda[0] + 0.01 * side, sum = 0, t[6];
        for (size_t i = 0; i < 6; i++) {
            t[i] = mli_yeo_johnson(table->column[0].number[i], lambda);
            sum += log1p(table->column[0].number[i]);
        }
        y[side + 1] = -3 * log(mli_stats_variance(t, 6, mli_stats_mean(t, 6))) + (lambda - 1) * sum;
    }
    assert_true(y[1] > y[0] && y[1] > y[2]);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void ordinal(void **state)
{
    static const char text[] = "c,n\nb,1\na,2\n,3\nc,4\n";
    struct ml_prep_config config = plain();

    (void)state;
    config.encode = LIST("c=ordinal");
    EXPECT(text, "c,n\nb,1\nzz,2\n,3\nc,4\n", &config, "c n ", 1, 1, -1, 2, -1, 3, 2, 4);
    config.scale = LIST("minmax", "n=none"); /* -1 to 2 in training */
    EXPECT(text, NULL, &config, "c n ", 2 / 3., 1, 1 / 3., 2, 0, 3, 1, 4);
}

static void rare(void **state)
{
    static const char text[] = "c,n\na,1\na,2\na,3\nb,4\nc,5\nb,6\n,7\n,8\nd,9\n,10\n";
    static const char other[] = "c,n\na,1\nc,1\nnew,1\n,1\nb,1\n";
    struct ml_prep_config config = plain();

    (void)state;
    config.min_count = LIST("3");
    EXPECT(text, other, &config, "c=a c=missing c=(rare) n ",
           1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1);
    config.min_count = LIST("c=4"); /* all of them, the missing cells too */
    EXPECT(text, other, &config, "c=(rare) n ", 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    config.min_count = LIST("0.25"); /* of 10 rows: 2.5 */
    EXPECT(text, "c,n\nb,1\n", &config, "c=a c=missing c=(rare) n ", 0, 0, 1, 1);
    config.min_count = LIST("1");
    EXPECT(text, "c,n\nnew,1\n", &config, "c=a c=b c=c c=d c=missing n ", 0, 0, 0, 0, 0, 1);
    /* no missing cell in training: later ones are like unseen values */
    config.min_count = LIST("2");
    EXPECT("c\na\na\nb\n", "c,x\n,\nb,\n", &config, "c=a c=(rare) ", 0, 1, 0, 1);
}

/* Values that share a feature do not make a column too wide. */
static void rare_is_not_many(void **state)
{
    struct ml_table *table = table_counted("c,n", 30, "v%,#");
    struct ml_prep_config config = plain();

    (void)state;
    config.keep_all = false;
    config.max_categories = 3; /* there are four: of 0, 1, 2 and 4 the first is seen five times */
    config.min_count = LIST("6");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
    assert_non_null(strstr(features_of(pipeline), "c=(rare)"));
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void dates(void **state)
{
    static const char text[] = "t,n\n2024-02-29T13:05:00Z,1\n2023-03-01,2\n2023-12-31T12:00:00Z,3\n";
    struct ml_prep_config config = plain();

    (void)state;
    config.dates = LIST("epoch+minute+yearday+year");
    EXPECT(text, NULL, &config, "t.year t.minute t.yearday t.epoch n ",
           2024, 5, 60, 19782 + 13 / 24. + 5 / 1440., 1, 2023, 0, 60, 19417, 2, 2023, 0, 365,
           19722.5, 3);
    config.dates = LIST("none");
    EXPECT(text, "n\n7\n", &config, "n ", 7);
}

static const struct {
    struct ml_prep_config config;
    const char *part;
} refused[] = {
#define WITH(...) { .max_categories = 1000, __VA_ARGS__ }
    { WITH(.dates = (const char *const[]){ "year+month+day+weekday+hour+second", NULL }), "is no choice of parts" },
    { WITH(.missing_flags = (const char *const[]){ "maybe", NULL }), "--missing-flags=maybe: " },
    { WITH(.missing_flags = (const char *const[]){ "c=yes", NULL }),
      "--missing-flags=c: column \"c\" holds categories" },
    { WITH(.outliers = (const char *const[]){ "iqr:-1", NULL }), "expected a number from 0 to 1e6" },
    { WITH(.outliers = (const char *const[]){ "quantile", NULL }), "expected a share from 0 to 0.5" },
    { WITH(.outliers = (const char *const[]){ "none:1", NULL }), "expected nothing behind the colon" },
    { WITH(.outliers = (const char *const[]){ "zscor:2", NULL }), "is no way to find outliers" },
    { WITH(.outliers = (const char *const[]){ "t=iqr", NULL }), "holds dates and times" },
    { WITH(.power = (const char *const[]){ "box-cox", NULL }), "is no power transform" },
    { WITH(.encode = (const char *const[]){ "onehot:3", NULL }), "is no way to encode categories" },
    { WITH(.encode = (const char *const[]){ "n=onehot", NULL }), "column \"n\" holds numbers" },
    { WITH(.min_count = (const char *const[]){ "1.5", NULL }), "neither a number of rows nor a share" },
    { WITH(.dates = (const char *const[]){ "year+", NULL }), "is no choice of parts" },
    { WITH(.dates = (const char *const[]){ "year+moon", NULL }), "is no choice of parts" },
    { WITH(.dates = (const char *const[]){ "", NULL }), "is no choice of parts" },
    { WITH(.impute = (const char *const[]){ "c=mean", NULL }), "is no way to fill missing categories" },
    { WITH(.impute = (const char *const[]){ "constant:x", NULL }), "is no way to fill missing numbers" },
};

static void refusals(void **state)
{
    struct ml_table *table = table_of("n,c,t\n1,red,2024-01-01\n3,blue,2024-02-01\n2,red,\n");

    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_pipeline *pipeline = NULL;
        if (fit_all(table, NULL, &refused[i].config, NULL, &pipeline, &err) != ML_EUSAGE)
            fail_msg("\"%s\" is not said", refused[i].part);
        expect_error(&err, ML_EUSAGE, refused[i].part);
    }
    ml_table_free(table);
}

int prep_columns_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags),       cmocka_unit_test(fill),
        cmocka_unit_test(clip),        cmocka_unit_test(yeo_johnson),
        cmocka_unit_test(power),       cmocka_unit_test(ordinal),
        cmocka_unit_test(rare),        cmocka_unit_test(rare_is_not_many),
        cmocka_unit_test(dates),       cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests_name("prep: columns", tests, NULL, NULL);
}

/* Fit: target inference, plan, settings, prep file, and a whole fit against the closed form of a ridge regression. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first */
#include <cmocka.h>

#include <base/file.h>
#include <fit/plan.h>
#include <fit/prepfile.h>
#include <math.h>
#include <mlctl/fit.h>
#include <mlctl/prep.h>
#include <model/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/unit/fit.h>
#include <unistd.h>

static struct ml_table *table_of(const char *text)
{
    struct mli_input *input = NULL;
    struct ml_table *table = NULL;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_input_memory("data.csv", text, strlen(text), &input, &err), ML_OK);
    if (mli_table_read_input(input, NULL, &table, &err))
        fail_msg("%s", err.text);
    return table;
}

static void expect_target(const char *text, const char *task, size_t classes, const char *first)
{
    struct ml_table *table = table_of(text);
    struct mli_target target;
    struct ml_error err = ML_ERROR_INIT;
    if (mli_target_find(table, NULL, task, NULL, &target, &err))
        fail_msg("%s", err.text);
    assert_int_equal(target.of[0].classes, classes);
    if (first)
        assert_string_equal(target.of[0].label[0], first);
    mli_target_release(&target);
    ml_table_free(table);
}

static void task_follows_the_target(void **state)
{
    (void)state;
    expect_target("y\nb\na\nb\na\n", "auto", 2, "a");
    expect_target("y\n5\n3\n5\n3\n", "auto", 2, "3");
    expect_target("y\n2\n1\n0\n2\n1\n0\n", "auto", 3, "0");
    expect_target("y\n3\n4\n5\n3\n4\n5\n", "auto", 0, NULL);
    expect_target("y\n3\n4\n5\n3\n4\n5\n", "classification", 3, "3");
    expect_target("y\n2\n1\n0\n2\n1\n0\n", "regression", 0, NULL);
    expect_target("y\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "auto", 0, NULL);
    expect_target("y\n10\n9\n10\n9\n", "auto", 2, "9"); /* numeric order, not text order */
}

static void refuse_target(const char *text, const char *name, const char *task, enum ml_status status,
                          const char *part)
{
    struct ml_table *table = table_of(text);
    struct mli_target target;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_target_find(table, name, task, NULL, &target, &err), status);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
    ml_table_free(table);
}

static void targets_that_cannot_be(void **state)
{
    (void)state;
    refuse_target("age,y\n1,2\n2,3\n", "aeg", "auto", ML_EUSAGE, "did you mean \"age\"");
    refuse_target("y\n1\n1\n", NULL, "auto", ML_EDATA, "constant");
    refuse_target("y\nx\nx\n", NULL, "auto", ML_EDATA, "constant");
    refuse_target("y\na\na\nb\n", NULL, "auto", ML_EDATA, "class \"b\"");
    refuse_target("y\na\nb\na\nb\n", NULL, "regression", ML_EUSAGE, "no number");
    refuse_target("x,y\n1,2020-01-01\n2,2020-01-02\n", NULL, "auto", ML_EUSAGE, "date");
    refuse_target("x,y\n1,\n2,5\n", NULL, "auto", ML_EDATA, "1 row with a target");
}

/* Words, a boolean and numbers; the row that lacks one is left out of all. */
static void several_targets_are_labels(void **state)
{
    static const double y[] = { 1, 0, 2, 0 };
    struct ml_table *table = table_of("a,x,\"b,c\",d\nyes,1,true,7\nno,2,false,5\nyes,3,,5\nno,4,true,5\nyes,5,true,5\nno,6,false,7\n");
    struct mli_target target;
    struct ml_error err = ML_ERROR_INIT;
    (void)state;

    if (mli_target_find(table, "d,b\\,c,a", "auto", NULL, &target, &err))
        fail_msg("%s", err.text);
    assert_int_equal(target.task, MLI_TASK_MULTILABEL);
    assert_int_equal(target.columns, 3);
    assert_int_equal(target.n, 5);
    assert_false(target.has[2]);
    assert_int_equal(mli_target_classes(&target), 3);
    assert_string_equal(target.of[0].label[1], "7");
    assert_string_equal(target.of[1].label[1], "true");
    assert_int_equal(target.of[1].count[1], 3);
    for (size_t i = 0; i < 4; i++)
        assert_true(target.y[3 * i + 2] == (i == 0 || i == 3)); /* yes in the first and the fifth row */
    assert_true(mli_target_code(3, target.y) == 7 && mli_target_code(3, target.y + 3) == 0 && mli_target_code(1, target.y) == 1);
    char *said = mli_target_said(&target, table);
    assert_string_equal(said, "d,b\\,c,a");
    free(said);
    mli_target_release(&target);
    assert_int_equal(mli_target_find(table, "b,c", "auto", NULL, &target, NULL), ML_OK); /* a column of that name */
    assert_int_equal(target.columns, 1);
    mli_target_release(&target);
    assert_int_equal(mli_target_find(table, "a,d,a", "auto", NULL, &target, NULL), ML_EUSAGE);
    assert_int_equal(mli_target_find(table, "a,,d", "auto", NULL, &target, NULL), ML_EUSAGE);
    assert_int_equal(mli_target_find(table, "a,x", "auto", NULL, &target, NULL), ML_EDATA);
    assert_int_equal(mli_target_find(table, "a,d", "regression", NULL, &target, NULL), ML_EUSAGE);
    ml_table_free(table);

    int32_t strata[4]; /* the second label is on in one row alone */
    static const double few[] = { 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1 };
    static const int32_t of_few[] = { 0, 1, 0, 2 };
    mli_target_strata(4, 3, few, strata);
    assert_memory_equal(strata, of_few, sizeof strata);
    mli_target_strata(4, 1, y, strata);
    assert_true(strata[0] == 1 && strata[1] == 0);
}

/* Runs of the same class and changes from row to row, of classes 2.5, 5.5, 8.5 ...; with gaps every seventh row has none. */
static void check_class_numbers(size_t classes, bool gaps)
{
    enum { ROWS = 997 };
    size_t want[16] = { 0 }, i = 0;
    struct mli_buf text;
    struct mli_target target;
    mli_buf_init(&text, 1 << 20);
    mli_buf_str(&text, "x,y\n");
    for (size_t row = 0; row < ROWS; row++)
        if (gaps && row % 7 == 3)
            mli_buf_str(&text, "1,\n");
        else
            mli_buf_printf(&text, "1,%g\n", 2.5 + 3 * (double)((row < 500 ? row / 40 : row * 5) % classes));
    struct ml_table *table = table_of(text.data);
    assert_int_equal(mli_target_find(table, NULL, "classification", NULL, &target, NULL), ML_OK);
    assert_int_equal(target.of[0].classes, classes);
    for (size_t row = 0; row < ROWS; row++) {
        bool has = !gaps || row % 7 != 3;
        assert_int_equal(target.has[row], has);
        if (!has)
            continue;
        size_t k = (row < 500 ? row / 40 : row * 5) % classes;
        assert_true(target.y[i++] == (double)k);
        want[k]++;
    }
    assert_int_equal(target.n, i);
    assert_memory_equal(target.of[0].count, want, classes * sizeof *want);
    mli_target_release(&target);
    ml_table_free(table);
    mli_buf_release(&text);
}

static void classes_of_numbers_are_numbered_and_counted(void **state)
{
    (void)state;
    for (size_t classes = 2; classes <= 12; classes++) {
        check_class_numbers(classes, false);
        check_class_numbers(classes, true);
    }
}

static void labels_are_found_as_text_or_number(void **state)
{
    (void)state;
    char *labels[] = { "0", "1", "1.5", "yes" };
    assert_int_equal(mli_label_find(4, labels, "1", 1), 1);
    assert_int_equal(mli_label_find(4, labels, "1.0", 3), 1);
    assert_int_equal(mli_label_find(4, labels, "15e-1", 5), 2);
    assert_int_equal(mli_label_find(4, labels, "yes", 3), 3);
    assert_int_equal(mli_label_find(4, labels, "ye", 2), -1);
    assert_int_equal(mli_label_find(4, labels, "2", 1), -1);
}

/* y = 1 + 2a - 3b + noise of a fixed pattern; b has a missing cell, c is a category. */
static char *regression_text(size_t n)
{
    struct mli_buf text;
    mli_buf_init(&text, 4 << 20);
    mli_buf_str(&text, "a,b,c,y\n");
    for (size_t i = 0; i < n; i++) {
        double a = (double)((i * 7) % 13), b = (double)((i * 5) % 11), e = (double)((i * 3) % 7) / 7;
        const char *c = i % 3 == 0 ? "red" : i % 3 == 1 ? "green" : "blue";
        mli_buf_printf(&text, "%g,", a);
        if (i == 4)
            mli_buf_str(&text, ",");
        else
            mli_buf_printf(&text, "%g,", b);
        mli_buf_printf(&text, "%s,%g\n", c, 1 + 2 * a - 3 * b + e + (i % 3 == 0 ? 4 : 0));
    }
    return mli_buf_detach(&text);
}

static void a_fit_is_at_the_ridge_optimum(void **state)
{
    (void)state;
    char *text = regression_text(200);
    struct ml_table *table = table_of(text);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    struct ml_model *model = NULL;
    struct ml_error err = ML_ERROR_INIT;
    config.split = "none";
    config.l2 = 0.05;
    config.threads = 2;
    if (ml_fit(table, &config, &model, &err))
        fail_msg("%s", err.text);
    /* normal equations: the gradient of mean squared error / 2 + l2/2 |w|^2 is zero at (w, b) */
    size_t d = mli_pipeline_features(model->pipeline), n = ml_table_rows(table);
    double *X = malloc(n * d * sizeof *X), gradient[16] = { 0 };
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view = NULL;
    assert_int_equal(d, 5);
    assert_int_equal(mli_pipeline_view(model->pipeline, table, &arena, &view, &err), ML_OK);
    assert_int_equal(mli_pipeline_apply(model->pipeline, view, &arena, X, NULL, &err), ML_OK);
    for (size_t i = 0; i < n; i++) {
        double z = model->theta[d];
        for (size_t j = 0; j < d; j++)
            z += model->theta[j] * X[i * d + j];
        double r = z - ml_table_numbers(table, 3)[i];
        for (size_t j = 0; j < d; j++)
            gradient[j] += r * X[i * d + j] / (double)n;
        gradient[d] += r / (double)n;
    }
    for (size_t j = 0; j < d; j++)
        gradient[j] += config.l2 * model->theta[j];
    for (size_t j = 0; j <= d; j++)
        assert_true(fabs(gradient[j]) < 1e-6); /* tolerance 1e-8 on the scaled target, whose deviation is about 13 */
    mli_arena_release(&arena);
    free(X);
    ml_model_free(model);
    ml_table_free(table);
    free(text);
}

static void precision_is_asked_for_or_follows_the_layers(void **state)
{
    (void)state;
    char *text = regression_text(200);
    struct ml_table *table = table_of(text);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    struct ml_model *wide = NULL, *narrow = NULL;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(ml_fit(table, &config, &wide, &err), ML_OK);
    config.precision = "float";
    assert_int_equal(ml_fit(table, &config, &narrow, &err), ML_OK);
    assert_true(!wide->single && narrow->single);
    for (size_t j = 0; j < wide->network->parameters; j++) {
        assert_true(fabs(wide->theta[j] - narrow->theta[j]) < 1e-4);
        assert_true(narrow->theta[j] == (double)(float)narrow->theta[j]);
    }
    struct mli_network *stack = NULL;
    assert_int_equal(mli_network_new("dense 2, dense 1", 3, &stack, &err), ML_OK);
    assert_true(mli_settings_single(&config, stack));
    config.precision = "auto";
    assert_true(mli_settings_single(&config, stack) && !mli_settings_single(&config, wide->network));
    config.precision = "double";
    assert_false(mli_settings_single(&config, stack));
    mli_network_free(stack);
    ml_model_free(wide);
    ml_model_free(narrow);
    ml_table_free(table);
    free(text);
}

/* Cells are given back as the rows have become features: also those of the last rows are there until then. */
static void a_table_that_is_spent_gives_the_same_model(void **state)
{
    static const char *const splits[] = { "every:5", "random:0.4", "last:0.1", "none" };
    static const char *const precisions[] = { "double", "float" };
    (void)state;
    char *text = regression_text(70000); /* more than are given back at a time */
    for (size_t i = 0; i < 2 * (sizeof splits / sizeof *splits); i++) {
        struct ml_table *table = table_of(text);
        struct ml_fit_config config = ML_FIT_CONFIG_INIT;
        struct ml_model *kept = NULL, *spent = NULL;
        struct ml_error err = ML_ERROR_INIT;
        config.split = splits[i / 2];
        config.precision = precisions[i % 2];
        config.threads = 1;
        assert_int_equal(ml_fit(table, &config, &kept, &err), ML_OK);
        config.threads = 3;
        config.spend = true;
        assert_int_equal(ml_fit(table, &config, &spent, &err), ML_OK);
        assert_memory_equal(kept->theta, spent->theta, kept->network->parameters * sizeof *kept->theta);
        assert_true(json_equal(json_object_get(kept->record, "metrics"), json_object_get(spent->record, "metrics")));
        assert_true(json_is_object(json_object_get(spent->record, "metrics")));
        if (strcmp(config.split, "none") != 0) /* else they are measured */
            assert_true(table->column[0].number[30000] == 0 && table->column[2].code[30000] == 0);
        ml_model_free(kept);
        ml_model_free(spent);
        ml_table_free(table);
    }
    free(text);
}

static void held_out_rows_change_nothing_that_is_fitted(void **state)
{
    (void)state;
    char *text = regression_text(100);
    struct ml_table *table = table_of(text), *other = table_of(text);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    struct ml_model *a = NULL, *b = NULL;
    struct ml_error err = ML_ERROR_INIT;
    config.split = "every:5";
    for (size_t i = 4; i < 100; i += 5)
        other->column[0].number[i] = 1e6 + (double)i;
    assert_int_equal(ml_fit(table, &config, &a, &err), ML_OK);
    assert_int_equal(ml_fit(other, &config, &b, &err), ML_OK);
    assert_int_equal(a->network->parameters, b->network->parameters);
    assert_memory_equal(a->theta, b->theta, a->network->parameters * sizeof *a->theta);
    ml_model_free(a);
    ml_model_free(b);
    ml_table_free(table);
    ml_table_free(other);
    free(text);
}

static void refuse_settings(const struct ml_fit_config *config, const char *part)
{
    char *text = regression_text(50);
    struct ml_table *table = table_of(text);
    struct ml_model *model = NULL;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(ml_fit(table, config, &model, &err), ML_EUSAGE);
    assert_null(model);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
    ml_table_free(table);
    free(text);
}

static void settings_out_of_range(void **state)
{
    (void)state;
    struct ml_fit_config c;
#define REFUSED(field, value, part)                                                                \
    do {                                                                                           \
        c = (struct ml_fit_config)ML_FIT_CONFIG_INIT;                                              \
        c.field = value;                                                                           \
        refuse_settings(&c, part);                                                                 \
    } while (0)
    REFUSED(l1, -1, "--l1");
    REFUSED(momentum, 1, "--momentum");
    REFUSED(rate, NAN, "--rate");
    REFUSED(tolerance, 2, "--tolerance");
    REFUSED(batch, 2000000000, "--batch");
    REFUSED(dropout, 1, "--dropout");
    REFUSED(hidden, "8,", "--hidden");
    REFUSED(layers, "dense 1, dance 1", "--layers: layer 2 at column 10");
    REFUSED(validation, 0, "--validation");
    REFUSED(task, "guess", "task \"guess\"");
    REFUSED(kind, "logistc", "did you mean \"logistic\"");
    REFUSED(kind, "logistic", "for classification");
    REFUSED(precision, "flaot", "did you mean \"float\"");
    REFUSED(optimiser, "admm", "did you mean \"adam\"");
    REFUSED(split, "random", "random");
    static const char *const meen[] = { "meen", NULL }, *const nobody[] = { "nobody=none", NULL };
    REFUSED(clean.impute, meen, "mean");
    REFUSED(clean.scale, nobody, "no column \"nobody\"");
#undef REFUSED
}

static void too_little_memory_is_refused(void **state)
{
    (void)state;
    char *text = regression_text(50);
    struct ml_table *table = table_of(text);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    struct ml_model *model = NULL;
    struct ml_error err = ML_ERROR_INIT;
    config.memory = 1 << 20;
    assert_int_equal(ml_fit(table, &config, &model, &err), ML_ELIMIT);
    assert_non_null(strstr(err.text, "MiB"));
    ml_table_free(table);
    free(text);
}

static void write_file(const char *path, const char *text)
{
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_file_write(path, text, strlen(text), false, &err), ML_OK);
}

static void prep_files_of_strangers_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{", "[]", "{}", "{\"format\":\"other\"}", "{\"format\":\"mlctl-prep\"}",
        "{\"format\":\"mlctl-prep\",\"format_version\":2}",
        "{\"format\":\"mlctl-prep\",\"format_version\":1,\"seed\":-1}",
        "{\"format\":\"mlctl-prep\",\"format_version\":1,\"seed\":1,\"raw_path\":\"a\",\"target\":\"y\","
        "\"split\":\"none\",\"raw_sha256\":\"12\"}",
    };
    char path[] = "/tmp/mlctl-prep-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mli_prepfile file;
        struct ml_error err = ML_ERROR_INIT;
        write_file(path, texts[i]);
        assert_int_equal(mli_prepfile_read(path, &file, &err), ML_EARTIFACT);
        assert_string_equal(err.source, path);
        assert_true(err.text[0] != 0);
    }
    unlink(path);
}

/* Every prefix of a good prep file, and every byte of it changed, is read or refused: never a crash, never a leak. */
static void damaged_prep_files(void **state)
{
    (void)state;
    char clean[] = "/tmp/mlctl-clean-XXXXXX", prep[64];
    int fd = mkstemp(clean);
    assert_true(fd >= 0);
    close(fd);
    snprintf(prep, sizeof prep, "%s.prep.json", clean);
    char *text = regression_text(30);
    struct ml_table *table = table_of(text);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    struct ml_prep_report report;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(ml_preprocess(table, &config, clean, prep, &report, &err), ML_OK);
    assert_int_equal(report.features, 5);
    struct mli_buf good;
    mli_buf_init(&good, 1 << 20);
    assert_int_equal(mli_file_read(prep, &good, &err), ML_OK);
    FILE *f = fopen(prep, "wb");
    assert_non_null(f);
    for (size_t at = 0; at < good.len; at += 3) {
        char before = good.data[at];
        good.data[at] = (char)(before ^ (char)(1 + at % 7));
        assert_int_equal(ftruncate(fileno(f), 0), 0);
        rewind(f);
        assert_int_equal(fwrite(good.data, 1, at % 2 ? good.len : at, f), at % 2 ? good.len : at);
        fflush(f);
        struct mli_prepfile file = { 0 };
        if (mli_prepfile_read(prep, &file, NULL) == ML_OK)
            mli_prepfile_release(&file);
        good.data[at] = before;
    }
    fclose(f);
    mli_buf_release(&good);
    unlink(prep);
    unlink(clean);
    ml_table_free(table);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(task_follows_the_target),
        cmocka_unit_test(targets_that_cannot_be),
        cmocka_unit_test(several_targets_are_labels),
        cmocka_unit_test(classes_of_numbers_are_numbered_and_counted),
        cmocka_unit_test(labels_are_found_as_text_or_number),
        cmocka_unit_test(a_fit_is_at_the_ridge_optimum),
        cmocka_unit_test(precision_is_asked_for_or_follows_the_layers),
        cmocka_unit_test(a_table_that_is_spent_gives_the_same_model),
        cmocka_unit_test(held_out_rows_change_nothing_that_is_fitted),
        cmocka_unit_test(settings_out_of_range),
        cmocka_unit_test(too_little_memory_is_refused),
        cmocka_unit_test(prep_files_of_strangers_are_refused),
        cmocka_unit_test(damaged_prep_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + fit_crossval_tests() + fit_divide_tests() +
               fit_learn_tests() + fit_network_tests() + fit_reduce_tests() + fit_tune_tests() + fit_warm_tests() >
           0;
}

/* Exports hold what the model holds: the C file compiles without a warning and answers with the same bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/mem.h>
#include <export/c_text.h>
#include <export/export.h>
#include <math.h>
#include <prep/step.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tests/unit/heap.h>
#include <tests/unit/model_sample.h>
#include <unistd.h>

#define ROWS 1000
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

extern char **environ;

static struct mli_buf export_text(const struct ml_model *model, const char *format,
                                  const char *name)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf out;

    mli_buf_init(&out, (size_t)1 << 26);
    if (mli_export_format_find(format)->write(model, name, &out, &err) != ML_OK)
        fail_msg("%s: %s", format, err.text);
    return out;
}

static void test_formats(void **state)
{
    size_t n;
    const struct mli_export_format *formats = mli_export_formats(&n);
    (void)state;

    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(mli_export_format_find(formats[i].name), &formats[i]);
        assert_int_equal(formats[i].extension[0], '.');
        assert_true(strlen(formats[i].meaning) > 10);
    }
    assert_null(mli_export_format_find("cc"));
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* Random rows with missing cells and unknown categories, and instants at the ends of the calendar. */
static struct ml_table *test_rows(void)
{
    static const double ends[] = {
        -62167219200, -62167219201, 253402300799, 253402300800, -1e300, 1e300,
        -0.5,         -86400.25,    951782400,    951868799.5,  0,      -5097600
    };
    struct ml_table *table = sample_table(ROWS, 77, true);
    size_t when = ml_table_find(table, "when"), day = ml_table_find(table, "day");

    for (size_t i = 0; i < LENGTH(ends); i++) {
        table->column[when].number[i] = ends[i];
        table->column[day].number[LENGTH(ends) - 1 - i] = ends[i];
    }
    return table;
}

static double *expected_predictions(const struct ml_model *model, const struct ml_table *rows)
{
    double *P = mli_alloc(rows->rows * ml_model_width(model), sizeof(*P));
    struct ml_error err = ML_ERROR_INIT;

    assert_non_null(P);
    assert_int_equal(ml_model_predict(model, rows, P, &err), ML_OK);
    return P;
}

/* ---- c ----------------------------------------------------------------------------------------------------------- */

static void put_cell(struct mli_buf *out, const struct mli_column *column, size_t i)
{
    if (column->number && isnan(column->number[i]))
        mli_buf_str(out, "NAN, ");
    else if (column->number)
        mli_buf_printf(out, "%a, ", column->number[i]);
    else if (column->code[i] == MLI_CODE_MISSING)
        mli_buf_str(out, i % 2 ? "NULL, " : "\"\", ");
    else {
        mli_c_string(out, mli_dict_text(column->dict, (size_t)column->code[i]));
        mli_buf_str(out, ", ");
    }
}

/* A program around the exported file: the rows as a table of it, the predictions written as bytes. */
static struct mli_buf make_program(const struct ml_model *model, const struct ml_table *rows)
{
    struct mli_buf out = export_text(model, "c", "sample");

    mli_buf_str(&out, "\n#include <stdio.h>\nstatic const sample_row rows[] = {\n");
    for (size_t i = 0; i < rows->rows; i++) {
        mli_buf_str(&out, "{ ");
        for (size_t j = 0; j < ml_model_inputs(model); j++)
            put_cell(&out, &rows->column[ml_table_find(rows, ml_model_input(model, j))], i);
        mli_buf_str(&out, "},\n");
    }
    mli_buf_printf(
        &out,
        "};\nint main(void)\n{\n    sample_result r;\n    sample_row bad = rows[0];\n    size_t "
        "i;\n"
        "    if (sample_predict(NULL, &r) != -1 || sample_predict(rows, NULL) != -1) return 2;\n"
        "    bad.age = -INFINITY;\n    if (sample_predict(&bad, &r) != -2) return 3;\n"
        "    for (i = 0; i < %zu; i++) {\n        if (sample_predict(rows + i, &r) != 0) return "
        "4;\n        ",
        rows->rows);
    mli_buf_str(
        &out,
        model->target[0].classes == 0
            ? "if (fwrite(&r.value, sizeof r.value, 1, stdout) != 1) return 5;\n"
        : model->targets > 1
            ? "if (fwrite(r.probabilities, sizeof r.probabilities, 1, stdout) != 1) return 5;\n"
              "        { int k; for (k = 0; k < sample_TARGETS; k++) {\n"
              "            if (strcmp(r.label[k], sample_labels[k][r.index[k]]) != 0) return 6;\n"
              "            if (r.probabilities[k][!r.index[k]] > r.probabilities[k][r.index[k]]) return 7; } }\n"
            : "if (fwrite(r.probabilities, sizeof r.probabilities, 1, stdout) != 1) return 5;\n"
              "        if (strcmp(r.label, sample_labels[r.index]) != 0) return 6;\n"
              "        { int k; for (k = 0; k < sample_CLASSES; k++)\n"
              "            if (r.probabilities[k] > r.probabilities[r.index]) return 7; }\n");
    mli_buf_str(&out, "    }\n    return 0;\n}\n");
    assert_int_equal(out.status, ML_OK);
    return out;
}

/* Runs argv, its output into out if that is not NULL; -1 if there is no such program. */
static int run(char *const *argv, char *out, size_t size)
{
    posix_spawn_file_actions_t actions;
    int ends[2], status;
    size_t used = 0;
    ssize_t got;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    if (out)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int reason = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (reason == 0 && out && used < size && (got = read(ends[0], out + used, size - used)) > 0)
        used += (size_t)got;
    close(ends[0]);
    if (reason != 0)
        return -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static char *mutable(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* The second compiler may not be there; fused multiply-add is asked for, and the file must decline it. */
static const char *const compilers[][4] = {
    { "gcc", "-std=c99", "-O2", "-Wmissing-field-initializers" },
    { "gcc", "-std=gnu11", "-O3", "-march=native" },
    { "clang-14", "-std=c99", "-O2", "-march=native" },
};

static void assert_c_agrees(const struct ml_model *model)
{
    char directory[] = "/tmp/mlctl-export-XXXXXX", source[64], program[64];
    struct ml_table *rows = test_rows();
    struct mli_buf text = make_program(model, rows);
    size_t size = ROWS * ml_model_width(model) * sizeof(double), compiled = 0;
    double *expected = expected_predictions(model, rows), *found = mli_alloc(size, 1);

    assert_non_null(found);
    assert_non_null(mkdtemp(directory));
    snprintf(source, sizeof(source), "%s/sample.c", directory);
    snprintf(program, sizeof(program), "%s/sample", directory);
    FILE *file = fopen(source, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < LENGTH(compilers); i++) {
        char *compile[] = { mutable(compilers[i][0]),
                            mutable(compilers[i][1]),
                            mutable(compilers[i][2]),
                            mutable(compilers[i][3]),
                            mutable("-Wall"),
                            mutable("-Wextra"),
                            mutable("-Wpedantic"),
                            mutable("-Werror"),
                            mutable("-o"),
                            program,
                            source,
                            mutable("-lm"),
                            NULL };
        char *start[] = { program, NULL };
        int status = run(compile, NULL, 0);
        if (status == -1 || status == 127)
            continue;
        compiled++;
        assert_int_equal(status, 0);
        memset(found, 0, size);
        assert_int_equal(run(start, (char *)found, size), 0);
        assert_memory_equal(found, expected, size);
    }
    unlink(source);
    unlink(program);
    rmdir(directory);
    free(expected);
    free(found);
    ml_table_free(rows);
    mli_buf_release(&text);
    if (compiled == 0)
        skip();
}

static void test_c_agrees(void **state)
{
    (void)state;
    for (enum sample_kind kind = SAMPLE_REGRESSION; kind < SAMPLES; kind++) {
        struct ml_model *model = sample_model(kind, NULL, "");
        assert_c_agrees(model);
        ml_model_free(model);
    }
}

static void test_c_of_other_pipelines(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    (void)state;

    config.scale = (const char *const[]){ "minmax", NULL };
    config.impute = (const char *const[]){ "-1.5", NULL };
    struct ml_model *model = sample_model(SAMPLE_BINARY, &config, "");
    assert_c_agrees(model);
    ml_model_free(model);
    config.scale = (const char *const[]){ "none", NULL };
    config.impute = (const char *const[]){ "mode", NULL };
    model = sample_model(SAMPLE_REGRESSION, &config, "");
    assert_c_agrees(model);
    ml_model_free(model);
}

/* Every step there is. */
static void test_c_of_all_steps(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    (void)state;

    config.missing_flags = (const char *const[]){ "yes", NULL };
    config.dates = (const char *const[]){ "parts", "when=year+minute+yearday+epoch", NULL };
    config.impute = (const char *const[]){ "mean", "age=-1.5", "port=mode", "remark=constant:100%", NULL };
    config.outliers = (const char *const[]){ "iqr", "age=none", "Fare paid=zscore:1", NULL };
    config.power = (const char *const[]){ "yeo-johnson", NULL };
    config.encode = (const char *const[]){ "port=ordinal", NULL };
    config.min_count = (const char *const[]){ "remark=0.125", NULL };
    config.scale = (const char *const[]){ "robust", "age=minmax", "class=none", NULL };
    for (enum sample_kind kind = SAMPLE_REGRESSION; kind < SAMPLES; kind++) {
        struct ml_model *model = sample_model(kind, &config, "");
        assert_c_agrees(model);
        ml_model_free(model);
    }
}

/* Every layer there is, and arrays of their own where they need them. */
static void test_c_of_stacks(void **state)
{
    static const char *const stacks[] = {
        "dense 5, relu, dropout 0.5, dense 4, gelu, dense 3",
        "batch_norm, dense 5, batch_norm, tanh, dense 4, elu, dense 3",
        "sigmoid, dense 2, leaky_relu, dropout 0.1, dense 3",
    };
    (void)state;

    for (size_t i = 0; i < LENGTH(stacks); i++) {
        struct ml_model *model = sample_stack(SAMPLE_MULTICLASS, stacks[i]);
        assert_c_agrees(model);
        ml_model_free(model);
    }
    struct ml_model *model = sample_stack(SAMPLE_REGRESSION, "dense 3, relu, dense 1");
    assert_c_agrees(model);
    ml_model_free(model);
}

static void test_c_names(void **state)
{
    struct ml_model *model = sample_model(SAMPLE_BINARY, NULL, "");
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf out;
    (void)state;

    mli_buf_init(&out, (size_t)1 << 20);
    assert_int_equal(mli_export_format_find("c")->write(model, "two words", &out, &err), ML_EUSAGE);
    assert_int_equal(mli_export_format_find("c")->write(model, "2x", &out, NULL), ML_EUSAGE);
    assert_int_equal(mli_export_format_find("c")->write(model, "", &out, NULL), ML_EUSAGE);
    assert_int_equal(out.len, 0);
    assert_int_equal(mli_export_format_find("c")->write(model, "_x2", &out, NULL), ML_OK);
    assert_non_null(strstr(out.data, "int _x2_predict(const _x2_row *row, _x2_result *result);"));
    mli_buf_release(&out);
    mli_buf_init(&out, 1000);
    assert_int_equal(mli_export_format_find("c")->write(model, "x", &out, NULL), ML_ELIMIT);
    mli_buf_release(&out);
    ml_model_free(model);
}

/* ---- text of c --------------------------------------------------------------------------------------------------- */

static const char *name_of(const void *data, size_t i)
{
    return ((const char *const *)data)[i];
}

static void test_identifiers(void **state)
{
    static const char *const names[] = {
        "age",
        "Age",
        "AGE ",
        "Fare paid",
        "class",
        "2nd",
        "",
        "\303\251",
        "__x__",
        "a--b",
        "column",
        "NULL",
        "errno",
        "age_2",
        "column_8",
        "int",
        "Int",
        "int_",
        "a very long name of a column that goes on and on and on until it is cut somewhere",
        "a very long name of a column that goes on and on and on until it is cut elsewhere",
    };
    static const char *const expected[] = {
        "age",
        "age_2",
        "age_3",
        "fare_paid",
        "class_",
        "c2nd",
        "column",
        "column_8",
        "x",
        "a_b",
        "column_11",
        "null",
        "errno_",
        "age_2_14",
        "column_8_15",
        "int_",
        "int_17",
        "int_18",
        "a_very_long_name_of_a_column_that_goe",
        "a_very_long_name_of_a_column_that_goe_20",
    };
    (void)state;

    char **words = mli_c_identifiers(LENGTH(names), name_of, names);
    assert_non_null(words);
    for (size_t i = 0; i < LENGTH(names); i++) {
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(words[i], words[j]);
        assert_string_equal(words[i], expected[i]);
    }
    mli_c_identifiers_free(words, LENGTH(names));
}

static void test_text(void **state)
{
    struct mli_buf out;
    (void)state;

    mli_buf_init(&out, 4096);
    mli_c_string(&out, "a\"b\\c?\?/\n\t\177\303\2510");
    assert_string_equal(out.data, "\"a\\\"b\\\\c\\?\\?/\\n\\011\\177\\303\\2510\"");
    mli_buf_reset(&out);
    mli_c_comment(&out, "*/ /* \303\251 \342\200\256 \302\205 \330\234 \377 \n*/**/");
    assert_string_equal(out.data, "* / / * \303\251 ? ? ? ? ?* / ** /");
    mli_buf_reset(&out);
    mli_c_number(&out, 3);
    mli_buf_char(&out, ' ');
    mli_c_number(&out, -0.0);
    mli_buf_char(&out, ' ');
    mli_c_number(&out, 1e300);
    mli_buf_char(&out, ' ');
    mli_c_number(&out, 0.1);
    assert_string_equal(out.data, "3.0 -0.0 1e300 0.1");
    mli_buf_release(&out);
}

/* ---- json -------------------------------------------------------------------------------------------------------- */

/* Interprets the exported document as its "how" texts say, knowing nothing of the model. */

static json_t *row_json(const json_t *doc, const struct ml_table *rows, size_t i)
{
    json_t *row = json_object(), *input;
    size_t at;

    json_array_foreach(json_object_get(doc, "inputs"), at, input)
    {
        const char *name = json_string_value(json_object_get(input, "name"));
        const struct mli_column *column = &rows->column[ml_table_find(rows, name)];
        if (column->number)
            json_object_set_new(row, name, mli_json_from(column->number[i]));
        else if (column->code[i] < 0)
            json_object_set_new(row, name, json_null());
        else
            json_object_set_new(row, name,
                                json_string(mli_dict_text(column->dict, (size_t)column->code[i])));
    }
    return row;
}

static void set_named(json_t *row, const char *column, const char *separator, const char *what,
                      json_t *value)
{
    char name[512];
    snprintf(name, sizeof(name), "%s%s%s", column, separator, what);
    json_object_set_new(row, name, value);
}

static void step_dates(json_t *row, const char *name, const json_t *column)
{
    const json_t *cell = json_object_get(row, name);
    json_t *part;
    size_t i;

    json_array_foreach(json_object_get(column, "parts"), i, part)
    {
        enum mli_date_part p = MLI_DATE_YEAR;
        while (strcmp(mli_date_part_name[p], json_string_value(part)) != 0)
            p++;
        double value = json_is_null(cell) ? NAN : mli_date_part(json_number_value(cell), p);
        set_named(row, name, ".", json_string_value(part), mli_json_from(value));
    }
}

static void step_onehot(json_t *row, const char *name, const json_t *column)
{
    const json_t *cell = json_object_get(row, name);
    json_t *value;
    size_t i;

    json_array_foreach(json_object_get(column, "values"), i, value)
        set_named(row, name, "=", json_string_value(value), json_integer(json_equal(cell, value)));
    if (json_is_true(json_object_get(column, "missing")))
        set_named(row, name, "=", "missing", json_integer(json_is_null(cell)));
}

static void apply_step(json_t *row, const char *step, const json_t *column)
{
    const char *name = json_string_value(json_object_get(column, "column"));
    const json_t *cell = json_object_get(row, name);

    if (strcmp(step, "dates") == 0)
        step_dates(row, name, column);
    else if (strcmp(step, "onehot") == 0)
        step_onehot(row, name, column);
    else if (strcmp(step, "impute") == 0 && json_is_null(cell))
        json_object_set(row, name, json_object_get(column, "value"));
    else if (strcmp(step, "scale") == 0)
        json_object_set_new(row, name,
                            json_real((json_number_value(cell) -
                                       json_number_value(json_object_get(column, "shift"))) /
                                      json_number_value(json_object_get(column, "scale"))));
}

static size_t features_of(const json_t *doc, json_t *row, double *x)
{
    json_t *step, *column, *feature;
    size_t i, j;

    json_array_foreach(json_object_get(doc, "pipeline"), i, step)
        json_array_foreach(json_object_get(step, "columns"), j, column)
            apply_step(row, json_string_value(json_object_get(step, "step")), column);
    json_array_foreach(json_object_get(doc, "features"), i, feature)
    {
        const json_t *value = json_object_get(row, json_string_value(feature));
        assert_true(json_is_number(value));
        x[i] = json_number_value(value);
    }
    return i;
}

static double part_of(const json_t *layer, const char *part, size_t j)
{
    return json_number_value(json_array_get(json_object_get(layer, part), j));
}

/* A number's way through a layer that is not dense, as its "how" says. */
static double apply_unit(const json_t *layer, size_t j, double x)
{
    const char *name = json_string_value(json_object_get(layer, "layer"));

    if (strcmp(name, "batch_norm") == 0)
        return (x - part_of(layer, "running_mean", j)) / sqrt(part_of(layer, "running_var", j) + 1e-5) *
                   part_of(layer, "weight", j) +
               part_of(layer, "bias", j);
    return strcmp(name, "relu") == 0         ? (x > 0 ? x : 0)
           : strcmp(name, "leaky_relu") == 0 ? (x > 0 ? x : 0.01 * x)
           : strcmp(name, "elu") == 0        ? (x > 0 ? x : exp(x) - 1)
           : strcmp(name, "gelu") == 0       ? x / 2 * (1 + erf(x / sqrt(2)))
           : strcmp(name, "tanh") == 0       ? tanh(x)
           : strcmp(name, "sigmoid") == 0    ? 1 / (1 + exp(-x))
                                             : x;
}

static size_t apply_network(const json_t *doc, double *x, size_t n)
{
    json_t *layer, *row, *number;
    size_t l, j, i;

    json_array_foreach(json_object_get(doc, "network"), l, layer)
    {
        double z[8] = { 0 };
        if (strcmp(json_string_value(json_object_get(layer, "layer")), "dense") != 0) {
            for (i = 0; i < n; i++)
                x[i] = apply_unit(layer, i, x[i]);
            continue;
        }
        json_array_foreach(json_object_get(layer, "weight"), j, row)
        {
            assert_int_equal(json_array_size(row), n);
            z[j] = json_number_value(json_array_get(json_object_get(layer, "bias"), j));
            json_array_foreach(row, i, number) z[j] += json_number_value(number) * x[i];
        }
        memcpy(x, z, sizeof(z));
        n = j;
    }
    return n;
}

static void predict_json(const json_t *doc, json_t *row, double *p)
{
    double x[256], sum = 0;
    size_t n = apply_network(doc, x, features_of(doc, row, x));

    if (strcmp(json_string_value(json_object_get(doc, "task")), "regression") == 0) {
        p[0] = x[0];
    } else if (strcmp(json_string_value(json_object_get(doc, "task")), "multilabel") == 0) {
        for (size_t k = 0; k < n; k++) {
            p[2 * k + 1] = 1 / (1 + exp(-x[k]));
            p[2 * k] = 1 - p[2 * k + 1];
        }
    } else if (n == 1) {
        p[1] = 1 / (1 + exp(-x[0]));
        p[0] = 1 - p[1];
    } else {
        for (size_t k = 0; k < n; k++)
            sum += exp(x[k]);
        for (size_t k = 0; k < n; k++)
            p[k] = exp(x[k]) / sum;
    }
}

static void test_json_agrees(void **state)
{
    static const char *const stacks[] = {
        "dense 5, relu, dropout 0.5, dense 4, gelu, dense 3",
        "batch_norm, dense 5, batch_norm, tanh, dense 4, elu, dense 3",
        "sigmoid, dense 2, leaky_relu, dense 3",
    };
    struct ml_table *rows = test_rows();
    (void)state;

    for (size_t m = 0; m < SAMPLES + LENGTH(stacks); m++) {
        struct ml_error err = ML_ERROR_INIT;
        struct ml_model *model = m < SAMPLES
                                     ? sample_model((enum sample_kind)m, NULL, "")
                                     : sample_stack(SAMPLE_MULTICLASS, stacks[m - SAMPLES]);
        struct mli_buf text = export_text(model, "json", "sample");
        double *expected = expected_predictions(model, rows), p[6];
        size_t width = ml_model_width(model);
        json_t *doc;
        assert_int_equal(mli_json_parse(text.data, text.len, 0, "json", &doc, &err), ML_OK);
        const json_t *targets = json_object_get(doc, "targets"), *first = targets ? json_array_get(targets, 0) : doc;
        assert_int_equal(targets ? json_array_size(targets) : 1, model->targets);
        assert_int_equal(json_array_size(json_object_get(first, "labels")), model->target[0].classes);
        for (size_t i = 0; i < ROWS; i++) {
            json_t *row = row_json(doc, rows, i);
            predict_json(doc, row, p);
            json_decref(row);
            for (size_t k = 0; k < width;
                 k++) { /* sums in another order: some ulp of the largest term */
                double difference = fabs(p[k] - expected[i * width + k]);
                assert_true(difference <= 1e-9 * (1 + fabs(expected[i * width + k])));
            }
        }
        json_decref(doc);
        free(expected);
        mli_buf_release(&text);
        ml_model_free(model);
    }
    ml_table_free(rows);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void test_no_memory(void **state)
{
    struct ml_model *model = sample_model_small("");
    size_t formats;
    (void)state;

    for (size_t i = 0; heap_counts() && mli_export_formats(&formats) && i < formats; i++) {
        for (size_t n = 0;; n++) {
            struct ml_error err = ML_ERROR_INIT;
            struct mli_buf out;
            mli_buf_init(&out, SIZE_MAX);
            heap_start(n);
            enum ml_status status = mli_export_formats(&formats)[i].write(model, "x", &out, &err);
            mli_buf_release(&out);
            struct heap_report report = heap_stop();
            assert_int_equal(report.blocks, 0);
            if (status != (report.failed ? ML_ENOMEM : ML_OK))
                fail_msg("allocation %zu: status %s, \"%s\"", n, ml_status_name(status), err.text);
            assert_int_equal(err.status, status);
            if (!report.failed)
                break;
            assert_true(n < 10000);
        }
    }
    ml_model_free(model);
    if (!heap_counts())
        skip();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_identifiers),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_c_agrees),
        cmocka_unit_test(test_c_of_other_pipelines),
        cmocka_unit_test(test_c_of_all_steps),
        cmocka_unit_test(test_c_of_stacks),
        cmocka_unit_test(test_c_names),
        cmocka_unit_test(test_json_agrees),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <tests/unit/prep.h>

#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>

static void gather(void *data, enum ml_log_level level, const char *text)
{
    struct notes *notes = data;
    size_t len = strlen(notes->text);

    assert_true(level == ML_LOG_NOTE || level == ML_LOG_WARNING);
    snprintf(notes->text + len, sizeof(notes->text) - len, "%s\n", text);
}

struct ml_log log_to(struct notes *notes)
{
    *notes = (struct notes){ 0 };
    return (struct ml_log){ .write = gather, .data = notes, .level = ML_LOG_DEBUG };
}

struct ml_table *table_typed(const char *text, const char *const *type)
{
    struct ml_read_options options = ML_READ_OPTIONS_INIT;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_input *input = NULL;
    struct ml_table *table = NULL;

    options.type = type;
    options.csv.delimiter = ',';
    assert_int_equal(mli_input_memory("test.csv", text, strlen(text), &input, NULL), ML_OK);
    if (mli_table_read_input(input, &options, &table, &err) != ML_OK)
        fail_msg("%zu:%zu: %s", err.line, err.column, err.text);
    return table;
}

struct ml_table *table_of(const char *text)
{
    return table_typed(text, NULL);
}

struct ml_table *table_counted(const char *header, size_t rows, const char *format)
{
    size_t room = strlen(header) + rows * (strlen(format) + 64) + 2;
    char *text = malloc(room);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, room, "%s\n", header);

    for (size_t i = 0; i < rows; i++) {
        for (const char *c = format; *c; c++) {
            if (*c == '#')
                used += (size_t)snprintf(text + used, room - used, "%zu", i);
            else if (*c == '%')
                used += (size_t)snprintf(text + used, room - used, "%zu", i * i % 7);
            else
                text[used++] = *c;
        }
        text[used++] = '\n';
    }
    text[used] = '\0';
    struct ml_table *table = table_of(text);
    free(text);
    return table;
}

enum ml_status fit_all(const struct ml_table *table, const uint8_t *train,
                       const struct ml_prep_config *config, struct notes *notes,
                       struct mli_pipeline **out, struct ml_error *err)
{
    static const struct ml_prep_config defaults = ML_PREP_CONFIG_INIT;
    struct ml_log log = { 0 };
    size_t columns[64];

    assert_true(table->columns <= COUNT(columns));
    for (size_t i = 0; i < table->columns; i++)
        columns[i] = i;
    if (notes)
        log = log_to(notes);
    return mli_pipeline_fit(table, columns, table->columns, train, config ? config : &defaults,
                            notes ? &log : NULL, out, err);
}

struct mli_pipeline *pipeline_of(const struct ml_table *table, const uint8_t *train,
                                 const struct ml_prep_config *config)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline = NULL;

    if (fit_all(table, train, config, NULL, &pipeline, &err) != ML_OK)
        fail_msg("%s", err.text);
    return pipeline;
}

const char *features_of(const struct mli_pipeline *pipeline)
{
    static char text[4096];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < mli_pipeline_features(pipeline); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s ",
                                 mli_pipeline_feature(pipeline, i));
    return text;
}

double *matrix_of(const struct mli_pipeline *pipeline, const struct ml_table *table,
                  struct mli_apply_counts *counts)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct ml_error err = ML_ERROR_INIT;
    const struct ml_table *view;
    double *X = calloc(table->rows * mli_pipeline_features(pipeline) + 1, sizeof(*X));

    assert_non_null(X);
    if (mli_pipeline_view(pipeline, table, &arena, &view, &err) != ML_OK ||
        mli_pipeline_apply(pipeline, view, &arena, X, counts, &err) != ML_OK)
        fail_msg("%s", err.text);
    mli_arena_release(&arena);
    return X;
}

void expect_error(const struct ml_error *err, enum ml_status status, const char *part)
{
    if (err->status != status || !strstr(err->text, part))
        fail_msg("expected %s with \"%s\", got %s \"%s\"", ml_status_name(status), part,
                 ml_status_name(err->status), err->text);
}

int main(void)
{
    int failed = 0;

    failed += prep_options_tests();
    failed += prep_stats_tests();
    failed += prep_steps_tests();
    failed += prep_columns_tests();
    failed += prep_explain_tests();
    failed += prep_drop_tests();
    failed += prep_apply_tests();
    failed += prep_numeric_tests();
    failed += prep_parity_tests();
    failed += prep_saved_tests();
    failed += prep_stage_tests();
    failed += prep_text_tests();
    failed += prep_memory_tests();
    return failed > 0;
}

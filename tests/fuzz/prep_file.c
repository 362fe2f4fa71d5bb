/* Prep files and the pipelines in them: read or refused, and what is read can be applied to a row of missing
 * cells and to one of text. */
#include <fit/prepfile.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <table/rows.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void apply(const struct mli_pipeline *pipeline)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct mli_rows *rows = NULL;
    const struct mli_schema *schema = mli_pipeline_schema(pipeline);
    if (mli_rows_new(schema, NULL, 2, &rows, NULL) == ML_OK && mli_rows_append(rows) && mli_rows_append(rows)) {
        static const char text[] = "Some W\303\226RDS, 7";
        for (size_t i = 0; i < schema->count; i++)
            (void)!mli_rows_set_text(rows, i, text, schema->field[i].type == ML_TYPE_TEXT ? sizeof text - 1 : 1);
        size_t d = mli_pipeline_features(pipeline);
        double *X = mli_arena_alloc(&arena, 2 * d, sizeof *X);
        if (X)
            (void)!mli_pipeline_apply(pipeline, mli_rows_table(rows), &arena, X, NULL, NULL);
    }
    mli_rows_free(rows);
    mli_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mli_prepfile file = { 0 };
    struct ml_error err = ML_ERROR_INIT;
    enum ml_status status = mli_prepfile_decode((const char *)data, size, "prep.json", &file, &err);
    if (status == ML_OK)
        apply(file.pipeline);
    else if (err.status != status || !err.text[0])
        abort();
    mli_prepfile_release(&file);
    return 0;
}

/* Prep files and the pipelines in them: read or refused, and what is read can be applied to a row of missing cells. */
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
    if (mli_rows_new(mli_pipeline_schema(pipeline), NULL, 1, &rows, NULL) == ML_OK && mli_rows_append(rows)) {
        size_t d = mli_pipeline_features(pipeline);
        double *X = mli_arena_alloc(&arena, d, sizeof *X);
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

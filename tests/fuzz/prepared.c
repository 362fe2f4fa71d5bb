/* The document of a file of prepared rows: read or refused with a reason, and what is read has a plan and a pipeline, as
 * often as they are asked for, and gives the rows of no file but the features that the pipeline makes. */
#include <fit/prepared.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct ml_prepared *rows)
{
    for (int again = 0; again < 2; again++) {
        struct mli_plan plan = { 0 };
        struct mli_pipeline *pipeline = NULL;
        if (mli_prepared_plan(rows, &plan, NULL) != ML_OK || mli_prepared_pipeline(rows, &pipeline, NULL) != ML_OK)
            abort();
        if (mli_pipeline_features(pipeline) != rows->features || plan.target.columns != rows->columns)
            abort();
        mli_pipeline_free(pipeline);
        mli_plan_release(&plan);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ml_prepared rows = { .fd = -1 };
    struct ml_error err = ML_ERROR_INIT;
    enum ml_status status = mli_prepared_decode((const char *)data, size, "rows", &rows, &err);
    if (status == ML_OK) {
        use(&rows);
        mli_prepared_release(&rows);
    } else if (err.status != status || !err.text[0]) {
        abort();
    }
    return 0;
}

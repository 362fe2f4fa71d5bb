/*
 * Any bytes as a prediction log of a model with numbers, categories and instants, as `mlctl monitor` reads it. What is read
 * to its end by the reader that stops at the first bad line is read the same by the one that leaves such lines out, and what
 * the former refuses is a line that the latter leaves out; rows are counted as they are handed on, and fit the schema.
 */
#include <model/drift.h>
#include <model/rowlog.h>
#include <stdint.h>
#include <tests/unit/serve_sample.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct ml_model *model;
static struct mli_drift *drift;

struct taken {
    uint64_t *counts;
    size_t rows;
};

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void take(void *data, const struct ml_table *rows)
{
    struct taken *taken = data;

    require(rows->rows > 0 && rows->columns == mli_pipeline_schema(model->pipeline)->count, "a table");
    mli_drift_add(drift, rows, taken->counts);
    taken->rows += rows->rows;
}

/* How many lines were left out: skips only. */
static enum ml_status read_all(const uint8_t *bytes, size_t n, bool any, bool skips, struct taken *taken, size_t *others)
{
    struct mli_rowlog log = { .model = model, .any_model = any, .take = take, .data = taken };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_input *input = NULL;

    taken->rows = 0;
    memset(taken->counts, 0, mli_drift_counts(drift) * sizeof(*taken->counts));
    sample_need(mli_input_memory("log", bytes, n, &input, &err) == ML_OK, &err);
    log.bad = skips ? mli_bad_rows_new(NULL, NULL) : NULL;
    enum ml_status status = mli_rowlog_read_input(&log, input, &err);
    require(status == err.status && (status == ML_OK || err.text[0]), "an error without a reason");
    require(status != ML_OK || (log.rows == taken->rows), "rows that are not counted");
    mli_bad_rows_free(log.bad);
    mli_input_close(input);
    *others = log.others;
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    size_t others, skipped_others;

    if (!model) {
        model = sample_people();
        drift = mli_drift_new(mli_pipeline_schema(model->pipeline));
    }
    const size_t size = mli_drift_counts(drift) * sizeof(uint64_t);
    struct taken strict = { .counts = malloc(size) }, lenient = { .counts = malloc(size) };
    require(strict.counts && lenient.counts, "memory");
    const bool any = n > 0 && bytes[n - 1] == ' '; /* a last line that is blank, and nothing else */
    enum ml_status status = read_all(bytes, n, any, false, &strict, &others);
    enum ml_status skipping = read_all(bytes, n, any, true, &lenient, &skipped_others);
    require(skipping == ML_OK || status != ML_OK, "what is left out is an error");
    if (status == ML_OK) {
        require(strict.rows == lenient.rows && others == skipped_others, "other rows without bad ones");
        require(memcmp(strict.counts, lenient.counts, size) == 0, "other cells without bad ones");
    }
    for (size_t j = 0; j < mli_drift_columns(drift); j++) {
        struct mli_drift_column c;
        mli_drift_column(drift, j, lenient.counts, &c);
        require(c.rows == lenient.rows && c.missing + c.unseen + c.outside <= c.rows, "a column's cells");
    }
    free(strict.counts);
    free(lenient.counts);
    return 0;
}

#include <fit/evaluate.h>

#include <base/mem.h>
#include <fit/gather.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/split.h>

/* What the record says of the rows that were held out. Strings are borrowed from the record. */
struct recorded {
    const char *path, *sha256, *split_text, *missing;
    char delimiter;
    size_t rows, seed;
    struct mli_split split;
};

static enum ml_status read_record(const struct ml_model *model, struct recorded *out,
                                  struct ml_error *err)
{
    json_t *data, *read;
    const char *delimiter;
    struct recorded r = { 0 };
    enum ml_status status = mli_json_object(model->record, "data", &data, err);
    if (!status)
        status = mli_json_str(data, "path", &r.path, err);
    if (!status)
        status = mli_json_str(data, "sha256", &r.sha256, err);
    if (!status)
        status = mli_json_object(data, "read", &read, err);
    if (!status)
        status = mli_json_str(read, "delimiter", &delimiter, err);
    if (!status)
        status = mli_json_str(model->record, "split", &r.split_text, err);
    if (!status)
        status = mli_json_size(model->record, "split_seed", &r.seed, err);
    if (!status && mli_split_parse(r.split_text, &r.split, NULL))
        status = ml_error_set(err, ML_EARTIFACT, "the record's split \"%s\" is none that mlctl train writes", r.split_text);
    if (status)
        return status;
    r.delimiter = delimiter[0];
    r.missing = json_string_value(json_object_get(read, "missing"));
    *out = r;
    return ML_OK;
}

/* Keeps the rows that test marks. */
static void keep_marked(struct mli_gathered *rows, const uint8_t *test, size_t width)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (!test[i])
            continue;
        rows->y[n] = rows->y[i];
        memmove(rows->P + n * width, rows->P + i * width, width * sizeof *rows->P);
        n++;
    }
    rows->n = n;
}

static enum ml_status keep_test_rows(const struct ml_model *model, const struct recorded *r,
                                     struct mli_gathered *rows, struct ml_error *err)
{
    if (r->split.kind == MLI_SPLIT_COLUMN) {
        keep_marked(rows, rows->marked, ml_model_width(model));
        return ML_OK;
    }
    uint8_t *test = mli_calloc(rows->n, 1);
    int32_t *codes = mli_alloc(rows->n, sizeof *codes);
    enum ml_status status = test && codes ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; !status && model->classes && i < rows->n; i++)
        codes[i] = (int32_t)rows->y[i];
    if (!status)
        status = mli_split_apply(&r->split, rows->n, model->classes ? codes : NULL, NULL, r->seed, test, err);
    if (!status)
        keep_marked(rows, test, ml_model_width(model));
    free(codes);
    free(test);
    return status;
}

/* True when the recorded file is there with the recorded bytes; else says why not. */
static bool file_is_there(const struct recorded *r, char why[512])
{
    char sha256[MLI_SHA256_HEX];
    struct ml_error error = ML_ERROR_INIT;
    if (strcmp(r->path, "-") == 0 || strcmp(r->path, "standard input") == 0)
        snprintf(why, 512, "the model was trained from standard input; name a file to evaluate on");
    else if (mli_file_sha256(r->path, sha256, &error))
        snprintf(why, 512, "the training data %.200s cannot be read (%.200s)", r->path, error.text);
    else if (strcmp(sha256, r->sha256) != 0)
        snprintf(why, 512, "%.300s is not the file that trained the model (its SHA-256 differs)", r->path);
    else
        return true;
    return false;
}

enum ml_status mli_evaluate_holdout(const struct ml_model *model, const struct ml_log *log, bool *found,
                                    char why[512], json_t **metrics, struct ml_error *err)
{
    struct recorded r;
    enum ml_status status = read_record(model, &r, err);
    if (status)
        return status;
    *found = false;
    if (r.split.kind == MLI_SPLIT_NONE) {
        snprintf(why, 512, "training held no rows out (--split none or --test)");
        return ML_OK;
    }
    if (!file_is_there(&r, why))
        return ML_OK;
    struct mli_gathered rows = { 0 };
    const struct mli_stream_options options = { .csv.delimiter = r.delimiter,
                                                .missing = r.missing,
                                                .log = log };
    bool by_column = r.split.kind == MLI_SPLIT_COLUMN;
    status = mli_gather(model, r.path, &options, by_column ? r.split.column : NULL, &rows, err);
    if (!status)
        status = keep_test_rows(model, &r, &rows, err);
    if (!status)
        status = mli_evaluate_arrays(model, rows.n, rows.y, rows.P, metrics, err);
    *found = !status;
    mli_gathered_release(&rows);
    return status;
}

#include <fit/evaluate.h>

#include <base/mem.h>
#include <fit/gather.h>
#include <fit/plan.h>
#include <fit/record.h>
#include <model/reading.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the record says of the rows that were held out. Strings are borrowed from the record. */
struct recorded {
    const char *path, *sha256, *split_text; /* path: of all files, joined, if there are several */
    const char **file;                      /* each one; owned */
    size_t files;
    size_t seed;
    struct mli_split split;
    const char *group; /* NULL: none */
    bool dedupe;
    struct ml_read_options read;
    const char **type, **drop; /* of read; owned */
};

static void recorded_release(struct recorded *r)
{
    free(r->file);
    free(r->type);
    free(r->drop);
}

/* An array of strings, absent: NULL; NULL-terminated, the strings are borrowed. */
static enum ml_status read_names(const json_t *doc, const char *key, const char ***out, struct ml_error *err)
{
    const json_t *array = json_object_get(doc, key), *item;
    size_t i, n = json_array_size(array);
    if (!n)
        return ML_OK;
    const char **list = mli_calloc(n + 1, sizeof *list);
    if (!list)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    json_array_foreach((json_t *)array, i, item) {
        if ((list[i] = json_string_value(item)))
            continue;
        free(list);
        return ml_error_set(err, ML_EARTIFACT, "%s[%zu] is not a string", key, i);
    }
    *out = list;
    return ML_OK;
}

static enum ml_status read_files(const json_t *data, struct recorded *r, struct ml_error *err)
{
    const json_t *array = json_object_get(data, "files");
    r->files = json_array_size(array) ? json_array_size(array) : 1;
    r->file = mli_calloc(r->files, sizeof *r->file);
    if (!r->file)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    r->file[0] = r->path;
    for (size_t i = 0; i < json_array_size(array); i++) {
        r->file[i] = json_string_value(json_object_get(json_array_get(array, i), "path"));
        if (!r->file[i])
            return ml_error_set(err, ML_EARTIFACT, "files[%zu] has no path", i);
    }
    return ML_OK;
}

static enum ml_status read_record(const struct ml_model *model, struct recorded *out,
                                  struct ml_error *err)
{
    json_t *data, *read;
    struct recorded r = { 0 };
    enum ml_status status = mli_json_object(model->record, "data", &data, err);
    if (!status)
        status = mli_json_str(data, "path", &r.path, err);
    if (!status)
        status = read_files(data, &r, err);
    if (!status)
        status = mli_json_str(data, "sha256", &r.sha256, err);
    if (!status)
        status = mli_json_object(data, "read", &read, err);
    if (!status)
        status = mli_json_str(model->record, "split", &r.split_text, err);
    if (!status)
        status = mli_json_size(model->record, "split_seed", &r.seed, err);
    if (!status && mli_split_parse(r.split_text, &r.split, NULL))
        status = ml_error_set(err, ML_EARTIFACT, "the record's split \"%s\" is none that mlctl train writes", r.split_text);
    if (!status)
        status = read_names(read, "type", &r.type, err);
    if (!status)
        status = read_names(read, "drop", &r.drop, err);
    if (status) {
        recorded_release(&r);
        return status;
    }
    r.group = json_string_value(json_object_get(model->record, "group"));
    r.dedupe = json_is_true(json_object_get(model->record, "dedupe"));
    r.read.type = r.type;
    r.read.drop = r.drop;
    mli_reading_again(read, &r.read.csv, &r.read.missing);
    *out = r;
    return ML_OK;
}

/* Keeps the rows that test marks. */
static void keep_marked(struct mli_gathered *rows, const uint8_t *test, size_t width, size_t targets)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (!test[i])
            continue;
        memmove(rows->y + n * targets, rows->y + i * targets, targets * sizeof *rows->y);
        memmove(rows->P + n * width, rows->P + i * width, width * sizeof *rows->P);
        n++;
    }
    rows->n = n;
}

/* Whether the rows with a target, their classes and the seed decide alone: else the whole table is asked. */
static bool is_plain(const struct recorded *r)
{
    return !r->group && !r->dedupe && r->split.kind != MLI_SPLIT_COLUMN && r->split.kind != MLI_SPLIT_TIME;
}

static enum ml_status mark_plain(const struct ml_model *model, const struct recorded *r,
                                 const struct mli_gathered *rows, uint8_t *test, struct ml_error *err)
{
    bool classes = model->loss.task != MLI_TASK_REGRESSION;
    int32_t *codes = classes ? mli_alloc(rows->n, sizeof *codes) : NULL;
    if (classes && !codes)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    if (classes)
        mli_target_strata(rows->n, model->targets, rows->y, codes);
    const struct mli_split_rows all = { .n = rows->n, .classes = codes };
    enum ml_status status = mli_split_apply(&r->split, &all, r->seed, test, err);
    free(codes);
    return status;
}

/* Reads the table as train did and makes its plan again. */
static enum ml_status mark_planned(const struct ml_model *model, const struct recorded *r,
                                   const struct mli_gathered *rows, uint8_t *test, struct ml_error *err)
{
    const struct mli_settings settings = { .known = model,
                                           .split = r->split,
                                           .split_text = r->split_text,
                                           .group = r->group,
                                           .dedupe = r->dedupe };
    struct ml_table *table = NULL;
    struct mli_plan plan = { 0 };
    enum ml_status status = ml_table_read_files(r->file, r->files, &r->read, &table, err);
    if (!status)
        status = mli_plan_make(table, NULL, NULL, &settings, r->seed, NULL, &plan, err);
    for (size_t i = 0; !status && i < rows->n; i++) {
        if (rows->row[i] >= table->rows)
            status = ml_error_at(err, ML_EDATA, r->path, 0, 0, "the file changed while it was read");
        else
            test[i] = plan.part[rows->row[i]] == MLI_PART_TEST;
    }
    mli_plan_release(&plan);
    ml_table_free(table);
    return status;
}

static enum ml_status keep_test_rows(const struct ml_model *model, const struct recorded *r,
                                     struct mli_gathered *rows, struct ml_error *err)
{
    uint8_t *test = mli_calloc(rows->n, 1);
    if (!test)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    enum ml_status status = is_plain(r) ? mark_plain(model, r, rows, test, err)
                                        : mark_planned(model, r, rows, test, err);
    if (!status)
        keep_marked(rows, test, ml_model_width(model), model->targets);
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
    else if (mli_files_sha256(r->file, r->files, sha256, &error))
        snprintf(why, 512, "the training data %.200s cannot be read (%.200s)", r->path, error.text);
    else if (strcmp(sha256, r->sha256) != 0)
        snprintf(why, 512, "%.300s is not the file that trained the model (its SHA-256 differs)", r->path);
    else
        return true;
    return false;
}

static enum ml_status measure(const struct ml_model *model, const struct recorded *r,
                              const struct ml_log *log, json_t **metrics, struct ml_error *err)
{
    struct mli_gathered rows = { 0 };
    const struct mli_flow_options options = { .csv = r->read.csv, .missing = r->read.missing, .log = log };
    enum ml_status status = mli_gather(model, r->file, r->files, &options, &rows, err);
    if (!status)
        status = keep_test_rows(model, r, &rows, err);
    if (!status)
        status = mli_evaluate_arrays(model, rows.n, rows.y, rows.P, options.threads, metrics, err);
    mli_gathered_release(&rows);
    return status;
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
    } else if (file_is_there(&r, why)) {
        status = measure(model, &r, log, metrics, err);
        *found = !status;
    }
    recorded_release(&r);
    return status;
}

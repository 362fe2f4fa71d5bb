#include <fit/prepfile.h>

#include <base/file.h>
#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PREPFILE_VERSION = 1, PREPFILE_MAX = 64 << 20 };

void mli_prepfile_release(struct mli_prepfile *file)
{
    mli_pipeline_free(file->pipeline);
    free(file->target);
    free(file->split);
    free(file->group);
    free(file->held_out);
    free(file->raw_path);
    json_decref(file->raw_files);
    json_decref(file->read);
    *file = (struct mli_prepfile){ 0 };
}

static json_t *tensors_json(const struct mli_tensors *set)
{
    json_t *doc = json_object();
    for (size_t t = 0; doc && t < set->count; t++) {
        const struct mli_tensor *tensor = &set->items[t];
        json_t *values = json_array();
        size_t n = 1;
        for (size_t r = 0; r < tensor->rank; r++)
            n *= tensor->shape[r];
        bool ok = values != NULL;
        for (size_t i = 0; ok && i < n; i++)
            ok = json_array_append_new(values, json_real(tensor->data[i])) == 0;
        if (!mli_json_put(doc, tensor->name, values) || !ok) {
            json_decref(doc);
            return NULL;
        }
    }
    return doc;
}

static enum ml_status tensors_read(const json_t *doc, struct mli_tensors *set, struct ml_error *err)
{
    const char *name;
    json_t *values, *value;
    json_object_foreach((json_t *)doc, name, values) {
        size_t n = json_array_size(values), i;
        double *data = mli_alloc(n, sizeof *data);
        if (!data)
            return ml_error_set(err, ML_ENOMEM, "out of memory");
        enum ml_status status = ML_OK;
        if (!json_is_array(values))
            status = ml_error_set(err, ML_EARTIFACT, "tensors.%s is not an array", name);
        json_array_foreach(values, i, value) {
            if (!status && !json_is_number(value))
                status = ml_error_set(err, ML_EARTIFACT, "tensors.%s[%zu] is not a number", name, i);
            data[i] = json_number_value(value);
        }
        if (!status)
            status = mli_tensors_add_vector(set, name, n, data, err);
        free(data);
        if (status)
            return status;
    }
    return ML_OK;
}

enum ml_status mli_prepfile_put_pipeline(json_t *doc, const struct mli_pipeline *pipeline, struct ml_error *err)
{
    struct mli_tensors set;
    json_t *steps = NULL;
    mli_tensors_init(&set);
    enum ml_status status = mli_pipeline_save(pipeline, &steps, &set, err);
    if (!status && !(mli_json_put(doc, "pipeline", json_incref(steps)) && mli_json_put(doc, "tensors", tensors_json(&set))))
        status = ml_error_set(err, ML_ENOMEM, "out of memory");
    json_decref(steps);
    mli_tensors_release(&set);
    return status;
}

static json_t *document(const struct mli_prepfile *file)
{
    json_t *doc = json_object();
    bool ok = doc != NULL;
    ok = ok && mli_json_put(doc, "format", json_string("mlctl-prep"));
    ok = ok && mli_json_put(doc, "format_version", json_integer(PREPFILE_VERSION));
    ok = ok && mli_json_put(doc, "raw_path", json_string(file->raw_path));
    if (ok && file->raw_files)
        ok = mli_json_put(doc, "raw_files", json_incref(file->raw_files));
    ok = ok && mli_json_put(doc, "raw_sha256", json_string(file->raw_sha256));
    ok = ok && mli_json_put(doc, "clean_sha256", json_string(file->clean_sha256));
    ok = ok && mli_json_put(doc, "read", json_incref(file->read));
    ok = ok && mli_json_put(doc, "target", json_string(file->target));
    ok = ok && mli_json_put(doc, "split", json_string(file->split));
    ok = ok && mli_json_put(doc, "seed", json_integer((json_int_t)file->seed));
    if (ok && file->group)
        ok = mli_json_put(doc, "group", json_string(file->group));
    if (ok && file->dedupe)
        ok = mli_json_put(doc, "dedupe", json_true());
    if (ok && file->held_out)
        ok = mli_json_put(doc, "held_out", json_string(file->held_out));
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}

enum ml_status mli_prepfile_write(const struct mli_prepfile *file, const char *path,
                                  struct ml_error *err)
{
    json_t *doc = document(file);
    char *text = NULL;
    enum ml_status status = doc ? mli_prepfile_put_pipeline(doc, file->pipeline, err)
                                : ml_error_set(err, ML_ENOMEM, "out of memory");
    if (!status) {
        text = mli_json_text(doc, true);
        status = text ? mli_file_write(path, text, strlen(text), false, err)
                      : ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    free(text);
    json_decref(doc);
    return status;
}

static enum ml_status copy_string(const json_t *doc, const char *key, char **out,
                                  struct ml_error *err)
{
    const char *text;
    enum ml_status status = mli_json_str(doc, key, &text, err);
    if (status)
        return status;
    *out = mli_strdup(text);
    return *out ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
}

static enum ml_status copy_digest(const json_t *doc, const char *key, char out[MLI_SHA256_HEX],
                                  struct ml_error *err)
{
    const char *text;
    enum ml_status status = mli_json_str(doc, key, &text, err);
    if (status)
        return status;
    if (strlen(text) != MLI_SHA256_HEX - 1 || strspn(text, "0123456789abcdef") != MLI_SHA256_HEX - 1)
        return ml_error_set(err, ML_EARTIFACT, "%s is not a SHA-256 digest of 64 hexadecimal digits", key);
    memcpy(out, text, MLI_SHA256_HEX);
    return ML_OK;
}

static enum ml_status read_header(const json_t *doc, struct mli_prepfile *out, struct ml_error *err)
{
    const char *format;
    size_t version, seed;
    enum ml_status status = mli_json_str(doc, "format", &format, err);
    if (!status && strcmp(format, "mlctl-prep") != 0)
        status = ml_error_set(err, ML_EARTIFACT, "format is \"%s\", not \"mlctl-prep\"", format);
    if (!status)
        status = mli_json_size(doc, "format_version", &version, err);
    if (!status && version != PREPFILE_VERSION)
        status = ml_error_set(err, ML_EARTIFACT, "format_version is %zu; this program reads %d", version,
                              PREPFILE_VERSION);
    if (!status)
        status = mli_json_size(doc, "seed", &seed, err);
    if (!status) {
        out->seed = seed;
        status = copy_string(doc, "raw_path", &out->raw_path, err);
    }
    if (!status && json_is_array(json_object_get(doc, "raw_files")))
        out->raw_files = json_incref(json_object_get(doc, "raw_files"));
    if (!status)
        status = copy_string(doc, "target", &out->target, err);
    if (!status)
        status = copy_string(doc, "split", &out->split, err);
    if (!status && json_object_get(doc, "group"))
        status = copy_string(doc, "group", &out->group, err);
    if (!status && json_object_get(doc, "held_out"))
        status = copy_string(doc, "held_out", &out->held_out, err);
    if (!status && out->held_out && out->held_out[strspn(out->held_out, "0123456789abcdef")])
        status = ml_error_set(err, ML_EARTIFACT, "held_out is not a row of hexadecimal digits");
    out->dedupe = json_is_true(json_object_get(doc, "dedupe"));
    if (!status)
        status = copy_digest(doc, "raw_sha256", out->raw_sha256, err);
    if (!status)
        status = copy_digest(doc, "clean_sha256", out->clean_sha256, err);
    if (!status)
        status = mli_json_object(doc, "read", &out->read, err);
    if (!status)
        json_incref(out->read);
    return status;
}

enum ml_status mli_prepfile_take_pipeline(const json_t *doc, struct mli_pipeline **out, struct ml_error *err)
{
    struct mli_pipeline *loaded = NULL;
    struct mli_tensors set;
    json_t *pipeline, *tensors;
    mli_tensors_init(&set);
    enum ml_status status = mli_json_object(doc, "pipeline", &pipeline, err);
    if (!status)
        status = mli_json_object(doc, "tensors", &tensors, err);
    if (!status)
        status = tensors_read(tensors, &set, err);
    if (!status)
        status = mli_pipeline_load(pipeline, &set, &loaded, err);
    const struct mli_tensor *unused = status ? NULL : mli_tensors_unused(&set);
    if (unused)
        status = ml_error_set(err, ML_EARTIFACT, "tensors.%s belongs to no step", unused->name);
    mli_tensors_release(&set);
    if (status)
        mli_pipeline_free(loaded);
    else
        *out = loaded;
    return status;
}

enum ml_status mli_prepfile_decode(const char *text, size_t len, const char *source,
                                   struct mli_prepfile *out, struct ml_error *err)
{
    struct mli_prepfile file = { 0 };
    json_t *doc = NULL;
    struct ml_error problem = ML_ERROR_INIT;
    enum ml_status status = mli_json_parse(text, len, 16, source, &doc, &problem);
    if (status)
        ml_error_at(err, status, source, problem.line, problem.column,
                    "not a prep file, which mlctl preprocess writes beside its output: %.200s", problem.text);
    if (!status && !json_is_object(doc))
        status = ml_error_set(err, ML_EARTIFACT, "not a prep file: the document is no JSON object");
    if (!status)
        status = read_header(doc, &file, err);
    if (!status)
        status = mli_prepfile_take_pipeline(doc, &file.pipeline, err);
    json_decref(doc);
    if (status) {
        ml_error_source(err, source);
        mli_prepfile_release(&file);
        return status;
    }
    *out = file;
    return ML_OK;
}

enum ml_status mli_prepfile_read(const char *path, struct mli_prepfile *out, struct ml_error *err)
{
    struct mli_buf text;
    mli_buf_init(&text, PREPFILE_MAX);
    enum ml_status status = mli_file_read(path, &text, err);
    if (!status)
        status = mli_prepfile_decode(text.data ? text.data : "", text.len, path, out, err);
    mli_buf_release(&text);
    return status;
}

#include <base/file.h>
#include <model/document.h>
#include <model/safetensors.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)2 << 30)
#define DIGEST_KEY "mlctl.sha256"
#define DIGITS (MLI_SHA256_HEX - 1)

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
_Static_assert(sizeof(zeros) == MLI_SHA256_HEX, "as many zeros as a digest has digits");

/* ---- the digest that a file carries inside itself ---------------------------------------------------------------- */

static void digest(const char *bytes, size_t n, size_t at, char out[MLI_SHA256_HEX])
{
    struct mli_sha256 sha;

    mli_sha256_init(&sha);
    mli_sha256_add(&sha, bytes, at);
    mli_sha256_add(&sha, zeros, DIGITS);
    mli_sha256_add(&sha, bytes + at + DIGITS, n - at - DIGITS);
    mli_sha256_hex(&sha, out);
}

enum ml_status mli_model_digest(const void *bytes, size_t n, const char *source, size_t *at,
                                char sha256[MLI_SHA256_HEX], struct ml_error *err)
{
    size_t place, length;
    enum ml_status status =
        mli_safetensors_find(bytes, n, source, DIGEST_KEY, &place, &length, err);

    if (status != ML_OK)
        return status;
    if (length != DIGITS)
        return ml_error_at(err, ML_EARTIFACT, source, 0, 0,
                           "byte %zu: the digest has %zu characters, expected %d", place, length,
                           DIGITS);
    digest(bytes, n, place, sha256);
    *at = place;
    return ML_OK;
}

/* ---- encode ------------------------------------------------------------------------------------------------------ */

static enum ml_status metadata_json(const struct ml_model *model, struct mli_tensors *set,
                                    json_t **out, struct ml_error *err)
{
    struct ml_error problem = ML_ERROR_INIT;
    json_t *doc = mli_model_document(model, set, &problem);

    if (!doc)
        return ml_error_set(err, problem.status, "%s", problem.text);
    char *text = mli_json_text(doc, false);
    json_decref(doc);
    *out = text ? json_pack("{s:s, s:s, s:s}", "format", "mlctl", DIGEST_KEY, zeros, "mlctl.model",
                            text)
                : NULL;
    free(text);
    return *out ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory for the model's metadata");
}

enum ml_status mli_model_encode(const struct ml_model *model, struct mli_buf *out,
                                char sha256[MLI_SHA256_HEX], struct ml_error *err)
{
    struct mli_tensors set;
    json_t *metadata = NULL;
    size_t begin = out->len;
    char hex[MLI_SHA256_HEX];

    mli_tensors_init(&set);
    enum ml_status status = metadata_json(model, &set, &metadata, err);
    if (status == ML_OK)
        status = mli_safetensors_encode(&set, metadata, out, err);
    if (status == ML_OK) { /* the digest stands before the document, so these zeros are the first */
        char *bytes = out->data + begin, *place = memmem(bytes, out->len - begin, zeros, DIGITS);
        digest(bytes, out->len - begin, (size_t)(place - bytes), hex);
        memcpy(place, hex, DIGITS);
        memcpy(sha256, hex, sizeof(hex));
    } else {
        out->len = begin;
    }
    mli_tensors_release(&set);
    json_decref(metadata);
    return status;
}

/* ---- decode ------------------------------------------------------------------------------------------------------ */

static enum ml_status check_format(const json_t *metadata, struct ml_error *err)
{
    static const char *const keys[] = { "format", DIGEST_KEY, "mlctl.model" };
    const char *format = json_string_value(json_object_get(metadata, "format"));
    const char *key;
    json_t *value;

    if (!format || strcmp(format, "mlctl") != 0)
        return ml_error_set(
            err, ML_EARTIFACT,
            "a safetensors file, but not a model of mlctl (metadata \"format\" is %s%s%s)",
            format ? "\"" : "", format ? format : "missing", format ? "\"" : "");
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            known = known || strcmp(key, keys[i]) == 0;
        if (!known)
            return ml_error_set(err, ML_EARTIFACT, "metadata \"%s\" is not one that models have",
                                key);
    }
    return ML_OK;
}

static enum ml_status check_digest(const void *bytes, size_t n, const json_t *metadata,
                                   const char *source, char sha256[MLI_SHA256_HEX],
                                   struct ml_error *err)
{
    size_t at;
    enum ml_status status = mli_model_digest(bytes, n, source, &at, sha256, err);

    if (status != ML_OK)
        return status;
    const char *expected = json_string_value(json_object_get(metadata, DIGEST_KEY));
    if (strcmp(expected, sha256) != 0)
        return ml_error_set(err, ML_EARTIFACT,
                            "byte %zu: the file says its SHA-256 is %.16s..., but it is %.16s...: "
                            "it was changed or damaged",
                            at, expected, sha256);
    return ML_OK;
}

/* Metadata "mlctl.model" as JSON, a text of one line; its errors have a place in that text, not in the file. */
static enum ml_status parse_document(const json_t *metadata, json_t **out, struct ml_error *err)
{
    const json_t *text = json_object_get(metadata, "mlctl.model");
    struct ml_error problem = ML_ERROR_INIT;

    if (!text)
        return ml_error_set(err, ML_EARTIFACT, "metadata \"mlctl.model\" is missing");
    enum ml_status status = mli_json_parse(json_string_value(text), json_string_length(text),
                                           MLI_DOCUMENT_DEPTH, NULL, out, &problem);
    if (status != ML_OK && problem.column > 0)
        return ml_error_set(err, status, "metadata \"mlctl.model\", character %zu: %s",
                            problem.column, problem.text);
    if (status != ML_OK)
        return ml_error_set(err, status, "metadata \"mlctl.model\": %s", problem.text);
    if (json_is_object(*out))
        return ML_OK;
    json_decref(*out);
    return ml_error_set(err, ML_EARTIFACT, "metadata \"mlctl.model\" is not a JSON object");
}

enum ml_status mli_model_decode(const void *bytes, size_t n, const char *source,
                                struct ml_model **out, struct ml_error *err)
{
    struct mli_tensors set;
    json_t *metadata = NULL, *doc = NULL;
    char sha256[MLI_SHA256_HEX];
    struct ml_model *model;

    mli_tensors_init(&set);
    enum ml_status status = mli_safetensors_decode(bytes, n, source, &set, &metadata, err);
    if (status == ML_OK)
        status = check_format(metadata, err);
    if (status == ML_OK)
        status = check_digest(bytes, n, metadata, source, sha256, err);
    if (status == ML_OK)
        status = parse_document(metadata, &doc, err);
    if (status == ML_OK)
        status = mli_document_read(doc, &set, &model, err);
    if (status == ML_OK) {
        memcpy(model->sha256, sha256, sizeof(sha256));
        *out = model;
    }
    ml_error_source(err, source);
    json_decref(doc);
    json_decref(metadata);
    mli_tensors_release(&set);
    return status;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

enum ml_status ml_model_load(const char *path, struct ml_model **out, struct ml_error *err)
{
    struct mli_buf file;
    struct stat st;

    /* before memory is filled with it; what it turns into later meets the buffer's limit */
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (uintmax_t)st.st_size > FILE_MAX)
        return ml_error_at(err, ML_EARTIFACT, path, 0, 0, "has %jd bytes, a model file at most %zu",
                           (intmax_t)st.st_size, FILE_MAX);
    mli_buf_init(&file, FILE_MAX);
    enum ml_status status = mli_file_read(path, &file, err);
    if (status == ML_OK)
        status = mli_model_decode(file.data, file.len, path, out, err);
    mli_buf_release(&file);
    return status;
}

enum ml_status ml_model_save(const struct ml_model *model, const char *path, struct ml_error *err)
{
    char sha256[MLI_SHA256_HEX];
    struct mli_buf file;

    mli_buf_init(&file, FILE_MAX);
    enum ml_status status = mli_model_encode(model, &file, sha256, err);
    if (status == ML_OK)
        status = mli_file_write(path, file.data, file.len, false, err);
    mli_buf_release(&file);
    return status;
}

#include <model/sealed.h>

#include <base/file.h>
#include <model/safetensors.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DIGEST_KEY "mlctl.sha256"
#define DIGITS (MLI_SHA256_HEX - 1)
#define DEPTH 16 /* of the document */

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

enum ml_status mli_sealed_digest(const void *bytes, size_t n, const char *source, size_t *at,
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

/* The digest stands before the document, so that the first 64 zeros of the header are its own. */
static json_t *metadata_of(const struct mli_seal *seal, const json_t *doc)
{
    char *text = mli_json_text(doc, false);
    json_t *metadata =
        text ? json_pack("{s:s, s:s, s:s}", "format", seal->format, DIGEST_KEY, zeros, seal->key, text) : NULL;

    free(text);
    return metadata;
}

enum ml_status mli_sealed_encode(const struct mli_seal *seal, const struct mli_tensors *set, const json_t *doc,
                                 struct mli_buf *out, char sha256[MLI_SHA256_HEX], struct ml_error *err)
{
    size_t begin = out->len;
    json_t *metadata = metadata_of(seal, doc);

    if (!metadata)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the metadata of %s", seal->what);
    enum ml_status status = mli_safetensors_encode(set, metadata, out, err);
    json_decref(metadata);
    if (status != ML_OK) {
        out->len = begin;
        return status;
    }
    char *bytes = out->data + begin, *place = memmem(bytes, out->len - begin, zeros, DIGITS);
    digest(bytes, out->len - begin, (size_t)(place - bytes), sha256);
    memcpy(place, sha256, DIGITS);
    return ML_OK;
}

/* ---- decode ------------------------------------------------------------------------------------------------------ */

static enum ml_status check_format(const struct mli_seal *seal, const json_t *metadata, struct ml_error *err)
{
    const char *const keys[] = { "format", DIGEST_KEY, seal->key };
    const char *format = json_string_value(json_object_get(metadata, "format"));
    const char *key;
    json_t *value;

    if (!format || strcmp(format, seal->format) != 0)
        return ml_error_set(
            err, ML_EARTIFACT,
            "a safetensors file, but not %s (metadata \"format\" is %s%s%s)",
            seal->what, format ? "\"" : "", format ? format : "missing", format ? "\"" : "");
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            known = known || strcmp(key, keys[i]) == 0;
        if (!known)
            return ml_error_set(err, ML_EARTIFACT, "metadata \"%s\" is not one that %s have",
                                key, seal->noun);
    }
    return ML_OK;
}

static enum ml_status check_digest(const void *bytes, size_t n, const json_t *metadata,
                                   const char *source, char sha256[MLI_SHA256_HEX],
                                   struct ml_error *err)
{
    size_t at;
    enum ml_status status = mli_sealed_digest(bytes, n, source, &at, sha256, err);

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

/* The document, a text of one line; its errors have a place in that text, not in the file. */
static enum ml_status parse_document(const struct mli_seal *seal, const json_t *metadata, json_t **out,
                                     struct ml_error *err)
{
    const json_t *text = json_object_get(metadata, seal->key);
    struct ml_error problem = ML_ERROR_INIT;

    if (!text)
        return ml_error_set(err, ML_EARTIFACT, "metadata \"%s\" is missing", seal->key);
    enum ml_status status = mli_json_parse(json_string_value(text), json_string_length(text),
                                           DEPTH, NULL, out, &problem);
    if (status != ML_OK && problem.column > 0)
        return ml_error_set(err, status, "metadata \"%s\", character %zu: %s", seal->key,
                            problem.column, problem.text);
    if (status != ML_OK)
        return ml_error_set(err, status, "metadata \"%s\": %s", seal->key, problem.text);
    if (json_is_object(*out))
        return ML_OK;
    json_decref(*out);
    return ml_error_set(err, ML_EARTIFACT, "metadata \"%s\" is not a JSON object", seal->key);
}

enum ml_status mli_sealed_decode(const struct mli_seal *seal, const void *bytes, size_t n, const char *source,
                                 struct mli_tensors *set, json_t **doc, char sha256[MLI_SHA256_HEX],
                                 struct ml_error *err)
{
    json_t *metadata = NULL;
    enum ml_status status = mli_safetensors_decode(bytes, n, source, set, &metadata, err);

    if (status == ML_OK)
        status = check_format(seal, metadata, err);
    if (status == ML_OK)
        status = check_digest(bytes, n, metadata, source, sha256, err);
    if (status == ML_OK)
        status = parse_document(seal, metadata, doc, err);
    json_decref(metadata);
    return status;
}

enum ml_status mli_sealed_file(const char *path, struct mli_buf *buf, struct ml_error *err)
{
    struct stat st;

    /* before memory is filled with it; what it turns into later meets the buffer's limit */
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (uintmax_t)st.st_size > MLI_SEALED_MAX)
        return ml_error_at(err, ML_EARTIFACT, path, 0, 0, "has %jd bytes, such a file at most %zu",
                           (intmax_t)st.st_size, MLI_SEALED_MAX);
    return mli_file_read(path, buf, err);
}

#include <base/file.h>
#include <errno.h>
#include <model/document.h>
#include <model/sealed.h>
#include <string.h>
#include <unistd.h>

static const struct mli_seal seal = { "mlctl", "mlctl.model", "a model of mlctl", "models" };

enum ml_status mli_model_encode(const struct ml_model *model, struct mli_buf *out,
                                char sha256[MLI_SHA256_HEX], struct ml_error *err)
{
    struct mli_tensors set;
    struct ml_error problem = ML_ERROR_INIT;

    mli_tensors_init(&set);
    json_t *doc = mli_model_document(model, &set, &problem);
    enum ml_status status = doc ? mli_sealed_encode(&seal, &set, doc, out, sha256, err)
                                : ml_error_set(err, problem.status, "%s", problem.text);
    mli_tensors_release(&set);
    json_decref(doc);
    return status;
}

enum ml_status mli_model_decode(const void *bytes, size_t n, const char *source,
                                struct ml_model **out, struct ml_error *err)
{
    struct mli_tensors set;
    json_t *doc = NULL;
    char sha256[MLI_SHA256_HEX];
    struct ml_model *model;

    mli_tensors_init(&set);
    enum ml_status status = mli_sealed_decode(&seal, bytes, n, source, &set, &doc, sha256, err);
    if (status == ML_OK)
        status = mli_document_read(doc, &set, &model, err);
    if (status == ML_OK) {
        memcpy(model->sha256, sha256, sizeof(sha256));
        *out = model;
    }
    ml_error_source(err, source);
    json_decref(doc);
    mli_tensors_release(&set);
    return status;
}

enum ml_status ml_model_load(const char *path, struct ml_model **out, struct ml_error *err)
{
    struct mli_buf file;

    if (access(path, F_OK) != 0 && errno == ENOENT)
        return ml_error_at(err, ML_EIO, path, 0, 0, "there is no such model file; mlctl train DATA.csv writes one");
    mli_buf_init(&file, MLI_SEALED_MAX);
    enum ml_status status = mli_sealed_file(path, &file, err);
    if (status == ML_OK)
        status = mli_model_decode(file.data, file.len, path, out, err);
    mli_buf_release(&file);
    return status;
}

enum ml_status ml_model_save(const struct ml_model *model, const char *path, struct ml_error *err)
{
    char sha256[MLI_SHA256_HEX];
    struct mli_buf file;

    mli_buf_init(&file, MLI_SEALED_MAX);
    enum ml_status status = mli_model_encode(model, &file, sha256, err);
    if (status == ML_OK)
        status = mli_file_write(path, file.data, file.len, false, err);
    mli_buf_release(&file);
    return status;
}

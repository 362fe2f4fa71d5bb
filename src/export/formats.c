#include <export/formats.h>

#include <stdint.h>
#include <string.h>

static const struct mli_export_format formats[] = {
    { "c", "one C99 file without dependencies, pipeline included", ".c", mli_export_c },
    { "json", "schema, pipeline, weights and formulas as one JSON document", ".json",
      mli_export_json },
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

const struct mli_export_format *mli_export_formats(size_t *n)
{
    *n = FORMATS;
    return formats;
}

const struct mli_export_format *mli_export_format_find(const char *name)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

enum ml_status mli_export_digest(const struct ml_model *model, char sha256[MLI_SHA256_HEX],
                                 struct ml_error *err)
{
    struct mli_buf file;

    if (model->sha256[0] != '\0') {
        memcpy(sha256, model->sha256, MLI_SHA256_HEX);
        return ML_OK;
    }
    mli_buf_init(&file, SIZE_MAX);
    enum ml_status status = mli_model_encode(model, &file, sha256, err);
    mli_buf_release(&file);
    return status;
}

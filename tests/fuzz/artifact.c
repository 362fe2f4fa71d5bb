/*
 * Model files from anywhere. Two kinds of input, told apart by the first byte:
 *
 *   '{'    a document: put into a good container, together with the tensors of a good model
 *   else   a file as it is; if its header is valid it is tried again with its digest made right, for an attacker can
 *          compute one, and behind the digest wait the document and the pipeline
 *
 * A model that loads must encode, and load again to the same bytes.
 */
#include <base/mem.h>
#include <model/document.h>
#include <model/drift.h>
#include <model/safetensors.h>
#include <model/sealed.h>
#include <model/selftest.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct mli_buf encode(const struct ml_model *model)
{
    char sha256[MLI_SHA256_HEX];
    struct mli_buf out;

    mli_buf_init(&out, (size_t)1 << 28);
    if (mli_model_encode(model, &out, sha256, NULL) != ML_OK)
        abort();
    return out;
}

/* How predictions were spread is read of the record when it is served; counting over that stays within what it asks for. */
static void check_drift(const struct ml_model *model)
{
    const double P[64] = { 0.25, 0.75, -1, 1e300 };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_drift *drift = NULL;
    struct mli_drift_column c;
    enum ml_status status = mli_drift_of(model, &drift, &err);

    if (status != ML_OK) {
        if (status != err.status || (status != ML_EARTIFACT && status != ML_ENOMEM))
            abort();
        return;
    }
    size_t width = ml_model_width(model), rows = width <= 64 ? 64 / width : 0;
    uint64_t *counts = calloc(mli_drift_counts(drift) + 1, sizeof(*counts));
    if (!counts)
        abort();
    mli_drift_add_predictions(drift, P, rows, counts);
    for (size_t t = 0; t < mli_drift_targets(drift); t++) {
        mli_drift_target(drift, t, counts, &c);
        if (c.rows != rows || c.missing + c.unseen + c.outside > rows)
            abort();
    }
    free(counts);
    mli_drift_free(drift);
}

static void check_model(struct ml_model *model)
{
    struct mli_buf once = encode(model), twice;
    struct ml_error err = ML_ERROR_INIT;
    enum ml_status status = mli_selftest_check(model, &err);

    if (status != err.status || (status != ML_OK && status != ML_EARTIFACT && status != ML_ENOMEM))
        abort();
    check_drift(model);
    ml_model_free(model);
    if (mli_model_decode(once.data, once.len, "again", &model, NULL) != ML_OK)
        abort();
    twice = encode(model);
    if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
        abort();
    ml_model_free(model);
    mli_buf_release(&once);
    mli_buf_release(&twice);
}

static void decode(const void *bytes, size_t n)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    enum ml_status status = mli_model_decode(bytes, n, "fuzz", &model, &err);

    if (status == ML_OK) {
        check_model(model);
        return;
    }
    if (model || err.status != status || err.text[0] == '\0')
        abort();
    if (status != ML_EARTIFACT && status != ML_ENOMEM)
        abort();
}

static void decode_with_digest(const uint8_t *bytes, size_t n)
{
    char digits[MLI_SHA256_HEX];
    uint8_t *copy;
    size_t at;

    if (mli_sealed_digest(bytes, n, "fuzz", &at, digits, NULL) != ML_OK)
        return;
    copy = mli_alloc(n, 1);
    if (!copy)
        return;
    memcpy(copy, bytes, n);
    memcpy(copy + at, digits, MLI_SHA256_HEX - 1);
    decode(copy, n);
    free(copy);
}

/* The tensors that documents of the corpus name: one column of every type, two classes. */
static void add_tensors(struct mli_tensors *set)
{
    static const struct {
        const char *name;
        size_t rank, shape[2];
    } tensors[] = {
        { "net.0.bias", 1, { 1, 0 } },           { "net.0.weight", 2, { 1, 10 } },
        { "prep.impute.value", 1, { 6, 0 } },    { "prep.scale.mean", 1, { 6, 0 } },
        { "prep.scale.deviation", 1, { 6, 0 } },
    };
    static const double data[] = { 1, 2, 0.5, 3, 10, 4, 5, 6, 7, 8 };

    mli_tensors_init(set);
    for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++)
        if (mli_tensors_add(set, tensors[i].name, tensors[i].rank, tensors[i].shape, data, NULL) !=
            ML_OK)
            abort();
}

/* Past the container and the digest, straight to the document. */
static void read_document(const char *text, size_t n)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    struct mli_tensors set;
    json_t *doc;

    if (mli_json_parse(text, n, MLI_DOCUMENT_DEPTH, "fuzz", &doc, NULL) != ML_OK)
        return;
    add_tensors(&set);
    enum ml_status status = mli_document_read(doc, &set, &model, &err);
    if (status == ML_OK)
        check_model(model);
    else if (model || err.text[0] == '\0')
        abort();
    json_decref(doc);
    mli_tensors_release(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n > 0 && bytes[0] == '{') {
        read_document((const char *)bytes, n);
        return 0;
    }
    decode(bytes, n);
    decode_with_digest(bytes, n);
    return 0;
}

#include <model/safetensors.h>

#include <base/mem.h>
#include <base/text.h>
#include <math.h>
#include <model/layout.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The format is little-endian whatever the machine is. */
static uint64_t little_endian(const unsigned char *bytes, size_t size)
{
    uint64_t word = 0;
    for (size_t i = 0; i < size; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static double read_element(const unsigned char *bytes, size_t size)
{
    uint64_t word = little_endian(bytes, size);
    uint32_t half = (uint32_t)word;
    double wide;
    float narrow;

    if (size == sizeof(narrow)) {
        memcpy(&narrow, &half, sizeof(narrow));
        return (double)narrow;
    }
    memcpy(&wide, &word, sizeof(wide));
    return wide;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static enum ml_status take_data(const struct mli_layout_tensor *from, const unsigned char *bytes,
                                size_t data, const char *source, double *to, struct ml_error *err)
{
    for (size_t i = 0; i < from->count; i++) {
        size_t at = data + from->begin + i * from->dtype->size;
        to[i] = read_element(bytes + at, from->dtype->size);
        if (!isfinite(to[i]))
            return ml_error_at(
                err, ML_EARTIFACT, source, 0, 0,
                "byte %zu: element %zu of tensor \"%s\" is %s, expected a finite number", at, i,
                from->name, isnan(to[i]) ? "not a number" : "infinite");
    }
    return ML_OK;
}

/* The set is filled here and not by mli_tensors_add, which looks for the name among all before it: the header did. */
static enum ml_status take_tensors(struct mli_layout *layout, const unsigned char *bytes,
                                   const char *source, struct mli_tensors *set,
                                   struct ml_error *err)
{
    set->items = mli_calloc(layout->tensors, sizeof(*set->items));
    if (!set->items)
        return ml_error_at(err, ML_ENOMEM, source, 0, 0, "out of memory for %zu tensors",
                           layout->tensors);
    set->capacity = layout->tensors;
    for (size_t i = 0; i < layout->tensors; i++) {
        struct mli_layout_tensor *from = &layout->tensor[i];
        struct mli_tensor *to = &set->items[i];
        to->data = mli_alloc(from->count, sizeof(*to->data));
        if (!to->data)
            return ml_error_at(err, ML_ENOMEM, source, 0, 0, "out of memory for tensor \"%s\"",
                               from->name);
        set->count = i + 1;
        enum ml_status status = take_data(from, bytes, layout->data, source, to->data, err);
        if (status != ML_OK)
            return status;
        to->rank = from->rank;
        to->single = from->dtype->size == sizeof(float);
        memcpy(to->shape, from->shape, sizeof(to->shape));
        to->name = from->name;
        from->name = NULL;
    }
    return ML_OK;
}

enum ml_status mli_safetensors_decode(const void *bytes, size_t n, const char *source,
                                      struct mli_tensors *set, json_t **metadata,
                                      struct ml_error *err)
{
    struct mli_tensors tensors;
    struct mli_layout layout;
    enum ml_status status = mli_layout_read(bytes, n, source, &layout, err);

    if (status != ML_OK)
        return status;
    mli_tensors_init(&tensors);
    status = take_tensors(&layout, bytes, source, &tensors, err);
    if (status == ML_OK) {
        *set = tensors;
        *metadata = json_incref(layout.metadata);
    } else {
        mli_tensors_release(&tensors);
    }
    mli_layout_release(&layout);
    return status;
}

enum ml_status mli_safetensors_find(const void *bytes, size_t n, const char *source,
                                    const char *key, size_t *at, size_t *length,
                                    struct ml_error *err)
{
    struct mli_layout layout;
    enum ml_status status = mli_layout_read(bytes, n, source, &layout, err);

    if (status != ML_OK)
        return status;
    status = ML_EARTIFACT;
    for (size_t i = 0; i < layout.texts && status != ML_OK; i++) {
        if (strcmp(layout.text[i].key, key) != 0)
            continue;
        *at = layout.text[i].at;
        *length = layout.text[i].length;
        status = ML_OK;
    }
    mli_layout_release(&layout);
    if (status != ML_OK)
        ml_error_at(err, status, source, 0, 0, "\"__metadata__\" has no \"%s\"", key);
    return status;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Doubles stand before floats, so that all are aligned. */
static int by_name(const void *a, const void *b)
{
    const struct mli_tensor *const *x = a, *const *y = b;
    if ((*x)->single != (*y)->single)
        return (*x)->single ? 1 : -1;
    return strcmp((*x)->name, (*y)->name);
}

static size_t element_size(const struct mli_tensor *tensor)
{
    return tensor->single ? sizeof(float) : sizeof(double);
}

static size_t elements(const struct mli_tensor *tensor)
{
    size_t n = 1;

    for (size_t i = 0; i < tensor->rank; i++)
        n *= tensor->shape[i]; /* they are in memory: no overflow */
    return n;
}

/* What the reader would refuse is not written. */
static enum ml_status check_tensor(const struct mli_tensor *tensor, struct ml_error *err)
{
    size_t length = strlen(tensor->name), n = elements(tensor);

    if (length == 0 || length > MLI_LAYOUT_NAME_MAX)
        return ml_error_set(err, ML_ELIMIT,
                            "a tensor's name has %zu bytes, a model file takes 1 to %zu", length,
                            MLI_LAYOUT_NAME_MAX);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(tensor->data[i]))
            return ml_error_set(err, ML_EARTIFACT,
                                "element %zu of tensor \"%s\" is not a finite number", i,
                                tensor->name);
    return ML_OK;
}

static void write_metadata(const json_t *metadata, struct mli_buf *header)
{
    const char *key, *separator = "";
    json_t *value;

    mli_buf_str(header, "\"__metadata__\":{");
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
    {
        mli_buf_str(header, separator);
        mli_buf_json_string(header, key, strlen(key));
        mli_buf_char(header, ':');
        mli_buf_json_string(header, json_string_value(value), json_string_length(value));
        separator = ",";
    }
    mli_buf_char(header, '}');
}

static void write_entry(const struct mli_tensor *tensor, size_t begin, size_t end,
                        struct mli_buf *header)
{
    mli_buf_json_string(header, tensor->name, strlen(tensor->name));
    mli_buf_printf(header, ":{\"dtype\":\"%s\",\"shape\":[", tensor->single ? "F32" : "F64");
    for (size_t i = 0; i < tensor->rank; i++)
        mli_buf_printf(header, i > 0 ? ",%zu" : "%zu", tensor->shape[i]);
    mli_buf_printf(header, "],\"data_offsets\":[%zu,%zu]}", begin, end);
}

/* The header's JSON, its length a multiple of 8 so that the data that follows it is aligned. */
static enum ml_status write_header(struct mli_tensor *const *sorted, size_t n,
                                   const json_t *metadata, struct mli_buf *header,
                                   struct ml_error *err)
{
    bool with_metadata = json_object_size(metadata) > 0;
    size_t begin = 0;

    mli_buf_char(header, '{');
    if (with_metadata)
        write_metadata(metadata, header);
    for (size_t i = 0; i < n; i++) {
        enum ml_status status = check_tensor(sorted[i], err);
        if (status != ML_OK)
            return status;
        if (with_metadata || i > 0)
            mli_buf_char(header, ',');
        size_t end = begin + elements(sorted[i]) * element_size(sorted[i]);
        write_entry(sorted[i], begin, end, header);
        begin = end;
    }
    mli_buf_char(header, '}');
    while (header->status == ML_OK && header->len % 8 != 0)
        mli_buf_char(header, ' ');
    if (header->status == ML_ELIMIT)
        return ml_error_set(err, ML_ELIMIT,
                            "the model's header is over %zu MiB (too many columns or categories)",
                            MLI_LAYOUT_MAX >> 20);
    return header->status;
}

static void write_word(uint64_t word, size_t size, struct mli_buf *out)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(word >> (8 * i));
    mli_buf_add(out, bytes, size);
}

static void write_data(const struct mli_tensor *tensor, struct mli_buf *out)
{
    size_t n = elements(tensor);

    for (size_t i = 0; i < n; i++) {
        float narrow = (float)tensor->data[i];
        uint32_t half;
        uint64_t word;
        memcpy(&half, &narrow, sizeof(half));
        memcpy(&word, &tensor->data[i], sizeof(word));
        write_word(tensor->single ? half : word, element_size(tensor), out);
    }
}

static enum ml_status check_metadata(const json_t *metadata, struct ml_error *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(
        (json_t *)(uintptr_t)metadata, key,
        value) if (!json_is_string(value)) return ml_error_set(err, ML_EUSAGE,
                                                               "metadata \"%s\" is not a string",
                                                               key);
    return ML_OK;
}

enum ml_status mli_safetensors_encode(const struct mli_tensors *set, const json_t *metadata,
                                      struct mli_buf *out, struct ml_error *err)
{
    enum ml_status status = check_metadata(metadata, err);
    struct mli_tensor **sorted = NULL;
    struct mli_buf header;

    if (status != ML_OK)
        return status;
    if (set->count > MLI_LAYOUT_TENSORS_MAX)
        return ml_error_set(err, ML_ELIMIT, "%zu tensors, a model file takes %zu", set->count,
                            MLI_LAYOUT_TENSORS_MAX);
    mli_buf_init(&header, MLI_LAYOUT_MAX);
    sorted = mli_alloc(set->count, sizeof(struct mli_tensor *));
    if (!sorted) {
        status = ML_ENOMEM;
        goto out;
    }
    for (size_t i = 0; i < set->count; i++)
        sorted[i] = &set->items[i];
    if (set->count > 1)
        qsort(sorted, set->count, sizeof(struct mli_tensor *), by_name);
    status = write_header(sorted, set->count, metadata, &header, err);
    if (status != ML_OK)
        goto out;
    write_word(header.len, 8, out);
    mli_buf_add(out, header.data, header.len);
    for (size_t i = 0; i < set->count; i++)
        write_data(sorted[i], out);
    status = out->status;

out:
    free(sorted);
    mli_buf_release(&header);
    if (status == ML_ENOMEM)
        ml_error_set(err, status, "out of memory for the model's file");
    else if (status == ML_ELIMIT)
        ml_error_set(err, status, "the model's file is over %zu MiB", out->limit >> 20);
    return status;
}

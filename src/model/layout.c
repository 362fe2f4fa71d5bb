#include <model/layout.h>

#include <base/mem.h>
#include <base/text.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_BYTES 8

static const struct mli_dtype dtypes[] = { { "F32", 4 }, { "F64", 8 } };

/* Types of the format that are no statistics and no weights of ours: named so that the refusal can say so. */
static const char *const foreign[] = {
    "BOOL",    "F4",      "F6_E2M3",     "F6_E3M2",     "U8",  "I8",  "F8_E5M2",
    "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16", "U16", "F16",
    "BF16",    "I32",     "U32",         "C64",         "I64", "U64",
};

struct scanner {
    const char *bytes;
    size_t at, end; /* next byte and end of the header, as offsets in the file */
    const char *source;
    struct mli_layout *layout;
    size_t tensor_capacity, text_capacity;
    struct ml_error *err;
};

static enum ml_status ML_PRINTF(3, 4)
    refuse(const struct scanner *s, size_t at, const char *format, ...)
{
    char text[sizeof(s->err->text)];
    va_list args;

    va_start(args, format);
    mli_text_format(text, sizeof(text), format, args);
    va_end(args);
    return ml_error_at(s->err, ML_EARTIFACT, s->source, 0, 0, "byte %zu: %s", at, text);
}

static enum ml_status no_memory(const struct scanner *s)
{
    return ml_error_at(s->err, ML_ENOMEM, s->source, 0, 0, "out of memory for the header");
}

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

static enum ml_status refuse_byte(const struct scanner *s, const char *expected)
{
    if (s->at == s->end)
        return refuse(s, s->at, "the header ends where %s is expected", expected);
    unsigned char c = (unsigned char)s->bytes[s->at];
    if (c > 0x20 && c < 0x7f)
        return refuse(s, s->at, "'%c' in the header where %s is expected", c, expected);
    return refuse(s, s->at, "byte 0x%02x in the header where %s is expected", c, expected);
}

/* Space is the only white space of the profile. */
static void skip_spaces(struct scanner *s)
{
    while (s->at < s->end && s->bytes[s->at] == ' ')
        s->at++;
}

static bool next_is(struct scanner *s, char c)
{
    skip_spaces(s);
    return s->at < s->end && s->bytes[s->at] == c;
}

static enum ml_status expect(struct scanner *s, char c, const char *expected)
{
    if (!next_is(s, c))
        return refuse_byte(s, expected);
    s->at++;
    return ML_OK;
}

/*
 * A string. Its end is found here; what is in it (escapes, surrogates, UTF-8, control bytes) is jansson's to judge. The
 * value is a new reference, raw its place between the quotes.
 */
static enum ml_status scan_string(struct scanner *s, const char *expected, json_t **out,
                                  struct mli_layout_text *raw)
{
    json_error_t problem;
    enum ml_status status = expect(s, '"', expected);
    if (status != ML_OK)
        return status;
    size_t first = s->at;
    while (s->at < s->end && s->bytes[s->at] != '"')
        s->at += s->bytes[s->at] == '\\' ? 2 : 1;
    if (s->at >= s->end)
        return refuse(s, first - 1, "the header ends inside a string that begins here");
    raw->at = first;
    raw->length = s->at - first;
    s->at++;
    json_t *value = json_loadb(s->bytes + first - 1, raw->length + 2, JSON_DECODE_ANY, &problem);
    if (!value &&
        (problem.text[0] == '\0' || json_error_code(&problem) == json_error_out_of_memory))
        return no_memory(s);
    if (!value)
        return refuse(s, first - 1, "a string of the header is not valid: %s", problem.text);
    *out = value;
    return ML_OK;
}

/* A whole number from 0 to 2^48-1, as the schema of the format has it. */
static enum ml_status scan_number(struct scanner *s, size_t *out)
{
    uint64_t value = 0;
    size_t first;

    if (next_is(s, '-'))
        return refuse(s, s->at, "a negative number in the header");
    first = s->at;
    for (; s->at < s->end && s->bytes[s->at] >= '0' && s->bytes[s->at] <= '9'; s->at++) {
        value = value * 10 + (uint64_t)(s->bytes[s->at] - '0');
        if (value > MLI_LAYOUT_NUMBER_MAX)
            return refuse(s, first, "a number in the header is over 2^48-1");
    }
    if (s->at == first)
        return refuse_byte(s, "a whole number");
    if (s->bytes[first] == '0' && s->at > first + 1)
        return refuse(s, first, "a number in the header has a leading zero");
    if (s->at < s->end && strchr(".eE", s->bytes[s->at]) && s->bytes[s->at] != '\0')
        return refuse(s, first, "a number in the header is not a whole number");
    *out = (size_t)value;
    return ML_OK;
}

/* [n, n, ...] of at most `capacity` numbers. */
static enum ml_status scan_numbers(struct scanner *s, const char *what, size_t capacity,
                                   size_t *out, size_t *count)
{
    size_t n = 0;
    enum ml_status status = expect(s, '[', "'['");
    size_t first = s->at - 1;

    while (status == ML_OK && !next_is(s, ']')) {
        if (n > 0 && (status = expect(s, ',', "',' or ']'")) != ML_OK)
            break;
        if (n == capacity)
            return refuse(s, first, "%s has more than %zu numbers", what, capacity);
        status = scan_number(s, &out[n++]);
    }
    if (status != ML_OK)
        return status;
    s->at++;
    *count = n;
    return ML_OK;
}

/* {"key": value, ...}: `member` reads the value; key_at is the place of the key. It keeps no reference to key. */
static enum ml_status scan_object(struct scanner *s,
                                  enum ml_status (*member)(struct scanner *s, const char *key,
                                                           size_t key_at, void *data),
                                  void *data)
{
    enum ml_status status = expect(s, '{', "'{'");
    bool first = true;

    while (status == ML_OK && !next_is(s, '}')) {
        struct mli_layout_text raw;
        json_t *key;
        if (!first && (status = expect(s, ',', "',' or '}'")) != ML_OK)
            break;
        first = false;
        status = scan_string(s, "'\"' of a name", &key, &raw);
        if (status != ML_OK)
            break;
        status = expect(s, ':', "':'");
        if (status == ML_OK)
            status = member(s, json_string_value(key), raw.at - 1, data);
        json_decref(key);
    }
    if (status == ML_OK)
        s->at++;
    return status;
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

static enum ml_status metadata_member(struct scanner *s, const char *key, size_t key_at, void *data)
{
    struct mli_layout *layout = s->layout;
    struct mli_layout_text raw = { 0 };
    void *items = layout->text;
    json_t *value;
    (void)data;

    if (json_object_get(layout->metadata, key))
        return refuse(s, key_at, "\"%s\" stands twice in \"__metadata__\"", key);
    enum ml_status status =
        scan_string(s, "'\"' of a string (metadata maps strings to strings)", &value, &raw);
    if (status != ML_OK)
        return status;
    if (!mli_json_put(layout->metadata, key, value) ||
        !mli_grow(&items, &s->text_capacity, layout->texts, sizeof(*layout->text)))
        return no_memory(s);
    layout->text = items;
    if (!(raw.key = mli_strdup(key)))
        return no_memory(s);
    layout->text[layout->texts++] = raw;
    return ML_OK;
}

static enum ml_status scan_dtype(struct scanner *s, const struct mli_dtype **out)
{
    struct mli_layout_text raw;
    json_t *value;
    enum ml_status status = scan_string(s, "'\"' of a dtype", &value, &raw);
    if (status != ML_OK)
        return status;
    const char *name = json_string_value(value);
    bool known = false;
    *out = NULL;
    for (size_t i = 0; i < sizeof(dtypes) / sizeof(dtypes[0]); i++)
        if (strcmp(name, dtypes[i].name) == 0)
            *out = &dtypes[i];
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        known = known || strcmp(name, foreign[i]) == 0;
    if (!*out)
        status = refuse(s, raw.at - 1,
                        known ? "dtype \"%s\" is not one that models have (F32, F64)"
                              : "unknown dtype \"%s\"",
                        name);
    json_decref(value);
    return status;
}

struct tensor_scan {
    struct mli_layout_tensor *tensor;
    bool dtype, shape, offsets; /* seen */
};

static enum ml_status tensor_member(struct scanner *s, const char *key, size_t key_at, void *data)
{
    struct tensor_scan *scan = data;
    struct mli_layout_tensor *tensor = scan->tensor;
    bool *seen = strcmp(key, "dtype") == 0          ? &scan->dtype
                 : strcmp(key, "shape") == 0        ? &scan->shape
                 : strcmp(key, "data_offsets") == 0 ? &scan->offsets
                                                    : NULL;
    if (!seen)
        return refuse(
            s, key_at,
            "tensor \"%s\" has a member \"%s\", expected only dtype, shape and data_offsets",
            tensor->name, key);
    if (*seen)
        return refuse(s, key_at, "tensor \"%s\" has \"%s\" twice", tensor->name, key);
    *seen = true;
    if (seen == &scan->dtype)
        return scan_dtype(s, &tensor->dtype);
    if (seen == &scan->shape)
        return scan_numbers(s, "a shape", MLI_TENSOR_RANK, tensor->shape, &tensor->rank);

    size_t offset[2], count = 0;
    enum ml_status status = scan_numbers(s, "data_offsets", 2, offset, &count);
    if (status == ML_OK && count != 2)
        return refuse(s, key_at, "tensor \"%s\" has %zu data_offsets, expected 2", tensor->name,
                      count);
    if (status == ML_OK && offset[0] > offset[1])
        return refuse(s, key_at, "tensor \"%s\" ends (%zu) before it begins (%zu)", tensor->name,
                      offset[1], offset[0]);
    if (status == ML_OK) {
        tensor->begin = offset[0];
        tensor->end = offset[1];
    }
    return status;
}

/* Sizes that dtype, shape and offsets must agree on. */
static enum ml_status check_extent(const struct scanner *s, struct mli_layout_tensor *tensor)
{
    size_t count = 1, bytes;

    for (size_t i = 0; i < tensor->rank; i++)
        if (!mli_mul(count, tensor->shape[i], &count))
            return refuse(s, tensor->at,
                          "the shape of tensor \"%s\" has too many elements to count",
                          tensor->name);
    if (!mli_mul(count, tensor->dtype->size, &bytes))
        return refuse(s, tensor->at, "the shape of tensor \"%s\" has too many bytes to count",
                      tensor->name);
    if (bytes != tensor->end - tensor->begin)
        return refuse(s, tensor->at,
                      "tensor \"%s\" has %zu bytes of data, its shape and dtype need %zu",
                      tensor->name, tensor->end - tensor->begin, bytes);
    tensor->count = count;
    return ML_OK;
}

static enum ml_status scan_tensor(struct scanner *s, const char *name, size_t name_at)
{
    struct mli_layout *layout = s->layout;
    void *items = layout->tensor;
    size_t length = strlen(name);

    if (length == 0 || length > MLI_LAYOUT_NAME_MAX)
        return refuse(s, name_at, "a tensor's name has %zu bytes, expected 1 to %zu", length,
                      MLI_LAYOUT_NAME_MAX);
    if (layout->tensors == MLI_LAYOUT_TENSORS_MAX)
        return refuse(s, name_at, "more than %zu tensors", MLI_LAYOUT_TENSORS_MAX);
    if (!mli_grow(&items, &s->tensor_capacity, layout->tensors, sizeof(*layout->tensor)))
        return no_memory(s);
    layout->tensor = items;
    struct mli_layout_tensor *tensor = &layout->tensor[layout->tensors];
    *tensor = (struct mli_layout_tensor){ .name = mli_strdup(name), .at = name_at };
    if (!tensor->name)
        return no_memory(s);
    layout->tensors++;

    struct tensor_scan scan = { .tensor = tensor };
    enum ml_status status = scan_object(s, tensor_member, &scan);
    if (status != ML_OK)
        return status;
    if (!scan.dtype || !scan.shape || !scan.offsets)
        return refuse(s, name_at, "tensor \"%s\" has no \"%s\"", name,
                      !scan.dtype   ? "dtype"
                      : !scan.shape ? "shape"
                                    : "data_offsets");
    return check_extent(s, tensor);
}

static enum ml_status top_member(struct scanner *s, const char *key, size_t key_at, void *data)
{
    bool *metadata_seen = data;

    if (strcmp(key, "__metadata__") != 0)
        return scan_tensor(s, key, key_at);
    if (*metadata_seen)
        return refuse(s, key_at, "\"__metadata__\" stands twice");
    *metadata_seen = true;
    return scan_object(s, metadata_member, NULL);
}

/* ---- layout ------------------------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const struct mli_layout_tensor *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b)
{
    const struct mli_layout_tensor *x = a, *y = b;
    int order = (x->begin > y->begin) - (x->begin < y->begin);
    if (order == 0)
        order = (x->end > y->end) - (x->end < y->end);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static enum ml_status check_names(const struct scanner *s)
{
    struct mli_layout *layout = s->layout;

    if (layout->tensors > 1)
        qsort(layout->tensor, layout->tensors, sizeof(*layout->tensor), by_name);
    for (size_t i = 1; i < layout->tensors; i++)
        if (strcmp(layout->tensor[i - 1].name, layout->tensor[i].name) == 0)
            return refuse(s, layout->tensor[i].at, "tensor \"%s\" stands twice",
                          layout->tensor[i].name);
    return ML_OK;
}

/* Tensors lie one after the other from the header's end to the file's: no byte is unclaimed or claimed twice. */
static enum ml_status check_layout(const struct scanner *s, size_t n)
{
    struct mli_layout *layout = s->layout;
    size_t next = 0, room = n - layout->data;

    if (layout->tensors > 1)
        qsort(layout->tensor, layout->tensors, sizeof(*layout->tensor), by_place);
    for (size_t i = 0; i < layout->tensors; i++) {
        const struct mli_layout_tensor *tensor = &layout->tensor[i];
        if (tensor->begin > next)
            return refuse(s, tensor->at, "%zu bytes before tensor \"%s\" belong to no tensor",
                          tensor->begin - next, tensor->name);
        if (tensor->begin < next)
            return refuse(s, tensor->at, "tensor \"%s\" overlaps the one before it by %zu bytes",
                          tensor->name, next - tensor->begin);
        if (tensor->begin % tensor->dtype->size != 0)
            return refuse(s, tensor->at, "tensor \"%s\" begins at %zu, not a multiple of %zu",
                          tensor->name, tensor->begin, tensor->dtype->size);
        next = tensor->end;
    }
    if (next > room)
        return refuse(s, n, "the file ends %zu bytes too early (cut off, or not copied whole)",
                      next - room);
    if (next < room)
        return refuse(s, layout->data + next, "%zu bytes after the last tensor", room - next);
    return ML_OK;
}

/* ---- the whole header -------------------------------------------------------------------------------------------- */

static enum ml_status read_length(struct scanner *s, size_t n)
{
    uint64_t length = 0;

    if (n < LENGTH_BYTES)
        return refuse(s, n, "a file of %zu bytes has no safetensors header", n);
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        length |= (uint64_t)(unsigned char)s->bytes[i] << (8 * i);
    if (length > MLI_LAYOUT_MAX)
        return refuse(s, 0, "not a model file: header length %" PRIu64 " is over %zu", length,
                      MLI_LAYOUT_MAX);
    if (length > n - LENGTH_BYTES)
        return refuse(s, 0, "header length %" PRIu64 " does not fit into a file of %zu bytes",
                      length, n);
    if (length == 0)
        return refuse(s, 0, "the header is empty");
    s->at = LENGTH_BYTES;
    s->end = LENGTH_BYTES + (size_t)length;
    s->layout->data = s->end;
    return ML_OK;
}

static enum ml_status scan_header(struct scanner *s)
{
    bool metadata_seen = false;

    if (s->bytes[s->at] != '{')
        return refuse_byte(s, "'{' as its first byte");
    enum ml_status status = scan_object(s, top_member, &metadata_seen);
    if (status != ML_OK)
        return status;
    skip_spaces(s);
    if (s->at < s->end)
        return refuse_byte(s, "nothing but spaces (the closing '}' stands before it)");
    return ML_OK;
}

enum ml_status mli_layout_read(const void *bytes, size_t n, const char *source,
                               struct mli_layout *out, struct ml_error *err)
{
    struct mli_layout layout = { .metadata = json_object() };
    struct scanner s = { .bytes = bytes, .source = source, .layout = &layout, .err = err };
    enum ml_status status = layout.metadata ? read_length(&s, n) : no_memory(&s);

    if (status == ML_OK)
        status = scan_header(&s);
    if (status == ML_OK)
        status = check_names(&s);
    if (status == ML_OK)
        status = check_layout(&s, n);
    if (status != ML_OK) {
        mli_layout_release(&layout);
        return status;
    }
    *out = layout;
    return ML_OK;
}

void mli_layout_release(struct mli_layout *layout)
{
    for (size_t i = 0; i < layout->tensors; i++)
        free(layout->tensor[i].name);
    for (size_t i = 0; i < layout->texts; i++)
        free(layout->text[i].key);
    free(layout->tensor);
    free(layout->text);
    json_decref(layout->metadata);
    *layout = (struct mli_layout){ 0 };
}

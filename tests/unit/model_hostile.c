/*
 * Hostile model files: the forty cases that the format's rules were written against, and those of the document inside.
 * Each starts from a good small model; where the damage leaves the container whole, its digest is made right again, so
 * that the refusal is of the damage itself. test-model --write DIRECTORY leaves them as files.
 */
#include <tests/unit/model_tests.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/file.h>
#include <base/mem.h>
#include <fcntl.h>
#include <math.h>
#include <model/layout.h>
#include <model/safetensors.h>
#include <model/sealed.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tests/unit/model_sample.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- building ---------------------------------------------------------------------------------------------------- */

static void put_length(struct mli_buf *file, uint64_t length)
{
    for (size_t i = 0; i < 8; i++)
        file->data[i] = (char)(length >> (8 * i));
}

static size_t header_end(const struct mli_buf *file)
{
    size_t length = 0;
    for (size_t i = 0; i < 8; i++)
        length |= (size_t)(unsigned char)file->data[i] << (8 * i);
    return 8 + length;
}

/* A file of a header text and of the data of `base`. */
static struct mli_buf with_header(const struct mli_buf *base, const char *header, size_t n)
{
    struct mli_buf file;

    mli_buf_init(&file, (size_t)1 << 25);
    mli_buf_add(&file, "\0\0\0\0\0\0\0", 8);
    mli_buf_add(&file, header, n);
    while ((file.len - 8) % 8 != 0)
        mli_buf_char(&file, ' ');
    put_length(&file, file.len - 8);
    mli_buf_add(&file, base->data + header_end(base), base->len - header_end(base));
    assert_int_equal(file.status, ML_OK);
    return file;
}

/* `base` with the first `from` of its header replaced. */
static struct mli_buf edited(const struct mli_buf *base, const char *from, const char *to)
{
    struct mli_buf header;
    const char *at = memmem(base->data, header_end(base), from, strlen(from));

    if (!at)
        fail_msg("the small model has no %s", from);
    mli_buf_init(&header, (size_t)1 << 25);
    mli_buf_add(&header, base->data + 8, (size_t)(at - base->data) - 8);
    mli_buf_str(&header, to);
    mli_buf_add(&header, at + strlen(from),
                header_end(base) - (size_t)(at - base->data) - strlen(from));
    struct mli_buf file = with_header(base, header.data, header.len);
    mli_buf_release(&header);
    return file;
}

static struct mli_buf copy(const struct mli_buf *base)
{
    struct mli_buf file;
    mli_buf_init(&file, (size_t)1 << 25);
    mli_buf_add(&file, base->data, base->len);
    return file;
}

static void set_element(struct mli_buf *file, const char *tensor, size_t i, double value)
{
    struct mli_layout layout;
    size_t at = 0;

    assert_int_equal(mli_layout_read(file->data, file->len, NULL, &layout, NULL), ML_OK);
    for (size_t t = 0; t < layout.tensors; t++)
        if (strcmp(layout.tensor[t].name, tensor) == 0)
            at = layout.data + layout.tensor[t].begin + i * sizeof(value);
    mli_layout_release(&layout);
    if (at == 0)
        fail_msg("the small model has no tensor %s", tensor);
    memcpy(file->data + at, &value, sizeof(value));
}

/* ---- the cases --------------------------------------------------------------------------------------------------- */

static struct mli_buf make_empty(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    file.len = 0;
    return file;
}

static struct mli_buf make_seven_bytes(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    file.len = 7;
    return file;
}

static struct mli_buf make_length(const struct mli_buf *base, uint64_t length)
{
    struct mli_buf file = copy(base);
    put_length(&file, length);
    return file;
}

static struct mli_buf make_length_largest(const struct mli_buf *base)
{
    return make_length(base, UINT64_MAX);
}

static struct mli_buf make_length_sign(const struct mli_buf *base)
{
    return make_length(base, UINT64_C(1) << 63);
}

static struct mli_buf make_length_one_over(const struct mli_buf *base)
{
    return make_length(base, base->len - 7);
}

static struct mli_buf make_length_zero(const struct mli_buf *base)
{
    return make_length(base, 0);
}

static struct mli_buf make_array(const struct mli_buf *base)
{
    return with_header(base, "[]", 2);
}

static struct mli_buf make_brace(const struct mli_buf *base)
{
    return with_header(base, "{", 1);
}

static struct mli_buf make_ff(const struct mli_buf *base)
{
    return with_header(base, "\377", 1);
}

/* Something before the header's text or behind it. */
static struct mli_buf make_around(const struct mli_buf *base, const char *before, const char *after,
                                  size_t n)
{
    struct mli_buf header;
    size_t end = header_end(base);

    while (base->data[end - 1] == ' ')
        end--;
    mli_buf_init(&header, (size_t)1 << 20);
    mli_buf_str(&header, before);
    mli_buf_add(&header, base->data + 8, end - 8);
    mli_buf_add(&header, after, n);
    struct mli_buf file = with_header(base, header.data, header.len);
    mli_buf_release(&header);
    return file;
}

static struct mli_buf make_nul(const struct mli_buf *base)
{
    return make_around(base, "", "", 1);
}

static struct mli_buf make_garbage(const struct mli_buf *base)
{
    return make_around(base, "", "PK", 2);
}

static struct mli_buf make_leading_space(const struct mli_buf *base)
{
    return make_around(base, " ", "", 0);
}

static struct mli_buf make_bom(const struct mli_buf *base)
{
    return make_around(base, "\357\273\277", "", 0);
}

static struct mli_buf make_one_range(const struct mli_buf *base)
{
    struct mli_buf header;

    mli_buf_init(&header, 4096);
    for (int i = 0; i < 10; i++)
        mli_buf_printf(&header,
                       "%s\"t%d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}",
                       i == 0 ? "{" : ",", i);
    mli_buf_char(&header, '}');
    struct mli_buf file = with_header(base, header.data, header.len);
    mli_buf_release(&header);
    return file;
}

static struct mli_buf make_hole(const struct mli_buf *base)
{
    static const char header[] =
        "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
        "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[16,24]}}";
    return with_header(base, header, sizeof(header) - 1);
}

static struct mli_buf make_overlap(const struct mli_buf *base)
{
    static const char header[] = "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                                 "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[7,15]}}";
    return with_header(base, header, sizeof(header) - 1);
}

static struct mli_buf make_short(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    file.len -= 2;
    return file;
}

static struct mli_buf make_long(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    mli_buf_str(&file, "extra");
    return file;
}

static struct mli_buf make_many_names(const struct mli_buf *base)
{
    struct mli_buf header;

    mli_buf_init(&header, (size_t)1 << 24);
    for (int i = 0; i < 100001; i++)
        mli_buf_printf(&header, "%s\"%d\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]}",
                       i == 0 ? "{" : ",", i);
    mli_buf_char(&header, '}');
    struct mli_buf file = with_header(base, header.data, header.len);
    mli_buf_release(&header);
    return file;
}

#define Q "\\\"" /* a quote inside the document, as the header has it */

static struct mli_buf make_deep(const struct mli_buf *base)
{
    static const char first[] = Q "record" Q ":{" Q "x" Q ":";
    char text[sizeof(first) + 2 * 2048 + 8] = "";
    size_t n = sizeof(first) - 1;

    memcpy(text, first, n);
    memset(text + n, '[', 2048);
    memset(text + n + 2048, ']', 2048);
    text[n + 4096] = ',';
    return edited(base, Q "record" Q ":{", text);
}

static struct mli_buf make_deep_header(const struct mli_buf *base)
{
    char text[2048 + 16] = "\"shape\":";
    memset(text + 8, '[', 2048);
    return edited(base, "\"shape\":[", text);
}

static struct mli_buf make_nan_weight(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    set_element(&file, "net.0.weight", 1, NAN);
    return file;
}

static struct mli_buf make_infinite_bias(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    set_element(&file, "net.0.bias", 0, -INFINITY);
    return file;
}

/* The file as it is, but for the bias as F32. */
static struct mli_buf make_mixed(const struct mli_buf *base)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_tensors set;
    struct mli_buf file;
    json_t *metadata;

    mli_buf_init(&file, (size_t)1 << 24);
    assert_int_equal(mli_safetensors_decode(base->data, base->len, "f", &set, &metadata, &err), ML_OK);
    for (size_t i = 0; i < set.count; i++)
        set.items[i].single = strcmp(set.items[i].name, "net.0.bias") == 0;
    assert_int_equal(mli_safetensors_encode(&set, metadata, &file, &err), ML_OK);
    json_decref(metadata);
    mli_tensors_release(&set);
    return file;
}

static struct mli_buf make_zero_scale(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    set_element(&file, "prep.scale.deviation", 0, 0);
    return file;
}

static struct mli_buf make_negative_scale(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    set_element(&file, "prep.scale.deviation", 0, -1);
    return file;
}

static struct mli_buf make_many_categories(const struct mli_buf *base)
{
    struct mli_buf text;

    mli_buf_init(&text, (size_t)1 << 25);
    mli_buf_str(&text, Q "categories" Q ":[");
    for (int i = 0; i < 1000001; i++)
        mli_buf_printf(&text, Q "%x" Q ",", i);
    struct mli_buf file = edited(base, Q "categories" Q ":[", text.data);
    mli_buf_release(&text);
    return file;
}

static struct mli_buf make_wrong_digest(const struct mli_buf *base)
{
    struct mli_buf file = copy(base);
    file.data[file.len - 1] ^= 1;
    return file;
}

#define F64(shape, offsets) "{\"dtype\":\"F64\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define BIAS "\"net.0.bias\":" F64("[1]", "[0,8]")
#define BIAS_LIKE(shape, offsets) "\"net.0.bias\":" F64(shape, offsets)

/* The list of targets replaced by n like its first. */
static struct mli_buf with_targets(const struct mli_buf *base, size_t n)
{
    static const char list[] = "\\\"targets\\\":[", end[] = "],\\\"pipeline", entry[] = "{\\\"name\\\":\\\"t\\\",\\\"labels\\\":[\\\"a\\\",\\\"b\\\"]}";
    const char *at = memmem(base->data, base->len, list, strlen(list)), *stop = memmem(base->data, base->len, end, strlen(end));
    struct mli_buf header;

    assert_true(at && stop && at < stop);
    mli_buf_init(&header, (size_t)1 << 25);
    mli_buf_add(&header, base->data + 8, (size_t)(at - base->data) - 8 + strlen(list));
    for (size_t i = 0; i < n; i++)
        mli_buf_printf(&header, "%s%s", i ? "," : "", entry);
    mli_buf_add(&header, stop, header_end(base) - (size_t)(stop - base->data));
    struct mli_buf file = with_header(base, header.data, header.len);
    mli_buf_release(&header);
    return file;
}

static struct mli_buf make_no_targets(const struct mli_buf *base)
{
    return with_targets(base, 0);
}

static struct mli_buf make_one_target(const struct mli_buf *base)
{
    return with_targets(base, 1);
}

static struct mli_buf make_many_targets(const struct mli_buf *base)
{
    return with_targets(base, 54);
}

/* clang-format off: a row a case */
static const struct hostile {
    const char *name;
    struct mli_buf (*make)(const struct mli_buf *base); /* or an edit of the header */
    const char *from, *to;
    const char *text; /* part of the message */
    bool unsealed;    /* the digest is the case: leave it */
} cases[] = {
    { "01-empty", make_empty, NULL, NULL, "byte 0: a file of 0 bytes has no safetensors header",
      false },
    { "02-seven-bytes", make_seven_bytes, NULL, NULL,
      "byte 7: a file of 7 bytes has no safetensors header", false },
    { "03-length-2^64-1", make_length_largest, NULL, NULL,
      "header length 18446744073709551615 is over", false },
    { "04-length-2^63", make_length_sign, NULL, NULL, "header length 9223372036854775808 is over",
      false },
    { "05-length-one-over", make_length_one_over, NULL, NULL, "does not fit into a file of",
      false },
    { "06-length-zero", make_length_zero, NULL, NULL, "byte 0: the header is empty", false },
    { "07-array", make_array, NULL, NULL, "byte 8: '[' in the header where '{' as its first byte",
      false },
    { "08-brace", make_brace, NULL, NULL,
      "byte 16: the header ends where '\"' of a name is expected", false },
    { "09-ff", make_ff, NULL, NULL, "byte 8: byte 0xff in the header where '{'", false },
    { "10-nul-behind", make_nul, NULL, NULL, "byte 0x00 in the header where nothing but spaces",
      false },
    { "11-garbage-behind", make_garbage, NULL, NULL, "'P' in the header where nothing but spaces",
      false },
    { "12-leading-space", make_leading_space, NULL, NULL,
      "byte 8: byte 0x20 in the header where '{'", false },
    { "13-bom", make_bom, NULL, NULL, "byte 8: byte 0xef in the header where '{'", false },
    { "14-duplicate-tensor", NULL, BIAS, BIAS "," BIAS, "tensor \"net.0.bias\" stands twice",
      false },
    { "15-duplicate-shape", NULL, "\"shape\":[1]", "\"shape\":[1],\"shape\":[1]",
      "has \"shape\" twice", false },
    { "16-duplicate-metadata", NULL, BIAS, "\"__metadata__\":{}," BIAS,
      "\"__metadata__\" stands twice", false },
    { "17-metadata-number", NULL, "\"format\":\"mlctl\"", "\"format\":1",
      "'1' in the header where '\"' of a string", false },
    { "18-one-range", make_one_range, NULL, NULL,
      "tensor \"t1\" overlaps the one before it by 8 bytes", false },
    { "19-hole", make_hole, NULL, NULL, "8 bytes before tensor \"b\" belong to no tensor", false },
    { "20-overlap", make_overlap, NULL, NULL, "tensor \"b\" overlaps the one before it by 1 bytes",
      false },
    { "21-ends-before-begin", NULL, BIAS, BIAS_LIKE("[1]", "[8,0]"),
      "ends (0) before it begins (8)", false },
    { "22-negative-offset", NULL, BIAS, BIAS_LIKE("[1]", "[-8,0]"),
      "a negative number in the header", false },
    { "23-real-offset", NULL, BIAS, BIAS_LIKE("[1]", "[0,1e3]"), "is not a whole number", false },
    { "24-offset-2^64", NULL, BIAS, BIAS_LIKE("[1]", "[0,18446744073709551616]"), "is over 2^48-1",
      false },
    { "25-shape-product", NULL, BIAS, BIAS_LIKE("[2,18446744073709551614]", "[0,8]"),
      "is over 2^48-1", false },
    { "26-shape-bits", NULL, BIAS, BIAS_LIKE("[2,9223372036854775807]", "[0,8]"), "is over 2^48-1",
      false },
    { "27-size-mismatch", NULL, BIAS, BIAS_LIKE("[2]", "[0,8]"),
      "has 8 bytes of data, its shape and dtype need 16", false },
    { "28-cut-short", make_short, NULL, NULL, "the file ends 2 bytes too early", false },
    { "29-extra-bytes", make_long, NULL, NULL, "5 bytes after the last tensor", false },
    { "30-unknown-dtype", NULL, "\"dtype\":\"F64\"", "\"dtype\":\"F63\"", "unknown dtype \"F63\"",
      false },
    { "31-zero-dimension", NULL, BIAS, BIAS_LIKE("[0]", "[0,8]"),
      "has 8 bytes of data, its shape and dtype need 0", false },
    { "32-rank-9", NULL, BIAS, BIAS_LIKE("[1,1,1,1,1,1,1,1,1]", "[0,8]"),
      "a shape has more than 8 numbers", false },
    { "33-many-names", make_many_names, NULL, NULL, "more than 65536 tensors", false },
    { "34-deep", make_deep, NULL, NULL, "nested more than 16 levels deep", false },
    { "34-deep-header", make_deep_header, NULL, NULL,
      "'[' in the header where a whole number is expected", false },
    { "35-nan-weight", make_nan_weight, NULL, NULL,
      "element 1 of tensor \"net.0.weight\" is not a number", false },
    { "35-infinite-bias", make_infinite_bias, NULL, NULL,
      "element 0 of tensor \"net.0.bias\" is infinite", false },
    { "35-mixed-dtypes", make_mixed, NULL, NULL, "those of a network are all F64 or all F32", false },
    { "36-zero-scale", make_zero_scale, NULL, NULL, "scale", false },
    { "36-negative-scale", make_negative_scale, NULL, NULL, "scale", false },
    { "37-many-categories", make_many_categories, NULL, NULL, "categories", false },
    /* 38: test_hostile_paths; 39: test_cut_short */
    { "40-lone-surrogate", NULL, "\"net.0.bias\"", "\"\\ud800\"",
      "a string of the header is not valid", false },

    { "41-wrong-digest", make_wrong_digest, NULL, NULL, "it was changed or damaged", true },
    { "42-no-digest", NULL, "\"mlctl.sha256\"", "\"mlctl.sha255\"",
      "metadata \"mlctl.sha255\" is not one", true },
    { "43-short-digest", NULL, "\"mlctl.sha256\":\"", "\"mlctl.sha256\":\"0",
      "the digest has 65 characters", true },
    { "44-not-ours", NULL, "\"format\":\"mlctl\"", "\"format\":\"pt\"",
      "but not a model of mlctl (metadata \"format\" is \"pt\")", false },
    { "45-no-format", NULL, "\"format\":\"mlctl\",", "", "metadata \"format\" is missing", false },
    { "46-no-document", NULL, "\"mlctl.model\"", "\"mlctl.modem\"",
      "metadata \"mlctl.modem\" is not one", false },
    { "47-not-json", NULL, "{" Q "format_version", "[" Q "format_version",
      "metadata \"mlctl.model\", character ", false },
    { "48-newer", NULL, "format_version" Q ":1", "format_version" Q ":3", "made by a newer mlctl",
      false },
    { "49-version-zero", NULL, "format_version" Q ":1", "format_version" Q ":0", "format version 0",
      false },
    { "50-version-text", NULL, "format_version" Q ":1", "format_version" Q ":" Q "1" Q,
      "\"format_version\" is a string", false },
    { "51-unknown-member", NULL, "{" Q "format_version", "{" Q "more" Q ":1," Q "format_version",
      "member \"more\" is not one of", false },
    { "52-missing-member", NULL, Q "task" Q ":" Q "classification" Q ",", "", "\"task\" is missing",
      false },
    { "53-unknown-loss", NULL, "cross_entropy", "cross_eternity", "unknown loss \"cross_eternity\"",
      false },
    { "53a-loss-without-parameter", NULL, "cross_entropy", "huber", "loss \"huber\" has no delta", false },
    { "53b-parameter-out-of-range", NULL, "cross_entropy", "quantile:2", "q of loss quantile must be a number above 0", false },
    { "53c-parameter-of-none", NULL, "cross_entropy", "cross_entropy:1", "loss cross_entropy takes no parameter", false },
    { "53d-loss-of-numbers", NULL, "cross_entropy", "huber:1", "loss \"huber:1\" is for regression", false },
    { "54-task-and-loss", NULL, Q "classification" Q, Q "regression" Q,
      "task is \"regression\", but loss", false },
    { "55-no-labels", NULL, Q "labels" Q ":[" Q "no" Q ",", Q "labels" Q ":[",
      "the model has 1 label", false },
    { "56-label-twice", NULL, Q "labels" Q ":[", Q "labels" Q ":[" Q "no" Q ",", "wants 3", false },
    { "57-label-number", NULL, Q "labels" Q ":[" Q "no" Q, Q "labels" Q ":[0",
      "label 0 is not a string", false },
    { "58-label-empty", NULL, Q "labels" Q ":[" Q "no" Q, Q "labels" Q ":[" Q Q,
      "label 0 of the model is empty", false },
    { "59-network-inputs", NULL, Q "inputs" Q ":", Q "inputs" Q ":1", "but the network wants",
      false },
    { "60-network-huge", NULL, "dense 1" Q, "dense 1048576" Q, "but the file only", false },
    { "61-network-absurd", NULL, "dense 1" Q, "dense 99999999999999999999" Q, "network: layer 1",
      false },
    { "62-unknown-layer", NULL, "dense 1" Q, "dance 1" Q, "network: layer 1", false },
    { "63-outputs", NULL, BIAS, BIAS, NULL, false },
    { "64-tensor-missing", NULL, "\"net.0.bias\"", "\"net.0.pias\"",
      "tensor \"net.0.bias\" is missing", false },
    { "65-tensor-unused", NULL, BIAS, "\"a\":" F64("[0]", "[0,0]") "," BIAS,
      "tensor \"a\" belongs to no step and no layer", false },
    { "66-target-empty", NULL, "survived", "", "the model's target has no name", false },
    { "67-target-is-input", NULL, "survived", "age", "target \"age\" is one of its inputs", false },
    { "68-record-array", NULL, Q "record" Q ":{", Q "record" Q ":[],{", "metadata \"mlctl.model\", character ",
      false },
    { "69-unknown-step", NULL, Q "kind" Q ":" Q "impute" Q, Q "kind" Q ":" Q "implode" Q, "implode",
      false },
    { "70-unknown-type", NULL, Q "type" Q ":" Q "number" Q, Q "type" Q ":" Q "numbers" Q, "numbers",
      false },
    { "71-last-layer", NULL, "dense 1" Q, "relu" Q, "network: layer 1 at column 1: the last layer must be dense", false },
    { "72-drops-all", NULL, "dense 1" Q, "dropout 1, dense 1" Q, "network: layer 1 at column 9: expected a share", false },
    { "73-other-place", NULL, "dense 1" Q, "relu, dense 1" Q, "tensor \"net.1.weight\" is missing", false },
    { "74-other-shape", NULL, "dense 1" Q, "dense 2, dense 1" Q, "has shape (1, 10), expected (2, 10)", false },
};

/* Of a model of three labels. */
static const struct hostile label_cases[] = {
    { "80-unchanged", NULL, "format_version", "format_version", NULL, false },
    { "81-newer", NULL, "format_version" Q ":2", "format_version" Q ":3", "made by a newer mlctl", false },
    { "82-other-version", NULL, "format_version" Q ":2", "format_version" Q ":1",
      "member \"targets\" is not one of format version 1", false },
    { "83-both-ways", NULL, Q "targets" Q ":", Q "target" Q ":" Q "y" Q "," Q "targets" Q ":",
      "member \"target\" is not one of format version 2", false },
    { "84-no-targets", make_no_targets, NULL, NULL, "the model has 0 targets, expected 2 to 53", false },
    { "85-one-target", make_one_target, NULL, NULL, "the model has 1 targets, expected 2 to 53", false },
    { "86-many-targets", make_many_targets, NULL, NULL, "the model has 54 targets, expected 2 to 53", false },
    { "87-no-array", NULL, Q "targets" Q ":[{", Q "targets" Q ":{" Q "x" Q ":[{", "metadata \"mlctl.model\", character ", false },
    { "88-entry-number", NULL, Q "targets" Q ":[", Q "targets" Q ":[5,", "targets[0] is not an object of name and labels", false },
    { "89-entry-more", NULL, "[{" Q "name" Q, "[{" Q "x" Q ":1," Q "name" Q, "targets[0] is not an object of name and labels", false },
    { "90-no-name", NULL, "[{" Q "name" Q, "[{" Q "nome" Q, "\"targets[0].name\" is missing", false },
    { "91-name-number", NULL, Q "name" Q ":" Q "survived" Q, Q "name" Q ":1", "\"targets[0].name\" is a", false },
    { "92-name-empty", NULL, "survived", "", "the model's target has no name", false },
    { "93-name-is-input", NULL, "survived", "port", "target \"port\" is one of its inputs", false },
    { "94-name-twice", NULL, "survived", "crew, paid", "the model has target \"crew, paid\" twice", false },
    { "95-three-labels", NULL, Q "labels" Q ":[", Q "labels" Q ":[" Q "more" Q ",",
      "target \"survived\" of several has 3 labels, expected 2", false },
    { "96-label-number", NULL, Q "labels" Q ":[" Q "no" Q, Q "labels" Q ":[0", "label 0 is not a string", false },
    { "97-label-empty", NULL, Q "labels" Q ":[" Q "no" Q, Q "labels" Q ":[" Q Q, "label 0 of the model is empty", false },
    { "98-loss-of-one", NULL, "binary_cross_entropy", "cross_entropy", "task is \"multilabel\", but loss \"cross_entropy\" is for classification", false },
    { "99-task-of-one", NULL, Q "multilabel" Q, Q "classification" Q, "task is \"classification\", but loss", false },
    { "99a-outputs", NULL, "dense 3" Q, "dense 2" Q, "has shape (3, 10), expected (2, 10)", false },
};
/* clang-format on */

static struct mli_buf build(const struct hostile *row, const struct mli_buf *base)
{
    struct mli_buf file = row->make ? row->make(base) : edited(base, row->from, row->to);
    char digits[MLI_SHA256_HEX];
    size_t at;

    assert_int_equal(file.status, ML_OK);
    if (!row->unsealed && mli_sealed_digest(file.data, file.len, NULL, &at, digits, NULL) == ML_OK)
        memcpy(file.data + at, digits, MLI_SHA256_HEX - 1);
    return file;
}

static void write_bytes(const char *path, const struct mli_buf *file)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file->data, 1, file->len, out), file->len);
    assert_int_equal(fclose(out), 0);
}

static struct mli_buf file_of(struct ml_model *model)
{
    struct mli_buf base = sample_bytes(model);
    ml_model_free(model);
    return base;
}

static struct mli_buf base_file(void)
{
    return file_of(sample_model_small(""));
}

static void check_hostile(const struct hostile *rows, size_t n, struct mli_buf base)
{
    char path[] = "/tmp/mlctl-hostile-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < n; i++) {
        struct mli_buf file = build(&rows[i], &base);
        struct ml_error err = ML_ERROR_INIT;
        struct ml_model *model = NULL;
        write_bytes(path, &file);
        mli_buf_release(&file);
        enum ml_status status = ml_model_load(path, &model, &err);
        if (!rows[i].text) { /* the unchanged model, so that the others fail for what they are */
            assert_int_equal(status, ML_OK);
            ml_model_free(model);
            continue;
        }
        if (status != ML_EARTIFACT)
            fail_msg("%s: status %s", rows[i].name, ml_status_name(status));
        assert_null(model);
        assert_string_equal(err.source, path);
        if (!strstr(err.text, rows[i].text))
            fail_msg("%s: \"%s\" has no \"%s\"", rows[i].name, err.text, rows[i].text);
    }
    unlink(path);
    mli_buf_release(&base);
}

void test_hostile_files(void **state)
{
    (void)state;
    check_hostile(cases, LENGTH(cases), base_file());
    check_hostile(label_cases, LENGTH(label_cases), file_of(sample_labels_small("")));
}

static void write_cases(const char *directory, const struct hostile *rows, size_t n, struct mli_buf base,
                        struct mli_buf *list)
{
    char path[4096];

    for (size_t i = 0; i < n; i++) {
        if (!rows[i].text)
            continue;
        struct mli_buf file = build(&rows[i], &base);
        snprintf(path, sizeof(path), "%s/%s.safetensors", directory, rows[i].name);
        write_bytes(path, &file);
        mli_buf_release(&file);
        mli_buf_printf(list, "%s.safetensors\t%s\n", rows[i].name, rows[i].text);
    }
    mli_buf_release(&base);
}

int write_hostile_files(const char *directory)
{
    struct mli_buf list;
    char path[4096];

    mli_buf_init(&list, (size_t)1 << 20);
    write_cases(directory, cases, LENGTH(cases), base_file(), &list);
    write_cases(directory, label_cases, LENGTH(label_cases), file_of(sample_labels_small("")), &list);
    snprintf(path, sizeof(path), "%s/expected.txt", directory);
    write_bytes(path, &list);
    mli_buf_release(&list);
    return 0;
}

/* ---- paths that are no files ------------------------------------------------------------------------------------- */

static void assert_refused(const char *path, enum ml_status expected)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;

    assert_int_equal(ml_model_load(path, &model, &err), expected);
    assert_null(model);
    assert_string_equal(err.source, path);
    assert_true(err.text[0] != '\0');
}

void test_hostile_paths(void **state)
{
    char directory[] = "/tmp/mlctl-paths-XXXXXX", fifo[64], loop[64], link[64], file[64];
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = sample_model_small("");
    (void)state;

    assert_non_null(mkdtemp(directory));
    snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
    snprintf(loop, sizeof(loop), "%s/loop", directory);
    snprintf(link, sizeof(link), "%s/link", directory);
    snprintf(file, sizeof(file), "%s/file", directory);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink(loop, loop), 0);
    assert_int_equal(symlink(file, link), 0);
    assert_refused(fifo, ML_EARTIFACT);
    assert_refused(directory, ML_EARTIFACT);
    assert_refused("/dev/zero", ML_EARTIFACT);
    assert_refused(loop, ML_EARTIFACT);
    assert_refused(link, ML_EIO);                  /* to nothing yet */
    int fd = open(file, O_WRONLY | O_CREAT, 0600); /* 3 GiB of nothing, which are not read */
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
    close(fd);
    assert_refused(file, ML_EARTIFACT);
    assert_int_equal(ml_model_save(model, file, &err), ML_OK);
    ml_model_free(model);
    assert_int_equal(ml_model_load(link, &model, &err),
                     ML_OK); /* as volumes of containers have it */
    ml_model_free(model);
    unlink(fifo);
    unlink(loop);
    unlink(link);
    unlink(file);
    rmdir(directory);
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

/* A model whose file has 4096 bytes, by a note of the right length. */
static struct mli_buf file_of_4096(void)
{
    char note[4096] = "";

    for (;;) {
        struct ml_model *model = sample_model_small(note);
        struct mli_buf file = sample_bytes(model);
        ml_model_free(model);
        assert_true(file.len <= 4096);
        if (file.len == 4096)
            return file;
        memset(note + strlen(note), 'x', 4096 - file.len > 16 ? 4096 - file.len - 8 : 1);
        mli_buf_release(&file);
    }
}

void test_bit_flips(void **state)
{
    struct mli_buf file = file_of_4096();
    struct ml_model *model = NULL;
    (void)state;

    assert_int_equal(mli_model_decode(file.data, file.len, "f", &model, NULL), ML_OK);
    ml_model_free(model);
    model = NULL;
    for (size_t bit = 0; bit < 8 * file.len; bit++) {
        struct ml_error err = ML_ERROR_INIT;
        file.data[bit / 8] ^= (char)(1 << (bit % 8));
        if (mli_model_decode(file.data, file.len, "f", &model, &err) != ML_EARTIFACT)
            fail_msg("bit %zu may be flipped", bit);
        assert_string_not_equal(err.text, "");
        file.data[bit / 8] ^= (char)(1 << (bit % 8));
    }
    mli_buf_release(&file);
}

/* Every beginning of a file is refused: also one that shrinks while it is read. */
void test_cut_short(void **state)
{
    struct mli_buf file = base_file();
    struct ml_model *model = NULL;
    (void)state;

    for (size_t n = 0; n < file.len; n++) {
        char *bytes = mli_alloc(n, 1);
        assert_non_null(bytes);
        memcpy(bytes, file.data, n);
        assert_int_equal(mli_model_decode(bytes, n, "f", &model, NULL), ML_EARTIFACT);
        free(bytes);
    }
    mli_buf_release(&file);
}

/*
 * Any bytes as JSON: the scanner takes what jansson takes and refuses what it refuses, but for depth; strings and
 * numbers mean the same to both.
 */
#include <base/json.h>
#include <serve/scan.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH ((size_t)500)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void check_string(struct mli_scan *scan, const json_t *value)
{
    struct mli_scan_text text;

    require(mli_scan_string(scan, &text), "a string");
    char *plain = malloc(text.len + 1);
    require(plain != NULL, "memory");
    size_t len = mli_scan_decode(&text, plain);
    require(len == json_string_length(value) && memcmp(plain, json_string_value(value), len) == 0,
            "what a string means");
    require(text.escaped || len == text.len, "a string without escapes");
    free(plain);
}

/* Goes through both; members of an object come in order of the text in both, as long as no name comes twice. */
static void check_value(struct mli_scan *scan, const json_t *value)
{
    struct mli_scan_text name;
    double number;
    char literal;
    size_t i = 0;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        require(mli_scan_open(scan, '{'), "an object");
        for (; mli_scan_member(scan, &name); i++)
            mli_scan_skip(scan);
        require(i >= json_object_size(value), "the members of an object");
        break;
    case JSON_ARRAY:
        require(mli_scan_open(scan, '['), "an array");
        for (; mli_scan_item(scan); i++)
            check_value(scan, json_array_get(value, i));
        require(i == json_array_size(value), "the items of an array");
        break;
    case JSON_STRING:
        check_string(scan, value);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        require(mli_scan_number(scan, &number) && number == json_number_value(value), "a number");
        break;
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        require(mli_scan_literal(scan, &literal), "a literal");
        require(literal == (json_is_null(value) ? 'n' : json_is_true(value) ? 't' : 'f'), "which literal");
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const size_t flags = JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
    struct mli_scan scan = mli_scan_of((const char *)bytes, n, MAX_DEPTH), again = scan;
    struct ml_error err = ML_ERROR_INIT;

    bool taken = mli_scan_skip(&scan) && mli_scan_end(&scan);
    require(taken == !scan.wrong && scan.at <= n, "what the scanner says");
    if (!taken && strcmp(scan.wrong, "less nesting") == 0)
        return 0;
    json_t *doc = memchr(bytes, '\0', n) ? NULL : json_loadb((const char *)bytes, n, flags, NULL);
    require(taken == (doc != NULL), taken ? "the scanner took what jansson does not"
                                          : "the scanner refused what jansson takes");
    if (taken)
        check_value(&again, doc);
    else
        require(mli_scan_error(&scan, &err) == ML_EDATA && err.text[0], "an error without a text");
    json_decref(doc);
    return 0;
}

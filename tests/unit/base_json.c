#include <tests/unit/base.h>

#include <base/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *parse(const char *text)
{
    struct ml_error err = ML_ERROR_INIT;
    json_t *doc = NULL;

    if (mli_json_parse(text, strlen(text), 0, "test", &doc, &err) != ML_OK)
        fail_msg("%s: %s", text, err.text);
    return doc;
}

static void text_survives_the_round_trip(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"z\":1,\"a\":[true,false,null,\"x\"],\"m\":{\"k\":-5}}", /* keys stay in their order */
        "[1,1.0,-0.0,0.1,1e22,5e-324,1.7976931348623157e308]",
        "[9223372036854775807,-9223372036854775808]",
        "[0.30000000000000004,0.3333333333333333,1e15,1000000.0]",
        "[\"\\\"\\\\\\n\\u0001\",\"\xc3\xa9\xf0\x9f\x98\x80\"]",
        "{\"a b\\\"\":{\"\":[[],[{}]]}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_t *doc = parse(texts[i]);
        char *text = mli_json_text(doc, false);
        assert_string_equal(text, texts[i]);
        json_t *again = parse(text);
        assert_true(json_equal(doc, again));
        json_decref(again);
        json_decref(doc);
        free(text);
    }
}

static void text_can_be_indented(void **state)
{
    (void)state;
    json_t *doc = parse("{\"a\":[1,2,\"x\"],\"b\":[{\"c\":1.5},[]],\"d\":{},\"e\":null}");
    char *text = mli_json_text(doc, true);

    assert_string_equal(text, "{\n"
                              "  \"a\": [1, 2, \"x\"],\n"
                              "  \"b\": [\n"
                              "    {\n"
                              "      \"c\": 1.5\n"
                              "    },\n"
                              "    []\n"
                              "  ],\n"
                              "  \"d\": {},\n"
                              "  \"e\": null\n"
                              "}");
    free(text);
    json_decref(doc);
}

static void bad_text_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length, line;
        const char *part;
    } cases[] = {
        { "", 0, 1, "not valid JSON: " },
        { "{\"a\":1,\n\"a\":2}", 14, 2, "duplicate object key" },
        { "[1]\n x", 6, 2, "end of file expected" },
        { "[1,]", 4, 1, "not valid JSON: " },
        { "{\"a\":\n\n nope}", 13, 3, "not valid JSON: " },
        { "[1]\0", 4, 1, "NUL byte" },
        { "[\n\"a\0\"]", 7, 2, "NUL byte" },
        { "[\"\\\0\"]", 6, 1, "NUL byte" },
        { "[\"\\u0000\"]", 10, 1, "not valid JSON: " },
        { "[\"\xff\"]", 5, 1, "not valid JSON: " },
        { "[1e999]", 7, 1, "not valid JSON: " },
        { "[NaN]", 5, 1, "not valid JSON: " },
        { "[99999999999999999999]", 22, 1, "not valid JSON: " },
        { "[\"", 2, 1, "not valid JSON: " },
        { "[\"\\", 3, 1, "not valid JSON: " },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ml_error err = ML_ERROR_INIT;
        json_t *doc = NULL;
        assert_int_equal(mli_json_parse(cases[i].text, cases[i].length, 0, "m.json", &doc, &err),
                         ML_EARTIFACT);
        assert_null(doc);
        assert_string_equal(err.source, "m.json");
        assert_int_equal(err.line, cases[i].line);
        if (!strstr(err.text, cases[i].part))
            fail_msg("case %zu: %s", i, err.text);
    }
}

/* A text of `depth` nested arrays, inside of which brackets in strings do not count. */
static enum ml_status parse_nested(size_t depth, size_t max_depth, struct ml_error *err)
{
    char *text = malloc(2 * depth + 16);
    json_t *doc = NULL;

    assert_non_null(text);
    memset(text, '[', depth);
    memcpy(text + depth, "\"[{\\\"[[\"", 8);
    memset(text + depth + 8, ']', depth);
    enum ml_status status = mli_json_parse(text, 2 * depth + 8, max_depth, "deep", &doc, err);
    json_decref(doc);
    free(text);
    return status;
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;

    assert_int_equal(parse_nested(64, 0, &err), ML_OK);
    assert_int_equal(parse_nested(3, 3, &err), ML_OK);
    assert_int_equal(parse_nested(4, 3, NULL), ML_EARTIFACT);
    assert_int_equal(parse_nested(1000000, 0, NULL), ML_EARTIFACT);
    assert_int_equal(parse_nested(65, 0, &err), ML_EARTIFACT);
    assert_string_equal(err.text, "JSON is nested more than 64 levels deep");
    json_decref(parse("[[1],[2],[3],[4],{},{}]"));
    json_t *doc = NULL; /* siblings are no depth */
    assert_int_equal(mli_json_parse("[[],[],[],{},{}]", 16, 2, "wide", &doc, NULL), ML_OK);
    json_decref(doc);
}

static void getters_give_members(void **state)
{
    (void)state;
    json_t *doc = parse(
        "{\"o\":{\"k\":1},\"a\":[1,2],\"s\":\"text\",\"n\":42,\"x\":1.5,\"t\":true,\"f\":false}");
    json_t *object, *array;
    const char *string;
    size_t size;
    double number;
    bool yes, no;

    assert_int_equal(mli_json_object(doc, "o", &object, NULL), ML_OK);
    assert_int_equal(mli_json_array(doc, "a", &array, NULL), ML_OK);
    assert_int_equal(mli_json_str(doc, "s", &string, NULL), ML_OK);
    assert_int_equal(mli_json_size(doc, "n", &size, NULL), ML_OK);
    assert_int_equal(mli_json_number(doc, "x", &number, NULL), ML_OK);
    assert_int_equal(mli_json_bool(doc, "t", &yes, NULL), ML_OK);
    assert_int_equal(mli_json_bool(doc, "f", &no, NULL), ML_OK);
    assert_int_equal(json_object_size(object), 1);
    assert_int_equal(json_array_size(array), 2);
    assert_string_equal(string, "text");
    assert_int_equal(size, 42);
    assert_true(number == 1.5 && yes && !no);
    assert_int_equal(mli_json_number(doc, "n", &number, NULL), ML_OK);
    assert_true(number == 42);
    json_decref(doc);
}

static void getters_name_the_key_at_fault(void **state)
{
    (void)state;
    json_t *doc = parse("{\"s\":\"text\",\"n\":-1,\"x\":1.5,\"t\":true,\"z\":null,\"a\":[]}");
    json_t *value = doc;
    const char *string = "kept";
    size_t size = 7;
    double number = 7;
    bool flag = true;

#define CHECK(call, expected)                                                                      \
    do {                                                                                           \
        struct ml_error err = ML_ERROR_INIT;                                                       \
        assert_int_equal(call, ML_EARTIFACT);                                                      \
        assert_int_equal(err.status, ML_EARTIFACT);                                                \
        assert_string_equal(err.text, expected);                                                   \
    } while (0)

    CHECK(mli_json_object(doc, "q", &value, &err), "\"q\" is missing, expected an object");
    CHECK(mli_json_object(doc, "a", &value, &err), "\"a\" is an array, expected an object");
    CHECK(mli_json_array(doc, "s", &value, &err), "\"s\" is a string, expected an array");
    CHECK(mli_json_str(doc, "z", &string, &err), "\"z\" is null, expected a string");
    CHECK(mli_json_size(doc, "n", &size, &err), "\"n\" is -1, expected an integer of at least 0");
    CHECK(mli_json_size(doc, "x", &size, &err),
          "\"x\" is a number, expected an integer of at least 0");
    CHECK(mli_json_number(doc, "t", &number, &err), "\"t\" is a boolean, expected a number");
    CHECK(mli_json_bool(doc, "n", &flag, &err), "\"n\" is an integer, expected a boolean");
    CHECK(mli_json_bool(json_object_get(doc, "a"), "n", &flag, &err),
          "\"n\" is looked for in an array, expected an object");
    CHECK(mli_json_bool(NULL, "n", &flag, &err),
          "\"n\" is looked for in nothing, expected an object");
#undef CHECK
    assert_ptr_equal(value, doc);
    assert_string_equal(string, "kept");
    assert_true(size == 7 && number == 7 && flag);
    json_decref(doc);
}

static void places_are_put_in_front(void **state)
{
    (void)state;
    json_t *doc = parse("{}");
    struct ml_error err = ML_ERROR_INIT, other = ML_ERROR_INIT;
    double number;

    assert_int_equal(mli_json_number(doc, "mean", &number, &err), ML_EARTIFACT);
    mli_json_within(&err, "[%d]", 2);
    mli_json_within(&err, "%s", "steps");
    mli_json_within(&err, "pipeline");
    assert_string_equal(err.text, "\"pipeline.steps[2].mean\" is missing, expected a number");
    for (int i = 0; i < 200; i++)
        mli_json_within(&err, "\xc3\xa9\xc3\xa9");
    assert_true(strlen(err.text) < sizeof(err.text));
    assert_memory_equal(err.text, "\"\xc3\xa9\xc3\xa9.\xc3\xa9", 8);

    mli_json_within(NULL, "x");
    mli_json_within(&other, "x");
    assert_int_equal(other.status, ML_OK);
    ml_error_at(&other, ML_EARTIFACT, "m.json", 3, 4, "not valid JSON");
    mli_json_within(&other, "x");
    assert_string_equal(other.text, "not valid JSON");
    json_decref(doc);
}

static void numbers_become_json(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 3, "[3]" },         { -3, "[-3]" },
        { 0, "[0]" },         { -0.0, "[-0.0]" },
        { 2.5, "[2.5]" },     { 9007199254740991, "[9007199254740991]" },
        { NAN, "[null]" },    { 9007199254740992, "[9007199254740992.0]" },
        { 1e300, "[1e300]" }, { -INFINITY, "[null]" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *array = json_array();
        assert_int_equal(json_array_append_new(array, mli_json_from(cases[i].value)), 0);
        char *text = mli_json_text(array, false);
        assert_string_equal(text, cases[i].text);
        free(text);
        json_decref(array);
    }
}

static void members_are_put(void **state)
{
    (void)state;
    json_t *object = json_object(), *value = json_integer(1);

    assert_true(mli_json_put(object, "a", value));
    assert_int_equal(json_object_size(object), 1);
    assert_false(mli_json_put(object, "b", NULL));
    assert_false(
        mli_json_put(object, "\xff", json_integer(2))); /* released: the leak checker watches */
    assert_int_equal(json_object_size(object), 1);
    json_decref(object);
}

int base_json_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_survives_the_round_trip),
        cmocka_unit_test(text_can_be_indented),
        cmocka_unit_test(bad_text_is_refused_with_its_place),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(getters_give_members),
        cmocka_unit_test(getters_name_the_key_at_fault),
        cmocka_unit_test(places_are_put_in_front),
        cmocka_unit_test(numbers_become_json),
        cmocka_unit_test(members_are_put),
    };
    return cmocka_run_group_tests_name("base: json", tests, NULL, NULL);
}

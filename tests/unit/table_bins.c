/* Histograms of a schema: of categories, and their way through JSON. */
#include <tests/unit/table.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/bins.h>

/* A dictionary of v0, v1, ... */
static struct mli_dict *dict_of(size_t n)
{
    struct mli_dict *dict = mli_dict_new();

    for (size_t i = 0; i < n; i++) {
        char text[32];
        int32_t code;
        int len = snprintf(text, sizeof(text), "v%zu", i);
        assert_int_equal(mli_dict_add(dict, text, (size_t)len, &code), ML_OK);
    }
    return dict;
}

static void a_bin_a_category(void **state)
{
    static const uint64_t rows[] = { 5, 0, 7 };
    struct mli_dict *dict = dict_of(3);
    struct mli_bins *bins = mli_bins_of_codes(rows, dict);

    (void)state;
    assert_int_equal(bins->count, 3);
    assert_int_equal(bins->listed, 3);
    assert_false(mli_bins_has_rest(bins, dict));
    assert_memory_equal(bins->rows, rows, sizeof(rows));
    mli_bins_renumber(bins, (const int32_t[]){ 2, 0, 1 });
    assert_memory_equal(bins->rows, ((const uint64_t[]){ 0, 7, 5 }), sizeof(rows));
    free(bins);
    mli_dict_free(dict);
}

/* v0 has 1 row, v1 2 ... but the first 20 have 1 each: of those, the first by bytes are listed: v0, v1, v10. */
static void the_most_frequent_and_a_rest(void **state)
{
    uint64_t rows[48];
    struct mli_dict *dict = dict_of(COUNT(rows));
    uint64_t all = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        all += rows[i] = i < 20 ? 1 : i;
    struct mli_bins *bins = mli_bins_of_codes(rows, dict);
    assert_int_equal(bins->count, MLI_BINS_MAX);
    assert_int_equal(bins->listed, MLI_BINS_MAX - 1);
    assert_true(mli_bins_has_rest(bins, dict));
    assert_true(bins->code[0] == 0 && bins->code[1] == 1 && bins->code[2] == 10 && bins->code[3] == 20);
    assert_int_equal(bins->code[30], 47);
    for (size_t i = 0; i < bins->count; i++)
        all -= bins->rows[i];
    assert_int_equal(all, 0);
    assert_int_equal(bins->rows[bins->listed], 17);
    json_t *doc = mli_bins_to_json(bins, dict);
    struct mli_bins *back = NULL;
    assert_int_equal(mli_bins_from_json(doc, dict, &back, NULL), ML_OK);
    assert_memory_equal(bins, back, sizeof(*bins));
    json_decref(doc);
    free(back);
    free(bins);
    mli_dict_free(dict);
}

static void numbers_go_to_json_and_back(void **state)
{
    struct mli_bins bins = { .count = 3, .rows = { 1, 0, 5 }, .edge = { -0.5, 1e300 } }, *back = NULL;
    json_t *doc = mli_bins_to_json(&bins, NULL);
    char *text = mli_json_text(doc, false);

    (void)state;
    assert_string_equal(text, "{\"edges\":[-0.5,1e300],\"rows\":[1,0,5]}");
    assert_int_equal(mli_bins_from_json(doc, NULL, &back, NULL), ML_OK);
    assert_memory_equal(&bins, back, sizeof(bins));
    free(text);
    free(back);
    json_decref(doc);
}

static void refuses_what_is_no_histogram(void **state)
{
    static const struct {
        const char *doc;
        size_t values; /* of the column, 0: a number */
        const char *part;
    } cases[] = {
        { "[]", 0, "an object of edges and rows" },
        { "{\"edges\":[],\"rows\":[1],\"more\":1}", 0, "an object of edges and rows" },
        { "{\"rows\":[1,2],\"edges\":[1,2]}", 0, "has 2 entries for 3 bins" },
        { "{\"rows\":[1,2,3],\"edges\":[1,1]}", 0, "edge 1" },
        { "{\"rows\":[1,2,3],\"edges\":[2,1]}", 0, "edge 1" },
        { "{\"rows\":[1,2],\"edges\":[null]}", 0, "edge 0" },
        { "{\"rows\":[1,2],\"edges\":\"1\"}", 0, "edges" },
        { "{\"rows\":[1,-2],\"edges\":[1]}", 0, "bin 1" },
        { "{\"rows\":[1,2.5],\"edges\":[1]}", 0, "bin 1" },
        { "{\"rows\":[1,9007199254740993],\"edges\":[1]}", 0, "bin 1" },
        { "{\"rows\":[1,2],\"more\":[1]}", 0, "edges" },
        { "{\"rows\":[1,2,3]}", 2, "has 3 entries for 2 bins" },
        { "{\"categories\":[\"v1\"],\"rows\":[1,2]}", 2, "an object of rows" },
        { "{\"rows\":[1,2]}", 40, "an object of categories and rows" },
        { "{\"categories\":[\"v1\",\"v2\"],\"rows\":[1,2]}", 40, "has 2 entries for 3 bins" },
        { "{\"categories\":[\"v2\",\"v1\"],\"rows\":[1,2,3]}", 40, "value 1" },
        { "{\"categories\":[\"v2\",\"v2\"],\"rows\":[1,2,3]}", 40, "value 1" },
        { "{\"categories\":[\"w\"],\"rows\":[1,2]}", 40, "value 0" },
        { "{\"categories\":[7],\"rows\":[1,2]}", 40, "value 0" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mli_dict *dict = cases[i].values ? dict_of(cases[i].values) : NULL;
        struct ml_error err = ML_ERROR_INIT;
        struct mli_bins *bins = NULL;
        json_t *doc = NULL;
        assert_int_equal(mli_json_parse(cases[i].doc, strlen(cases[i].doc), 16, "test", &doc, NULL), ML_OK);
        assert_int_equal(mli_bins_from_json(doc, dict, &bins, &err), ML_EARTIFACT);
        assert_null(bins);
        expect_error(&err, ML_EARTIFACT, 0, 0, cases[i].part);
        json_decref(doc);
        mli_dict_free(dict);
    }
}

static void refuses_too_many_bins(void **state)
{
    json_t *edges = json_array(), *rows = json_array(), *values = json_array();
    struct mli_dict *dict = dict_of(50);
    struct mli_bins *bins = NULL;

    (void)state;
    for (int i = 0; i < 32; i++) {
        json_array_append_new(edges, json_integer(i));
        json_array_append_new(values, json_sprintf("v%d", i));
        json_array_append_new(rows, json_integer(1));
    }
    json_array_append_new(rows, json_integer(1));
    json_t *doc = json_pack("{sOsO}", "edges", edges, "rows", rows);
    assert_int_equal(mli_bins_from_json(doc, NULL, &bins, NULL), ML_EARTIFACT);
    json_decref(doc);
    doc = json_pack("{sOsO}", "categories", values, "rows", rows);
    assert_int_equal(mli_bins_from_json(doc, dict, &bins, NULL), ML_EARTIFACT);
    assert_null(bins);
    json_decref(doc);
    json_decref(edges);
    json_decref(rows);
    json_decref(values);
    mli_dict_free(dict);
}

int table_bins_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bin_a_category),
        cmocka_unit_test(the_most_frequent_and_a_rest),
        cmocka_unit_test(numbers_go_to_json_and_back),
        cmocka_unit_test(refuses_what_is_no_histogram),
        cmocka_unit_test(refuses_too_many_bins),
    };
    return cmocka_run_group_tests_name("table/bins", tests, NULL, NULL);
}

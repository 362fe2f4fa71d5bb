#include <tests/unit/table.h>

#include <stdio.h>
#include <stdlib.h>
#include <table/dict.h>

static int32_t add(struct mli_dict *dict, const char *text)
{
    int32_t code = MLI_CODE_UNKNOWN;

    assert_int_equal(mli_dict_add(dict, text, strlen(text), &code), ML_OK);
    return code;
}

static void numbers_strings_in_order_of_first_sight(void **state)
{
    struct mli_dict *dict = mli_dict_new();

    (void)state;
    assert_int_equal(mli_dict_count(dict), 0);
    assert_int_equal(mli_dict_find(dict, "a", 1), MLI_CODE_UNKNOWN);
    assert_int_equal(add(dict, "b"), 0);
    assert_int_equal(add(dict, "a"), 1);
    assert_int_equal(add(dict, ""), 2);
    assert_int_equal(add(dict, "b"), 0);
    assert_int_equal(mli_dict_count(dict), 3);
    assert_string_equal(mli_dict_text(dict, 1), "a");
    assert_string_equal(mli_dict_text(dict, 2), "");
    assert_int_equal(mli_dict_find(dict, "abc", 1), 1); /* len counts, not the NUL */
    assert_int_equal(mli_dict_find(dict, "abc", 2), MLI_CODE_UNKNOWN);
    mli_dict_free(dict);
    mli_dict_free(NULL);
}

static void keeps_many_strings(void **state)
{
    struct mli_dict *dict = mli_dict_new();
    char text[32];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "%d", i * 7);
        assert_int_equal(add(dict, text), i);
    }
    struct mli_dict *copy = mli_dict_copy(dict);
    assert_non_null(copy);
    mli_dict_free(dict);
    assert_int_equal(add(copy, "new"), 20000);
    for (int i = 0; i < 20000; i++) {
        size_t len = (size_t)snprintf(text, sizeof(text), "%d", i * 7);
        assert_int_equal(mli_dict_find(copy, text, len), i);
        assert_string_equal(mli_dict_text(copy, (size_t)i), text);
    }
    assert_int_equal(mli_dict_find(copy, "1", 1), MLI_CODE_UNKNOWN);
    mli_dict_free(copy);
}

static void copies_nothing_too(void **state)
{
    struct mli_dict *dict = mli_dict_new(), *copy = mli_dict_copy(dict);

    (void)state;
    assert_non_null(copy);
    assert_int_equal(add(copy, "x"), 0);
    assert_int_equal(mli_dict_count(dict), 0);
    mli_dict_free(dict);
    mli_dict_free(copy);
}

static void expect_sorted(const char *const *given, const char *const *sorted, size_t n)
{
    struct mli_dict *dict = mli_dict_new();
    int32_t renumber[8];

    for (size_t i = 0; i < n; i++)
        add(dict, given[i]);
    struct mli_dict *result = mli_dict_sorted(dict, renumber);
    assert_non_null(result);
    assert_int_equal(mli_dict_count(result), n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(mli_dict_text(result, i), sorted[i]);
        assert_string_equal(mli_dict_text(result, (size_t)renumber[i]), given[i]);
    }
    mli_dict_free(dict);
    mli_dict_free(result);
}

static void sorts_by_bytes_or_by_value(void **state)
{
    static const char *const words[] = { "b", "a", "\xC3\xA9", "B", "10", "9" };
    static const char *const words_sorted[] = { "10", "9", "B", "a", "b", "\xC3\xA9" };
    static const char *const numbers[] = { "10", "9", "-1", "1.50", "1.5", "1e1" };
    static const char *const numbers_sorted[] = { "-1", "1.5", "1.50", "9", "10", "1e1" };

    (void)state;
    expect_sorted(words, words_sorted, COUNT(words));
    expect_sorted(numbers, numbers_sorted, COUNT(numbers));
    expect_sorted(words, words_sorted, 0);
}

int table_dict_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_strings_in_order_of_first_sight),
        cmocka_unit_test(keeps_many_strings),
        cmocka_unit_test(copies_nothing_too),
        cmocka_unit_test(sorts_by_bytes_or_by_value),
    };
    return cmocka_run_group_tests_name("table/dict", tests, NULL, NULL);
}

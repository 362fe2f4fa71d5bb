/* Schema files and the cells that keep to them. The texts of refusals are in tests/cli/schema.bats. */
#include <tests/unit/table.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/rules.h>
#include <table/survey.h>

static struct mli_rules *rules_of(const char *text)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_rules *rules = NULL;

    if (mli_rules_decode(text, strlen(text), "schema.json", &rules, &err) != ML_OK)
        fail_msg("%s", err.text);
    return rules;
}

static const struct {
    const char *rule; /* the members behind the name */
    const char *good, *bad; /* cells, parted by spaces; _ is a missing one */
} cases[] = {
    { "\"type\":\"number\"", "1 -2.5 1e3 _", "x 1,5 2021-01-01" },
    { "\"type\":\"number\",\"integer\":true", "1 -2 3.0 1e3", "1.5 1e-1" },
    { "\"type\":\"number\",\"integer\":false", "1 1.5", "x" },
    { "\"type\":\"number\",\"minimum\":0,\"maximum\":2", "0 2 1.5 _", "-1 2.1 x" },
    { "\"type\":\"number\",\"minimum\":null,\"required\":true", "-1e9", "_" },
    { "\"type\":\"number\",\"min\":0,\"max\":1,\"missing\":0,\"distinct\":2", "5 _", "x" },
    { "\"type\":\"boolean\",\"categories\":[\"no\",\"yes\"]", "yes NO true 0 _", "2 maybe" },
    { "\"type\":\"category\",\"categories\":[\"a\",\"b\"]", "a b _", "A c" },
    { "\"type\":\"category\",\"categories\":[]", "_", "a" },
    { "\"type\":\"category\"", "a 1 _", "" },
    { "\"type\":\"text\",\"required\":true", "a", "_" },
    { "\"type\":\"identifier\"", "a 1 _", "" },
    { "\"type\":\"instant\",\"format\":\"dmy\"", "31/12/2021 2021-12-31 1.2.2021 _", "12/31/2021 x" },
    { "\"type\":\"instant\"", "31/12/2021 2021-12-31 12/31/2021", "13/13/2021 5" },
    { "\"type\":\"instant\",\"format\":\"mdy\",\"minimum\":\"02/01/2021\",\"maximum\":1614556800",
      "02/01/2021 2021-03-01", "01/31/2021 03/02/2021" },
};

static void check_cells(const struct mli_rule *rule, const char *cells, bool expected)
{
    char text[256], why[300], *rest = text;

    snprintf(text, sizeof(text), "%s", cells);
    for (const char *cell; (cell = strsep(&rest, " ")) != NULL;) {
        bool missing = strcmp(cell, "_") == 0;
        if (cell[0] == '\0')
            continue;
        why[0] = '\0';
        bool found = mli_rule_allows(rule, cell, strlen(cell), missing, (struct mli_numerals){ 0 }, why,
                                     sizeof(why));
        if (found != expected || (why[0] == '\0') != expected)
            fail_msg("\"%s\": %d \"%s\"", cell, found, why);
    }
}

static void cells_keep_to_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512];
        snprintf(text, sizeof(text), "{\"columns\":[{\"name\":\"c\",%s}]}", cases[i].rule);
        struct mli_rules *rules = rules_of(text);
        check_cells(&rules->rule[0], cases[i].good, true);
        check_cells(&rules->rule[0], cases[i].bad, false);
        mli_rules_free(rules);
    }
}

/* What survey writes, rules read, and its types are those of the table. */
static void a_survey_is_a_schema(void **state)
{
    struct ml_table *table = table_of("n,b,when,c,none\n1,yes,1/2/2021,x,\n2.5,no,31/12/2021,y,\n");
    json_t *doc = mli_survey(table, 0);
    char *text = mli_json_text(doc, false);
    struct mli_rules *rules = rules_of(text);

    (void)state;
    assert_int_equal(rules->count, 5);
    for (size_t i = 0; i < rules->count; i++) {
        const struct mli_column *column = &table->column[i];
        assert_string_equal(rules->rule[i].name, column->name);
        assert_int_equal(rules->rule[i].pin.type, column->type);
        assert_int_equal(rules->rule[i].pin.format, column->format);
        assert_int_equal(mli_rules_find(rules, column->name), i);
        assert_true(isnan(rules->rule[i].minimum) && !rules->rule[i].required);
    }
    assert_int_equal(mli_rules_find(rules, "x"), rules->count);
    assert_int_equal(mli_dict_count(rules->rule[3].categories), 2);
    assert_null(json_object_get(json_array_get(json_object_get(doc, "columns"), 4), "min"));
    mli_rules_free(rules);
    free(text);
    json_decref(doc);
    ml_table_free(table);
}

int table_rules_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_keep_to_rules),
        cmocka_unit_test(a_survey_is_a_schema),
    };

    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}

/* What is said of a column that is nearly something else. */
#include <tests/unit/table.h>

#include <stdio.h>
#include <table/table.h>

struct advice_case {
    const char *cell, *exception; /* nine tenths of the cells, with their number put in for #, and the others */
    const char *said;             /* "": nothing */
};

static const struct advice_case cases[] = {
    { "#", "abc",
      "column \"c\" is a category: 2 of 40 cells are not numbers, the first is \"abc\" in line 11; "
      "--na 'abc' treats it as missing\n" },
    { "#", "1,5",
      "column \"c\" is a category: 2 of 40 cells are not numbers, the first is \"1,5\" in line 11\n" },
    { "$1,2#", "$5",
      "column \"c\" is a category: cells like \"$1,210\" in line 2 are numbers with a currency sign; "
      "take it off in the file to have numbers\n" },
    { "-\xE2\x82\xAC 1#", "7",
      "column \"c\" is a category: cells like \"-\xE2\x82\xAC 110\" in line 2 are numbers with a currency "
      "sign; take it off in the file to have numbers\n" },
    { "#.5 %", "1 %",
      "column \"c\" is a category: cells like \"10.5 %\" in line 2 are numbers with a percent sign; take "
      "it off in the file to have numbers\n" },
    { "1,2#", "7",
      "column \"c\" is a category: cells like \"1,210\" in line 2 are numbers with thousands "
      "separators; --thousands , reads them\n" },
    { "1,#", "7,5",
      "column \"c\" is a category: cells like \"1,10\" in line 2 are numbers with a decimal comma; "
      "--decimal , reads them (with --thousands . if they have points too)\n" },
    { "1/#/2021", "soon",
      "column \"c\" is a category: 2 of 40 cells are not dates like 12/31/2021, the first is \"soon\" in "
      "line 11; --na 'soon' treats it as missing\n" },
    { "2021-01-#", "01/02/2021",
      "column \"c\" is a category: 2 of 40 cells are not dates like 2021-12-31, the first is "
      "\"01/02/2021\" in line 11; --na '01/02/2021' treats it as missing\n" },
    { "v#", "w", "" },
    { "#-#", "w", "" },
    { "1.2.#", "w", "" },
};

/* 40 rows, every 20th from the tenth the exception, numbers 10 to 28. */
static void write_case(const struct advice_case *c, char *out, size_t size, bool newline)
{
    size_t len = (size_t)snprintf(out, size, "d;c\n");

    for (int row = 0; row < 40; row++) {
        char number[8];
        snprintf(number, sizeof(number), "%d", 10 + row % 19);
        len += (size_t)snprintf(out + len, size - len, "%s;", newline && row == 0 ? "\"a\nb\"" : "a");
        const char *form = row % 20 == 9 ? c->exception : c->cell;
        for (; *form; form++)
            len += (size_t)snprintf(out + len, size - len, "%.*s", *form == '#' ? 8 : 1,
                                    *form == '#' ? number : form);
        len += (size_t)snprintf(out + len, size - len, "\n");
    }
}

static void is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[4096];
        struct notes notes;
        struct ml_log log = log_to(&notes);
        write_case(&cases[i], text, sizeof(text), false);
        struct ml_table *table = table_with(text, &(struct ml_read_options){ .csv = { .delimiter = ';', .decimal = '.' }, .log = &log });
        assert_int_equal(ml_table_type(table, 1), ML_TYPE_CATEGORY);
        assert_string_equal(notes.text, cases[i].said);
        ml_table_free(table);
    }
}

/* Lines are not known when a record has several. Nothing is said of pinned columns. */
static void rows_and_pins(void **state)
{
    static const char *const pins[] = { "c=category", NULL };
    char text[4096];
    struct notes notes;
    struct ml_log log = log_to(&notes);

    (void)state;
    write_case(&cases[0], text, sizeof(text), true);
    ml_table_free(table_with(text, &(struct ml_read_options){ .csv = { .delimiter = ';', .decimal = '.' }, .log = &log }));
    assert_non_null(strstr(notes.text, "the first is \"abc\" in row 10;"));
    log = log_to(&notes);
    ml_table_free(table_with(
        text, &(struct ml_read_options){ .csv = { .delimiter = ';', .decimal = '.' }, .type = pins, .log = &log }));
    assert_string_equal(notes.text, "");
}

static void ten_columns_are_said(void **state)
{
    char text[8192] = "";
    struct notes notes;
    struct ml_log log = log_to(&notes);

    (void)state;
    for (int row = -1; row < 20; row++) {
        for (int column = 0; column < 13; column++) {
            size_t len = strlen(text);
            snprintf(text + len, sizeof(text) - len, "%s%s%d", column ? "," : "",
                     row < 0 ? "c" : row == 7 ? "x" : "", row < 0 ? column : row);
        }
        size_t end = strlen(text);
        snprintf(text + end, sizeof(text) - end, "\n");
    }
    ml_table_free(table_with(text, &(struct ml_read_options){ .log = &log }));
    assert_int_equal(notes.lines, 11);
    assert_non_null(strstr(notes.text, "and 3 more warnings about the types of columns\n"));
}

int table_advise_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_said),
        cmocka_unit_test(rows_and_pins),
        cmocka_unit_test(ten_columns_are_said),
    };

    return cmocka_run_group_tests_name("advise", tests, NULL, NULL);
}

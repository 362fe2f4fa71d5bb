#include <tests/unit/table.h>

#include <base/buf.h>
#include <stdlib.h>
#include <string.h>
#include <table/duplicates.h>
#include <table/table.h>

/* The marks as text, one digit a row, checked against the ids and the count. */
static const char *marks(const struct ml_table *table, const size_t *columns, size_t n)
{
    static char text[64];
    uint8_t repeat[64];
    size_t id[64], count, again, distinct, seen = 0;

    assert_true(table->rows < sizeof(text));
    assert_int_equal(mli_duplicates_mark(table, columns, n, repeat, &count, NULL), ML_OK);
    assert_int_equal(mli_duplicates_mark(table, columns, n, NULL, &again, NULL), ML_OK);
    assert_int_equal(mli_duplicates_number(table, columns, n, id, &distinct, NULL), ML_OK);
    assert_int_equal(count, again);
    assert_int_equal(count + distinct, table->rows);
    for (size_t i = 0; i < table->rows; i++) {
        assert_true(repeat[i] ? id[i] < seen : id[i] == seen);
        seen += !repeat[i];
        text[i] = (char)('0' + repeat[i]);
    }
    text[table->rows] = '\0';
    return text;
}

/* Expected: pandas 2.2, read_csv(...).duplicated().astype(int) of the same text. */
static void marks_rows_that_equal_an_earlier_one(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "a,b\n1,x\n2,y\n1,x\n1,y\n1,x\n", "00101" },
        { "a,b\n1,x\n1.0,x\n1e0,x\n01,x\n", "0111" },       /* equal numbers, however written */
        { "a,b\n0,x\n-0,x\n-0.0,x\n", "011" },              /* the two zeros */
        { "a,b\n,x\n,x\nNA,x\n3,x\n", "0110" },             /* missing equals missing */
        { "a,b\n1,\n1,\n1,NaN\n1,z\n", "0110" },            /* in a category too */
        { "a\nx\n x\n\"x\"\n\"x \"\nX\n", "01100" },        /* the spaces that reading keeps count */
        { "a\n2020-01-01\n2020-01-01T00:00:00Z\n2020-01-02\n", "010" },
        { "a,b\n1,2\n2,1\n1,2\n", "001" },                  /* the order of the columns counts */
        { "a\n7\n", "0" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_table *table = table_of(cases[i].text);
        assert_string_equal(marks(table, NULL, 0), cases[i].expected);
        ml_table_free(table);
    }
}

/* Rows of equal hashes are told apart by each of their cells: with few bits or none the numbers are those of all 64. */
static void equal_hashes_decide_nothing(void **state)
{
    enum { ROWS = 60 };
    static const char *const numbers[] = { "0", "-0", "1", "", "2.5" }, *const words[] = { "x", "y", "", "z" },
                      *const days[] = { "2020-01-01", "2020-01-02", "" };
    struct mli_buf text;
    size_t id[ROWS], by[ROWS], distinct, found;

    (void)state;
    mli_buf_init(&text, SIZE_MAX);
    mli_buf_str(&text, "a,b,c\n");
    for (size_t i = 0; i < ROWS; i++)
        mli_buf_printf(&text, "%s,%s,%s\n", numbers[i * 7 % 5], words[i * i % 4], days[i / 2 % 3]);
    struct ml_table *table = table_of(text.data);
    assert_int_equal(mli_duplicates_number(table, NULL, 0, id, &distinct, NULL), ML_OK);
    assert_in_range(distinct, 5, ROWS - 5);
    for (unsigned bits = 0; bits < 6; bits++) {
        assert_int_equal(mli_duplicates_number_by(table, NULL, 0, bits, by, &found, NULL), ML_OK);
        assert_int_equal(found, distinct);
        assert_memory_equal(by, id, sizeof(id));
    }
    ml_table_free(table);
    mli_buf_release(&text);
}

static void looks_at_the_columns_it_is_told(void **state)
{
    struct ml_table *table = table_of("id,a,b\n1,x,5\n2,x,5\n3,y,5\n4,x,6\n");
    const size_t a = 1, ab[] = { 1, 2 }, ba[] = { 2, 1 };

    (void)state;
    assert_string_equal(marks(table, NULL, 0), "0000");
    assert_string_equal(marks(table, &a, 1), "0101");
    assert_string_equal(marks(table, ab, 2), "0100");
    assert_string_equal(marks(table, ba, 2), "0100");
    assert_string_equal(marks(table, ab, 0), "0111"); /* rows that nothing tells apart */
    ml_table_free(table);
}

/* Against every pair compared: few values, so that many rows are equal, and more rows than the first slots. */
static void agrees_with_comparing_all_pairs(void **state)
{
    enum { ROWS = 700 };
    struct mli_buf text;
    unsigned x = 7;
    uint8_t repeat[ROWS];
    size_t count, expected = 0;

    (void)state;
    mli_buf_init(&text, 1 << 20);
    mli_buf_str(&text, "a,b,c\n");
    for (size_t i = 0; i < ROWS; i++) {
        x = x * 1664525u + 1013904223u;
        mli_buf_printf(&text, "%u,%s,%u.5\n", x >> 28, x & 0x10000 ? "p" : "", (x >> 20) & 3);
    }
    struct ml_table *table = table_of(text.data);
    assert_int_equal(mli_duplicates_mark(table, NULL, 0, repeat, &count, NULL), ML_OK);
    for (size_t i = 0; i < ROWS; i++) {
        bool again = false;
        for (size_t j = 0; j < i && !again; j++) {
            again = true;
            for (size_t c = 0; c < 3 && again; c++) {
                char other[64];
                ml_table_text(table, j, c, other, sizeof(other));
                again = strcmp(cell(table, i, c), other) == 0;
            }
        }
        assert_int_equal(repeat[i], again);
        expected += again;
    }
    assert_int_equal(count, expected);
    assert_true(count > 300 && count < ROWS - 10);
    ml_table_free(table);
    mli_buf_release(&text);
}

int table_duplicates_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_rows_that_equal_an_earlier_one),
        cmocka_unit_test(equal_hashes_decide_nothing),
        cmocka_unit_test(looks_at_the_columns_it_is_told),
        cmocka_unit_test(agrees_with_comparing_all_pairs),
    };

    return cmocka_run_group_tests_name("table/duplicates", tests, NULL, NULL);
}

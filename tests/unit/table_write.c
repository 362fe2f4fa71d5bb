#include <tests/unit/table.h>

#include <base/rng.h>
#include <math.h>
#include <stdlib.h>
#include <table/csv.h>
#include <table/table.h>
#include <table/write.h>

static const struct {
    const char *text, *written;
} fields[] = {
    { "", "" },
    { "a", "a" },
    { "a b", "a b" },
    { "a,b", "\"a,b\"" },
    { "a;b", "a;b" },
    { "say \"hi\"", "\"say \"\"hi\"\"\"" },
    { "\"", "\"\"\"\"" },
    { "\n", "\"\n\"" },
    { "a\rb", "\"a\rb\"" },
    { " a", "\" a\"" },
    { "a ", "\"a \"" },
    { "\ta", "\"\ta\"" },
    { "\xEF\xBB\xBF", "\"\xEF\xBB\xBF\"" },
};

static void quotes_what_needs_it(void **state)
{
    struct mli_buf out;
    struct mli_csv_writer writer;

    (void)state;
    mli_buf_init(&out, 1000);
    for (size_t i = 0; i < COUNT(fields); i++) {
        mli_buf_reset(&out);
        mli_csv_writer_init(&writer, &out, ',');
        mli_csv_write_text(&writer, "x", 1);
        mli_csv_write_text(&writer, fields[i].text, strlen(fields[i].text));
        assert_int_equal(strncmp(out.data, "x,", 2), 0);
        assert_string_equal(out.data + 2, fields[i].written);
    }
    mli_buf_reset(&out);
    mli_csv_writer_init(&writer, &out, ';');
    mli_csv_write_text(&writer, "a,b", 3);
    mli_csv_write_text(&writer, "a;b", 3);
    mli_csv_write_end(&writer);
    assert_string_equal(out.data, "a,b;\"a;b\"\n");
    mli_buf_release(&out);
}

static void writes_numbers_and_lines(void **state)
{
    struct mli_buf out;
    struct mli_csv_writer writer;

    (void)state;
    mli_buf_init(&out, 1000);
    mli_csv_writer_init(&writer, &out, ',');
    mli_csv_write_number(&writer, 0.1);
    mli_csv_write_number(&writer, NAN);
    mli_csv_write_number(&writer, -2.0);
    mli_csv_write_end(&writer);
    mli_csv_write_number(&writer, NAN); /* a line of its own, not a blank one */
    mli_csv_write_end(&writer);
    mli_csv_write_text(&writer, "", 0);
    mli_csv_write_text(&writer, "", 0);
    mli_csv_write_end(&writer);
    assert_string_equal(out.data, "0.1,,-2\n\"\"\n,\n");
    mli_buf_release(&out);
}

/* More than are written at once; and a delimiter that stands in numbers. */
static void writes_rows_of_numbers(void **state)
{
    static const double few[] = { 0.5, NAN, -0.0, 1e300 };
    double many[100];
    struct mli_buf out;
    struct mli_csv_writer writer;

    (void)state;
    mli_buf_init(&out, 10000);
    mli_csv_writer_init(&writer, &out, ',');
    mli_csv_write_numbers(&writer, few, COUNT(few));
    mli_csv_write_end(&writer);
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (double)i;
    mli_csv_write_numbers(&writer, many, COUNT(many));
    mli_csv_write_end(&writer);
    assert_int_equal(strncmp(out.data, "0.5,,-0,1e300\n0,1,2,3,", 22), 0);
    assert_string_equal(out.data + out.len - 10, ",97,98,99\n");
    mli_buf_reset(&out);
    mli_csv_writer_init(&writer, &out, '.');
    mli_csv_write_numbers(&writer, few, COUNT(few));
    mli_csv_write_end(&writer);
    assert_string_equal(out.data, "\"0.5\"..-0.1e300\n");
    mli_buf_release(&out);
}

static void writes_cells_of_every_type(void **state)
{
    struct ml_table *table = table_of("n,c,i\n1.50,\"a,b\",2013-01-01T00:30Z\nNA,,?\n");
    struct mli_buf out;
    struct mli_csv_writer writer;

    (void)state;
    mli_buf_init(&out, 1000);
    mli_csv_writer_init(&writer, &out, ',');
    table->column[1].code[1] = MLI_CODE_UNKNOWN;
    for (size_t row = 0; row < 2; row++) {
        for (size_t column = 0; column < 3; column++)
            mli_csv_write_cell(&writer, table, row, column);
        mli_csv_write_end(&writer);
    }
    assert_string_equal(out.data, "1.5,\"a,b\",2013-01-01T00:30:00Z\n,,\n");
    mli_buf_release(&out);
    ml_table_free(table);
}

/* ---- what is written is read back ------------------------------------------------------------ */

#define CELL_MAX 24

/* Pieces that a reader may stumble over, and plain ones between them. */
static size_t nasty(struct mli_rng *rng, char out[CELL_MAX])
{
    static const char *const pieces[] = {
        "\"",
        "\"\"",
        ",",
        ";",
        "\t",
        "|",
        "\n",
        "\r",
        "\r\n",
        " ",
        "'",
        "NA",
        "a",
        "bc",
        "1",
        "2.5",
        "-",
        "\xC3\xA9",
        "\xE2\x82\xAC",
        "\xF0\x9F\x98\x80",
        "\xEF\xBB\xBF",
        "\\",
        "#",
        "\x01",
        "\x7F",
        "=",
    };
    size_t n = mli_rng_below(rng, 6), len = 0;

    for (size_t i = 0; i < n; i++) {
        const char *piece = pieces[mli_rng_below(rng, COUNT(pieces))];
        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
    out[len] = '\0';
    return len;
}

/* Strings through writer and reader, for every delimiter. */
static void reading_gives_back_what_was_written(void **state)
{
    enum { ROWS = 40, COLUMNS = 5 };
    static const char delimiters[] = { ',', ';', '\t', '|', ' ' };
    static char text[ROWS][COLUMNS][CELL_MAX];
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 20240229);
    for (size_t round = 0; round < 200; round++) {
        size_t columns = 1 + mli_rng_below(&rng, COLUMNS), line = 1;
        struct mli_csv_writer writer;
        struct mli_csv_record record = { 0 };
        struct mli_csv *csv = NULL;
        struct mli_buf out;
        mli_buf_init(&out, 1 << 20);
        mli_csv_writer_init(&writer, &out, delimiters[round % COUNT(delimiters)]);
        for (size_t i = 0; i < ROWS; i++) {
            for (size_t k = 0; k < columns; k++)
                mli_csv_write_text(&writer, text[i][k], nasty(&rng, text[i][k]));
            mli_csv_write_end(&writer);
        }
        assert_int_equal(out.status, ML_OK);
        assert_int_equal(mli_csv_open(input_of(out.data, out.len), &(struct ml_csv_options){ .delimiter = writer.delimiter }, &csv, NULL),
                         ML_OK);
        for (size_t i = 0; i < ROWS; i++) {
            assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
            assert_int_equal(record.count, columns);
            assert_true(record.line >= line);
            line = record.line + 1;
            for (size_t k = 0; k < columns; k++)
                assert_string_equal(record.field[k].text, text[i][k]);
        }
        assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
        assert_int_equal(record.count, 0);
        mli_csv_close(csv);
        mli_buf_release(&out);
    }
}

static void expect_equal_tables(const struct ml_table *a, const struct ml_table *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->columns, b->columns);
    for (size_t k = 0; k < a->columns; k++) {
        const struct mli_column *x = &a->column[k], *y = &b->column[k];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->type, y->type);
        assert_int_equal(x->integer, y->integer);
        for (size_t i = 0; i < a->rows && x->number; i++)
            assert_true(x->number[i] == y->number[i] ||
                        (isnan(x->number[i]) && isnan(y->number[i])));
        if (x->code)
            assert_memory_equal(x->code, y->code, a->rows * sizeof(*x->code));
        for (size_t i = 0; x->dict && i < mli_dict_count(x->dict); i++)
            assert_string_equal(mli_dict_text(x->dict, i), mli_dict_text(y->dict, i));
    }
}

static void write_table(const struct ml_table *table, char delimiter, struct mli_buf *out)
{
    struct mli_csv_writer writer;

    mli_csv_writer_init(&writer, out, delimiter);
    for (size_t k = 0; k < table->columns; k++)
        mli_csv_write_text(&writer, table->column[k].name, strlen(table->column[k].name));
    mli_csv_write_end(&writer);
    for (size_t i = 0; i < table->rows; i++) {
        for (size_t k = 0; k < table->columns; k++)
            mli_csv_write_cell(&writer, table, i, k);
        mli_csv_write_end(&writer);
    }
}

static void add_random_cell(struct mli_rng *rng, size_t column, struct mli_csv_writer *writer)
{
    char text[MLI_INSTANT_MAX];
    uint64_t bits = mli_rng_next(rng);
    double number;

    memcpy(&number, &bits, sizeof(number));
    if (mli_rng_below(rng, 8) == 0) {
        mli_csv_write_text(writer, "NA", 2);
    } else if (column == 0) {
        mli_csv_write_number(writer, isfinite(number) ? number : 0.0);
    } else if (column == 1) {
        mli_csv_write_number(writer, (double)mli_rng_below(rng, 1000) - 500.0);
    } else if (column == 2) {
        mli_instant_format(floor(mli_rng_uniform(rng) * 4e12) / 1e3, text);
        mli_csv_write_text(writer, text, strlen(text));
    } else {
        mli_csv_write_text(writer, text, nasty(rng, text));
    }
}

/* A table through writer and reader: the same names, types, numbers to the last bit, codes and
 * dictionaries. */
static void tables_survive_the_round_trip(void **state)
{
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 42);
    for (size_t round = 0; round < 50; round++) {
        struct mli_csv_writer writer;
        struct mli_buf first, second;
        struct ml_table *table = NULL, *back = NULL;
        char delimiter = ",;\t|"[round % 4];
        mli_buf_init(&first, 1 << 20);
        mli_buf_init(&second, 1 << 20);
        mli_csv_writer_init(&writer, &first, delimiter);
        for (size_t i = 0; i < 80; i++) {
            for (size_t k = 0; k < 6; k++)
                if (i > 0)
                    add_random_cell(&rng, k, &writer);
                else
                    mli_csv_write_text(&writer, k > 3 ? "ame" : "name",
                                       k > 3 ? 3 : 4); /* repeated names too */
            mli_csv_write_end(&writer);
        }
        struct ml_read_options options = { .csv.delimiter = delimiter };
        assert_int_equal(
            mli_table_read_input(input_of(first.data, first.len), &options, &table, NULL), ML_OK);
        assert_int_equal(table->rows, 79);
        assert_int_equal(table->column[0].type, ML_TYPE_NUMBER);
        assert_true(table->column[1].integer);
        assert_int_equal(table->column[2].type, ML_TYPE_INSTANT);
        write_table(table, delimiter, &second);
        assert_int_equal(second.status, ML_OK);
        assert_int_equal(
            mli_table_read_input(input_of(second.data, second.len), &options, &back, NULL), ML_OK);
        expect_equal_tables(table, back);
        ml_table_free(table);
        ml_table_free(back);
        mli_buf_release(&first);
        mli_buf_release(&second);
    }
}

int table_write_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_what_needs_it),
        cmocka_unit_test(writes_numbers_and_lines),
        cmocka_unit_test(writes_rows_of_numbers),
        cmocka_unit_test(writes_cells_of_every_type),
        cmocka_unit_test(reading_gives_back_what_was_written),
        cmocka_unit_test(tables_survive_the_round_trip),
    };
    return cmocka_run_group_tests_name("table/write", tests, NULL, NULL);
}

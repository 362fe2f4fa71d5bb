/* What is done for many cells at once is what is done for each of them: rows, short decimals, codes, bytes. */
#include <tests/unit/table.h>

#include <base/buf.h>
#include <base/num.h>
#include <base/rng.h>
#include <base/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/bytes.h>
#include <table/codebook.h>
#include <table/csv.h>
#include <table/decimals.h>
#include <table/grid.h>

#define ROOM ((size_t)64)

/* ---- rows ------------------------------------------------------------------------------------ */

static const char *const cells[] = {
    "1",
    "-0.50",
    "",
    "NA",
    "two words",
    "a,b;c\td",
    "\"q\"",
    "\"\"",
    "\" s \"",
    "\"x,;\t|\"",
    "\"a\"\"b\"",
    "\"\"\"\"",
    " 7 ",
    "\t8",
    "gr\xC3\xBCn",
    "\"x\ny\"",
    "12345678901234567890123456789012345678901234567890123456789"
};
static const char *const wild[] = { "x\"y", "\"x\"y", " \"q\"", "\"q\" ", "\"open",
                                    "a\rb", "\"\r\"", "a\nb",   "\"q\"\"" };

static void add_cells(struct mli_buf *out, struct mli_rng *rng, char delimiter, bool odd,
                      size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        if (i > 0)
            mli_buf_char(out, delimiter);
        if (odd && mli_rng_below(rng, 60) == 0)
            mli_buf_str(out, wild[mli_rng_below(rng, COUNT(wild))]);
        else
            mli_buf_str(out, cells[mli_rng_below(rng, COUNT(cells))]);
    }
}

static void generate(struct mli_buf *out, struct mli_rng *rng, char delimiter, bool odd,
                     size_t columns, size_t rows)
{
    static const char *const ends[] = { "\n", "\r\n", "\r", "\n\n", " \n", "" };
    const char *end = ends[mli_rng_below(rng, 2)];

    for (size_t row = 0; row < rows; row++) {
        add_cells(out, rng, delimiter, odd, columns);
        mli_buf_str(out, odd && mli_rng_below(rng, 20) == 0 ? ends[mli_rng_below(rng, COUNT(ends))]
                                                            : end);
    }
}

/* The records of a text with their lines, one after the other, until the first error. */
static size_t read_singly(char *text, size_t len, const struct ml_csv_options *options,
                          size_t columns, struct mli_buf *out, size_t *at, size_t *line)
{
    struct mli_csv_record record;
    struct mli_csv *csv;
    size_t n = 0;

    assert_int_equal(mli_csv_open_text(text, len, 1, "test.csv", options, &csv, NULL), ML_OK);
    assert_int_equal(mli_csv_expect(csv, columns, false, NULL), ML_OK);
    while (mli_csv_next(csv, &record, NULL) == ML_OK && record.count > 0) {
        at[n] = out->len;
        line[n++] = record.line;
        for (size_t i = 0; i < columns; i++)
            mli_buf_add(out, record.field[i].text, record.field[i].len + 1);
    }
    at[n] = out->len;
    mli_csv_close(csv);
    return n;
}

static size_t line_start(const char *text, size_t len, size_t line)
{
    size_t at = 0;

    for (size_t passed = 1; passed < line && at < len; at++)
        passed += text[at] == '\n' || (text[at] == '\r' && (at + 1 == len || text[at + 1] != '\n'));
    return at;
}

static void expect_row(const struct mli_grid *grid, size_t row, const char *want, size_t len)
{
    for (size_t i = 0; i < grid->columns; i++) {
        struct mli_span span = grid->span[row * grid->columns + i];
        assert_int_equal(strlen(grid->text + span.at), span.len);
        assert_true(span.len < len);
        assert_memory_equal(grid->text + span.at, want, span.len + 1);
        want += span.len + 1;
        len -= span.len + 1;
    }
    assert_int_equal(len, 0);
}

/* Cuts from each record on that the last cut has not reached; returns how many of them grids have taken. */
static size_t compare_grids(const char *text, size_t len, const struct ml_csv_options *options,
                            size_t columns, bool plain)
{
    char *copy = malloc(len + ROOM), *next;
    size_t *at = malloc((len + 2) * sizeof(*at)), *line = malloc((len + 2) * sizeof(*line)),
           taken = 0;
    struct mli_grid grid;
    struct mli_buf want;

    assert_true(copy && at && line);
    mli_buf_init(&want, SIZE_MAX);
    memcpy(copy, text, len);
    size_t records = read_singly(copy, len, options, columns, &want, at, line);
    mli_grid_init(&grid, options->delimiter, options->quote ? options->quote : '"', 1000);
    grid.columns = columns;
    grid.plain = plain;
    for (size_t k = 0; k<records; k += grid.rows> 0 ? grid.rows : 1) {
        size_t from = line_start(text, len, line[k]);
        memcpy(copy, text + from, len - from);
        assert_true(mli_grid_cut(&grid, copy, copy + (len - from), line[k], &next));
        if (grid.rows == 0)
            assert_true(next == copy && memcmp(copy, text + from, len - from) == 0);
        assert_true(k + grid.rows <= records);
        for (size_t i = 0; i < grid.rows; i++) {
            expect_row(&grid, i, want.data + at[k + i], at[k + i + 1] - at[k + i]);
            assert_int_equal(grid.first_line + (grid.behind ? grid.behind[i] : i), line[k + i]);
        }
        assert_int_equal(line_start(text, len, line[k] + grid.lines), from + (size_t)(next - copy));
        taken += grid.rows;
    }
    mli_grid_release(&grid);
    mli_buf_release(&want);
    free(copy);
    free(at);
    free(line);
    return taken == records ? SIZE_MAX : taken;
}

static void rows_are_the_records(void **state)
{
    static const char delimiters[] = { ',', ';', '\t', '|', ' ' };
    size_t some = 0;
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 12);
    for (size_t round = 0; round < 1500; round++) {
        const struct ml_csv_options options = { .delimiter = delimiters[round % COUNT(delimiters)],
                                                .quote = round % 7 == 0 ? ML_QUOTE_NONE : 0 };
        size_t columns = 2 + mli_rng_below(&rng, 6), rows = 1 + mli_rng_below(&rng, 40);
        bool odd = options.quote || options.delimiter != ',' || round % 2 == 1;
        struct mli_buf text;
        mli_buf_init(&text, SIZE_MAX);
        generate(&text, &rng, options.delimiter, odd, columns, rows);
        size_t wide = compare_grids(text.data, text.len, &options, columns, false);
        assert_int_equal(compare_grids(text.data, text.len, &options, columns, true), wide);
        if (!odd && text.data[text.len - 1] == '\n')
            assert_true(wide == SIZE_MAX);
        some += wide > 0 && wide < SIZE_MAX;
        mli_buf_release(&text);
    }
    assert_true(some > 100);
}

/* More rows than one grid holds, in a file that has nothing odd, and rows as long as may be. */
static void grids_follow_each_other(void **state)
{
    const struct ml_csv_options options = { .delimiter = ',' };
    struct mli_buf text;

    (void)state;
    mli_buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < 3000; i++)
        mli_buf_printf(&text, "%zu,%zu.5,x%zu,\"%zu\"\n", i, i * 7, i % 11, i % 3);
    assert_true(compare_grids(text.data, text.len, &options, 4, false) == SIZE_MAX);
    assert_true(compare_grids(text.data, text.len, &options, 4, true) == SIZE_MAX);
    mli_buf_reset(&text);
    for (size_t len = 980; len < 1010; len++)
        mli_buf_printf(&text, "1,%0*d\n", (int)len, 5);
    assert_true(compare_grids(text.data, text.len, &options, 2, false) < SIZE_MAX);
    mli_buf_release(&text);
}

/* ---- short decimals -------------------------------------------------------------------------- */

/* Digits, points and signs at random, most of them numbers. */
static size_t make_number(struct mli_rng *rng, char text[40])
{
    static const char odd[] = "0123456789.-+e/:";
    size_t len = 0, whole = mli_rng_below(rng, 9), places = mli_rng_below(rng, 9);

    if (mli_rng_below(rng, 3) == 0)
        text[len++] = '-';
    for (size_t i = 0; i < whole; i++)
        text[len++] = (char)('0' + mli_rng_below(rng, 10));
    if (places > 0 || mli_rng_below(rng, 4) == 0)
        text[len++] = '.';
    for (size_t i = 0; i < places; i++)
        text[len++] = (char)('0' + mli_rng_below(rng, 10));
    if (len > 0 && mli_rng_below(rng, 8) == 0)
        text[mli_rng_below(rng, len)] = odd[mli_rng_below(rng, sizeof(odd) - 1)];
    if (mli_rng_below(rng, 20) == 0)
        len = (size_t)snprintf(text, 40, "%s", mli_rng_below(rng, 2) == 0 ? "NA" : "");
    return len;
}

static void expect_decimals(const struct mli_cells_view *view, size_t taken,
                            const struct mli_decimals *out, const struct mli_missing *missing)
{
    for (size_t i = 0; i < view->count; i++) {
        const char *text = view->text + view->span[i * view->step].at;
        size_t len = view->span[i * view->step].len;
        unsigned places = MLI_DECIMALS_MISSING;
        double value = 0;
        bool is_missing = mli_missing_has(missing, text, len);
        bool is_short = !is_missing && mli_num_parse_short(text, len, &value, &places);
        assert_int_equal(is_missing || is_short, i < taken);
        if (i == taken)
            return;
        assert_int_equal(out->places[i], places);
        assert_true(is_missing ? out->number[i] != out->number[i]
                               : memcmp(&value, &out->number[i], sizeof(value)) == 0);
    }
}

/* Every number of a text, each from the one after the last that was refused on. */
static void compare_decimals(struct mli_cells_view view, const struct mli_missing *missing)
{
    double number[2][100];
    uint8_t places[2][100];

    assert_true(view.count <= 100);
    for (size_t taken; view.count > 0; view.count -= taken, view.span += taken * view.step) {
        struct mli_decimals out[2] = { { .number = number[0], .places = places[0] },
                                       { .number = number[1], .places = places[1] } };
        taken = mli_decimals_take(&view, missing, &out[0]);
        assert_int_equal(mli_decimals_take_plain(&view, missing, &out[1]), taken);
        expect_decimals(&view, taken, &out[0], missing);
        expect_decimals(&view, taken, &out[1], missing);
        assert_int_equal(out[0].missing, out[1].missing);
        assert_int_equal(out[0].first, out[1].first);
        assert_int_equal(out[0].mixed, out[1].mixed);
        taken += taken < view.count; /* on behind the cell that was refused */
    }
}

static void decimals_agree(void **state)
{
    struct mli_missing *missing = mli_missing_new(NULL);
    struct mli_rng rng;

    (void)state;
    assert_non_null(missing);
    mli_rng_init(&rng, 5);
    for (size_t round = 0; round < 3000; round++) {
        struct mli_span span[200];
        struct mli_buf text;
        mli_buf_init(&text, SIZE_MAX);
        size_t step = 1 + mli_rng_below(&rng, 2), count = 1 + mli_rng_below(&rng, 100);
        for (size_t i = 0; i < count * step; i++) {
            char cell[40];
            size_t len = make_number(&rng, cell);
            span[i] = (struct mli_span){ (uint32_t)text.len, (uint32_t)len };
            mli_buf_add(&text, cell, len);
            mli_buf_char(&text, mli_rng_below(&rng, 2) == 0 ? '\0' : '9');
        }
        assert_non_null(mli_buf_room(&text, ROOM));
        compare_decimals((struct mli_cells_view){ text.data, span, step, count }, missing);
        mli_buf_release(&text);
    }
    mli_missing_free(missing);
}

/* ---- codes ----------------------------------------------------------------------------------- */

/* What the codebook says of a text: its code, MLI_CODE_UNKNOWN when it stops there. */
static int32_t look_up(const struct mli_codebook *book, const struct mli_dict *dict,
                       const char *text)
{
    char padded[64] = { 0 };
    struct mli_span span = { 0, (uint32_t)snprintf(padded, sizeof(padded), "%s", text) };
    const struct mli_cells_view view = { padded, &span, 1, 1 };
    int32_t code[1] = { MLI_CODE_UNKNOWN };
    size_t present = 0;

    padded[span.len + 1] = 'x'; /* what stands behind a text does not matter */
    size_t taken = mli_codebook_take(book, dict, &view, code, &present);
    assert_int_equal(present, taken == 1 && code[0] >= 0);
    return taken == 1 ? code[0] : MLI_CODE_UNKNOWN;
}

static void codes_are_found_again(void **state)
{
    struct mli_codebook book = MLI_CODEBOOK_INIT;
    struct mli_dict *dict = mli_dict_new();
    char text[32];
    int32_t code;

    (void)state;
    assert_non_null(dict);
    assert_int_equal(look_up(&book, dict, "a"), MLI_CODE_UNKNOWN);
    mli_codebook_put(&book, "", 0, MLI_CODE_MISSING);
    mli_codebook_put(&book, "NA", 2, MLI_CODE_MISSING);
    for (int i = 0; i < 5000; i++) {
        int len = snprintf(text, sizeof(text), "%.*s%d", i % 14, "brass-jolly-quill", i);
        assert_int_equal(mli_dict_add(dict, text, (size_t)len, &code), ML_OK);
        mli_codebook_put(&book, text, (size_t)len, code);
        mli_codebook_put(&book, text, (size_t)len, code);
    }
    for (int i = 0; i < 5000; i++) {
        size_t len = (size_t)snprintf(text, sizeof(text), "%.*s%d", i % 14, "brass-jolly-quill", i);
        int32_t found = look_up(&book, dict, text);
        if (i < 2000 || len > MLI_WORD_MAX) /* those that it has room for */
            assert_int_equal(found, mli_dict_find(dict, text, len));
        else
            assert_true(found == MLI_CODE_UNKNOWN || found == mli_dict_find(dict, text, len));
        text[len - 1] = '\0';
        found = look_up(&book, dict, text);
        assert_true(found < 0 || found == mli_dict_find(dict, text, len - 1));
    }
    assert_int_equal(look_up(&book, dict, ""), MLI_CODE_MISSING);
    assert_int_equal(look_up(&book, dict, "NA"), MLI_CODE_MISSING);
    assert_int_equal(look_up(&book, dict, "A text that is new"), MLI_CODE_UNKNOWN);
    mli_codebook_release(&book);
    mli_dict_free(dict);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static size_t count_bytes(const char *text, size_t len, char byte)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += text[i] == byte;
    return count;
}

static size_t count_line_ends(const char *text, size_t len)
{
    size_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n' || (text[i] == '\r' && (i + 1 == len || text[i + 1] != '\n'));
    return lines;
}

static size_t span_of_ascii(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && (unsigned char)text[i] < 0x80)
        i++;
    return i;
}

static size_t span_of_text(const char *text, size_t len)
{
    for (size_t i = 0, length; i < len; i += length) {
        length = text[i] ? mli_utf8_sequence(text + i, len - i) : 0;
        if (length == 0)
            return i;
    }
    return len;
}

static void bytes_are_counted(void **state)
{
    static const char *const parts[] = { "a",    ",",           "\n",           "\r",
                                         "\r\n", "gr\xC3\xBCn", "\xE2\x82\xAC", "\x01" };
    static const char *const rare[] = { "\xFF", "\xC3", "\xE2\x82", "" };
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 31);
    for (size_t round = 0; round < 2000; round++) {
        size_t n = mli_rng_below(&rng, round % 100 == 0 ? 9000 : 200),
               plain = mli_rng_below(&rng, 4);
        struct mli_buf buf;
        mli_buf_init(&buf, SIZE_MAX);
        for (size_t i = 0; i < n; i++)
            mli_buf_str(&buf, parts[mli_rng_below(&rng, plain == 0 ? COUNT(parts) : 5)]);
        size_t at = mli_rng_below(&rng, COUNT(rare));
        if (round % 3 == 0)
            mli_buf_add(&buf, rare[at], strlen(rare[at]) + (at == 3)); /* the last is a NUL */
        for (size_t i = 0; i < mli_rng_below(&rng, 70); i++)
            mli_buf_char(&buf, 'z');
        const char *text = buf.data ? buf.data : "";
        assert_int_equal(mli_bytes_count(text, buf.len, ','), count_bytes(text, buf.len, ','));
        assert_int_equal(mli_bytes_count_plain(text, buf.len, ','),
                         count_bytes(text, buf.len, ','));
        assert_int_equal(mli_bytes_lines(text, buf.len), count_line_ends(text, buf.len));
        assert_int_equal(mli_bytes_ascii(text, buf.len), span_of_ascii(text, buf.len));
        assert_int_equal(mli_bytes_ascii_plain(text, buf.len), span_of_ascii(text, buf.len));
        assert_int_equal(mli_bytes_text(text, buf.len), span_of_text(text, buf.len));
        assert_int_equal(mli_bytes_text_plain(text, buf.len), span_of_text(text, buf.len));
        mli_buf_release(&buf);
    }
}

int table_grid_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_records), cmocka_unit_test(grids_follow_each_other),
        cmocka_unit_test(decimals_agree),       cmocka_unit_test(codes_are_found_again),
        cmocka_unit_test(bytes_are_counted),
    };
    return cmocka_run_group_tests_name("table/grid", tests, NULL, NULL);
}

/* src/describe on small tables whose answers can be seen; the numbers themselves are compared with pandas and scipy in bats. */
#include <base/file.h>
#include <base/mem.h>
#include <describe/describe.h>
#include <describe/document.h>
#include <describe/html.h>
#include <describe/variants.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tests/unit/heap.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct ml_table *table_of(const char *text)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_input *input = NULL;
    struct ml_table *table = NULL;

    assert_int_equal(mli_input_memory("test.csv", text, strlen(text), &input, NULL), ML_OK);
    if (mli_table_read_input(input, NULL, &table, &err) != ML_OK)
        fail_msg("%zu:%zu: %s", err.line, err.column, err.text);
    return table;
}

struct case_of {
    struct ml_table *table;
    struct mli_description *d;
};

static struct case_of describe(const char *text, const char *target)
{
    struct case_of c = { .table = table_of(text) };
    struct ml_error err = ML_ERROR_INIT;

    if (mli_describe(c.table, target, 2, &c.d, &err) != ML_OK)
        fail_msg("%s", err.text);
    return c;
}

static void release(struct case_of *c)
{
    mli_description_free(c->d);
    ml_table_free(c->table);
}

/* rows lines of `row`, in which %d is the number of the row */
static char *repeated(const char *header, const char *row, int rows)
{
    struct mli_buf buf;

    mli_buf_init(&buf, SIZE_MAX);
    mli_buf_str(&buf, header);
    for (int i = 0; i < rows; i++) {
        for (const char *c = row; *c; c++) {
            if (c[0] == '%' && c[1] == 'd') {
                mli_buf_printf(&buf, "%d", i);
                c++;
            } else if (c[0] == '%' && c[1] == 'm') { /* a number without order */
                mli_buf_printf(&buf, "%d", i * 7919 % 1009);
                c++;
            } else if (c[0] == '%' && c[1] == 'b') {
                mli_buf_printf(&buf, "%s", i * 7919 % 1009 > 504 ? "yes" : "no");
                c++;
            } else {
                mli_buf_char(&buf, *c);
            }
        }
    }
    return mli_buf_detach(&buf);
}

static const struct mli_warning *find(const struct mli_description *d, const char *kind, const char *column)
{
    for (size_t i = 0; i < d->warnings.n; i++) {
        const struct mli_warning *w = &d->warnings.item[i];
        bool same = column ? w->column < d->table->columns && strcmp(d->table->column[w->column].name, column) == 0
                           : w->column == d->table->columns;
        if (same && strcmp(w->kind->name, kind) == 0)
            return w;
    }
    return NULL;
}

static void expect_advice(const struct mli_description *d, const struct mli_warning *w, bool general,
                          const char *expected)
{
    struct mli_buf buf;

    mli_buf_init(&buf, SIZE_MAX);
    mli_warning_advice(d, w, general, &mli_markup_plain, &buf);
    assert_string_equal(buf.data, expected);
    mli_buf_release(&buf);
}

static void expect_warning(const struct mli_description *d, const char *kind, const char *column, const char *part)
{
    const struct mli_warning *w = find(d, kind, column);

    if (!w)
        fail_msg("no warning %s of %s", kind, column ? column : "the file");
    else if (!strstr(w->text, part))
        fail_msg("%s: no \"%s\" in \"%s\"", kind, part, w->text);
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void order_sorts_like_qsort(void **state)
{
    enum { N = 5000 };
    static double x[N], sorted[N];
    struct mli_order order;
    size_t n = 0;

    (void)state;
    uint64_t seed = 1;
    for (size_t i = 0; i < N; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        memcpy(&x[i], &seed, sizeof(x[i])); /* every kind of double */
        if (isinf(x[i]) || i % 7 == 0)
            x[i] = i % 2 ? NAN : -0.0;
        if (!isnan(x[i]))
            sorted[n++] = x[i] + 0.0;
    }
    qsort(sorted, n, sizeof(*sorted), compare);
    assert_int_equal(mli_order_init(&order, N, NULL), ML_OK);
    mli_order_fill(&order, x, N);
    assert_int_equal(order.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(order.value[i] == sorted[i] && !signbit(order.value[i]) == !signbit(sorted[i]));
        assert_true(x[order.row[i]] == order.value[i]);
        if (i > 0 && order.value[i - 1] == order.value[i])
            assert_true(order.row[i - 1] < order.row[i]);
    }
    mli_order_release(&order);
}

static void order_refuses_more_rows_than_it_can_number(void **state)
{
    struct mli_order order;

    (void)state;
    if (SIZE_MAX > UINT32_MAX)
        assert_int_equal(mli_order_init(&order, (size_t)1 << 32, NULL), ML_ELIMIT);
}

static void histogram_of(const double *x, size_t n, bool whole, struct mli_histogram *out)
{
    struct mli_order order;

    assert_int_equal(mli_order_init(&order, n, NULL), ML_OK);
    mli_order_fill(&order, x, n);
    mli_histogram_fill(out, &order, whole);
    mli_order_release(&order);
}

static void histograms_hold_every_value(void **state)
{
    const double few[] = { 1, 2, 2, 3, 3, 3, 10 }, same[] = { 5, 5, 5 }, wide[] = { -1e308, 1e308, 0 };
    struct mli_histogram h;

    (void)state;
    histogram_of(few, COUNT(few), true, &h); /* ten whole numbers, a bin each */
    assert_int_equal(h.bins, 10);
    assert_true(h.low == 1 && h.width == 1);
    assert_true(h.count[0] == 1 && h.count[1] == 2 && h.count[2] == 3 && h.count[9] == 1);
    histogram_of(same, COUNT(same), false, &h);
    assert_true(h.bins == 1 && h.count[0] == 3);
    histogram_of(wide, COUNT(wide), false, &h); /* the range is no double */
    assert_true(h.bins == 1 && h.count[0] == 3);
    histogram_of(NULL, 0, false, &h);
    assert_int_equal(h.bins, 0);
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static void variants_fold_case_and_spaces(void **state)
{
    char out[64];

    (void)state;
    assert_int_equal(mli_variants_fold("  New\t York ", out), 8);
    assert_string_equal(out, "new york");
    assert_int_equal(mli_variants_fold("   ", out), 0);
}

static void variants_are_told(void **state)
{
    struct case_of c = describe("city,y\nOslo,1\noslo,2\nOslo ,3\nOslo,4\nRoma,5\nroma,9\nBern,7\n", NULL);
    const struct mli_variants *v = &c.d->profile[0].values.variants;

    (void)state;
    assert_int_equal(v->groups, 2);
    expect_warning(c.d, "variants", "city", "2 values differ by case or spaces only");
    release(&c);
}

static void mixed_columns_name_value_and_row(void **state)
{
    struct case_of c = describe("x,when,y\n1,2024-01-01,1\n2,2024-01-02,2\nn.a.,2024-01-03,3\n4,soon,4\n5,2024-01-05,7\n"
                                "6,2024-01-06,6\n",
                                NULL);

    (void)state;
    expect_warning(c.d, "mixed", "x", "5 cells are numbers, 1 is not: \"n.a.\" (row 3)");
    expect_warning(c.d, "mixed", "when", "5 cells are dates, 1 is not: \"soon\" (row 4)");
    expect_advice(c.d, find(c.d, "mixed", "x"), false,
                  "--na n.a. reads it as missing; --type x=category says that it is meant");
    expect_advice(c.d, find(c.d, "mixed", "x"), true,
                  "--na VALUE reads it as missing; --type NAME=category says that it is meant");
    release(&c);
}

static void dates_that_can_be_read_in_two_ways_are_told(void **state)
{
    struct case_of c = describe("when,y\n01/02/2024,1\n03/04/2024,2\n05/06/2024,4\n", NULL);

    (void)state;
    expect_warning(c.d, "ambiguous_dates", "when", "read day first, so from 2024-02-01 to 2024-06-05");
    release(&c);
    c = describe("when,y\n01/02/2024,1\n13/04/2024,2\n05/06/2024,4\n", NULL);
    assert_null(find(c.d, "ambiguous_dates", "when"));
    release(&c);
}

/* ---- leaks ------------------------------------------------------------------------------------------------------- */

static void leaks_are_measured_on_rows_held_out(void **state)
{
    char *text = repeated("copy,noise,name,y\n", "%m.5,%d,n%d,%m\n", 300);
    struct case_of c = describe(text, NULL);

    (void)state;
    assert_true(c.d->leak[0].score > 0.999);
    assert_true(c.d->leak[1].score < 0.5);
    assert_true(!(c.d->leak[2].score > 0.5)); /* all distinct: learned by heart, it says nothing about other rows */
    expect_warning(c.d, "leak", "copy", "alone it predicts \"y\" on rows held out (R2 ");
    assert_null(find(c.d, "leak", "noise"));
    assert_null(find(c.d, "leak", "name"));
    release(&c);
    free(text);
}

static void a_missing_cell_may_be_the_leak(void **state)
{
    char *text = repeated("paid,x,left\n", "%b,%d,%b\n", 200), *at;
    struct case_of c;

    (void)state;
    while ((at = strstr(text, "\nno,"))) /* the date of leaving is there for those that left */
        memmove(at + 1, at + 3, strlen(at + 3) + 1);
    c = describe(text, NULL);
    assert_true(c.d->profile[0].missing > 50 && c.d->profile[0].values.distinct == 1);
    expect_warning(c.d, "leak", "paid", "ROC AUC");
    release(&c);
    free(text);
}

static void no_leak_is_claimed_of_few_rows(void **state)
{
    struct case_of c = describe("x,y\n1,1.5\n2,2.5\n3,3.5\n4,4.25\n", NULL);

    (void)state;
    assert_true(isnan(c.d->leak[0].score));
    assert_null(find(c.d, "leak", "x"));
    release(&c);
}

/* ---- links ------------------------------------------------------------------------------------------------------- */

static void links_are_on_one_scale(void **state)
{
    char *text = repeated("line,noise,y\n", "%d,%m,%d.5\n", 200);
    struct case_of c = describe(text, NULL);
    size_t order[3];

    (void)state;
    assert_true(c.d->link[0].strength > 0.9999 && c.d->link[0].strength <= 1);
    assert_true(c.d->link[1].strength < 0.3);
    assert_true(isnan(c.d->link[2].strength));
    mli_description_by_link(c.d, order);
    assert_true(order[0] == 0 && order[1] == 1 && order[2] == 2);
    release(&c);
    free(text);
}

/* Every row its own category: eta^2 is 1 and says nothing, so the strength is 0. */
static void many_categories_are_no_link(void **state)
{
    char *text = repeated("name,y\n", "n%d,%m\n", 100);
    struct case_of c = describe(text, NULL);

    (void)state;
    assert_true(c.d->link[0].eta2 == 1);
    assert_true(c.d->link[0].strength == 0);
    release(&c);
    free(text);
}

static void a_target_that_is_none_is_said(void **state)
{
    struct case_of c = describe("x,y\n1,3\n2,3\n", NULL);

    (void)state;
    assert_int_equal(c.d->goal.kind, MLI_GOAL_NONE);
    expect_warning(c.d, "target", "y", "it is always the same");
    assert_true(isnan(c.d->link[0].strength));
    release(&c);
    c = describe("x,y\n1,2024-01-01\n2,2024-01-02\n", NULL);
    expect_warning(c.d, "target", "y", "it is a date");
    release(&c);
    struct ml_table *table = table_of("alpha,beta\n1,2\n");
    struct mli_description *d = NULL;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_describe(table, "betta", 1, &d, &err), ML_EUSAGE);
    assert_non_null(strstr(err.text, "did you mean \"beta\""));
    assert_null(d);
    ml_table_free(table);
}

/* ---- warnings ---------------------------------------------------------------------------------------------------- */

static void warnings_of_numbers(void **state)
{
    struct mli_buf buf;

    (void)state;
    mli_buf_init(&buf, SIZE_MAX);
    mli_buf_str(&buf, "code,cap,tail,id,slip,y\n");
    for (int i = 0; i < 400; i++) {
        int m = i * 7919 % 1009;
        mli_buf_printf(&buf, "%d,%d,%.17g,%d,%d,%d\n", i % 50 == 3 ? -999 : m % 80, m > 500 ? 500 : m, exp(m / 100.0),
                       i * 3 + i % 2, i == 99 ? 9876543 : m % 300, m % 97);
    }
    struct case_of c = describe(buf.data, NULL);
    expect_warning(c.d, "sentinel", "code", "-999 in 8 rows, all others are at least 0: does it mean missing?");
    expect_warning(c.d, "capped", "cap", "of the rows hold the greatest value, 500");
    expect_warning(c.d, "skewed", "tail", "skewness ");
    expect_warning(c.d, "identifier", "id", "400 distinct whole numbers in 400 rows, rising");
    expect_warning(c.d, "extreme", "slip", "9876543 in 1 row, the next value is ");
    assert_null(find(c.d, "sentinel", "cap"));
    assert_null(find(c.d, "skewed", "code")); /* the code is what is wrong, not the tail that it makes */
    assert_null(find(c.d, "capped", "y"));
    release(&c);
    mli_buf_release(&buf);
}

static void warnings_of_a_whole_file(void **state)
{
    struct case_of c = describe("n,a,b,same,gone,y\n1,,,x,,no\n2,,,x,,no\n3,5,6,x,,no\n3,5,6,x,,no\n5,4,3,x,,yes\n", NULL);

    (void)state;
    expect_warning(c.d, "duplicates", NULL, "1 of 5 rows repeats an earlier one");
    expect_warning(c.d, "missing_together", "a", "missing in the same 2 rows as \"b\"");
    expect_warning(c.d, "few_rows", NULL, "5 rows for 5 columns");
    expect_warning(c.d, "constant", "same", "always \"x\"");
    expect_warning(c.d, "empty", "gone", "no value in 5 rows");
    expect_warning(c.d, "missing", "a", "40.0% missing (2 of 5 rows)");
    expect_warning(c.d, "rare_class", "y", "the class \"yes\" has one row");
    release(&c);
}

static void warnings_of_the_target(void **state)
{
    char *text = repeated("x,y\n", "%m,%d.5\n", 100);
    struct case_of c = describe(text, NULL);

    (void)state;
    expect_warning(c.d, "sorted", "y", "in the order of their target");
    assert_null(find(c.d, "ordered", "y"));
    release(&c);
    free(text);
    struct mli_buf buf;
    mli_buf_init(&buf, SIZE_MAX);
    mli_buf_str(&buf, "x,y\n");
    for (int i = 0; i < 200; i++)
        mli_buf_printf(&buf, "%d,%s\n", i * 7919 % 1009, i % 40 == 7 ? "rare" : "common");
    c = describe(buf.data, NULL);
    expect_warning(c.d, "imbalance", "y", "\"rare\" is 2.5% of the rows, \"common\" 97.5%");
    release(&c);
    mli_buf_reset(&buf);
    mli_buf_str(&buf, "x,y\n");
    for (int i = 0; i < 200; i++)
        mli_buf_printf(&buf, "%d,%.17g\n", i * 7919 % 1009, sin(i / 20.0));
    c = describe(buf.data, NULL);
    expect_warning(c.d, "ordered", "y", "like the one before it");
    release(&c);
    mli_buf_release(&buf);
}

static void correlated_columns_are_told_once(void **state)
{
    char *text = repeated("a,b,c,other,y\n", "%m,%m.25,-%m,%d,%b\n", 200);
    struct case_of c = describe(text, NULL);
    size_t told = 0;

    (void)state;
    assert_int_equal(c.d->pairs.found, 3);
    for (size_t i = 0; i < c.d->warnings.n; i++)
        told += strcmp(c.d->warnings.item[i].kind->name, "correlated") == 0;
    assert_int_equal(told, 1);
    expect_warning(c.d, "correlated", "a", "goes with \"b\", \"c\": |r| ");
    release(&c);
    free(text);
}

/* A kind has one test, a name without capitals, and advice for the column that it names. */
static void every_kind_is_complete(void **state)
{
    size_t n;
    const struct mli_warning_kind *kinds = mli_warning_kinds(&n);

    (void)state;
    assert_true(n > 20);
    for (size_t i = 0; i < n; i++) {
        assert_true(!kinds[i].column != !kinds[i].next);
        assert_int_equal(strspn(kinds[i].name, "abcdefghijklmnopqrstuvwxyz_"), strlen(kinds[i].name));
        assert_true(strlen(kinds[i].why) > 10 && kinds[i].advice);
        size_t marks = 0;
        for (const char *c = kinds[i].advice; *c; c++)
            marks += *c == '`';
        assert_int_equal(marks % 2, 0);
        assert_true(i == 0 || kinds[i].level >= kinds[i - 1].level); /* the worst first */
    }
}

static void advice_is_quoted_for_a_shell(void **state)
{
    struct case_of c = describe("\"it's \"\"x\"\";rm\",y\n1,1\n1,2\n1,9\n", NULL);
    struct mli_warning w = { .column = 0, .text = NULL, .value = NULL };
    size_t n;

    (void)state;
    const struct mli_warning_kind *kinds = mli_warning_kinds(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(kinds[i].name, "row_number") == 0)
            w.kind = &kinds[i];
    expect_advice(c.d, &w, false, "--drop-columns 'it'\\''s \"x\";rm' leaves it out");
    release(&c);
}

/* ---- documents --------------------------------------------------------------------------------------------------- */

static void html_escapes_everything(void **state)
{
    struct mli_buf buf;

    (void)state;
    mli_buf_init(&buf, SIZE_MAX);
    mli_html_text(&buf, "<a href=\"x\" title='y'>&\x01\x7f\xc2\x85\xff\xc3\xa9");
    assert_string_equal(buf.data, "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;????\xc3\xa9");
    mli_buf_release(&buf);
}

static void documents_do_not_depend_on_threads(void **state)
{
    char *text = repeated("a,b,c,d,e,y\n", "%m,%d,%b,t%m,2024-01-02T00:%d:00,%m.5\n", 60), *json[2];
    struct ml_table *table = table_of(text);

    (void)state;
    for (size_t threads = 1; threads < 3; threads++) {
        struct mli_description *d = NULL;
        assert_int_equal(mli_describe(table, NULL, threads == 1 ? 1 : 7, &d, NULL), ML_OK);
        json_t *doc = mli_description_json(d);
        json[threads - 1] = mli_json_text(doc, true);
        json_decref(doc);
        mli_description_free(d);
    }
    assert_string_equal(json[0], json[1]);
    free(json[0]);
    free(json[1]);
    ml_table_free(table);
    free(text);
}

static void odd_tables_are_described(void **state)
{
    static const char *const texts[] = {
        "a\n1\n",
        "a,b\n,\n",
        "a,b\nx,\n",
        "a,b\n1e308,-1e308\n-1e308,1e308\n1,2\n",
        "a,b\n0000-01-01,1\n9999-12-31T23:59:59Z,2\n2024-01-01,3.5\n",
        "a,b\n\"\",yes\nx,no\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct case_of c = describe(texts[i], NULL);
        char path[] = "/tmp/describe-XXXXXX";
        size_t order[2] = { 0, 1 };
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        json_t *doc = mli_description_json(c.d);
        assert_non_null(doc);
        json_decref(doc);
        assert_int_equal(mli_description_html(c.d, order, 10, path, NULL), ML_OK);
        close(fd);
        unlink(path);
        release(&c);
    }
}

/* Whichever allocation fails, from the first on: an error, nothing left behind; else the same document as ever. */
static void every_allocation_may_fail(void **state)
{
    struct ml_table *table = table_of("id,city,size,when,note,y\n1,Oslo,3,2024-01-01,a b,1\n2,oslo ,n.a.,2024-01-02,c,2\n"
                                      "3,Bern,5,2024-01-05,d,4\n4,Bern,6,,e f g,3\n5,Oslo,7,2024-01-09,h,9\n6,Rom,8,,i,5\n");
    struct mli_description *d = NULL;
    bool failed = true;

    (void)state;
    for (size_t n = 0; failed && heap_counts(); n++) {
        struct ml_error err = ML_ERROR_INIT;
        json_t *doc = NULL;
        d = NULL;
        heap_start(n);
        enum ml_status status = mli_describe(table, NULL, 1, &d, &err);
        if (status == ML_OK)
            doc = mli_description_json(d);
        bool complete = doc != NULL;
        json_decref(doc);
        mli_description_free(d);
        struct heap_report report = heap_stop();
        failed = report.failed;
        assert_int_equal(report.blocks, 0);
        assert_true(status == ML_OK || (status == ML_ENOMEM && err.status == ML_ENOMEM));
        assert_true(complete || failed);
    }
    ml_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_sorts_like_qsort),
        cmocka_unit_test(order_refuses_more_rows_than_it_can_number),
        cmocka_unit_test(histograms_hold_every_value),
        cmocka_unit_test(variants_fold_case_and_spaces),
        cmocka_unit_test(variants_are_told),
        cmocka_unit_test(mixed_columns_name_value_and_row),
        cmocka_unit_test(dates_that_can_be_read_in_two_ways_are_told),
        cmocka_unit_test(leaks_are_measured_on_rows_held_out),
        cmocka_unit_test(a_missing_cell_may_be_the_leak),
        cmocka_unit_test(no_leak_is_claimed_of_few_rows),
        cmocka_unit_test(links_are_on_one_scale),
        cmocka_unit_test(many_categories_are_no_link),
        cmocka_unit_test(a_target_that_is_none_is_said),
        cmocka_unit_test(warnings_of_numbers),
        cmocka_unit_test(warnings_of_a_whole_file),
        cmocka_unit_test(warnings_of_the_target),
        cmocka_unit_test(correlated_columns_are_told_once),
        cmocka_unit_test(every_kind_is_complete),
        cmocka_unit_test(advice_is_quoted_for_a_shell),
        cmocka_unit_test(html_escapes_everything),
        cmocka_unit_test(documents_do_not_depend_on_threads),
        cmocka_unit_test(odd_tables_are_described),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}

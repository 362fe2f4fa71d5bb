#include <table/split.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/rng.h>
#include <base/suggest.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- specification --------------------------------------------------------------------------- */

static bool parse_fraction(const char *text, struct mli_split *split)
{
    return mli_num_parse(text, strlen(text), &split->fraction) && split->fraction > 0.0 &&
           split->fraction < 1.0;
}

static bool parse_every(const char *text, struct mli_split *split)
{
    return mli_num_parse_size(text, strlen(text), &split->every) && split->every >= 2;
}

static bool parse_column(const char *text, struct mli_split *split)
{
    size_t len = strlen(text);

    if (len == 0 || len >= sizeof(split->column))
        return false;
    memcpy(split->column, text, len + 1);
    return true;
}

static const struct form {
    const char *name;
    enum mli_split_kind kind;
    bool (*parse)(const char *text, struct mli_split *split); /* NULL: nothing follows the name */
    const char *expected;
} forms[] = {
    { "none", MLI_SPLIT_NONE, NULL, "none" },
    { "random", MLI_SPLIT_RANDOM, parse_fraction, "random:F with a fraction F between 0 and 1" },
    { "every", MLI_SPLIT_EVERY, parse_every, "every:K with a whole number K of at least 2" },
    { "last", MLI_SPLIT_LAST, parse_fraction, "last:F with a fraction F between 0 and 1" },
    { "column", MLI_SPLIT_COLUMN, parse_column, "column:NAME with a name of at most 255 bytes" },
};
#define FORMS (sizeof(forms) / sizeof(*forms))

static enum ml_status unknown_form(const char *text, struct ml_error *err)
{
    const char *names[FORMS];
    char word[16] = "";

    for (size_t i = 0; i < FORMS; i++)
        names[i] = forms[i].name;
    size_t len = strcspn(text, ":");
    memcpy(word, text, len < sizeof(word) ? len : 0);
    size_t near = mli_suggest(word, names, FORMS);
    if (near < FORMS)
        return ml_error_set(err, ML_EUSAGE, "split \"%s\": did you mean %s?", text,
                            forms[near].expected);
    return ml_error_set(err, ML_EUSAGE,
                        "split \"%s\": expected random:F, every:K, last:F, column:NAME or none",
                        text);
}

enum ml_status mli_split_parse(const char *text, struct mli_split *out, struct ml_error *err)
{
    size_t len = strcspn(text, ":");

    for (size_t i = 0; i < FORMS; i++) {
        struct mli_split split = { .kind = forms[i].kind };
        if (strlen(forms[i].name) != len || memcmp(forms[i].name, text, len) != 0)
            continue;
        bool has_value = text[len] == ':';
        bool good =
            forms[i].parse ? has_value && forms[i].parse(text + len + 1, &split) : !has_value;
        if (!good)
            return ml_error_set(err, ML_EUSAGE, "split \"%s\": expected %s", text,
                                forms[i].expected);
        *out = split;
        return ML_OK;
    }
    return unknown_form(text, err);
}

/* ---- random ---------------------------------------------------------------------------------- */

/* The nearest row to n * fraction that leaves a row on each side, if there are two rows. */
static size_t share_of(size_t n, double fraction)
{
    size_t share = (size_t)floor((double)n * fraction + 0.5);

    if (n < 2)
        return 0;
    if (share < 1)
        return 1;
    return share < n ? share : n - 1;
}

struct quota { /* of one class */
    size_t rows, test;
    double remainder;
    size_t code;
};

/* Largest remainder first; of equals the lower code. */
static int compare_remainder(const void *a, const void *b)
{
    const struct quota *x = a, *y = b;

    if (x->remainder != y->remainder)
        return x->remainder > y->remainder ? -1 : 1;
    return x->code < y->code ? -1 : x->code > y->code;
}

static int compare_code(const void *a, const void *b)
{
    const struct quota *x = a, *y = b;

    return x->code < y->code ? -1 : x->code > y->code;
}

/* Apportions the test rows among k classes by largest remainders (Hamilton's method). */
static void share_out(struct quota *quota, size_t k, size_t n, double fraction)
{
    size_t given = 0, share = share_of(n, fraction);

    for (size_t c = 0; c < k; c++) {
        double exact = (double)quota[c].rows * fraction;
        quota[c].test = (size_t)floor(exact);
        quota[c].remainder = exact - floor(exact);
        given += quota[c].test;
    }
    qsort(quota, k, sizeof(*quota), compare_remainder);
    for (size_t c = 0; c < k && given < share; c++, given++)
        quota[c].test++;
    qsort(quota, k, sizeof(*quota), compare_code);
    for (size_t c = 0; c < k; c++) {
        if (quota[c].rows < 2)
            quota[c].test = 0;
        else if (quota[c].test == 0)
            quota[c].test = 1;
        else if (quota[c].test == quota[c].rows)
            quota[c].test--;
    }
}

static enum ml_status split_random(double fraction, size_t n, const int32_t *classes, uint64_t seed,
                                   uint8_t *test, struct ml_error *err)
{
    size_t k = 1;
    struct mli_rng rng;

    for (size_t i = 0; classes && i < n; i++)
        k = (size_t)classes[i] >= k ? (size_t)classes[i] + 1 : k;
    size_t *order = mli_alloc(n, sizeof(*order));
    struct quota *quota = mli_calloc(k, sizeof(*quota));
    if (!order || !quota) {
        free(order);
        free(quota);
        return ml_error_set(err, ML_ENOMEM, "out of memory for a split of %zu rows", n);
    }
    for (size_t c = 0; c < k; c++)
        quota[c].code = c;
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        quota[classes ? classes[i] : 0].rows++;
    }
    share_out(quota, k, n, fraction);
    mli_rng_init(&rng, seed);
    mli_rng_shuffle(&rng, order, n);
    memset(test, 0, n);
    for (size_t i = 0; i < n; i++) {
        struct quota *own = &quota[classes ? classes[order[i]] : 0];
        test[order[i]] = own->test > 0;
        own->test -= own->test > 0;
    }
    free(order);
    free(quota);
    return ML_OK;
}

/* ---- the others ------------------------------------------------------------------------------ */

bool mli_split_marks(const char *text)
{
    static const char *const words[] = { "true", "yes", "test" };
    double number;

    if (mli_num_parse(text, strlen(text),
                      &number)) /* so that "1.0" means the same here and in a NUMBER column */
        return number == 1.0;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcasecmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static bool says_test(const struct mli_column *column, size_t row)
{
    if (column->number)
        return column->number[row] == 1.0;
    return column->code[row] >= 0 &&
           mli_split_marks(mli_dict_text(column->dict, (size_t)column->code[row]));
}

static enum ml_status split_column(const char *name, size_t n, const struct ml_table *table,
                                   uint8_t *test, struct ml_error *err)
{
    size_t columns = ml_table_columns(table), column = ml_table_find(table, name), near = columns;

    if (column == columns) {
        const char **names = mli_alloc(columns, sizeof(*names));
        for (size_t i = 0; names && i < columns; i++)
            names[i] = table->column[i].name;
        if (names)
            near = mli_suggest(name, names, columns);
        free(names);
        return ml_error_set(err, ML_EUSAGE, "split column:%s: no such column%s%s%s", name,
                            near < columns ? "; did you mean \"" : "",
                            near < columns ? table->column[near].name : "",
                            near < columns ? "\"?" : "");
    }
    for (size_t i = 0; i < n; i++)
        test[i] = says_test(&table->column[column], i);
    return ML_OK;
}

static enum ml_status check_sides(const struct mli_split *split, size_t n, const uint8_t *test,
                                  struct ml_error *err)
{
    size_t held = 0;

    for (size_t i = 0; i < n; i++)
        held += test[i];
    if (held > 0 && held < n)
        return ML_OK;
    if (split->kind == MLI_SPLIT_COLUMN)
        return ml_error_set(
            err, ML_EDATA,
            "split column:%s holds out %zu of %zu rows; rows to hold out say 1, true, yes or test",
            split->column, held, n);
    return ml_error_set(err, ML_EDATA,
                        "the split holds out %zu of %zu rows; there must be rows on both sides",
                        held, n);
}

enum ml_status mli_split_apply(const struct mli_split *split, size_t n, const int32_t *classes,
                               const struct ml_table *table, uint64_t seed, uint8_t *test,
                               struct ml_error *err)
{
    enum ml_status status = ML_OK;

    switch (split->kind) {
    case MLI_SPLIT_NONE:
        memset(test, 0, n);
        return ML_OK;
    case MLI_SPLIT_RANDOM:
        status = split_random(split->fraction, n, classes, seed, test, err);
        break;
    case MLI_SPLIT_EVERY:
        for (size_t i = 0; i < n; i++)
            test[i] = i % split->every == split->every - 1;
        break;
    case MLI_SPLIT_LAST:
        for (size_t i = 0, share = share_of(n, split->fraction); i < n; i++)
            test[i] = i >= n - share;
        break;
    case MLI_SPLIT_COLUMN:
        status = split_column(split->column, n, table, test, err);
        break;
    }
    return status == ML_OK ? check_sides(split, n, test, err) : status;
}

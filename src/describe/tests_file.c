/* Tests of the file as a whole. */
#include <describe/tests.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROWS_PER_COLUMN ((size_t)10)
#define NAMES ((size_t)6) /* told one by one */

bool mli_test_few_rows(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    size_t rows = d->table->rows, features = d->table->columns - 1;

    *column = d->table->columns;
    if ((*state)++ > 0 || rows / ROWS_PER_COLUMN >= features)
        return false;
    return mli_found(out, "%zu rows for %zu columns, fewer than %zu rows a column", rows, features,
                     ROWS_PER_COLUMN);
}

bool mli_test_duplicates(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    *column = d->table->columns;
    if ((*state)++ > 0 || d->duplicates == 0)
        return false;
    return mli_found(out, "%zu of %zu rows repeat%s an earlier one (%.2g%%)", d->duplicates, d->table->rows,
                     d->duplicates == 1 ? "s" : "", 100 * (double)d->duplicates / (double)d->table->rows);
}

/* ---- groups of columns --------------------------------------------------------------------------------------- */

struct names {
    char text[NAMES * (MLI_LABEL + 8)];
    size_t n;
};

static void add_name(struct names *names, const struct mli_description *d, size_t column)
{
    size_t len = strlen(names->text);
    char label[MLI_LABEL];

    mli_label(d->table->column[column].name, label);
    if (names->n < NAMES)
        snprintf(names->text + len, sizeof(names->text) - len, "%s\"%s\"", names->n ? ", " : "", label);
    names->n++;
}

/* The others of the group that begins with `first`, and the weakest and strongest pair in it. */
static size_t gather_group(const struct mli_description *d, size_t first, struct names *names, double *weak,
                           double *strong)
{
    const struct mli_pairs *pairs = &d->pairs;

    for (size_t j = first + 1; j < d->table->columns; j++) {
        if (pairs->group[j] == first)
            add_name(names, d, j);
    }
    *weak = 1;
    *strong = 0;
    for (size_t i = 0; i < pairs->n; i++) {
        if (pairs->group[pairs->pair[i].one] != first)
            continue;
        *weak = fmin(*weak, fabs(pairs->pair[i].r));
        *strong = fmax(*strong, fabs(pairs->pair[i].r));
    }
    return names->n;
}

bool mli_test_correlated(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    double weak, strong;

    for (; *state < d->table->columns; ++*state) {
        struct names names = { 0 };
        *column = *state;
        if (d->pairs.group[*state] != *state || gather_group(d, *state, &names, &weak, &strong) == 0)
            continue;
        ++*state;
        const char *more = names.n > NAMES ? " and others" : "";
        if (strong - weak < 0.001)
            return mli_found(out, "goes with %s%s: |r| %.3f", names.text, more, strong);
        return mli_found(out, "goes with %s%s: |r| %.3f to %.3f", names.text, more, weak, strong);
    }
    return false;
}

/* Is there a column before this one that is missing in the same rows? */
static bool is_told(const struct mli_description *d, size_t column)
{
    for (size_t j = 0; j < column; j++) {
        if (d->profile[j].missing == d->profile[column].missing &&
            d->profile[j].missing_rows == d->profile[column].missing_rows)
            return true;
    }
    return false;
}

bool mli_test_missing_together(const struct mli_description *d, size_t *state, size_t *column,
                               struct mli_finding *out)
{
    for (; *state < d->table->columns; ++*state) {
        const struct mli_profile *p = &d->profile[*state];
        struct names names = { 0 };
        if (p->missing < 2 || p->present == 0 || is_told(d, *state))
            continue;
        for (size_t j = *state + 1; j < d->table->columns; j++) {
            if (d->profile[j].missing == p->missing && d->profile[j].missing_rows == p->missing_rows)
                add_name(&names, d, j);
        }
        if (names.n == 0)
            continue;
        *column = (*state)++;
        return mli_found(out, "missing in the same %zu rows as %s%s", p->missing, names.text,
                         names.n > NAMES ? " and others" : "");
    }
    return false;
}

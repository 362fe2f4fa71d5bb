/*
 * Of a number is counted how often it is above each of a few values: the edges of the bins, the ends of the range, and
 * -INFINITY, which any value is above but NaN. That takes no search and no branch, and four of them are compared at once: of
 * one row four values to be above of, of many rows the rows; bins are differences of counts.
 */
#include <model/drift.h>

#include <base/clones.h>
#include <base/mem.h>
#include <base/tile.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE ((size_t)MLI_TILE) /* counts side by side */

struct column {
    const struct mli_field *field;
    size_t first;  /* of its counts */
    size_t edges;  /* of a number; a multiple of SIDE */
    double *edge;  /* ascending; INFINITY behind the last */
    size_t bins;   /* of a category, without unseen and missing */
    uint8_t *bin;  /* of each of its values */
};

struct mli_drift {
    size_t columns, counts;
    struct column *column;
};

/* ---- making ------------------------------------------------------------------------------------------------------ */

/* Places among the counts of a number. */
enum { PRESENT, NOT_BELOW, FIRST_EDGE };

static bool make_number(struct column *c)
{
    const struct mli_field *field = c->field;
    size_t edges = field->bins ? field->bins->count - 1 : 0;

    c->edges = (FIRST_EDGE + edges + 1 + SIDE - 1) / SIDE * SIDE;
    c->edge = mli_alloc(c->edges, sizeof(*c->edge));
    if (!c->edge)
        return false;
    for (size_t i = 0; i < c->edges; i++)
        c->edge[i] = INFINITY;
    c->edge[PRESENT] = -INFINITY;
    c->edge[NOT_BELOW] = isnan(field->low) ? -INFINITY : nextafter(field->low, -INFINITY);
    for (size_t i = 0; i < edges; i++)
        c->edge[FIRST_EDGE + i] = field->bins->edge[i];
    if (!isnan(field->high))
        c->edge[FIRST_EDGE + edges] = field->high;
    return true;
}

static bool make_category(struct column *c)
{
    const struct mli_field *field = c->field;
    size_t values = field->dict ? mli_dict_count(field->dict) : 0;

    c->bins = field->bins ? field->bins->count : 1;
    c->bin = mli_calloc(values + 1, 1);
    if (!c->bin)
        return false;
    if (field->bins) {
        memset(c->bin, (int)(c->bins - 1), values); /* the rest, where there is one */
        for (size_t i = 0; i < field->bins->listed; i++)
            c->bin[field->bins->code[i]] = (uint8_t)i;
    }
    return true;
}

struct mli_drift *mli_drift_new(const struct mli_schema *schema)
{
    struct mli_drift *drift = mli_calloc(1, sizeof(*drift));

    if (!drift || !(drift->column = mli_calloc(schema->count, sizeof(*drift->column)))) {
        free(drift);
        return NULL;
    }
    for (; drift->columns < schema->count; drift->columns++) {
        struct column *c = &drift->column[drift->columns];
        c->field = &schema->field[drift->columns];
        c->first = drift->counts;
        bool number = c->field->type == ML_TYPE_NUMBER || c->field->type == ML_TYPE_INSTANT;
        if (!(number ? make_number(c) : make_category(c))) {
            mli_drift_free(drift);
            return NULL;
        }
        drift->counts += number ? 1 + c->edges : c->bins + 2;
    }
    return drift;
}

void mli_drift_free(struct mli_drift *drift)
{
    if (!drift)
        return;
    for (size_t i = 0; i < drift->columns; i++) {
        free(drift->column[i].edge);
        free(drift->column[i].bin);
    }
    free(drift->column);
    free(drift);
}

size_t mli_drift_columns(const struct mli_drift *drift)
{
    return drift->columns;
}

size_t mli_drift_counts(const struct mli_drift *drift)
{
    return drift->counts;
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

/* One number. A comparison that holds is -1. */
static inline __attribute__((always_inline)) void add_number(double x, const double *edge, size_t edges, uint64_t *at)
{
    const mli_four v = { x, x, x, x };

    for (size_t k = 0; k < edges; k += SIDE)
        *(mli_four_bits *)(at + k) -= v > MLI_FOUR_CONST(edge + k);
}

/* The sums of four edges stay in registers over all rows. */
MLI_CLONES
static void add_numbers(const double *x, size_t n, const double *edge, size_t edges, uint64_t *at)
{
    size_t whole = n - n % SIDE;

    for (size_t k = 0; k < edges; k += SIDE) {
        mli_four_bits a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
        for (size_t i = 0; i < whole; i += SIDE) {
            const mli_four v = MLI_FOUR_CONST(x + i);
            a += v > edge[k];
            b += v > edge[k + 1];
            c += v > edge[k + 2];
            d += v > edge[k + 3];
        }
        at[k] += (uint64_t)-mli_four_sum(&a);
        at[k + 1] += (uint64_t)-mli_four_sum(&b);
        at[k + 2] += (uint64_t)-mli_four_sum(&c);
        at[k + 3] += (uint64_t)-mli_four_sum(&d);
    }
    for (size_t i = whole; i < n; i++)
        add_number(x[i], edge, edges, at);
}

/* Behind the bins are the unseen values and the missing ones. */
static void add_codes(const struct column *c, const int32_t *code, size_t n, uint64_t *at)
{
    for (size_t i = 0; i < n; i++)
        at[code[i] >= 0 ? c->bin[code[i]] : code[i] == MLI_CODE_MISSING ? c->bins + 1 : c->bins]++;
}

static void add_texts(const struct column *c, const char *const *text, size_t n, uint64_t *at)
{
    for (size_t i = 0; i < n; i++)
        at[text[i] ? 0 : c->bins + 1]++;
}

static void add_column(const struct column *c, const struct mli_column *from, size_t n, uint64_t *at)
{
    if (c->edge) {
        at[0] += n;
        add_numbers(from->number, n, c->edge, c->edges, at + 1);
    } else if (from->code) {
        add_codes(c, from->code, n, at);
    } else {
        add_texts(c, from->text, n, at);
    }
}

/* One row, whose numbers are no loop each. */
MLI_CLONES
static void add_row(const struct mli_drift *drift, const struct ml_table *row, uint64_t *counts)
{
    for (size_t j = 0; j < drift->columns; j++) {
        const struct column *c = &drift->column[j];
        uint64_t *at = counts + c->first;
        if (!c->edge) {
            add_column(c, &row->column[j], 1, at);
            continue;
        }
        at[0]++;
        add_number(row->column[j].number[0], c->edge, c->edges, at + 1);
    }
}

void mli_drift_add(const struct mli_drift *drift, const struct ml_table *rows, uint64_t *counts)
{
    if (rows->rows == 1) {
        add_row(drift, rows, counts);
        return;
    }
    for (size_t j = 0; j < drift->columns; j++)
        add_column(&drift->column[j], &rows->column[j], rows->rows, counts + drift->column[j].first);
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

static void look_at_number(const struct column *c, const uint64_t *at, struct mli_drift_column *out)
{
    const struct mli_bins *bins = c->field->bins;
    const uint64_t *above = at + 1;
    size_t edges = bins ? bins->count - 1 : 0;

    out->rows = at[0];
    out->missing = at[0] - above[PRESENT];
    if (!isnan(c->field->low))
        out->outside = above[PRESENT] - above[NOT_BELOW] + above[FIRST_EDGE + edges];
    if (!bins)
        return;
    out->bins = bins->count + 1;
    for (size_t i = 0; i < bins->count; i++) {
        uint64_t from = above[i ? FIRST_EDGE + i - 1 : PRESENT];
        out->now[i] = from - (i < edges ? above[FIRST_EDGE + i] : 0);
    }
}

static void look_at_category(const struct column *c, const uint64_t *at, struct mli_drift_column *out)
{
    for (size_t i = 0; i < c->bins + 2; i++)
        out->rows += at[i];
    out->unseen = at[c->bins];
    out->missing = at[c->bins + 1];
    if (!c->field->bins)
        return;
    out->bins = c->bins + 2;
    for (size_t i = 0; i <= c->bins; i++)
        out->now[i] = at[i];
}

static double psi(const struct mli_drift_column *c)
{
    double before = 0, now = 0, sum = 0, unit = 1 + MLI_PSI_SHARE * (double)c->bins;

    for (size_t i = 0; i < c->bins; i++) {
        before += (double)c->before[i];
        now += (double)c->now[i];
    }
    if (before == 0 || now == 0)
        return NAN;
    for (size_t i = 0; i < c->bins; i++) {
        double p = ((double)c->before[i] / before + MLI_PSI_SHARE) / unit;
        double q = ((double)c->now[i] / now + MLI_PSI_SHARE) / unit;
        sum += (q - p) * log(q / p);
    }
    return sum;
}

void mli_drift_column(const struct mli_drift *drift, size_t column, const uint64_t *counts,
                      struct mli_drift_column *out)
{
    const struct column *c = &drift->column[column];
    const struct mli_bins *bins = c->field->bins;

    *out = (struct mli_drift_column){ .name = c->field->name, .psi = NAN };
    (c->edge ? look_at_number : look_at_category)(c, counts + c->first, out);
    if (!bins)
        return;
    memcpy(out->before, bins->rows, bins->count * sizeof(*out->before));
    out->before[out->bins - 1] = c->field->missing;
    out->now[out->bins - 1] = out->missing;
    out->psi = psi(out);
}

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
#include <model/output.h>
#include <model/predicted.h>
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
    size_t at, width; /* of a target: its numbers in a prediction; bin is that of each label */
};

struct mli_drift {
    size_t columns, targets, counts;
    struct column *column, *target;
    struct mli_schema *predicted; /* fields of the targets */
    size_t width;                 /* of a prediction */
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

static bool is_number(const struct mli_field *field)
{
    return field->type == ML_TYPE_NUMBER || field->type == ML_TYPE_INSTANT;
}

/* False: no memory. */
static bool make_column(struct mli_drift *drift, const struct mli_field *field, struct column *c)
{
    c->field = field;
    c->first = drift->counts;
    if (!(is_number(field) ? make_number(c) : make_category(c)))
        return false;
    drift->counts += is_number(field) ? 1 + c->edges : c->bins + 2;
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
        if (!make_column(drift, &schema->field[drift->columns], &drift->column[drift->columns])) {
            drift->columns++; /* what there is of it is freed */
            mli_drift_free(drift);
            return NULL;
        }
    }
    return drift;
}

/* The bins of values become those of labels: one that was never predicted has the bin of what is unseen. */
static bool make_labels(struct column *c, const struct mli_model_target *target)
{
    uint8_t *of_label = mli_alloc(target->classes, 1);

    for (size_t k = 0; of_label && k < target->classes; k++) {
        int32_t code = mli_dict_find(c->field->dict, target->label[k], strlen(target->label[k]));
        of_label[k] = code >= 0 ? c->bin[code] : (uint8_t)c->bins;
    }
    free(c->bin);
    c->bin = of_label;
    return of_label != NULL;
}

/* False: no memory. */
static bool make_targets(struct mli_drift *drift, const struct ml_model *model)
{
    drift->target = mli_calloc(model->targets, sizeof(*drift->target));
    for (; drift->target && drift->targets < model->targets;) {
        const struct mli_model_target *target = &model->target[drift->targets];
        struct column *c = &drift->target[drift->targets++];
        c->at = drift->width;
        c->width = mli_model_target_width(target);
        drift->width += c->width;
        if (!make_column(drift, &drift->predicted->field[drift->targets - 1], c) ||
            (target->classes && !make_labels(c, target)))
            return false;
    }
    return drift->target != NULL;
}

enum ml_status mli_drift_of(const struct ml_model *model, struct mli_drift **out, struct ml_error *err)
{
    struct mli_schema *predicted = NULL;
    enum ml_status status = mli_predicted_read(model, &predicted, err);

    if (status != ML_OK)
        return status;
    struct mli_drift *drift = mli_drift_new(mli_pipeline_schema(model->pipeline));
    if (drift)
        drift->predicted = predicted;
    else
        mli_schema_free(predicted);
    if (drift && (!predicted || make_targets(drift, model))) {
        *out = drift;
        return ML_OK;
    }
    mli_drift_free(drift);
    return ml_error_set(err, ML_ENOMEM, "out of memory for counting rows");
}

static void free_columns(struct column *column, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(column[i].edge);
        free(column[i].bin);
    }
    free(column);
}

void mli_drift_free(struct mli_drift *drift)
{
    if (!drift)
        return;
    free_columns(drift->column, drift->columns);
    free_columns(drift->target, drift->targets);
    mli_schema_free(drift->predicted);
    free(drift);
}

size_t mli_drift_columns(const struct mli_drift *drift)
{
    return drift->columns;
}

size_t mli_drift_targets(const struct mli_drift *drift)
{
    return drift->targets;
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

/* Of two classes the second where it is the larger, as mli_prediction_class() has it. */
static void add_pairs(const struct column *c, const double *p, size_t step, size_t n, uint64_t *at)
{
    size_t second = 0;

    for (size_t i = 0; i < n; i++)
        second += p[i * step + 1] > p[i * step];
    at[c->bin[0]] += n - second;
    at[c->bin[1]] += second;
}

static void add_classes(const struct column *c, const double *p, size_t step, size_t n, uint64_t *at)
{
    for (size_t i = 0; i < n; i++)
        at[c->bin[mli_prediction_class(p + i * step, c->width)]]++;
}

/* A number has the prediction for itself: several targets are labels. */
void mli_drift_add_predictions(const struct mli_drift *drift, const double *P, size_t n, uint64_t *counts)
{
    for (size_t t = 0; t < drift->targets; t++) {
        const struct column *c = &drift->target[t];
        uint64_t *at = counts + c->first;
        if (c->edge) {
            at[0] += n;
            add_numbers(P, n, c->edge, c->edges, at + 1);
        } else {
            (c->width == 2 ? add_pairs : add_classes)(c, P + c->at, drift->width, n, at);
        }
    }
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

static void look_at(const struct column *c, const uint64_t *counts, struct mli_drift_column *out)
{
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

void mli_drift_column(const struct mli_drift *drift, size_t column, const uint64_t *counts,
                      struct mli_drift_column *out)
{
    look_at(&drift->column[column], counts, out);
}

void mli_drift_target(const struct mli_drift *drift, size_t target, const uint64_t *counts, struct mli_drift_column *out)
{
    look_at(&drift->target[target], counts, out);
}

#include <describe/link.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>

static double greater(double a, double b) /* NaN counts as nothing */
{
    return isnan(a) || b > a ? b : a;
}

/* ---- number and quantity ------------------------------------------------------------------------------------- */

double mli_link_pearson(const double *x, const double *y, size_t rows, size_t step)
{
    double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0, n = 0;

    for (size_t i = 0; i < rows; i += step) {
        bool both = !isnan(x[i]) && !isnan(y[i]);
        sx += both ? x[i] : 0;
        sy += both ? y[i] : 0;
        n += both;
    }
    double mx = sx / n, my = sy / n;
    for (size_t i = 0; i < rows; i += step) {
        bool both = !isnan(x[i]) && !isnan(y[i]);
        double dx = both ? x[i] - mx : 0, dy = both ? y[i] - my : 0;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    double r = xy / sqrt(xx) / sqrt(yy);
    return n > 1 && xx > 0 && yy > 0 ? fmax(-1, fmin(1, r)) : NAN;
}

/* Ranks from 1 of the rows for which with[row] is no NaN, equal values the mean of theirs; *n: how many. */
static void rank(const struct mli_order *order, const double *with, double *out, size_t *n)
{
    size_t ranked = 0;

    for (size_t first = 0; first < order->n;) {
        size_t end = mli_order_run(order, first), both = 0;
        for (size_t i = first; i < end; i++)
            both += isnan(with[order->row[i]]) ? 0 : 1;
        double mean = (double)ranked + ((double)both + 1) / 2;
        for (size_t i = first; i < end; i++)
            out[order->row[i]] = isnan(with[order->row[i]]) ? NAN : mean;
        ranked += both;
        first = end;
    }
    *n = ranked;
}

static void number_and_quantity(struct mli_link *out, const double *x, size_t rows, const struct mli_order *order,
                                const struct mli_goal *goal, double *scratch)
{
    double *rank_x = scratch, *rank_y = scratch + rows;

    for (size_t i = 0; i < 2 * rows; i++)
        scratch[i] = NAN;
    rank(order, goal->y, rank_x, &out->n);
    rank(&goal->order, x, rank_y, &out->n);
    out->pearson = mli_link_pearson(x, goal->y, rows, 1);
    out->spearman = mli_link_pearson(rank_x, rank_y, rows, 1);
    out->strength = greater(fabs(out->pearson), fabs(out->spearman));
}

/* ---- eta^2 --------------------------------------------------------------------------------------------------- */

struct groups {
    size_t groups;
    double *n, *sum; /* of each */
};

/* eta^2 of values in groups (group < 0 or value NaN: left out); *adjusted: epsilon^2, not under 0. */
static double eta2(const double *value, const int32_t *group, size_t rows, struct groups *g, size_t *n,
                   double *adjusted)
{
    double count = 0, sum = 0, total = 0, between = 0, used = 0;

    for (size_t i = 0; i < rows; i++) {
        if (group[i] < 0 || isnan(value[i]))
            continue;
        sum += value[i];
        count++;
    }
    double mean = sum / count;
    for (size_t i = 0; i < rows; i++) {
        if (group[i] < 0 || isnan(value[i]))
            continue;
        double d = value[i] - mean;
        total += d * d;
        g->n[group[i]]++;
        g->sum[group[i]] += d;
    }
    for (size_t k = 0; k < g->groups; k++) {
        between += g->n[k] > 0 ? g->sum[k] * g->sum[k] / g->n[k] : 0;
        used += g->n[k] > 0;
    }
    *n = (size_t)count;
    *adjusted = NAN;
    if (used < 2 || !(total > 0))
        return NAN;
    double eta = fmin(1, between / total);
    *adjusted = count > used ? fmax(0, 1 - (1 - eta) * (count - 1) / (count - used)) : 0;
    return eta;
}

static enum ml_status measure_eta2(struct mli_link *out, const double *value, const int32_t *group, size_t groups,
                                   size_t rows, struct ml_error *err)
{
    double adjusted, *memory = mli_calloc(groups ? groups : 1, 2 * sizeof(*memory));

    if (!memory)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the means of %zu groups", groups);
    struct groups g = { .groups = groups, .n = memory, .sum = memory + groups };
    out->eta2 = eta2(value, group, rows, &g, &out->n, &adjusted);
    out->strength = sqrt(adjusted);
    free(memory);
    return ML_OK;
}

/* ---- number and class ---------------------------------------------------------------------------------------- */

/* Sums of ranks of each class, and its rows; returns rows in all. */
static double rank_sums(const struct mli_order *order, const struct mli_goal *goal, double *sum, double *rows)
{
    double ranked = 0;

    for (size_t first = 0; first < order->n;) {
        size_t end = mli_order_run(order, first);
        double both = 0;
        for (size_t i = first; i < end; i++)
            both += goal->class_of[order->row[i]] >= 0;
        for (size_t i = first; i < end; i++) {
            int32_t class = goal->class_of[order->row[i]];
            if (class < 0)
                continue;
            sum[class] += ranked + (both + 1) / 2;
            rows[class]++;
        }
        ranked += both;
        first = end;
    }
    return ranked;
}

static double area(double sum, double rows, double others)
{
    return rows > 0 && others > 0 ? (sum - rows * (rows + 1) / 2) / (rows * others) : NAN;
}

static double mean_area(const double *sum, const double *rows, size_t classes, double n)
{
    double total = 0, weight = 0;

    for (size_t k = 0; k < classes; k++) {
        double a = area(sum[k], rows[k], n - rows[k]);
        if (isnan(a))
            continue;
        total += rows[k] * fmax(a, 1 - a);
        weight += rows[k];
    }
    return weight > 0 ? total / weight : NAN;
}

static enum ml_status number_and_class(struct mli_link *out, const double *x, size_t rows,
                                       const struct mli_order *order, const struct mli_goal *goal,
                                       struct ml_error *err)
{
    double *sum = mli_calloc(goal->classes, 2 * sizeof(*sum));

    if (!sum)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu classes", goal->classes);
    double *count = sum + goal->classes, n = rank_sums(order, goal, sum, count);
    out->auc = goal->classes == 2 ? area(sum[1], count[1], count[0]) : mean_area(sum, count, goal->classes, n);
    free(sum);
    enum ml_status status = measure_eta2(out, x, goal->class_of, goal->classes, rows, err);
    if (status == ML_OK)
        out->strength = greater(out->strength, fabs(2 * out->auc - 1));
    return status;
}

/* ---- category and class -------------------------------------------------------------------------------------- */

/* Rows of each pair of value and class, value by value: rows sorted by value, then classes counted. */
struct table {
    size_t *start; /* values + 1: where the rows of each begin */
    int32_t *class; /* of the rows, by value */
    double *value_rows, *class_rows, *cell; /* cell: classes, of one value */
};

static size_t sort_by_value(struct table *t, const struct mli_column *column, size_t values, size_t rows,
                            const struct mli_goal *goal)
{
    for (size_t i = 0; i < rows; i++) {
        if (column->code[i] < 0 || goal->class_of[i] < 0)
            continue;
        t->start[column->code[i] + 1]++;
        t->value_rows[column->code[i]]++;
        t->class_rows[goal->class_of[i]]++;
    }
    for (size_t v = 0; v < values; v++)
        t->start[v + 1] += t->start[v];
    size_t n = t->start[values];
    for (size_t i = rows; i-- > 0;) { /* from behind, each start ends up one value further on */
        if (column->code[i] >= 0 && goal->class_of[i] >= 0)
            t->class[--t->start[column->code[i] + 1]] = goal->class_of[i];
    }
    return n;
}

/* chi^2 / n = sum n_ij^2 / (n_i n_j) - 1, over the pairs that there are. */
static double phi2(const struct table *t, size_t values, size_t n)
{
    double sum = 0;

    for (size_t v = 0; v < values; v++) {
        size_t first = t->start[v + 1], end = v + 1 < values ? t->start[v + 2] : n;
        for (size_t i = first; i < end; i++)
            t->cell[t->class[i]]++;
        for (size_t i = first; i < end; i++) {
            double rows = t->cell[t->class[i]];
            t->cell[t->class[i]] = 0; /* counted, and ready for the next value */
            if (rows > 0)
                sum += rows * rows / (t->value_rows[v] * t->class_rows[t->class[i]]);
        }
    }
    return fmax(0, sum - 1);
}

static double used(const double *rows, size_t n)
{
    double used = 0;

    for (size_t i = 0; i < n; i++)
        used += rows[i] > 0;
    return used;
}

/*
 * Cramer's V with phi^2 less its expectation under independence, and the numbers of rows and columns of the table shrunk
 * alike [Bergsma 2013, equations 5 and 6]:
 *   V = sqrt(max(0, phi2 - (k-1)(r-1)/(n-1)) / min(k' - 1, r' - 1))    k' = k - (k-1)^2/(n-1), r' likewise
 */
static double cramers_v(double phi2, double k, double r, double n)
{
    double phi = fmax(0, phi2 - (k - 1) * (r - 1) / (n - 1));
    double least = fmin(k - (k - 1) * (k - 1) / (n - 1), r - (r - 1) * (r - 1) / (n - 1)) - 1;

    if (k < 2 || r < 2)
        return NAN;
    return least > 0 ? fmin(1, sqrt(phi / least)) : 0;
}

static enum ml_status category_and_class(struct mli_link *out, const struct mli_column *column, size_t rows,
                                         const struct mli_goal *goal, struct ml_error *err)
{
    size_t values = mli_dict_count(column->dict);
    struct table t = {
        .start = mli_calloc(values + 2, sizeof(*t.start)),
        .class = mli_alloc(rows ? rows : 1, sizeof(*t.class)),
        .value_rows = mli_calloc(values + 1, sizeof(*t.value_rows)),
        .class_rows = mli_calloc(goal->classes, 2 * sizeof(*t.class_rows)),
    };
    enum ml_status status = ML_OK;

    if (t.start && t.class && t.value_rows && t.class_rows) {
        t.cell = t.class_rows + goal->classes;
        out->n = sort_by_value(&t, column, values, rows, goal);
        out->cramers_v = cramers_v(phi2(&t, values, out->n), used(t.value_rows, values),
                                   used(t.class_rows, goal->classes), (double)out->n);
        out->strength = out->cramers_v;
    } else {
        status = ml_error_set(err, ML_ENOMEM, "out of memory for a table of %zu values", values);
    }
    free(t.start);
    free(t.class);
    free(t.value_rows);
    free(t.class_rows);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- */

enum ml_status mli_link_measure(struct mli_link *link, const struct mli_column *column, size_t rows,
                                const struct mli_order *order, const struct mli_goal *goal, double *scratch,
                                struct ml_error *err)
{
    struct mli_link out = { .pearson = NAN, .spearman = NAN, .eta2 = NAN, .auc = NAN, .cramers_v = NAN,
                            .strength = NAN };
    enum ml_status status = ML_OK;

    if (goal->kind == MLI_GOAL_QUANTITY && column->number)
        number_and_quantity(&out, column->number, rows, order, goal, scratch);
    else if (goal->kind == MLI_GOAL_CLASS && column->number)
        status = number_and_class(&out, column->number, rows, order, goal, err);
    else if (goal->kind == MLI_GOAL_CLASS)
        status = category_and_class(&out, column, rows, goal, err);
    else if (goal->kind == MLI_GOAL_QUANTITY)
        status = measure_eta2(&out, goal->y, column->code, mli_dict_count(column->dict), rows, err);
    if (status == ML_OK)
        *link = out;
    return status;
}

#include <describe/leak.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDS ((size_t)5)
#define LEAST_ROWS ((size_t)50)
#define BIN_ROWS ((size_t)10) /* at least, in a bin of doubles */
#define MOST_BINS ((size_t)256)
#define MOST_CELLS ((size_t)1 << 22) /* folds x bins x classes */

struct bins {
    size_t n;     /* one for missing cells, then those of the values */
    uint32_t *of; /* one a row */
    double *middle; /* of doubles: a value in the bin, which sums are taken about */
};

/* The fold of a row: bits of a product with an odd constant [Knuth, TAOCP 3, 6.4], so neighbours part. */
static size_t fold_of(size_t row)
{
    uint64_t x = (uint64_t)(row + 1) * 0x9e3779b97f4a7c15;
    x ^= x >> 32;
    return (size_t)((x * 0xbf58476d1ce4e5b9) >> 33) % FOLDS;
}

/* Ends at the value that follows the size-th row of the bin, so that equal values share one. */
static void cut(struct bins *bins, const struct mli_order *order)
{
    size_t size = (order->n + MOST_BINS - 1) / MOST_BINS, first = 0;

    size = size > BIN_ROWS ? size : BIN_ROWS;
    while (first < order->n) {
        size_t end = first + size < order->n ? first + size : order->n;
        end = mli_order_run(order, end - 1);
        if (order->n - end < size)
            end = order->n; /* the last one takes what would not fill one of its own */
        for (size_t i = first; i < end; i++)
            bins->of[order->row[i]] = (uint32_t)bins->n;
        bins->middle[bins->n++] = order->value[first + (end - first) / 2];
        first = end;
    }
}

static enum ml_status make_bins(struct bins *bins, const struct mli_column *column, size_t rows,
                                const struct mli_order *order, struct ml_error *err)
{
    bins->n = 1;
    bins->of = mli_calloc(rows, sizeof(*bins->of));
    bins->middle = mli_calloc(MOST_BINS + 2, sizeof(*bins->middle));
    if (!bins->of || !bins->middle)
        return ml_error_set(err, ML_ENOMEM, "out of memory for bins of %zu rows", rows);
    if (column->number) {
        cut(bins, order);
        return ML_OK;
    }
    for (size_t i = 0; i < rows; i++)
        bins->of[i] = column->code[i] >= 0 ? (uint32_t)column->code[i] + 1 : 0;
    bins->n += mli_dict_count(column->dict);
    return ML_OK;
}

/* ---- quantities ---------------------------------------------------------------------------------------------- */

struct sums {
    double n, x, y, xx, xy, yy; /* x about the bin's middle, y about its mean over all rows */
};

static void add(struct sums *to, const struct sums *more, double sign)
{
    to->n += sign * more->n;
    to->x += sign * more->x;
    to->y += sign * more->y;
    to->xx += sign * more->xx;
    to->xy += sign * more->xy;
    to->yy += sign * more->yy;
}

/* Squared errors on the rows of `test` of the straight line through those of `train`; the mean 0 where there is none. */
static double squared_errors(const struct sums *train, const struct sums *test)
{
    double mx = train->n > 0 ? train->x / train->n : 0, my = train->n > 0 ? train->y / train->n : 0;
    double xx = train->xx - train->n * mx * mx, xy = train->xy - train->n * mx * my;
    double b = train->n > 3 && xx > 1e-9 * train->xx ? xy / xx : 0, a = my - b * mx;

    /* sum (y - a - b x)^2 */
    return test->yy + test->n * a * a + b * b * test->xx - 2 * a * test->y - 2 * b * test->xy + 2 * a * b * test->x;
}

static enum ml_status r2(double *score, const struct bins *bins, const double *x, size_t rows,
                         const struct mli_goal *goal, struct ml_error *err)
{
    struct sums *sums = mli_calloc(bins->n, FOLDS * sizeof(*sums));
    double errors = 0, total = 0;

    if (!sums)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu bins", bins->n);
    for (size_t i = 0; i < rows; i++) {
        double y = goal->y[i] - goal->mean, dx = x && bins->of[i] > 0 ? x[i] - bins->middle[bins->of[i]] : 0;
        if (!isnan(y))
            add(&sums[bins->of[i] * FOLDS + fold_of(i)], &(struct sums){ 1, dx, y, dx * dx, dx * y, y * y }, 1);
    }
    for (size_t bin = 0; bin < bins->n; bin++) {
        struct sums all = { 0 };
        for (size_t f = 0; f < FOLDS; f++)
            add(&all, &sums[bin * FOLDS + f], 1);
        for (size_t f = 0; f < FOLDS; f++) {
            struct sums train = all;
            add(&train, &sums[bin * FOLDS + f], -1);
            errors += squared_errors(&train, &sums[bin * FOLDS + f]);
        }
        total += all.yy;
    }
    free(sums);
    *score = total > 0 ? 1 - errors / total : NAN;
    return ML_OK;
}

/* ---- classes ------------------------------------------------------------------------------------------------- */

/* Rows of one fold of a bin: they share a score, of these so many are of the class. */
struct cell {
    double score, class, others;
};

static int compare_cells(const void *a, const void *b)
{
    double x = ((const struct cell *)a)->score, y = ((const struct cell *)b)->score;
    return (x > y) - (x < y);
}

/* Chance that a row of the class scores more than another, ties half. */
static double area(struct cell *cell, size_t cells)
{
    double below = 0, wins = 0, class = 0;

    qsort(cell, cells, sizeof(*cell), compare_cells);
    for (size_t i = 0; i < cells;) {
        double ties = 0, here = 0;
        size_t end = i;
        for (; end < cells && !(cell[end].score > cell[i].score); end++) {
            here += cell[end].class;
            ties += cell[end].others;
        }
        wins += here * (below + ties / 2);
        below += ties;
        class += here;
        i = end;
    }
    return class > 0 && below > 0 ? wins / class / below : NAN;
}

/* rows: of bin, fold and class. */
static double class_area(struct cell *cell, const double *rows, size_t bins, const struct mli_goal *goal, size_t class)
{
    double prior = (double)goal->class[class].count / (double)goal->n;
    size_t classes = goal->classes;

    for (size_t bin = 0; bin < bins; bin++) {
        const double *at = rows + bin * FOLDS * classes;
        double n[FOLDS] = { 0 }, all = 0, of_class = 0;
        for (size_t f = 0; f < FOLDS; f++) {
            for (size_t k = 0; k < classes; k++)
                n[f] += at[f * classes + k];
            all += n[f];
            of_class += at[f * classes + class];
        }
        for (size_t f = 0; f < FOLDS; f++) {
            double here = at[f * classes + class], train = all - n[f];
            /* a bin of few rows leans to the share of the class at large */
            cell[bin * FOLDS + f] = (struct cell){ (of_class - here + prior) / (train + 1), here, n[f] - here };
        }
    }
    return area(cell, bins * FOLDS);
}

static enum ml_status least_area(double *score, const struct bins *bins, size_t rows, const struct mli_goal *goal,
                                 struct ml_error *err)
{
    double *count = mli_calloc(bins->n * goal->classes, FOLDS * sizeof(*count)), least = NAN;
    struct cell *cell = mli_alloc(bins->n, FOLDS * sizeof(*cell));

    if (!count || !cell) {
        free(count);
        free(cell);
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu bins", bins->n);
    }
    for (size_t i = 0; i < rows; i++) {
        if (goal->class_of[i] >= 0)
            count[(bins->of[i] * FOLDS + fold_of(i)) * goal->classes + (size_t)goal->class_of[i]]++;
    }
    for (size_t k = goal->classes == 2; k < goal->classes; k++) { /* of two, one says it all */
        double a = class_area(cell, count, bins->n, goal, k);
        least = isnan(least) || a < least ? a : least;
    }
    free(count);
    free(cell);
    *score = least;
    return ML_OK;
}

/* -------------------------------------------------------------------------------------------------------------- */

static bool measurable(const struct mli_column *column, size_t rows, const struct mli_goal *goal)
{
    size_t values = column->dict ? mli_dict_count(column->dict) : MOST_BINS;
    size_t classes = goal->kind == MLI_GOAL_CLASS ? goal->classes : 1;

    if (goal->kind == MLI_GOAL_NONE || goal->n < LEAST_ROWS)
        return false;
    return values <= rows / 2 + MOST_BINS && (values + 2) * FOLDS <= MOST_CELLS / classes;
}

enum ml_status mli_leak_measure(struct mli_leak *leak, const struct mli_column *column, size_t rows,
                                const struct mli_order *order, const struct mli_goal *goal, struct ml_error *err)
{
    struct bins bins = { 0 };
    double score = NAN;
    enum ml_status status = ML_OK;

    if (measurable(column, rows, goal)) {
        status = make_bins(&bins, column, rows, order, err);
        if (status == ML_OK && goal->kind == MLI_GOAL_CLASS)
            status = least_area(&score, &bins, rows, goal, err);
        else if (status == ML_OK)
            status = r2(&score, &bins, column->number, rows, goal, err);
        free(bins.of);
        free(bins.middle);
    }
    if (status == ML_OK)
        leak->score = score;
    return status;
}

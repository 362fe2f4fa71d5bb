#include <describe/pairs.h>

#include <base/mem.h>
#include <describe/link.h>
#include <math.h>
#include <stdlib.h>

#define MOST_COLUMNS ((size_t)1000)
#define MOST_PRODUCTS ((size_t)1000000000)
#define LEAST_ROWS ((size_t)1000)

/* Columns to compare: numbers that vary. */
static size_t choose(const struct ml_table *table, const struct mli_profile *profile, size_t skip, size_t *column)
{
    size_t n = 0;

    for (size_t j = 0; j < table->columns && n < MOST_COLUMNS; j++) {
        if (j != skip && table->column[j].type == ML_TYPE_NUMBER && profile[j].values.distinct > 2)
            column[n++] = j;
    }
    return n;
}

static size_t row_step(size_t rows, size_t columns)
{
    size_t pairs = columns * (columns - 1) / 2 + 1, affordable = MOST_PRODUCTS / pairs;

    affordable = affordable > LEAST_ROWS ? affordable : LEAST_ROWS;
    return rows > affordable ? (rows + affordable - 1) / affordable : 1;
}

/* Without missing cells the means are known, and four sums at once do not wait for each other. */
static double complete(const double *x, const double *y, size_t rows, const struct mli_number *nx,
                       const struct mli_number *ny)
{
    double sum[4] = { 0 }, mx = nx->mean, my = ny->mean;
    size_t i = 0;

    for (; i + 4 <= rows; i += 4) {
        sum[0] += (x[i] - mx) * (y[i] - my);
        sum[1] += (x[i + 1] - mx) * (y[i + 1] - my);
        sum[2] += (x[i + 2] - mx) * (y[i + 2] - my);
        sum[3] += (x[i + 3] - mx) * (y[i + 3] - my);
    }
    for (; i < rows; i++)
        sum[0] += (x[i] - mx) * (y[i] - my);
    double r = (sum[0] + sum[1] + (sum[2] + sum[3])) / (double)(rows - 1) / nx->std / ny->std;
    return fmax(-1, fmin(1, r));
}

static double correlation(const struct ml_table *table, const struct mli_profile *profile, size_t one, size_t two,
                          size_t step)
{
    const double *x = table->column[one].number, *y = table->column[two].number;

    if (step == 1 && profile[one].missing == 0 && profile[two].missing == 0)
        return complete(x, y, table->rows, &profile[one].number, &profile[two].number);
    return mli_link_pearson(x, y, table->rows, step);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct mli_pair *p = a, *q = b;
    double x = fabs(p->r), y = fabs(q->r);

    if (x < y || x > y)
        return x < y ? 1 : -1;
    if (p->one != q->one)
        return p->one < q->one ? -1 : 1;
    return p->two < q->two ? -1 : p->two > q->two;
}

struct work {
    const struct ml_table *table;
    const struct mli_profile *profile;
    const size_t *column;
    size_t n, step;
    double *r; /* (n,n), above the diagonal */
    size_t next;
};

/* One thread: the next column that nobody has taken, with all behind it. */
static void take_rows(struct work *w)
{
    for (;;) {
        size_t i = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED);
        if (i >= w->n)
            return;
        for (size_t k = i + 1; k < w->n; k++)
            w->r[i * w->n + k] = correlation(w->table, w->profile, w->column[i], w->column[k], w->step);
    }
}

static enum ml_status gather(const size_t *column, const double *r, struct mli_pairs *out)
{
    size_t capacity = 0;

    for (size_t i = 0; i < out->columns; i++) {
        for (size_t k = i + 1; k < out->columns; k++) {
            double value = r[i * out->columns + k];
            if (!(fabs(value) > MLI_PAIR))
                continue;
            if (!mli_grow((void **)&out->pair, &capacity, out->n, sizeof(*out->pair)))
                return ML_ENOMEM;
            out->pair[out->n++] = (struct mli_pair){ column[i], column[k], value };
        }
    }
    out->found = out->n;
    if (out->n > 0)
        qsort(out->pair, out->n, sizeof(*out->pair), compare_pairs);
    out->n = out->n > MLI_PAIRS ? MLI_PAIRS : out->n;
    return ML_OK;
}

static size_t leader(size_t *group, size_t column)
{
    while (group[column] != column)
        column = group[column] = group[group[column]]; /* halves the way [Tarjan & van Leeuwen 1984] */
    return column;
}

static bool make_groups(struct mli_pairs *pairs, size_t columns)
{
    pairs->group = mli_alloc(columns, sizeof(*pairs->group));
    if (!pairs->group)
        return false;
    for (size_t j = 0; j < columns; j++)
        pairs->group[j] = j;
    for (size_t i = 0; i < pairs->n; i++) {
        size_t a = leader(pairs->group, pairs->pair[i].one), b = leader(pairs->group, pairs->pair[i].two);
        pairs->group[a > b ? a : b] = a > b ? b : a;
    }
    for (size_t j = 0; j < columns; j++)
        pairs->group[j] = leader(pairs->group, j);
    return true;
}

enum ml_status mli_pairs_find(const struct ml_table *table, const struct mli_profile *profile, size_t skip,
                              size_t threads, struct mli_pairs *out, struct ml_error *err)
{
    size_t *column = mli_calloc(MOST_COLUMNS, sizeof(*column));
    size_t n = column ? choose(table, profile, skip, column) : 0;
    struct mli_pairs pairs = { .columns = n, .step = row_step(table->rows, n ? n : 1) };
    double *r = mli_calloc(n ? n : 1, (n ? n : 1) * sizeof(*r));
    enum ml_status status = column && r ? ML_OK : ML_ENOMEM;

    if (status == ML_OK) {
        struct work work = { table, profile, column, n, pairs.step, r, 0 };
        if (threads == 1) {
            take_rows(&work);
        } else {
#pragma omp parallel num_threads((int)threads)
            take_rows(&work);
        }
        status = gather(column, r, &pairs);
    }
    if (status == ML_OK && !make_groups(&pairs, table->columns))
        status = ML_ENOMEM;
    free(r);
    free(column);
    if (status != ML_OK) {
        mli_pairs_release(&pairs);
        return ml_error_set(err, status, "out of memory for the pairs of %zu columns", n);
    }
    *out = pairs;
    return ML_OK;
}

void mli_pairs_release(struct mli_pairs *pairs)
{
    free(pairs->pair);
    free(pairs->group);
    *pairs = (struct mli_pairs){ 0 };
}

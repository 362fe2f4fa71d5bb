#include <describe/describe.h>

#include <base/limits.h>
#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <table/duplicates.h>

/* What one thread needs for a column at a time. */
struct scratch {
    struct mli_order order;
    double *doubles; /* 2 rows */
};

static enum ml_status scratch_init(struct scratch *scratch, size_t rows, struct ml_error *err)
{
    *scratch = (struct scratch){ 0 };
    enum ml_status status = mli_order_init(&scratch->order, rows, err);
    if (status != ML_OK)
        return status;
    scratch->doubles = mli_alloc(rows ? rows : 1, 2 * sizeof(*scratch->doubles));
    return scratch->doubles ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory for %zu rows", rows);
}

static void scratch_release(struct scratch *scratch)
{
    mli_order_release(&scratch->order);
    free(scratch->doubles);
}

static enum ml_status describe_column(struct mli_description *d, size_t j, struct scratch *scratch,
                                      struct ml_error *err)
{
    const struct mli_column *column = &d->table->column[j];
    size_t rows = d->table->rows;

    if (column->number)
        mli_order_fill(&scratch->order, column->number, rows);
    enum ml_status status =
        mli_profile_fill(&d->profile[j], column, rows, &scratch->order, scratch->doubles, err);
    if (status != ML_OK || j == d->goal.column)
        return status;
    status = mli_link_measure(&d->link[j], column, rows, &scratch->order, &d->goal, scratch->doubles, err);
    if (status == ML_OK)
        status = mli_leak_measure(&d->leak[j], column, rows, &scratch->order, &d->goal, err);
    return status;
}

/* The work of one thread: the next column that nobody has taken, until there is none. */
static enum ml_status take_columns(struct mli_description *d, size_t *next, struct ml_error *err)
{
    struct scratch scratch;
    enum ml_status status = scratch_init(&scratch, d->table->rows, err);

    for (size_t j = 0; status == ML_OK;) {
        j = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
        if (j >= d->table->columns)
            break;
        status = describe_column(d, j, &scratch, err);
    }
    scratch_release(&scratch);
    return status;
}

/* The first error in any thread ends all. One thread is this one, without OpenMP, which ends a process without memory. */
static enum ml_status describe_columns(struct mli_description *d, size_t threads, struct ml_error *err)
{
    struct ml_error failure = ML_ERROR_INIT;
    size_t next = 0, columns = d->table->columns;

    threads = threads > columns ? columns : threads;
    if (threads == 1)
        return take_columns(d, &next, err);
#pragma omp parallel num_threads((int)threads)
    {
        struct ml_error own = ML_ERROR_INIT;
        enum ml_status status = take_columns(d, &next, &own);
#pragma omp critical
        if (status != ML_OK && failure.status == ML_OK)
            failure = own;
    }
    if (failure.status == ML_OK)
        return ML_OK;
    return ml_error_set(err, failure.status, "%s", failure.text);
}

static bool allocate(struct mli_description *d)
{
    size_t columns = d->table->columns;

    d->profile = mli_calloc(columns, sizeof(*d->profile));
    d->link = mli_calloc(columns, sizeof(*d->link));
    d->leak = mli_calloc(columns, sizeof(*d->leak));
    if (!d->profile || !d->link || !d->leak)
        return false;
    d->link[d->goal.column] = (struct mli_link){ 0, NAN, NAN, NAN, NAN, NAN, NAN };
    d->leak[d->goal.column].score = NAN;
    return true;
}

static enum ml_status fill(struct mli_description *d, const char *target, size_t threads, struct ml_error *err)
{
    enum ml_status status = mli_goal_find(d->table, target, &d->goal, err);

    if (status == ML_OK && !allocate(d))
        status = ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", d->table->columns);
    if (status == ML_OK)
        status = describe_columns(d, threads, err);
    for (size_t j = 0; status == ML_OK && j < d->table->columns; j++)
        d->missing += d->profile[j].missing;
    if (status == ML_OK)
        status = mli_pairs_find(d->table, d->profile, d->goal.column, threads, &d->pairs, err);
    if (status == ML_OK)
        status = mli_duplicates_mark(d->table, NULL, 0, NULL, &d->duplicates, err);
    if (status == ML_OK)
        status = mli_warnings_find(d, &d->warnings, err);
    return status;
}

enum ml_status mli_describe(const struct ml_table *table, const char *target, size_t threads,
                            struct mli_description **out, struct ml_error *err)
{
    struct mli_description *d = mli_calloc(1, sizeof(*d));

    if (!d)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    d->table = table;
    enum ml_status status = fill(d, target, threads ? threads : mli_processors(), err);
    if (status != ML_OK)
        mli_description_free(d);
    else
        *out = d;
    return status;
}

void mli_description_free(struct mli_description *description)
{
    if (!description)
        return;
    mli_goal_release(&description->goal);
    mli_pairs_release(&description->pairs);
    mli_warnings_release(&description->warnings);
    free(description->profile);
    free(description->link);
    free(description->leak);
    free(description);
}

/* ---- order of columns ---------------------------------------------------------------------------------------- */

struct place {
    double key;
    size_t column;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *p = a, *q = b;

    if (p->key < q->key || p->key > q->key)
        return p->key < q->key ? 1 : -1;
    return p->column < q->column ? -1 : p->column > q->column;
}

/* Without memory the columns stay as they are. */
static void sort_by(const struct mli_description *d, double (*key)(const struct mli_description *, size_t),
                    size_t *order)
{
    size_t columns = d->table->columns;
    struct place *place = mli_alloc(columns, sizeof(*place));

    for (size_t j = 0; j < columns; j++)
        order[j] = j;
    if (!place)
        return;
    for (size_t j = 0; j < columns; j++)
        place[j] = (struct place){ key(d, j), j };
    qsort(place, columns, sizeof(*place), compare_places);
    for (size_t j = 0; j < columns; j++)
        order[j] = place[j].column;
    free(place);
}

static double link_of(const struct mli_description *d, size_t column)
{
    return isnan(d->link[column].strength) ? -1 : d->link[column].strength;
}

static double missing_of(const struct mli_description *d, size_t column)
{
    return (double)d->profile[column].missing;
}

void mli_description_by_link(const struct mli_description *description, size_t *order)
{
    sort_by(description, link_of, order);
}

void mli_description_by_missing(const struct mli_description *description, size_t *order)
{
    sort_by(description, missing_of, order);
}

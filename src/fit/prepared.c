#include <fit/prepared.h>

#include <base/mem.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NARROW = 1024 }; /* doubles at a time on their way to floats */

void mli_prepared_release(struct ml_prepared *rows)
{
    if (rows->fd >= 0)
        close(rows->fd);
    ml_table_free(rows->table);
    json_decref(rows->document);
    free(rows->path);
    *rows = (struct ml_prepared){ .fd = -1 };
}

void ml_prepared_free(struct ml_prepared *rows)
{
    if (rows)
        mli_prepared_release(rows);
    free(rows);
}

const struct ml_table *ml_prepared_table(const struct ml_prepared *rows)
{
    return rows->table;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* Whether n doubles from place `at` are there; the first failure is kept. */
static bool read_doubles(struct ml_prepared *rows, uint64_t at, size_t n, double *out)
{
    char *to = (char *)out;
    size_t left = n * sizeof *out;
    while (left > 0) {
        ssize_t got = pread(rows->fd, to, left, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int none = 0;
            atomic_compare_exchange_strong(&rows->failed, &none, got < 0 ? errno : -1);
            return false;
        }
        to += got;
        at += (uint64_t)got;
        left -= (size_t)got;
    }
    return true;
}

enum ml_status mli_prepared_check(const struct ml_prepared *rows, struct ml_error *err)
{
    int failed = rows->failed;
    if (!failed)
        return ML_OK;
    return ml_error_set(err, ML_EIO, "cannot read \"%s\": %s", rows->path,
                        failed < 0 ? "it was cut short while it was used" : strerror(failed));
}

enum ml_status mli_prepared_targets(struct ml_prepared *rows, enum mli_part part, double *y, struct ml_error *err)
{
    const struct mli_prepared_part *of = &rows->part[part];
    read_doubles(rows, rows->targets + of->first * rows->columns * sizeof *y, of->n * rows->columns, y);
    return mli_prepared_check(rows, err);
}

enum ml_status mli_prepared_weights(struct ml_prepared *rows, enum mli_part part, double *weight,
                                    struct ml_error *err)
{
    const struct mli_prepared_part *of = &rows->part[part];
    read_doubles(rows, rows->weights + of->first * sizeof *weight, of->n, weight);
    return mli_prepared_check(rows, err);
}

/* Rows that cannot be read are no numbers: whatever is made of them is noticed. */
static void read_wide(struct ml_prepared *rows, uint64_t at, size_t n, double *X)
{
    if (read_doubles(rows, at, n, X))
        return;
    for (size_t i = 0; i < n; i++)
        X[i] = NAN;
}

void mli_prepared_rows(struct mli_prepared_part *part, size_t first, size_t n, void *X)
{
    struct ml_prepared *rows = part->rows;
    uint64_t at = rows->matrix + (part->first + first) * rows->features * sizeof(double);
    size_t all = n * rows->features;
    double wide[NARROW];
    if (!part->single) {
        read_wide(rows, at, all, X);
        return;
    }
    for (size_t done = 0, some; done < all; done += some) {
        some = all - done < NARROW ? all - done : NARROW;
        read_wide(rows, at + done * sizeof *wide, some, wide);
        for (size_t i = 0; i < some; i++)
            ((float *)X)[done + i] = (float)wide[i];
    }
}

static void supply(void *data, size_t first, size_t n, void *X)
{
    mli_prepared_rows(data, first, n, X);
}

const struct mli_supply *mli_prepared_supply(struct ml_prepared *rows, enum mli_part part, bool single)
{
    struct mli_prepared_part *of = &rows->part[part];
    of->rows = rows;
    of->single = single;
    of->supply = (struct mli_supply){ supply, of };
    return &of->supply;
}

/* ---- as a table's ------------------------------------------------------------------------------------------------ */

void mli_prepared_unmark(struct mli_plan *plan)
{
    free(plan->target.y);
    free(plan->target.has);
    free(plan->part);
    free(plan->weight);
    plan->target.y = plan->weight = NULL;
    plan->target.has = plan->part = NULL;
}

enum ml_status mli_prepared_mark(struct ml_prepared *rows, struct mli_plan *plan, struct ml_error *err)
{
    size_t train = rows->part[MLI_PART_TRAIN].n, n = train + rows->part[MLI_PART_VALIDATION].n;
    plan->target.n = n;
    plan->target.y = mli_alloc(n, rows->columns * sizeof(double));
    plan->target.has = mli_alloc(n, 1);
    plan->part = mli_alloc(n, 1);
    plan->weight = rows->weighted ? mli_alloc(n, sizeof(double)) : NULL;
    if (!plan->target.y || !plan->target.has || !plan->part || (rows->weighted && !plan->weight))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    memset(plan->target.has, 1, n);
    memset(plan->part, MLI_PART_TRAIN, train);
    memset(plan->part + train, MLI_PART_VALIDATION, n - train);
    enum ml_status status = ML_OK;
    for (int p = MLI_PART_TRAIN; !status && p <= MLI_PART_VALIDATION; p++) {
        size_t first = p == MLI_PART_TRAIN ? 0 : train;
        status = mli_prepared_targets(rows, (enum mli_part)p, plan->target.y + first * rows->columns, err);
        if (!status && rows->weighted)
            status = mli_prepared_weights(rows, (enum mli_part)p, plan->weight + first, err);
    }
    return status;
}

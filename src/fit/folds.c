#include <fit/folds.h>

#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <stdlib.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

static size_t class_of(const struct mli_split_rows *rows, size_t i)
{
    return rows->classes ? (size_t)rows->classes[i] : 0;
}

static size_t count_classes(const struct mli_split_rows *rows)
{
    size_t k = 1;
    for (size_t i = 0; i < rows->n; i++)
        k = class_of(rows, i) >= k ? class_of(rows, i) + 1 : k;
    return k;
}

/* ---- rows ---- */

static void say_rare(const struct mli_split_rows *rows, const size_t *end, size_t classes, size_t k)
{
    size_t least = rows->n;
    for (size_t c = 0; c < classes; c++) {
        size_t count = end[c] - (c ? end[c - 1] : 0);
        least = count && count < least ? count : least;
    }
    if (classes > 1 && least < k)
        ml_log(rows->log, ML_LOG_WARNING,
               "the rarest class has %zu row%s to train on, fewer than %zu folds: it is missing from some", least,
               least == 1 ? "" : "s", k);
}

/*
 * Rows in random order, then by class (a counting sort keeps the order within one): every k-th of that sequence is a
 * fold, so folds and the classes in them differ by one row at most.
 */
static enum ml_status deal_rows(const struct mli_split_rows *rows, size_t k, uint64_t seed, uint8_t *fold,
                                struct ml_error *err)
{
    size_t classes = count_classes(rows), *order = mli_alloc(rows->n, sizeof *order);
    size_t *next = mli_calloc(classes + 1, sizeof *next);
    struct mli_rng rng;
    enum ml_status status = order && next ? ML_OK : no_memory(err);
    if (!status) {
        for (size_t i = 0; i < rows->n; i++) {
            order[i] = i;
            next[class_of(rows, i) + 1]++;
        }
        for (size_t c = 0; c < classes; c++)
            next[c + 1] += next[c];
        mli_rng_init(&rng, seed);
        mli_rng_shuffle(&rng, order, rows->n);
        for (size_t i = 0; i < rows->n; i++)
            fold[order[i]] = (uint8_t)(next[class_of(rows, order[i])]++ % k);
        say_rare(rows, next, classes, k);
    }
    free(next);
    free(order);
    return status;
}

/* ---- groups ---- */

struct group {
    size_t first, rows; /* of its members, in `member` */
    double weight;      /* the heaviest are dealt out first: rows, or how uneven its classes are */
    size_t place;       /* at random, among equals */
};

struct dealing {
    const struct mli_split_rows *rows;
    size_t k, groups, classes;
    size_t *member;    /* n rows, by group */
    struct group *group;
    double *total;     /* (classes) rows */
    double *held;      /* (classes, k) rows in each fold */
    double *add;       /* (classes) rows in one group, 0 between groups */
    size_t *size;      /* (k) rows */
};

static void dealing_release(struct dealing *d)
{
    free(d->member);
    free(d->group);
    free(d->total);
    free(d->held);
    free(d->add);
    free(d->size);
}

/* Heaviest first. */
static int compare_groups(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->weight > y->weight || x->weight < y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static enum ml_status collect_groups(struct dealing *d, struct ml_error *err)
{
    size_t n = d->rows->n, *start = mli_calloc(n + 2, sizeof *start);
    d->member = mli_alloc(n, sizeof *d->member);
    d->group = mli_calloc(n, sizeof *d->group);
    if (!start || !d->member || !d->group) {
        free(start);
        return no_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        start[d->rows->groups[i] + 2]++;
    for (size_t g = 0; g < n; g++) {
        size_t rows = start[g + 2];
        start[g + 2] += start[g + 1];
        if (rows)
            d->group[d->groups++] = (struct group){ .first = start[g + 1], .rows = rows };
    }
    for (size_t i = 0; i < n; i++)
        d->member[start[d->rows->groups[i] + 1]++] = i;
    free(start);
    return ML_OK;
}

static void count_members(struct dealing *d, const struct group *g, double sign)
{
    for (size_t i = g->first; i < g->first + g->rows; i++)
        d->add[class_of(d->rows, d->member[i])] += sign;
}

/* Of one class: rows. Of more: the deviation of a group's counts over the classes; those it has none of count as well. */
static double weigh(struct dealing *d, const struct group *g)
{
    double mean = (double)g->rows / (double)d->classes, squares = 0;
    size_t seen = 0;
    if (d->classes == 1)
        return (double)g->rows;
    count_members(d, g, 1);
    for (size_t i = g->first; i < g->first + g->rows; i++) {
        double *count = &d->add[class_of(d->rows, d->member[i])];
        if (!(*count > 0))
            continue;
        squares += (*count - mean) * (*count - mean);
        *count = 0;
        seen++;
    }
    return sqrt((squares + (double)(d->classes - seen) * mean * mean) / (double)d->classes);
}

static enum ml_status order_groups(struct dealing *d, uint64_t seed, struct ml_error *err)
{
    struct mli_rng rng;
    size_t *place = mli_alloc(d->groups, sizeof *place);
    if (!place)
        return no_memory(err);
    for (size_t i = 0; i < d->groups; i++)
        place[i] = i;
    mli_rng_init(&rng, seed);
    mli_rng_shuffle(&rng, place, d->groups);
    for (size_t i = 0; i < d->groups; i++) {
        d->group[i].place = place[i];
        d->group[i].weight = weigh(d, &d->group[i]);
    }
    qsort(d->group, d->groups, sizeof *d->group, compare_groups);
    free(place);
    return ML_OK;
}

/* Deviation over the folds of a class's share, with `add` more rows of it in fold f. */
static double unevenness(const struct dealing *d, size_t c, size_t f, double add)
{
    const double *held = d->held + c * d->k;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < d->k; i++) {
        double share = (held[i] + (i == f ? add : 0)) / d->total[c];
        sum += share;
        squares += share * share;
    }
    double mean = sum / (double)d->k;
    return sqrt(fmax(squares / (double)d->k - mean * mean, 0));
}

/* By how much the shares become more uneven when the group comes to fold f; the classes it has none of do not change. */
static double cost(struct dealing *d, const struct group *g, size_t f)
{
    double sum = 0;
    count_members(d, g, 1);
    for (size_t i = g->first; i < g->first + g->rows; i++) {
        size_t c = class_of(d->rows, d->member[i]);
        if (!(d->add[c] > 0))
            continue;
        sum += unevenness(d, c, f, d->add[c]) - unevenness(d, c, f, 0);
        d->add[c] = 0;
    }
    return sum;
}

static size_t best_fold(struct dealing *d, const struct group *g)
{
    size_t best = 0;
    double least = INFINITY;
    for (size_t f = 0; f < d->k; f++) {
        double here = cost(d, g, f), margin = 1e-9;
        bool equal = fabs(here - least) <= margin;
        if (here < least - margin || (equal && d->size[f] < d->size[best])) {
            least = here;
            best = f;
        }
    }
    return best;
}

static void give(struct dealing *d, const struct group *g, size_t f, uint8_t *fold)
{
    for (size_t i = g->first; i < g->first + g->rows; i++) {
        d->held[class_of(d->rows, d->member[i]) * d->k + f]++;
        fold[d->member[i]] = (uint8_t)f;
    }
    d->size[f] += g->rows;
}

static enum ml_status deal_groups(struct dealing *d, uint64_t seed, uint8_t *fold, struct ml_error *err)
{
    enum ml_status status = collect_groups(d, err);
    d->classes = count_classes(d->rows);
    d->total = mli_calloc(d->classes, sizeof *d->total);
    d->held = mli_calloc(d->classes, d->k * sizeof *d->held);
    d->add = mli_calloc(d->classes, sizeof *d->add);
    d->size = mli_calloc(d->k, sizeof *d->size);
    if (!status && (!d->total || !d->held || !d->add || !d->size))
        status = no_memory(err);
    if (!status && d->groups < d->k)
        status = ml_error_set(err, ML_EDATA, "%zu group%s cannot be dealt out to %zu folds; --folds may be smaller",
                              d->groups, d->groups == 1 ? "" : "s", d->k);
    if (!status)
        status = order_groups(d, seed, err);
    if (status)
        return status;
    for (size_t i = 0; i < d->rows->n; i++)
        d->total[class_of(d->rows, i)]++;
    for (size_t i = 0; i < d->groups; i++)
        give(d, &d->group[i], best_fold(d, &d->group[i]), fold);
    for (size_t f = 0; f < d->k; f++)
        if (!d->size[f])
            return ml_error_set(err, ML_EDATA, "the groups leave one of %zu folds empty; --folds may be smaller", d->k);
    return ML_OK;
}

enum ml_status mli_folds_assign(const struct mli_split_rows *rows, size_t k, uint64_t seed, uint8_t *fold,
                                struct ml_error *err)
{
    if (k < 2 || k > MLI_FOLDS_MAX)
        return ml_error_set(err, ML_EUSAGE, "--folds %zu is out of range: it must be from 2 to %d", k, MLI_FOLDS_MAX);
    if (rows->n < k)
        return ml_error_set(err, ML_EDATA, "%zu training rows are too few for %zu folds", rows->n, k);
    if (!rows->groups)
        return deal_rows(rows, k, seed, fold, err);
    struct dealing d = { .rows = rows, .k = k };
    enum ml_status status = deal_groups(&d, seed, fold, err);
    dealing_release(&d);
    return status;
}

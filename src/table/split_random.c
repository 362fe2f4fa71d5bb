#include <table/split_parts.h>

#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <stdlib.h>

struct quota { /* of one class */
    size_t rows, take[MLI_SPLIT_SHARES];
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

/* Apportions the rows of part `p` among k classes by largest remainders (Hamilton's method). */
static void share_out(struct quota *quota, size_t k, size_t n, double fraction, size_t p)
{
    size_t given = 0, share = mli_split_share(n, fraction);

    for (size_t c = 0; c < k; c++) {
        double exact = (double)quota[c].rows * fraction;
        quota[c].take[p] = (size_t)floor(exact);
        quota[c].remainder = exact - floor(exact);
        given += quota[c].take[p];
    }
    qsort(quota, k, sizeof(*quota), compare_remainder);
    for (size_t c = 0; c < k && given < share; c++, given++)
        quota[c].take[p]++;
    qsort(quota, k, sizeof(*quota), compare_code);
}

/* Each part gets a row of a class that has enough of them, and one always stays in part 0. */
static void leave_one(struct quota *quota, size_t parts)
{
    size_t total = 0, most = quota->rows ? quota->rows - 1 : 0;

    for (size_t p = 0; p < parts; p++) {
        if (quota->take[p] == 0 && quota->rows > parts)
            quota->take[p] = 1;
        total += quota->take[p];
    }
    for (; total > most; total--) {
        size_t largest = 0;
        for (size_t p = 1; p < parts; p++)
            largest = quota->take[p] > quota->take[largest] ? p : largest;
        quota->take[largest]--;
    }
}

enum ml_status mli_split_random(const struct mli_split *split, const struct mli_split_rows *rows,
                                uint64_t seed, uint8_t *part, struct ml_error *err)
{
    size_t n = rows->n, k = mli_split_classes(rows);
    uint32_t *order = n <= UINT32_MAX ? mli_alloc(n, sizeof(*order)) : NULL;
    struct quota *quota = mli_calloc(k, sizeof(*quota));
    struct mli_rng rng;

    if (!order || !quota) {
        free(order);
        free(quota);
        return mli_split_out_of_memory(n, err);
    }
    for (size_t c = 0; c < k; c++)
        quota[c].code = c;
    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
        quota[mli_split_class(rows, i)].rows++;
    }
    for (size_t p = 0; p < split->shares; p++)
        share_out(quota, k, n, split->share[p], p);
    for (size_t c = 0; c < k; c++)
        leave_one(&quota[c], split->shares);
    mli_rng_init(&rng, seed);
    mli_rng_shuffle_32(&rng, order, n);
    for (size_t i = 0; i < n; i++) {
        struct quota *own = &quota[mli_split_class(rows, order[i])];
        size_t p = 0;
        while (p < split->shares && own->take[p] == 0)
            p++;
        part[order[i]] = (uint8_t)(p < split->shares ? p + 1 : 0);
        if (p < split->shares)
            own->take[p]--;
    }
    free(order);
    free(quota);
    return ML_OK;
}

/*
 * Quantiles by selection. A sample tells between which two values one almost surely is, a pass over all of them counts what
 * is below and collects what is between, and among those few it is selected [Floyd & Rivest 1975]. Where the sample was
 * wrong, everything is between.
 */
#include <prep/stats.h>

#include <base/mem.h>
#include <base/select.h>
#include <base/sort.h>
#include <math.h>
#include <prep/pack.h>
#include <stdlib.h>

#define SAMPLE ((size_t)8192)
#define FEW (2 * SAMPLE)  /* of no more, all are collected */
#define LEAST ((size_t)64) /* a sample of less says nothing */
#define DEVIATIONS 4       /* that the sample may be wrong by */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return *state >> 33;
}

/* ---- what is between ----------------------------------------------------------------------------------------- */

struct between {
    double low, high;
    size_t below, count; /* values below low, and from low to high */
    size_t room;
    double *kept; /* (count), NULL when all of them are the same: low */
};

size_t mli_values_sample(const struct mli_values *values, size_t places, double *sample)
{
    size_t step = values->rows / places, n = 0;
    uint64_t random = 1;

    for (size_t k = 0; k < places; k++) {
        size_t i = k * step + next_random(&random) % step;
        double value = isnan(values->x[i]) ? values->fill : values->x[i];
        if ((!values->use || values->use[i]) && !isnan(value))
            sample[n++] = value;
        mli_values_leave(values, k * step, k + 1 < places ? (k + 1) * step : values->rows);
    }
    return n;
}

/* The same, sorted. */
static size_t take_sample(const struct mli_values *values, double *sample, double *temp)
{
    size_t n = mli_values_sample(values, SAMPLE, sample);

    if (n > 0)
        mli_sort(sample, temp, n);
    return n;
}

static struct between between_of(const double *sample, size_t n, double q)
{
    double at = q * (double)n, margin = DEVIATIONS * sqrt(q * (1 - q) * (double)n) + 2;
    struct between b = { .low = -INFINITY, .high = INFINITY };

    if (n < LEAST)
        return b;
    if (at - margin >= 0)
        b.low = sample[(size_t)(at - margin)];
    if (at + margin < (double)n)
        b.high = sample[(size_t)(at + margin)];
    return b;
}

static bool make_room(struct between *b, size_t more)
{
    size_t room = b->room ? b->room : FEW + MLI_VALUES_PIECE;

    while (room < b->count + more)
        room *= 2;
    if (room == b->room)
        return true;
    double *kept = mli_realloc(b->kept, room, sizeof(*kept));
    if (!kept)
        return false;
    b->kept = kept;
    b->room = room;
    return true;
}

static void count_piece(struct between *b, const double *x, size_t n)
{
    size_t below = 0, count = 0;

    for (size_t i = 0; i < n; i++) {
        below += x[i] < b->low;
        count += x[i] == b->low;
    }
    b->below += below;
    b->count += count;
}

#ifdef MLI_WIDE
/* The first ones of a piece, whole fours; how many. */
MLI_WIDE_CODE static size_t keep_piece_wide(const struct between *b, const double *x, size_t n, size_t *below, size_t *count)
{
    const __m256d low = _mm256_set1_pd(b->low), high = _mm256_set1_pd(b->high);
    double *kept = b->kept + b->count;
    size_t i = 0, under = 0, found = 0;

    for (; n - i >= 4; i += 4) {
        __m256d four = _mm256_loadu_pd(x + i);
        unsigned less = (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(four, low, _CMP_LT_OQ));
        unsigned more = (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(four, high, _CMP_GT_OQ));
        under += (size_t)_mm_popcnt_u32(less);
        found += mli_pack(four, ~(less | more) & 15, kept + found);
    }
    *below = under;
    *count = found;
    return i;
}
#endif

static void keep_piece(struct between *b, const double *x, size_t n)
{
    size_t below = 0, count = 0, i = 0;
    double *kept = b->kept + b->count, low = b->low, high = b->high;

#ifdef MLI_WIDE
    if (mli_wide())
        i = keep_piece_wide(b, x, n, &below, &count);
#endif
    for (; i < n; i++) {
        size_t under = x[i] < low;
        kept[count] = x[i];
        count += (size_t)(x[i] <= high) & (under ^ 1);
        below += under;
    }
    b->below += below;
    b->count += count;
}

/* *present: values in all. False: no memory. */
static bool collect(const struct mli_values *values, struct between *b, size_t count, size_t *present)
{
    double piece[MLI_VALUES_PIECE];
    size_t at = 0, n, all = 0;

    while ((n = mli_values_next(values, &at, piece)) > 0) {
        for (size_t i = 0; i < count; i++) {
            bool same = b[i].low == b[i].high;
            if (!same && !make_room(&b[i], n))
                return false;
            (same ? count_piece : keep_piece)(&b[i], piece, n);
        }
        all += n;
    }
    *present = all;
    return true;
}

/* ---- quantiles ----------------------------------------------------------------------------------------------- */

static double least_of(const double *x, size_t n)
{
    double least = x[0];

    for (size_t i = 1; i < n; i++)
        least = x[i] < least ? x[i] : least;
    return least;
}

/* Definition 7 of Hyndman & Fan 1996; from the nearer end, so that it never leaves the two values, as numpy has it. */
static double interpolate(double low, double high, double part)
{
    if (part < 0.5)
        return low + (high - low) * part;
    return part > 0.5 ? high - (high - low) * (1 - part) : low / 2 + high / 2; /* the sum may not fit */
}

/* False: it is not between. */
static bool find(struct between *b, size_t present, double q, double *out)
{
    double at = q * (double)(present - 1), whole = floor(at), low, high;
    size_t place = (size_t)whole, next = place + (place + 1 < present);

    if (place < b->below || next >= b->below + b->count)
        return false;
    if (b->kept) {
        low = high = mli_select(b->count, b->kept, place - b->below);
        if (next > place)
            high = least_of(b->kept + (next - b->below), b->count - (next - b->below));
    } else {
        low = high = b->low;
    }
    *out = interpolate(low, high, at - whole) + 0.0; /* -0 becomes 0 */
    return true;
}

static bool find_anywhere(const struct mli_values *values, double q, double *out)
{
    struct between all = { .low = -INFINITY, .high = INFINITY };
    size_t present;
    bool done = collect(values, &all, 1, &present) && find(&all, present, q, out);

    free(all.kept);
    return done;
}

bool mli_stats_quantiles(const struct mli_values *values, size_t count, const double *q, double *out)
{
    struct between b[MLI_STATS_QUANTILES] = { 0 };
    double *sample = mli_alloc(SAMPLE, 2 * sizeof(*sample));
    size_t n = sample && values->rows > FEW ? take_sample(values, sample, sample + SAMPLE) : 0, present;

    for (size_t i = 0; sample && i < count; i++)
        b[i] = between_of(sample, n, q[i]);
    bool done = sample && collect(values, b, count, &present);
    for (size_t i = 0; done && i < count; i++)
        done = find(&b[i], present, q[i], &out[i]) || find_anywhere(values, q[i], &out[i]);
    for (size_t i = 0; i < count; i++)
        free(b[i].kept);
    free(sample);
    return done;
}

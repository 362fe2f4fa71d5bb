#include <train/shuffle.h>

#include <base/mem.h>
#include <base/rng.h>
#include <stdlib.h>

#define STEP 0xd1342543de82ef95u  /* between the seeds of two windows, odd */
#define CACHED ((size_t)32 << 20) /* bytes of rows, as doubles, that a large cache holds: they may come one by one */
#define STRIPE_ROWS ((size_t)4)   /* in a stripe; fewer are no gain */

/* Bytes of rows, as doubles. */
struct extents {
    size_t stripe, window;
};

/* Of a disk: stripes that it reads as fast as more, a hundred and more of them, so that neighbours are parted. */
static const struct extents disk = { (size_t)256 << 10, (size_t)32 << 20 };
/* Of memory: a page, which comes twice to three times as fast as its rows one by one, and two windows fit the L2 cache. */
static const struct extents memory = { (size_t)4 << 10, (size_t)128 << 10 };

static size_t clamp(size_t x, size_t low, size_t high)
{
    return x < low ? low : x > high ? high : x;
}

static size_t row_bytes(size_t d)
{
    return (d ? d : 1) * sizeof(double);
}

/* NULL: all rows are shuffled one by one. */
static const struct extents *extents_of(size_t n, size_t d, bool windows)
{
    if (windows)
        return &disk;
    return n > CACHED / row_bytes(d) && memory.stripe / row_bytes(d) >= STRIPE_ROWS ? &memory : NULL;
}

static size_t stripe_rows(size_t n, size_t d, const struct extents *extents)
{
    return clamp(extents->stripe / row_bytes(d), 1, n);
}

static size_t stripe_count(size_t n, size_t d, const struct extents *extents)
{
    size_t rows = stripe_rows(n, d, extents);
    return n / rows + (n % rows != 0);
}

size_t mli_shuffle_window(size_t n, size_t d, size_t batch, bool windows)
{
    const struct extents *extents = extents_of(n, d, windows);
    size_t rows;

    if (!extents || !mli_mul(clamp(extents->window / row_bytes(d) / batch, 1, n), batch, &rows))
        return n;
    return rows < n ? rows : n;
}

size_t mli_shuffle_memory(size_t n, size_t d, size_t batch, bool windows)
{
    const struct extents *extents = extents_of(n, d, windows);
    size_t window = mli_shuffle_window(n, d, batch, windows);

    return ((extents == &memory ? 2 : 1) * window + (extents ? stripe_count(n, d, extents) : 0)) * sizeof(size_t);
}

enum ml_status mli_shuffle_init(struct mli_shuffle *shuffle, size_t n, size_t d, size_t batch, bool windows,
                              struct ml_error *err)
{
    const struct extents *extents = extents_of(n, d, windows);

    *shuffle = (struct mli_shuffle){ .n = n, .window = mli_shuffle_window(n, d, batch, windows) };
    shuffle->row = mli_alloc_large(shuffle->window, sizeof(*shuffle->row));
    if (extents == &memory)
        shuffle->soon = mli_alloc(shuffle->window, sizeof(*shuffle->soon));
    if (extents) {
        shuffle->stripe = stripe_rows(n, d, extents);
        shuffle->stripes = stripe_count(n, d, extents);
        shuffle->stripe_at = mli_alloc(shuffle->stripes, sizeof(*shuffle->stripe_at));
    }
    if (shuffle->row && (!extents || shuffle->stripe_at) && (extents != &memory || shuffle->soon))
        return ML_OK;
    mli_shuffle_release(shuffle);
    return ml_error_set(err, ML_ENOMEM, "out of memory for the order of %zu rows", n);
}

void mli_shuffle_release(struct mli_shuffle *shuffle)
{
    free(shuffle->row);
    free(shuffle->soon);
    free(shuffle->stripe_at);
    *shuffle = (struct mli_shuffle){ 0 };
}

void mli_shuffle_epoch(struct mli_shuffle *shuffle, uint64_t seed)
{
    struct mli_rng rng;

    shuffle->seed = seed;
    shuffle->begin = shuffle->end = 0;
    if (!shuffle->stripes)
        return;
    mli_rng_init(&rng, seed);
    for (size_t i = 0; i < shuffle->stripes; i++)
        shuffle->stripe_at[i] = i;
    mli_rng_shuffle(&rng, shuffle->stripe_at, shuffle->stripes);
    for (size_t i = 0; i < shuffle->stripes; i++)
        shuffle->last = shuffle->stripe_at[i] == shuffle->stripes - 1 ? i : shuffle->last;
}

bool mli_shuffle_has(const struct mli_shuffle *shuffle, size_t place)
{
    return place >= shuffle->begin && place < shuffle->end;
}

void mli_shuffle_open(struct mli_shuffle *shuffle, size_t place)
{
    size_t rest;

    shuffle->begin = place / shuffle->window * shuffle->window;
    rest = shuffle->n - shuffle->begin;
    shuffle->end = shuffle->begin + (rest < shuffle->window ? rest : shuffle->window);
}

/* ---- runs ---------------------------------------------------------------------------------------------------- */

/* What the last stripe lacks: all that come behind it begin so many places earlier. */
static size_t lack(const struct mli_shuffle *shuffle)
{
    return shuffle->stripes * shuffle->stripe - shuffle->n;
}

/* The place in the epoch where the k-th stripe begins. */
static size_t stripe_place(const struct mli_shuffle *shuffle, size_t k)
{
    return k * shuffle->stripe - (k > shuffle->last ? lack(shuffle) : 0);
}

/* Which stripe, as they come, a place lies in. */
static size_t stripe_of(const struct mli_shuffle *shuffle, size_t place)
{
    if (place < stripe_place(shuffle, shuffle->last + 1))
        return place / shuffle->stripe;
    return (place + lack(shuffle)) / shuffle->stripe;
}

/* A window, or places that are gone through like one. */
struct span {
    size_t begin, end;
};

static size_t runs_of(const struct mli_shuffle *shuffle, const struct span *span)
{
    if (!shuffle->stripes)
        return 1;
    return stripe_of(shuffle, span->end - 1) - stripe_of(shuffle, span->begin) + 1;
}

static struct mli_shuffle_run run_of(const struct mli_shuffle *shuffle, const struct span *span, size_t k)
{
    if (!shuffle->stripes)
        return (struct mli_shuffle_run){ 0, shuffle->n, 0 };
    size_t stripe = stripe_of(shuffle, span->begin) + k;
    size_t begin = stripe_place(shuffle, stripe), end = stripe_place(shuffle, stripe + 1);
    size_t from = clamp(span->begin, begin, end), to = clamp(span->end, begin, end);

    return (struct mli_shuffle_run){ .first = shuffle->stripe_at[stripe] * shuffle->stripe + (from - begin),
                                   .n = to - from,
                                   .at = from - span->begin };
}

size_t mli_shuffle_runs(const struct mli_shuffle *shuffle)
{
    const struct span window = { shuffle->begin, shuffle->end };
    return runs_of(shuffle, &window);
}

struct mli_shuffle_run mli_shuffle_run(const struct mli_shuffle *shuffle, size_t k)
{
    const struct span window = { shuffle->begin, shuffle->end };
    return run_of(shuffle, &window, k);
}

static void number(const struct mli_shuffle *shuffle, const struct span *span, size_t *row)
{
    for (size_t k = 0, runs = runs_of(shuffle, span); k < runs; k++) {
        const struct mli_shuffle_run run = run_of(shuffle, span, k);
        for (size_t i = 0; i < run.n; i++)
            row[run.at + i] = run.first + i;
    }
}

void mli_shuffle_number(struct mli_shuffle *shuffle)
{
    const struct span window = { shuffle->begin, shuffle->end };
    size_t rest = shuffle->n - shuffle->end;
    const struct span next = { shuffle->end, shuffle->end + (rest < shuffle->window ? rest : shuffle->window) };

    number(shuffle, &window, shuffle->row);
    shuffle->coming = shuffle->soon ? next.end - next.begin : 0;
    if (shuffle->coming > 0)
        number(shuffle, &next, shuffle->soon);
}

void mli_shuffle_mix(struct mli_shuffle *shuffle)
{
    struct mli_rng rng;

    mli_rng_init(&rng, shuffle->stripes ? shuffle->seed + STEP * (shuffle->begin / shuffle->window + 1) : shuffle->seed);
    mli_rng_shuffle(&rng, shuffle->row, shuffle->end - shuffle->begin);
}

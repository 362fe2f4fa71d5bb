#include <train/shuffle.h>

#include <base/mem.h>
#include <base/rng.h>
#include <stdlib.h>

#define STRIPE_BYTES ((size_t)256 << 10) /* as doubles: what a disk reads as fast as more */
#define WINDOW_BYTES ((size_t)32 << 20)  /* a hundred stripes and more, so that neighbours are parted */
#define STEP 0xd1342543de82ef95u         /* between the seeds of two windows, odd */

static size_t clamp(size_t x, size_t low, size_t high)
{
    return x < low ? low : x > high ? high : x;
}

static size_t stripe_rows(size_t n, size_t d)
{
    return clamp(STRIPE_BYTES / ((d ? d : 1) * sizeof(double)), 1, n);
}

static size_t stripe_count(size_t n, size_t d)
{
    size_t rows = stripe_rows(n, d);
    return n / rows + (n % rows != 0);
}

size_t mli_shuffle_window(size_t n, size_t d, size_t batch, bool windows)
{
    size_t batches = WINDOW_BYTES / ((d ? d : 1) * sizeof(double)) / batch, rows;

    if (!windows || !mli_mul(clamp(batches, 1, n), batch, &rows))
        return n;
    return rows < n ? rows : n;
}

size_t mli_shuffle_memory(size_t n, size_t d, size_t batch, bool windows)
{
    return (mli_shuffle_window(n, d, batch, windows) + (windows ? stripe_count(n, d) : 0)) * sizeof(size_t);
}

enum ml_status mli_shuffle_init(struct mli_shuffle *shuffle, size_t n, size_t d, size_t batch, bool windows,
                              struct ml_error *err)
{
    *shuffle = (struct mli_shuffle){ .n = n, .window = mli_shuffle_window(n, d, batch, windows) };
    shuffle->row = mli_alloc_large(shuffle->window, sizeof(*shuffle->row));
    if (windows) {
        shuffle->stripe = stripe_rows(n, d);
        shuffle->stripes = stripe_count(n, d);
        shuffle->stripe_at = mli_alloc(shuffle->stripes, sizeof(*shuffle->stripe_at));
    }
    if (shuffle->row && (!windows || shuffle->stripe_at))
        return ML_OK;
    mli_shuffle_release(shuffle);
    return ml_error_set(err, ML_ENOMEM, "out of memory for the order of %zu rows", n);
}

void mli_shuffle_release(struct mli_shuffle *shuffle)
{
    free(shuffle->row);
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

size_t mli_shuffle_runs(const struct mli_shuffle *shuffle)
{
    if (!shuffle->stripes)
        return 1;
    return stripe_of(shuffle, shuffle->end - 1) - stripe_of(shuffle, shuffle->begin) + 1;
}

struct mli_shuffle_run mli_shuffle_run(const struct mli_shuffle *shuffle, size_t k)
{
    if (!shuffle->stripes)
        return (struct mli_shuffle_run){ 0, shuffle->n, 0 };
    size_t stripe = stripe_of(shuffle, shuffle->begin) + k;
    size_t begin = stripe_place(shuffle, stripe), end = stripe_place(shuffle, stripe + 1);
    size_t from = clamp(shuffle->begin, begin, end), to = clamp(shuffle->end, begin, end);

    return (struct mli_shuffle_run){ .first = shuffle->stripe_at[stripe] * shuffle->stripe + (from - begin),
                                   .n = to - from,
                                   .at = from - shuffle->begin };
}

void mli_shuffle_mix(struct mli_shuffle *shuffle)
{
    struct mli_rng rng;

    mli_rng_init(&rng, shuffle->stripes ? shuffle->seed + STEP * (shuffle->begin / shuffle->window + 1) : shuffle->seed);
    mli_rng_shuffle(&rng, shuffle->row, shuffle->end - shuffle->begin);
}

#include <prep/binning.h>

#include <base/mem.h>
#include <base/sort.h>
#include <math.h>
#include <stdlib.h>

#define BINS ((size_t)10)
#define EDGES (BINS - 1)
#define SAMPLE ((size_t)4096)
#define FEW (2 * SAMPLE)   /* of no more rows, all are looked at */
#define LEAST ((size_t)64) /* a sample of less says nothing */
_Static_assert(EDGES == MLI_STATS_EDGES, "all edges are counted, and none beside them");

/* ---- edges ------------------------------------------------------------------------------------------------------- */

struct sample {
    double *value; /* the caller frees */
    size_t n;
};

/* All n values at the most. False: no memory. */
static bool take_all(const struct mli_values *values, size_t n, struct sample *s)
{
    s->value = mli_alloc(n + 1, sizeof(*s->value));
    s->n = s->value ? mli_values_copy(values, s->value) : 0;
    return s->value != NULL;
}

/* Values all over the rows. Where they are nearly all missing few are met, and all have to be looked for. */
static bool take_some(const struct mli_values *values, struct sample *s)
{
    struct mli_moments moments;

    if (values->rows <= FEW)
        return take_all(values, values->rows, s);
    s->value = mli_alloc(SAMPLE, sizeof(*s->value));
    if (!s->value)
        return false;
    s->n = mli_values_sample(values, SAMPLE, s->value);
    if (s->n >= LEAST)
        return true;
    free(s->value);
    mli_stats_moments(values, &moments);
    return take_all(values, moments.n, s);
}

static bool take_sorted(const struct mli_values *values, struct sample *s)
{
    if (!take_some(values, s))
        return false;
    double *temp = mli_alloc(s->n + 1, sizeof(*temp));
    if (temp && s->n > 0)
        mli_sort(s->value, temp, s->n);
    free(temp);
    return temp != NULL;
}

static size_t count_distinct(const struct sample *s, size_t most)
{
    size_t distinct = 1;

    for (size_t i = 1; i < s->n && distinct <= most; i++)
        distinct += s->value[i] > s->value[i - 1];
    return distinct;
}

/* Above the last edge there is the greatest value, and below each that value itself: no bin is empty. */
static void add_edge(struct mli_bins *bins, double value, double greatest)
{
    size_t edges = bins->count - 1;

    if (value < greatest && (edges == 0 || value > bins->edge[edges - 1]))
        bins->edge[bins->count++ - 1] = value + 0.0; /* -0 becomes 0 */
}

static void find_edges(const struct sample *s, struct mli_bins *bins)
{
    bool few = count_distinct(s, BINS) <= BINS;
    double greatest = s->n > 0 ? s->value[s->n - 1] : 0;

    bins->count = 1;
    for (size_t i = 0; few && i < s->n; i++)
        add_edge(bins, s->value[i], greatest);
    for (size_t k = 1; !few && k < BINS; k++)
        add_edge(bins, s->value[(k * s->n + BINS - 1) / BINS - 1], greatest);
}

/* ---- counts ------------------------------------------------------------------------------------------------------ */

static void count_rows(const struct mli_values *values, struct mli_bins *bins, struct mli_moments *moments)
{
    double edge[MLI_STATS_EDGES];
    uint64_t above[MLI_STATS_EDGES];

    for (size_t i = 0; i < EDGES; i++)
        edge[i] = i + 1 < bins->count ? bins->edge[i] : INFINITY;
    mli_stats_moments_above(values, edge, above, moments);
    for (size_t i = 0; i < bins->count; i++)
        bins->rows[i] = (i > 0 ? above[i - 1] : moments->n) - (i + 1 < bins->count ? above[i] : 0);
}

bool mli_bins_of_values(const struct mli_values *values, struct mli_moments *moments, struct mli_bins **bins)
{
    struct mli_bins *made = mli_calloc(1, sizeof(*made));
    struct sample sample = { 0 };
    bool done = made && take_sorted(values, &sample);

    if (done) {
        find_edges(&sample, made);
        count_rows(values, made, moments);
    }
    free(sample.value);
    if (!done || moments->n == 0) {
        free(made);
        made = NULL;
    }
    if (done)
        *bins = made;
    return done;
}

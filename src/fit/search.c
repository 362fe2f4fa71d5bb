#include <fit/search.h>

#include <string.h>

static bool is_kind(const struct mli_space *space)
{
    return strcmp(space->knob.name, "kind") == 0;
}

/* The space of the kind, the last one. NULL: there is none. */
static const struct mli_space *kind_space(const struct mli_search *search)
{
    for (size_t s = search->spaces; s > 0; s--)
        if (is_kind(&search->space[s - 1]))
            return &search->space[s - 1];
    return NULL;
}

/* Whether a trial of that kind turns this knob. */
static bool applies(const struct mli_space *space, const char *kind)
{
    if (is_kind(space) || (space->kind && strcmp(space->kind, kind) != 0))
        return false;
    return space->kind || !space->knob.only || strcmp(space->knob.only, kind) == 0;
}

/* And whether no later space has it. */
static bool counts(const struct mli_search *search, size_t s, const char *kind)
{
    if (!applies(&search->space[s], kind))
        return false;
    for (size_t t = s + 1; t < search->spaces; t++)
        if (applies(&search->space[t], kind) &&
            strcmp(search->space[t].knob.name, search->space[s].knob.name) == 0)
            return false;
    return true;
}

static const char *kind_of(const struct mli_search *search, const json_t *point)
{
    const char *kind = json_string_value(json_object_get(point, "kind"));
    return kind ? kind : search->kind;
}

/* {"kind":..}, or {} without such a space. NULL: no memory. */
static json_t *start_point(const struct mli_space *kinds, json_t *kind)
{
    json_t *point = json_object();
    if (!kinds || mli_json_put(point, "kind", kind))
        return point;
    json_decref(point);
    return NULL;
}

/* ---- grid ---- */

/* Combinations of the other spaces for a kind, capped. */
static size_t kind_points(const struct mli_search *search, const char *kind)
{
    size_t n = 1;
    for (size_t s = 0; s < search->spaces && n <= MLI_SEARCH_GRID_MAX; s++)
        if (counts(search, s, kind))
            n *= mli_space_points(&search->space[s]);
    return n <= MLI_SEARCH_GRID_MAX ? n : MLI_SEARCH_GRID_MAX + 1;
}

size_t mli_search_grid_size(const struct mli_search *search)
{
    const struct mli_space *kinds = kind_space(search);
    size_t n = 0;
    if (!kinds)
        return kind_points(search, search->kind);
    for (size_t k = 0; k < kinds->spans && n <= MLI_SEARCH_GRID_MAX; k++)
        n += kind_points(search, kinds->span[k].text);
    return n <= MLI_SEARCH_GRID_MAX ? n : MLI_SEARCH_GRID_MAX + 1;
}

json_t *mli_search_grid(const struct mli_search *search, size_t i)
{
    const struct mli_space *kinds = kind_space(search);
    size_t k = 0;
    while (kinds && i >= kind_points(search, kinds->span[k].text))
        i -= kind_points(search, kinds->span[k++].text);
    json_t *point = start_point(kinds, kinds ? mli_space_point(kinds, k) : NULL);
    const char *kind = point ? kind_of(search, point) : "";
    size_t left = kind_points(search, kind);
    for (size_t s = 0; point && s < search->spaces; s++) {
        const struct mli_space *space = &search->space[s];
        if (!counts(search, s, kind))
            continue;
        left /= mli_space_points(space);
        if (!mli_json_put(point, space->knob.name, mli_space_point(space, i / left))) {
            json_decref(point);
            return NULL;
        }
        i %= left;
    }
    return point;
}

/* ---- random ---- */

/* How many settings a trial of that kind has, at least 1. */
static size_t count_settings(const struct mli_search *search, const char *kind)
{
    size_t n = 0;
    for (size_t s = 0; s < search->spaces; s++)
        n += counts(search, s, kind);
    return n ? n : 1;
}

/* A kind is drawn as often as it has settings: one penalty is found sooner than the five settings of a network. */
static json_t *draw_kind(const struct mli_search *search, const struct mli_space *kinds, uint64_t seed, size_t trial)
{
    size_t sum = 0, k = 0;
    for (size_t i = 0; i < kinds->spans; i++)
        sum += count_settings(search, kinds->span[i].text);
    for (size_t at = (size_t)(mli_space_uniform(kinds, seed, trial) * (double)sum);; k++) {
        size_t n = count_settings(search, kinds->span[k].text);
        if (at < n || k + 1 == kinds->spans)
            return mli_space_point(kinds, k);
        at -= n;
    }
}

json_t *mli_search_draw(const struct mli_search *search, uint64_t seed, size_t trial)
{
    const struct mli_space *kinds = kind_space(search);
    json_t *point = start_point(kinds, kinds ? draw_kind(search, kinds, seed, trial) : NULL);
    const char *kind = point ? kind_of(search, point) : "";
    for (size_t s = 0; point && s < search->spaces; s++) {
        const struct mli_space *space = &search->space[s];
        if (!counts(search, s, kind))
            continue;
        if (!mli_json_put(point, space->knob.name, mli_space_draw(space, seed, trial))) {
            json_decref(point);
            return NULL;
        }
    }
    return point;
}

/* ---- halving ---- */

/* How often n can be divided by the factor before it is below 1. */
static size_t divisions(size_t n)
{
    size_t count = 0;
    for (; n >= MLI_HALVING_FACTOR; n /= MLI_HALVING_FACTOR)
        count++;
    return count;
}

size_t mli_halving_rounds(size_t trials, size_t rows, size_t smallest, struct mli_round *out)
{
    size_t wanted = divisions(trials) + 1, least = rows;
    for (size_t r = 1; r < wanted; r++)
        least /= MLI_HALVING_FACTOR;
    least = least < smallest ? smallest : least;
    size_t possible = least ? divisions(rows / least) + 1 : 1;
    size_t rounds = wanted < possible ? wanted : possible;
    rounds = rounds < MLI_ROUNDS_MAX ? rounds : MLI_ROUNDS_MAX;
    for (size_t r = 0; r < rounds; r++) {
        out[r].trials = trials;
        out[r].share = r + 1 < rounds ? (double)least / (double)rows : 1;
        trials = (trials + MLI_HALVING_FACTOR - 1) / MLI_HALVING_FACTOR;
        least *= MLI_HALVING_FACTOR;
    }
    return rounds;
}

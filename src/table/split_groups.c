#include <table/split_parts.h>

#include <base/mem.h>
#include <base/rng.h>
#include <stdlib.h>
#include <string.h>

struct grouping {
    const struct mli_split_rows *rows;
    size_t groups, classes, left; /* groups: with rows; left: of them in part 0 */
    size_t *start;                /* n + 1: where the members of a group begin in */
    size_t *member;               /* n rows, by group */
    size_t *order;                /* the groups at random */
    double *total, *held,
        *add; /* rows of each class: in all, in the part being filled, in one group */
    uint8_t *part;
};

static void grouping_release(struct grouping *g)
{
    free(g->start);
    free(g->member);
    free(g->order);
    free(g->total);
    free(g->held);
    free(g->add);
}

/* Members by a counting sort, so rows of a group stay in file order. */
static enum ml_status grouping_init(struct grouping *g, const struct mli_split_rows *rows,
                                    uint64_t seed, uint8_t *part, struct ml_error *err)
{
    size_t n = rows->n;
    struct mli_rng rng;

    *g = (struct grouping){ .rows = rows, .classes = mli_split_classes(rows), .part = part };
    g->start = mli_calloc(n + 2, sizeof(*g->start));
    g->member = mli_alloc(n, sizeof(*g->member));
    g->order = mli_alloc(n, sizeof(*g->order));
    g->total = mli_calloc(g->classes, sizeof(*g->total));
    g->held = mli_calloc(g->classes, sizeof(*g->held));
    g->add = mli_calloc(g->classes, sizeof(*g->add));
    if (!g->start || !g->member || !g->order || !g->total || !g->held || !g->add) {
        grouping_release(g);
        return mli_split_out_of_memory(n, err);
    }
    for (size_t i = 0; i < n; i++) {
        g->start[rows->groups[i] + 2]++;
        g->total[mli_split_class(rows, i)]++;
    }
    for (size_t group = 0; group < n; group++) {
        if (g->start[group + 2])
            g->order[g->groups++] = group;
        g->start[group + 2] += g->start[group + 1];
    }
    for (size_t i = 0; i < n; i++)
        g->member[g->start[rows->groups[i] + 1]++] = i;
    g->left = g->groups;
    memset(part, 0, n);
    mli_rng_init(&rng, seed);
    mli_rng_shuffle(&rng, g->order, g->groups);
    return ML_OK;
}

static size_t size_of(const struct grouping *g, size_t group)
{
    return g->start[group + 1] - g->start[group];
}

static bool is_left(const struct grouping *g, size_t group)
{
    return g->part[g->member[g->start[group]]] == 0;
}

static void take_group(struct grouping *g, size_t group, size_t p)
{
    for (size_t i = g->start[group]; i < g->start[group + 1]; i++) {
        g->part[g->member[i]] = (uint8_t)p;
        g->held[mli_split_class(g->rows, g->member[i])]++;
    }
    g->left--;
}

/* By how much sum_c (held_c - goal_c)^2 / n_c changes when the group comes in. */
static double change_of(struct grouping *g, size_t group, double share)
{
    double change = 0;

    for (size_t i = g->start[group]; i < g->start[group + 1]; i++)
        g->add[mli_split_class(g->rows, g->member[i])]++;
    for (size_t i = g->start[group]; i < g->start[group + 1]; i++) {
        size_t c = mli_split_class(g->rows, g->member[i]);
        double add = g->add[c], goal = share * g->total[c];
        change += add * (add + 2 * (g->held[c] - goal)) / g->total[c]; /* once a class: */
        g->add[c] = 0;
    }
    return change;
}

/* Leaves a group for each part that is still to be filled, and one for part 0. */
static void fill_part(struct grouping *g, size_t p, size_t after, double share)
{
    size_t taken = 0, smallest = SIZE_MAX;

    memset(g->held, 0, g->classes * sizeof(*g->held));
    for (size_t i = 0; i < g->groups && g->left > after + 1; i++) {
        if (!is_left(g, g->order[i]) || change_of(g, g->order[i], share) >= 0)
            continue;
        take_group(g, g->order[i], p);
        taken++;
    }
    for (size_t i = 0; i < g->groups && !taken; i++) {
        if (is_left(g, g->order[i]) &&
            (smallest == SIZE_MAX || size_of(g, g->order[i]) < size_of(g, smallest)))
            smallest = g->order[i];
    }
    if (smallest != SIZE_MAX && g->left > after + 1)
        take_group(g, smallest, p);
}

enum ml_status mli_split_groups(const struct mli_split *split, const struct mli_split_rows *rows,
                                uint64_t seed, uint8_t *part, struct ml_error *err)
{
    struct grouping g;
    enum ml_status status = grouping_init(&g, rows, seed, part, err);

    if (status != ML_OK)
        return status;
    if (g.groups <= split->shares)
        status = ml_error_set(err, ML_EDATA,
                              "%zu group%s cannot be on both sides of a split into %zu parts",
                              g.groups, g.groups == 1 ? "" : "s", split->shares + 1);
    for (size_t p = 1; p <= split->shares && status == ML_OK; p++)
        fill_part(&g, p, split->shares - p, split->share[p - 1]);
    grouping_release(&g);
    return status;
}

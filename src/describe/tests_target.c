/* Tests of the target. */
#include <describe/tests.h>

#include <math.h>

#define IMBALANCE 10.0     /* times as many rows */
#define ALIKE 0.5          /* neighbours, see goal.h */
#define ENOUGH ((size_t)50) /* rows, to speak of neighbours */

/* Ends the list: a test that finds one thing at most. */
static bool first_time(size_t *state)
{
    return (*state)++ == 0;
}

bool mli_test_target(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    *column = d->goal.column;
    return first_time(state) && d->goal.kind == MLI_GOAL_NONE && mli_found(out, "%s", d->goal.none);
}

bool mli_test_target_missing(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    size_t missing = d->profile[d->goal.column].missing, rows = d->table->rows;

    *column = d->goal.column;
    if (!first_time(state) || missing == 0 || missing == rows)
        return false;
    return mli_found(out, "%zu of %zu rows have no target", missing, rows);
}

bool mli_test_rare_class(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    const struct mli_goal *goal = &d->goal;
    char label[MLI_LABEL];
    size_t rare = 0, first = 0;

    *column = goal->column;
    if (!first_time(state) || goal->kind != MLI_GOAL_CLASS)
        return false;
    for (size_t k = goal->classes; k-- > 0;) {
        if (goal->class[k].count < 2) {
            rare++;
            first = k;
        }
    }
    if (rare == 0)
        return false;
    mli_label_value(&d->table->column[goal->column], &goal->class[first], label);
    if (rare > 1)
        return mli_found(out, "%zu of %zu classes have one row, \"%s\" is one", rare, goal->classes, label);
    return mli_found(out, "the class \"%s\" has one row", label);
}

bool mli_test_imbalance(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    const struct mli_goal *goal = &d->goal;
    const struct mli_column *c = &d->table->column[goal->column];
    char common[MLI_LABEL], rare[MLI_LABEL];
    size_t most = 0, least = 0;

    *column = goal->column;
    if (!first_time(state) || goal->kind != MLI_GOAL_CLASS)
        return false;
    for (size_t k = 1; k < goal->classes; k++) {
        most = goal->class[k].count > goal->class[most].count ? k : most;
        least = goal->class[k].count < goal->class[least].count ? k : least;
    }
    if ((double)goal->class[most].count < IMBALANCE * (double)goal->class[least].count)
        return false;
    mli_label_value(c, &goal->class[most], common);
    mli_label_value(c, &goal->class[least], rare);
    return mli_found(out, "\"%s\" is %.2g%% of the rows, \"%s\" %.3g%%", rare,
                     100 * (double)goal->class[least].count / (double)goal->n, common,
                     100 * (double)goal->class[most].count / (double)goal->n);
}

bool mli_test_ordered(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    *column = d->goal.column;
    if (!first_time(state) || d->goal.sorted || !(d->goal.neighbours > ALIKE) || d->goal.n < ENOUGH)
        return false;
    return mli_found(out, "the file is in an order: a row is like the one before it (%.2f of 1)",
                     d->goal.neighbours);
}

bool mli_test_sorted(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out)
{
    *column = d->goal.column;
    if (!first_time(state) || !d->goal.sorted || d->goal.n < ENOUGH)
        return false;
    return mli_found(out, d->goal.kind == MLI_GOAL_CLASS ? "the rows stand class by class"
                                                         : "the rows stand in the order of their target");
}

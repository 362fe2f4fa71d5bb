#include <fit/tuning.h>

#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <net/kinds.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_MAX = 32, TRIALS = 40, FIRST_TRIALS = 12, SMALLEST_ROWS = 1000, ENOUGH_ROWS = 50000, UNASKED_GRID = 1000 };

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* Which of the kinds in the table. */
static size_t kind_of(const struct mli_tuning *t, const struct mli_trial *trial)
{
    size_t n;
    const char *name = json_string_value(json_object_get(trial->settings, "kind"));
    const struct mli_kind *kind = mli_kind_find(name ? name : t->search.kind);
    return kind ? (size_t)(kind - mli_kinds(&n)) : 0;
}

/*
 * With no space asked for the first trials are each kind as mlctl train has it, so that a search finds nothing worse: the
 * network first, since a model of one layer may be long on its way to the optimum and is given up where it is far behind.
 */
static json_t *plain_point(const struct mli_tuning *t, size_t i)
{
    const struct mli_space *kinds = mli_tuning_kinds(t);
    json_t *point = json_object();
    if (!kinds || mli_json_put(point, "kind", mli_space_point(kinds, t->kinds - 1 - i)))
        return point;
    json_decref(point);
    return NULL;
}

/* So many of the n points of a grid, at random but in order. NULL: no memory. */
static size_t *sample_grid(const struct mli_tuning *t, size_t n)
{
    size_t *all = mli_alloc(n, sizeof *all), kept = 0;
    uint8_t *take = mli_calloc(n, 1);
    struct mli_rng rng;
    mli_rng_init(&rng, t->config.seed + 4);
    for (size_t i = 0; all && i < n; i++)
        all[i] = i;
    if (all && take) {
        mli_rng_shuffle(&rng, all, n);
        for (size_t i = 0; i < t->in_bracket; i++)
            take[all[i]] = 1;
        for (size_t i = 0; i < n; i++)
            if (take[i])
                all[kept++] = i;
    } else {
        free(all);
        all = NULL;
    }
    free(take);
    return all;
}

static enum ml_status count_trials(struct mli_tuning *t, size_t *grid, struct ml_error *err)
{
    const struct mli_space *kinds = mli_tuning_kinds(t);
    bool sooner = t->run.open && t->trials == 0; /* so that there is something on all rows before the time is up */
    t->in_bracket = t->tune->trials ? t->tune->trials : sooner ? FIRST_TRIALS : TRIALS;
    if (t->method != MLI_SEARCH_GRID) {
        t->kinds = t->given ? 0 : kinds ? mli_space_points(kinds) : 1;
        return ML_OK;
    }
    *grid = mli_search_grid_size(&t->search);
    if (*grid > MLI_SEARCH_GRID_MAX)
        return ml_error_set(err, ML_EUSAGE, "the grid has more than %zu points; --search random tries some of them",
                            MLI_SEARCH_GRID_MAX);
    if (!t->given && !t->tune->trials && *grid > UNASKED_GRID)
        return ml_error_set(err, ML_EUSAGE, "the grid of the spaces that are searched when no --set is given has %zu points: say what to combine "
                            "(--search grid --set l2=1e-4..1:log), or how many of them to try (--trials 100)", *grid);
    if (!t->tune->trials || t->in_bracket > *grid)
        t->in_bracket = *grid;
    if (t->in_bracket < *grid)
        ml_log(t->config.log, ML_LOG_NOTE, "%zu of the %zu points of the grid are tried", t->in_bracket, *grid);
    return ML_OK;
}

static json_t *point_of(const struct mli_tuning *t, const size_t *sample, size_t i)
{
    if (t->method == MLI_SEARCH_GRID)
        return mli_search_grid(&t->search, sample ? sample[i] : i);
    return i < t->kinds ? plain_point(t, i) : mli_search_draw(&t->search, t->config.seed, i);
}

struct mli_trial *mli_tuning_add(struct mli_tuning *t, json_t *settings)
{
    struct mli_trial *trial = mli_calloc(1, sizeof *trial);
    if (!trial || !settings || !mli_grow((void **)&t->trial, &t->capacity, t->trials, sizeof *t->trial)) {
        json_decref(settings);
        free(trial);
        return NULL;
    }
    *trial = (struct mli_trial){ .number = t->trials + 1, .settings = settings };
    return t->trial[t->trials++] = trial;
}

static enum ml_status add_trials(struct mli_tuning *t, struct ml_error *err)
{
    size_t grid = 0, *sample = NULL;
    enum ml_status status = count_trials(t, &grid, err);
    if (status)
        return status;
    free(t->bracket);
    t->bracket = mli_alloc(t->in_bracket, sizeof *t->bracket);
    if (t->method == MLI_SEARCH_GRID && t->in_bracket < grid && !(sample = sample_grid(t, grid)))
        status = no_memory(err);
    for (size_t i = 0; i < t->in_bracket && !status; i++)
        if (!t->bracket || !(t->bracket[i] = mli_tuning_add(t, point_of(t, sample, t->drawn++))))
            status = no_memory(err);
    free(sample);
    return status;
}

/* Of the kinds in the table: how many of these trials are of each. */
static void count_kinds(const struct mli_tuning *t, struct mli_trial *const *trial, size_t n, size_t count[KINDS_MAX])
{
    memset(count, 0, KINDS_MAX * sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[kind_of(t, trial[i])]++;
}

static size_t third(size_t n)
{
    return (n + MLI_HALVING_FACTOR - 1) / MLI_HALVING_FACTOR;
}

/* What mlctl train would do goes on to the end, so that a search finds nothing worse. */
static bool is_plain(const struct mli_tuning *t, const struct mli_trial *trial)
{
    return trial->number <= t->kinds;
}

static bool is_stack(const struct mli_tuning *t, const struct mli_trial *trial)
{
    size_t n;
    return mli_kinds(&n)[kind_of(t, trial)].stack;
}

/* The best network of the bracket, which is ranked, on that share. NULL: none. */
static const struct mli_trial *best_stack(const struct mli_tuning *t, double share)
{
    for (size_t i = 0; i < t->in_bracket; i++)
        if (t->bracket[i]->scores && !(t->bracket[i]->share < share) && is_stack(t, t->bracket[i]))
            return t->bracket[i];
    return NULL;
}

/* Whether a trial of one layer is worse than a network by more than its standard error: more rows help the network more. */
static bool is_beaten(const struct mli_tuning *t, const struct mli_trial *trial, const struct mli_trial *stack)
{
    if (!stack || !trial->scores || is_stack(t, trial))
        return false;
    double ahead = t->run.metric->larger_is_better ? stack->mean - trial->mean : trial->mean - stack->mean;
    return ahead > stack->deviation / sqrt((double)t->tune->folds);
}

size_t mli_tuning_promote(struct mli_tuning *t, double share)
{
    const struct mli_trial *stack = best_stack(t, share);
    size_t left[KINDS_MAX] = { 0 }, kept = 0;
    for (size_t i = 0; i < t->in_bracket; i++)
        left[kind_of(t, t->bracket[i])] += !is_plain(t, t->bracket[i]) && !(t->bracket[i]->share < share);
    for (size_t k = 0; k < KINDS_MAX; k++)
        left[k] = third(left[k]);
    for (size_t i = 0; i < t->in_bracket; i++) {
        struct mli_trial *trial = t->bracket[i];
        size_t kind = kind_of(t, trial);
        bool plain = is_plain(t, trial);
        if (!trial->scores || trial->share < share || (!plain && !left[kind]) || is_beaten(t, trial, stack))
            continue;
        left[kind] -= !plain;
        memmove(t->bracket + kept + 1, t->bracket + kept, (i - kept) * sizeof *t->bracket);
        t->bracket[kept++] = trial;
    }
    return kept;
}

static void plan_work(struct mli_tuning *t)
{
    size_t count[KINDS_MAX];
    size_t plain = t->bracket[0]->number == 1 ? t->kinds : 0; /* the first ones */
    plain = plain < t->in_bracket ? plain : t->in_bracket;
    count_kinds(t, t->bracket + plain, t->in_bracket - plain, count);
    for (size_t r = 0; r < t->rounds; r++) {
        t->run.progress.trials += plain;
        t->run.work += (double)plain * t->round[r].share;
        for (size_t k = 0; k < KINDS_MAX; k++) {
            t->run.progress.trials += count[k];
            t->run.work += (double)count[k] * t->round[r].share;
            count[k] = third(count[k]);
        }
    }
}

static void make_rounds(struct mli_tuning *t)
{
    const struct mli_plan *plan = &t->job.plan;
    size_t all = plan->rows[MLI_PART_TRAIN] + plan->rows[MLI_PART_VALIDATION], rows = all;
    size_t classes = mli_target_classes(&plan->target), smallest = 2 * t->tune->folds * (classes ? classes : 1);
    t->round[0] = (struct mli_round){ .trials = t->in_bracket, .share = 1 };
    t->rounds = 1;
    if (!t->given && rows > ENOUGH_ROWS)
        rows = ENOUGH_ROWS;
    if (t->method == MLI_SEARCH_HALVING)
        t->rounds =
            mli_halving_rounds(t->in_bracket, rows, smallest > SMALLEST_ROWS ? smallest : SMALLEST_ROWS, t->round);
    for (size_t r = 0; r < t->rounds; r++)
        t->round[r].share *= (double)rows / (double)all;
    plan_work(t);
}

static void say_search(const struct mli_tuning *t)
{
    const struct ml_log *log = t->config.log;
    if (t->rounds > 1)
        ml_log(log, ML_LOG_NOTE, "search: halving, %zu trials on %.3g %% of the rows, then the better third of each kind on three times as many, and so on",
               t->in_bracket, 100 * t->round[0].share);
    else
        ml_log(log, ML_LOG_NOTE, "search: %s, %zu trials%s", mli_method_name(t->method), t->in_bracket,
               t->method == MLI_SEARCH_HALVING ? " (too few rows to begin with a part of them)" : "");
}

enum ml_status mli_tuning_bracket(struct mli_tuning *t, struct ml_error *err)
{
    bool first = t->trials == 0;
    enum ml_status status = add_trials(t, err);
    if (status)
        return status;
    make_rounds(t);
    if (first)
        say_search(t);
    return ML_OK;
}

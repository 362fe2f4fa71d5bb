#include <fit/tuning.h>

#include <base/mem.h>
#include <base/rng.h>
#include <net/kinds.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_MAX = 32, TRIALS = 40, SMALLEST_ROWS = 100 };

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

/* With no space asked for the first trials are each kind as mlctl train has it, so that a search finds nothing worse. */
static json_t *plain_point(const struct mli_tuning *t, size_t i)
{
    const struct mli_space *kinds = mli_tuning_kinds(t);
    json_t *point = json_object();
    if (!kinds || mli_json_put(point, "kind", mli_space_point(kinds, i)))
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
        for (size_t i = 0; i < t->trials; i++)
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
    t->trials = t->tune->trials ? t->tune->trials : TRIALS;
    if (t->method != MLI_SEARCH_GRID) {
        t->kinds = t->given ? 0 : kinds ? mli_space_points(kinds) : 1;
        return ML_OK;
    }
    *grid = mli_search_grid_size(&t->search);
    if (*grid > MLI_SEARCH_GRID_MAX)
        return ml_error_set(err, ML_EUSAGE, "the grid has more than %zu points; --search random tries some of them",
                            MLI_SEARCH_GRID_MAX);
    if (!t->tune->trials || t->trials > *grid)
        t->trials = *grid;
    if (t->trials < *grid)
        ml_log(t->config.log, ML_LOG_NOTE, "%zu of the %zu points of the grid are tried", t->trials, *grid);
    return ML_OK;
}

static json_t *point_of(const struct mli_tuning *t, const size_t *sample, size_t i)
{
    if (t->method == MLI_SEARCH_GRID)
        return mli_search_grid(&t->search, sample ? sample[i] : i);
    return i < t->kinds ? plain_point(t, i) : mli_search_draw(&t->search, t->config.seed, i);
}

enum ml_status mli_tuning_trials(struct mli_tuning *t, struct ml_error *err)
{
    size_t grid = 0, *sample = NULL;
    enum ml_status status = count_trials(t, &grid, err);
    if (status)
        return status;
    t->trial = mli_calloc(t->trials, sizeof *t->trial);
    t->order = mli_alloc(t->trials, sizeof *t->order);
    if (t->method == MLI_SEARCH_GRID && t->trials < grid && !(sample = sample_grid(t, grid)))
        status = no_memory(err);
    if (!t->trial || !t->order)
        status = no_memory(err);
    for (size_t i = 0; i < t->trials && !status; i++) {
        t->order[i] = &t->trial[i];
        t->trial[i] = (struct mli_trial){ .number = i + 1, .settings = point_of(t, sample, i) };
        if (!t->trial[i].settings)
            status = no_memory(err);
    }
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

size_t mli_tuning_promote(struct mli_tuning *t, size_t n)
{
    size_t left[KINDS_MAX], kept = 0;
    count_kinds(t, t->order, n, left);
    for (size_t k = 0; k < KINDS_MAX; k++)
        left[k] = third(left[k]);
    for (size_t i = 0; i < n; i++) {
        struct mli_trial *trial = t->order[i];
        size_t kind = kind_of(t, trial);
        if (!trial->scores || !left[kind])
            continue;
        left[kind]--;
        memmove(t->order + kept + 1, t->order + kept, (i - kept) * sizeof *t->order);
        t->order[kept++] = trial;
    }
    return kept;
}

static void plan_work(struct mli_tuning *t)
{
    size_t count[KINDS_MAX];
    count_kinds(t, t->order, t->trials, count);
    for (size_t r = 0; r < t->rounds; r++) {
        for (size_t k = 0; k < KINDS_MAX; k++) {
            t->run.progress.trials += count[k];
            t->run.work += (double)count[k] * t->round[r].share;
            count[k] = third(count[k]);
        }
    }
}

void mli_tuning_rounds(struct mli_tuning *t)
{
    const struct mli_plan *plan = &t->job.plan;
    size_t rows = plan->rows[MLI_PART_TRAIN] + plan->rows[MLI_PART_VALIDATION];
    size_t smallest = 2 * t->tune->folds * (plan->target.classes ? plan->target.classes : 1);
    t->round[0] = (struct mli_round){ .trials = t->trials, .share = 1 };
    t->rounds = 1;
    if (t->method == MLI_SEARCH_HALVING)
        t->rounds = mli_halving_rounds(t->trials, rows, smallest > SMALLEST_ROWS ? smallest : SMALLEST_ROWS, t->round);
    plan_work(t);
    if (t->rounds > 1)
        ml_log(t->config.log, ML_LOG_NOTE, "search: halving, %zu trials on %.3g %% of the rows, then the better third of each kind on three times as many, and so on",
               t->trials, 100 * t->round[0].share);
    else
        ml_log(t->config.log, ML_LOG_NOTE, "search: %s, %zu trials%s", mli_method_name(t->method), t->trials,
               t->method == MLI_SEARCH_HALVING ? " (too few rows to begin with a part of them)" : "");
}

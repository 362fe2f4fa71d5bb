#include <fit/tuning.h>

#include <base/mem.h>
#include <fit/clock.h>
#include <fit/layers.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Networks and others that come to the end of a search; how many networks of a shape are averaged there; and how often rows
 * are dealt out again, at most, until so many were measured.
 */
enum { NETWORKS = 4, OTHERS = 4, MEMBERS = 5, AGAIN_MOST = 5, ENOUGH_ROWS = 5000 };

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* Whether several of it with other seeds are better than one. */
static bool can_be_several(const struct mli_tuning *t, const struct mli_trial *trial)
{
    struct ml_fit_config config = t->config;
    const char *kind = json_string_value(json_object_get(trial->settings, "kind"));
    config.kind = kind ? kind : config.kind;
    return !t->given && config.members <= 1 && !json_object_get(trial->settings, "members") && mli_layers_deep(&config);
}

/* ---- who comes to the end ---- */

/* The trial with members, not measured yet. NULL: no memory. */
static struct mli_trial *several_of(struct mli_tuning *t, const struct mli_trial *trial)
{
    json_t *settings = json_copy(trial->settings);
    if (!settings || !mli_json_put(settings, "members", json_integer(MEMBERS))) {
        json_decref(settings);
        return NULL;
    }
    return mli_tuning_add(t, settings);
}

/* Whether it was measured on as many rows as any. */
static bool is_through(const struct mli_tuning *t, const struct mli_trial *trial)
{
    return trial->scores && !(trial->share < t->round[t->rounds - 1].share);
}

/* The best of the search, which is ranked, that can be several. */
static size_t list_networks(const struct mli_tuning *t, struct mli_trial *out[NETWORKS])
{
    size_t n = 0;
    for (size_t i = 0; i < t->trials && n < NETWORKS; i++)
        if (is_through(t, t->trial[i]) && can_be_several(t, t->trial[i]))
            out[n++] = t->trial[i];
    return n;
}

/* How many of them there is time for, each MEMBERS times, and for training the winner. */
static size_t count_networks(const struct mli_tuning *t, struct mli_trial *const *network, size_t n)
{
    size_t threads = t->run.threads, abreast = threads < MEMBERS ? threads : MEMBERS, in_time = 0;
    double left = t->run.deadline - mli_clock() - t->run.refit * MEMBERS / (double)abreast, need = 0;
    for (; in_time < n; in_time++) {
        need += MEMBERS * network[in_time]->seconds;
        if (need / (double)(threads < in_time + 1 ? threads : in_time + 1) > left)
            break;
    }
    return in_time;
}

/* The best of the search as the bracket; nobody, if there is no time to measure networks as the others are. */
static enum ml_status pick(struct mli_tuning *t, struct ml_error *err)
{
    struct mli_trial *network[NETWORKS];
    size_t found = list_networks(t, network), n = count_networks(t, network, found), all = t->trials;
    t->in_bracket = 0;
    free(t->bracket);
    t->bracket = mli_alloc(NETWORKS + OTHERS + t->kinds, sizeof *t->bracket);
    if (!t->bracket)
        return no_memory(err);
    if (t->run.cut || (found && !n))
        return ML_OK;
    for (size_t i = 0; i < n; i++)
        if (!(t->bracket[t->in_bracket++] = several_of(t, network[i])))
            return no_memory(err);
    for (size_t i = 0, others = 0; i < all; i++) {
        struct mli_trial *trial = t->trial[i];
        bool plain = trial->number <= t->kinds; /* what mlctl train would do */
        if (!is_through(t, trial) || can_be_several(t, trial) || (others == OTHERS && !plain))
            continue;
        others += others < OTHERS;
        t->bracket[t->in_bracket++] = trial;
    }
    return ML_OK;
}

/* ---- the rounds ---- */

static size_t count_again(const struct mli_tuning *t)
{
    size_t rows = t->job.plan.rows[MLI_PART_TRAIN] + t->job.plan.rows[MLI_PART_VALIDATION];
    size_t n = (ENOUGH_ROWS + rows - 1) / rows;
    return n < AGAIN_MOST ? n : AGAIN_MOST;
}

/* Whether b is worse than a by no more than the standard error of their difference over the folds that both have. */
static bool is_level(const struct mli_tuning *t, const struct mli_trial *a, const struct mli_trial *b)
{
    const json_t *x = json_object_get(a->scores, t->run.metric->name), *y = json_object_get(b->scores, t->run.metric->name);
    size_t n = json_array_size(x) < json_array_size(y) ? json_array_size(x) : json_array_size(y);
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double d = json_number_value(json_array_get(x, i)) - json_number_value(json_array_get(y, i)), off = d - mean;
        mean += off / (double)(i + 1);
        squares += off * (d - mean);
    }
    return fabs(mean) <= sqrt(squares / (double)n / (double)t->tune->folds);
}

/*
 * Those that cannot be told from the best one to the front of the bracket, as in a race [Maron & Moore 1994]; the second in
 * any case, since few folds say little of an error. Returns how many.
 */
static size_t keep_level(struct mli_tuning *t, size_t n)
{
    size_t kept = 1;
    mli_tuning_rank(t, t->bracket, n);
    if (!t->bracket[0]->scores)
        return 0;
    for (size_t i = 1; i < n; i++)
        if (t->bracket[i]->scores && (i == 1 || is_level(t, t->bracket[0], t->bracket[i])))
            t->bracket[kept++] = t->bracket[i];
    return kept;
}

/* The networks that were averaged are measured as the others were; then all, on folds dealt out in other ways. */
static enum ml_status run_rounds(struct mli_tuning *t, bool *late, struct ml_error *err)
{
    double share = t->round[t->rounds - 1].share;
    size_t n = t->in_bracket;
    enum ml_status status = mli_trials_run(&t->run, t->bracket, n, share, late, err);
    for (size_t i = 0; i < n && !*late; i++)
        t->bracket[i]->final = true;
    for (size_t again = 1; again < count_again(t) && !status && !*late && (n = keep_level(t, n)) > 1; again++) {
        mli_crossval_free(t->run.cv);
        t->run.cv = NULL;
        t->run.again = again;
        status = mli_crossval_new(&t->job, t->tune->folds, again, &t->run.cv, err);
        if (!status)
            status = mli_trials_run(&t->run, t->bracket, n, share, late, err);
    }
    return status;
}

enum ml_status mli_tuning_final(struct mli_tuning *t, bool *late, struct ml_error *err)
{
    enum ml_status status = pick(t, err);
    if (status || t->in_bracket == 0)
        return status;
    size_t before = t->run.progress.done;
    t->run.progress.trials = before + t->in_bracket;
    ml_log(t->config.log, ML_LOG_NOTE, "final: %zu trials, networks as the mean of %d, by %zu times %zu folds", t->in_bracket,
           MEMBERS, count_again(t), t->tune->folds);
    return run_rounds(t, late, err);
}

/* ---- the winner ---- */

static double log_loss(const struct mli_trial *trial)
{
    double mean, deviation;
    mli_scores_summary(trial->scores, "log_loss", &mean, &deviation);
    return isnan(mean) ? INFINITY : mean;
}

static void bring_to_front(struct mli_tuning *t, size_t chosen)
{
    struct mli_trial *trial = t->trial[chosen];
    memmove(t->trial + 1, t->trial, chosen * sizeof *t->trial);
    t->trial[0] = trial;
}

/* Epochs and penalties that suit few rows are none for many, where those of mlctl train follow from the rows. */
static void choose_of_few_rows(struct mli_tuning *t)
{
    for (size_t i = 0; i < t->trials; i++)
        if (is_through(t, t->trial[i]) || (t->trial[i]->scores && t->trial[i]->number <= t->kinds)) {
            bring_to_front(t, i);
            return;
        }
}

void mli_tuning_choose(struct mli_tuning *t)
{
    size_t chosen = 0;
    if (t->run.cut)
        choose_of_few_rows(t);
    if (t->run.cut || t->tune->metric || t->job.plan.target.task == MLI_TASK_REGRESSION)
        return;
    for (size_t i = 1; i < t->trials && t->trial[i]->final && t->trial[i]->scores && t->trial[i]->deals == t->trial[0]->deals; i++)
        if (is_level(t, t->trial[0], t->trial[i]) && log_loss(t->trial[i]) < log_loss(t->trial[chosen]))
            chosen = i;
    bring_to_front(t, chosen);
}

size_t mli_tuning_members(const struct mli_tuning *t)
{
    double left = t->run.deadline - mli_clock();
    size_t n = MEMBERS;
    if (!can_be_several(t, t->trial[0]))
        return 0;
    while (n > 1 && ceil((double)n / (double)t->run.threads) * t->run.refit > left)
        n--;
    return n;
}

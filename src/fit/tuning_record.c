#include <fit/tuning.h>

#include <fit/record.h>
#include <la/kernels.h>
#include <stdlib.h>
#include <string.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- which search a log belongs to ---- */

/* All that a trial's scores follow from, but for its own settings. NULL: no memory. */
static json_t *identity(const struct mli_tuning *t, struct ml_error *err)
{
    const struct mli_settings *s = &t->job.settings;
    const struct mli_plan *plan = &t->job.plan;
    char prep[MLI_SHA256_HEX] = "";
    if (t->config.prep && mli_file_sha256(t->config.prep, prep, err))
        return NULL;
    char *target = mli_target_said(&plan->target, t->table);
    if (!target) {
        no_memory(err);
        return NULL;
    }
    json_t *doc = json_pack("{ss ss sI ss ss ss* sb sI sI ss}", "program", "mlctl " ML_VERSION, "data", t->table->sha256, "rows",
                            (json_int_t)t->table->rows, "target", target, "split",
                            s->split_text, "group", s->group, "dedupe", s->dedupe, "seed",
                            (json_int_t)t->config.seed, "folds", (json_int_t)t->tune->folds, "blas",
                            mli_blas_core());
    free(target);
    bool ok = doc && mli_json_put(doc, "classes", json_integer((json_int_t)mli_target_classes(&plan->target))) &&
              (!*prep || mli_json_put(doc, "prep", json_string(prep))) &&
              mli_json_put(doc, "read", mli_record_read(t->table, t->config.read)) &&
              mli_json_put(doc, "settings", mli_knobs_json(&t->config));
    if (ok)
        return doc;
    json_decref(doc);
    no_memory(err);
    return NULL;
}

enum ml_status mli_tuning_log(struct mli_tuning *t, struct ml_error *err)
{
    if (!t->tune->log)
        return ML_OK;
    json_t *doc = identity(t, err);
    char *text = doc ? mli_json_text(doc, false) : NULL, id[MLI_SHA256_HEX];
    if (!text) {
        json_decref(doc);
        return doc ? no_memory(err) : err ? err->status : ML_ENOMEM;
    }
    struct mli_sha256 sha;
    mli_sha256_init(&sha);
    mli_sha256_add(&sha, text, strlen(text));
    mli_sha256_hex(&sha, id);
    id[16] = '\0';
    free(text);
    enum ml_status status =
        mli_triallog_open(t->tune->log, id, doc, t->tune->folds, t->config.log, &t->run.log, err);
    if (!status && mli_triallog_count(t->run.log))
        ml_log(t->config.log, ML_LOG_NOTE, "log: %s knows %zu trials of this search; those are not run again",
               t->tune->log, mli_triallog_count(t->run.log));
    return status;
}

/* ---- the record ---- */

static json_t *trial_json(const struct mli_trial *trial)
{
    json_t *doc = json_pack("{sIsO}", "trial", (json_int_t)trial->number, "settings", trial->settings);
    bool ok = doc && mli_json_put(doc, "share", mli_json_from(trial->share));
    if (ok && trial->final)
        ok = mli_json_put(doc, "final", json_true());
    if (ok && trial->failed)
        ok = mli_json_put(doc, "failed", json_string(trial->failed));
    if (ok && trial->scores)
        ok = mli_json_put(doc, "mean", mli_json_from(trial->mean)) &&
             mli_json_put(doc, "deviation", mli_json_from(trial->deviation));
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}

/* The trials that were measured, the best first. */
static json_t *leaderboard(const struct mli_tuning *t)
{
    json_t *list = json_array();
    bool ok = list != NULL;
    for (size_t i = 0; i < t->trials && ok; i++)
        if (t->trial[i]->share > 0)
            ok = json_array_append_new(list, trial_json(t->trial[i])) == 0;
    if (ok)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *spaces_json(const struct mli_tuning *t)
{
    json_t *list = json_array();
    for (size_t s = 0; list && s < t->search.spaces; s++)
        json_array_append_new(list, json_string(t->space[s].text));
    return list;
}

enum ml_status mli_tuning_record(const struct mli_tuning *t, json_t *record, struct ml_error *err)
{
    json_t *doc = json_object();
    bool ok = doc && mli_json_put(doc, "method", json_string(mli_method_name(t->method))) &&
              mli_json_put(doc, "metric", json_string(t->run.metric->name)) &&
              mli_json_put(doc, "larger_is_better", json_boolean(t->run.metric->larger_is_better)) &&
              mli_json_put(doc, "spaces", spaces_json(t)) && mli_json_put(doc, "winner", trial_json(t->trial[0])) &&
              mli_json_put(doc, "trials", leaderboard(t));
    json_t *folds = json_pack("{sIso*}", "folds", (json_int_t)t->tune->folds, "metrics", mli_scores_json(t->trial[0]->scores));
    ok = ok && mli_json_put(record, "cross_validation", json_incref(folds)) &&
         mli_json_put(record, "search", json_incref(doc));
    json_decref(folds);
    json_decref(doc);
    return ok ? ML_OK : no_memory(err);
}

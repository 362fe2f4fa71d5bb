/*
 * Entries that named a column to no effect: the column was dropped, or nothing of it reached the step. What a column
 * becomes depends on the data, so a command that is run again on next month's file must not fail for it: a warning.
 */
#include <prep/inside.h>
#include <prep/options.h>

#include <base/mem.h>
#include <prep/step.h>
#include <stdlib.h>
#include <string.h>

/* Slots that a step works on. */
struct touched {
    const size_t *slot;
    size_t count;
};

#define TOUCHES(name, type)                                                                        \
    static struct touched name##_touches(const void *state)                                        \
    {                                                                                              \
        const struct type *step = state;                                                           \
        return (struct touched){ step->slot, step->count };                                        \
    }
TOUCHES(flags, mli_flags)
TOUCHES(impute, mli_imputer)
TOUCHES(fill, mli_fill)
TOUCHES(onehot, mli_onehot)
TOUCHES(hash, mli_hashed)
TOUCHES(tfidf, mli_tfidf)
TOUCHES(scale, mli_scaler)

/* Options whose steps may pass a column by that the checks let through. Of the others, clip speaks for itself. */
static const struct row {
    const char *option, *how; /* how: what HOW begins with, "": whatever it is */
    struct {
        const struct mli_step_kind *kind;
        struct touched (*touches)(const void *state);
    } step[2];
    const char *why;
} rows[] = {
    { "missing-flags", "", { { &mli_flags_step, flags_touches } }, "has no missing cell in the training rows" },
    { "impute", "", { { &mli_impute_step, impute_touches }, { &mli_fill_step, fill_touches } },
      "becomes hashed words, which are all 0 for a missing cell" },
    { "min-count", "", { { &mli_onehot_step, onehot_touches }, { &mli_tfidf_step, tfidf_touches } },
      "has no one-hot features to group" },
    { "encode", "hash", { { &mli_hash_step, hash_touches } }, "is a boolean, which has one feature a word" },
    { "text", "hash", { { &mli_text_step, hash_touches } }, "is a boolean, which has one feature a word" },
    { "text", "tfidf", { { &mli_tfidf_step, tfidf_touches } }, "is a boolean, which has one feature a word" },
    { "scale", "", { { &mli_scale_step, scale_touches } }, "becomes indicators or hashed features, which are not scaled" },
};

/* What leaves a column alone is no surprise where it was left alone. */
static bool asks_for_nothing(const char *how)
{
    return strcmp(how, "none") == 0 || strcmp(how, "no") == 0 || strcmp(how, "indicator") == 0;
}

static const char *why_dropped(const struct mli_pipeline *pipeline, const char *name)
{
    const struct mli_drop *drop = NULL;

    for (size_t k = 0; k < pipeline->steps; k++)
        if (pipeline->step[k].kind == &mli_drop_step)
            drop = pipeline->step[k].state;
    for (size_t i = 0; drop && i < drop->count; i++)
        if (strcmp(drop->column[i].name, name) == 0)
            return drop->column[i].reason;
    return NULL;
}

static bool touches(const struct mli_pipeline *pipeline, const struct row *row, const char *name)
{
    for (size_t k = 0; k < pipeline->steps; k++) {
        for (size_t i = 0; i < 2; i++) {
            if (pipeline->step[k].kind != row->step[i].kind)
                continue;
            struct touched t = row->step[i].touches(pipeline->step[k].state);
            for (size_t s = 0; s < t.count; s++)
                if (strcmp(mli_slot_column(&pipeline->frame, t.slot[s]), name) == 0)
                    return true;
        }
    }
    return false;
}

/* NULL: it had one, for all that is known. *dropped: the reason is that of drop. */
static const char *why_no_effect(const struct mli_pipeline *pipeline, const char *option,
                                 const char *how, const char *name, bool *dropped)
{
    const char *why = why_dropped(pipeline, name);

    *dropped = why != NULL;
    for (size_t i = 0; !why && i < sizeof(rows) / sizeof(*rows); i++)
        if (strcmp(rows[i].option, option) == 0 && strncmp(how, rows[i].how, strlen(rows[i].how)) == 0 &&
            !touches(pipeline, &rows[i], name))
            why = rows[i].why;
    return why;
}

static bool say_of_entry(const struct mli_pipeline *pipeline, const struct mli_prep_option *o,
                         const char *entry, size_t length, const struct ml_log *log)
{
    char *name = mli_strndup(entry, length), said[MLI_PREP_SAID];
    bool dropped;

    if (!name)
        return false;
    const char *why = why_no_effect(pipeline, o->name, entry + length + 1, name, &dropped);
    if (why)
        ml_log(log, ML_LOG_WARNING, "%s has no effect: column \"%s\" %s%s",
               mli_prep_said(o, entry, said), name, dropped ? "is dropped: " : "", why);
    free(name);
    return true;
}

static bool say_of_list(const struct mli_pipeline *pipeline, const struct mli_prep_option *o,
                        const char *const *list, const struct ml_log *log)
{
    for (; list && *list; list++) {
        size_t length;
        const char *how = mli_choice_how(*list, &length);
        if (length > 0 && !asks_for_nothing(how) && !say_of_entry(pipeline, o, *list, length, log))
            return false;
    }
    return true;
}

enum ml_status mli_prep_say_idle(const struct mli_pipeline *pipeline, const struct ml_prep_config *config,
                                 const struct ml_log *log, struct ml_error *err)
{
    size_t n;
    const struct mli_prep_option *options = mli_prep_options(&n);

    for (size_t i = 0; i < n; i++)
        if (options[i].columns && !say_of_list(pipeline, &options[i], mli_prep_list(config, &options[i]), log))
            return mli_step_nomem(err);
    return ML_OK;
}

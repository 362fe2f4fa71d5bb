#include <fit/tuning.h>

#include <fit/defaults.h>
#include <string.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

const struct mli_space *mli_tuning_kinds(const struct mli_tuning *t)
{
    for (size_t s = 0; s < t->search.spaces; s++)
        if (strcmp(t->space[s].knob.name, "kind") == 0)
            return &t->space[s];
    return NULL;
}

/* The one kind that a space is for; NULL: every kind. */
static const char *kind_wanted(const struct mli_space *space)
{
    return space->kind ? space->kind : space->knob.only;
}

static bool is_idle(const struct mli_tuning *t, const struct mli_space *space)
{
    const char *kind = kind_wanted(space);
    return kind && strcmp(t->config.kind, "auto") != 0 && strcmp(t->config.kind, kind) != 0;
}

/* Every value and both ends of a range are settings that a fit would take. */
static enum ml_status check_value(const struct mli_tuning *t, const struct mli_space *space, const struct mli_span *span,
                                  json_t *value, struct ml_error *err)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct ml_fit_config config = t->config;
    struct mli_settings settings;
    struct ml_error why = ML_ERROR_INIT;
    json_t *point = json_object();
    const char *kind = kind_wanted(space);
    config.kind = kind ? kind : config.kind;
    enum ml_status status = mli_json_put(point, space->knob.name, value) ? ML_OK : no_memory(&why);
    if (!status)
        status = mli_knobs_put(point, &arena, &config, &why);
    config.memory = t->job.settings.memory;
    if (!status)
        status = mli_settings_check(&config, &settings, &why);
    json_decref(point);
    mli_arena_release(&arena);
    if (!status)
        return ML_OK;
    return ml_error_set(err, why.status, "--set %.120s: column %zu: %s", space->text, span->column, why.text);
}

static enum ml_status check_space(const struct mli_tuning *t, const struct mli_space *space, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    if (space->kind && !mli_kind_find(space->kind))
        return ml_error_set(err, ML_EUSAGE, "--set %.120s: column 1: no kind \"%.40s\"", space->text, space->kind);
    if (is_idle(t, space))
        return ml_error_set(err, ML_EUSAGE, "--set %.120s: it is for kind %s, and --kind is %s", space->text,
                            kind_wanted(space), t->config.kind);
    size_t at = 0;
    for (size_t s = 0; s < space->spans && !status; s++) {
        const struct mli_span *span = &space->span[s];
        size_t points = mli_span_points(span);
        status = check_value(t, space, span, mli_space_point(space, at), err);
        if (!status && points > 1)
            status = check_value(t, space, span, mli_space_point(space, at + points - 1), err);
        at += points;
    }
    if (!status && space->knob.cleaning && t->job.prepared)
        return ml_error_set(err, ML_EUSAGE, "--set %.120s: cleaning was decided when the file was preprocessed",
                            space->text);
    return status;
}

/* A kind or loss that is the same for every trial suits the target, or no trial could be trained. */
static enum ml_status check_kind(const struct mli_tuning *t, struct ml_error *err)
{
    const struct mli_target *target = &t->job.plan.target;
    struct ml_fit_config quiet = t->config;
    struct mli_settings settings = t->job.settings;
    for (size_t s = 0; s < t->search.spaces; s++)
        if (strcmp(t->space[s].knob.name, "kind") == 0 || strcmp(t->space[s].knob.name, "loss") == 0)
            return ML_OK;
    quiet.log = NULL;
    return mli_settings_kind(&quiet, target->task, mli_target_classes(target), &settings, err);
}

static bool suits(const struct mli_tuning *t, const struct mli_kind *kind)
{
    struct mli_loss loss;
    return mli_kind_suits(kind, &t->job.plan.target) &&
           (!t->config.loss || mli_loss_parse(t->config.loss, &loss, NULL, NULL) || mli_kind_takes(kind, &loss));
}

/* Kinds that suit the target and the loss, "a|b|c". NULL: no memory. */
static char *suitable_kinds(const struct mli_tuning *t, size_t *count)
{
    struct mli_buf text;
    size_t n;
    const struct mli_kind *kinds = mli_kinds(&n);
    mli_buf_init(&text, 4096);
    mli_buf_str(&text, "kind=");
    *count = 0;
    for (size_t i = 0; i < n; i++)
        if (suits(t, &kinds[i]))
            mli_buf_printf(&text, "%s%s", (*count)++ ? "|" : "", kinds[i].name);
    return mli_buf_detach(&text);
}

static enum ml_status add_space(struct mli_tuning *t, const char *text, struct ml_error *err)
{
    struct mli_space *space = &t->space[t->search.spaces];
    enum ml_status status = mli_space_parse(text, &t->arena, space, err);
    if (!status && !t->given && (is_idle(t, space) || (space->knob.cleaning && t->job.prepared)))
        return ML_OK; /* a preset of another kind, or of raw rows */
    if (!status)
        status = check_space(t, space, err);
    t->search.spaces += !status;
    return status;
}

/* The kind, unless it is fixed or searched by --set. */
static enum ml_status add_kinds(struct mli_tuning *t, struct ml_error *err)
{
    size_t count;
    enum ml_status status = ML_OK;
    t->search.kind = t->config.kind;
    if (strcmp(t->config.kind, "auto") != 0)
        return ML_OK;
    for (size_t s = 0; s < t->search.spaces; s++)
        if (strcmp(t->space[s].knob.name, "kind") == 0)
            return ML_OK;
    char *text = suitable_kinds(t, &count);
    status = text ? add_space(t, text, err) : no_memory(err);
    if (!status)
        ml_log(t->config.log, ML_LOG_NOTE, "kinds: %s (--kind takes one)", text + strlen("kind="));
    free(text);
    return status;
}

enum ml_status mli_tuning_spaces(struct mli_tuning *t, struct ml_error *err)
{
    size_t n;
    const char *const *preset = mli_default_spaces(&n);
    enum ml_status status = ML_OK;
    while (t->tune->set && t->tune->set[t->given])
        t->given++;
    t->space = mli_arena_calloc(&t->arena, t->given + n + 1, sizeof *t->space);
    if (!t->space)
        return no_memory(err);
    t->search.space = t->space;
    for (size_t i = 0; i < t->given && !status; i++)
        status = add_space(t, t->tune->set[i], err);
    for (size_t i = 0; !t->given && i < n && !status; i++)
        status = add_space(t, preset[i], err);
    if (!status)
        status = check_kind(t, err);
    return status ? status : add_kinds(t, err);
}

#include <table/read_plan.h>

#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct planning {
    const struct mli_chunks *chunks;
    const struct mli_rules *rules; /* NULL: no schema file */
    struct mli_read_plan *plan;
    const char *needs;
    size_t columns;
};

static enum ml_status find_pinned(const struct planning *p, const char *name, size_t *column, struct ml_error *err)
{
    char what[300];

    if (!p->needs)
        return mli_chunks_find(p->chunks, name, ML_EUSAGE, "--type: ", column, err);
    snprintf(what, sizeof(what), "%s: ", p->needs);
    return mli_chunks_find(p->chunks, name, ML_EDATA, what, column, err);
}

/* "column=type"; the name may hold '=' itself. */
static enum ml_status plan_pin(struct planning *p, const char *pin, struct ml_error *err)
{
    const char *equals = strrchr(pin, '=');
    struct mli_pin found;
    size_t column;

    if (!equals || equals == pin)
        return ml_error_set(err, ML_EUSAGE, "--type: expected COLUMN=TYPE, found \"%s\"", pin);
    if (!mli_pin_parse(equals + 1, &found))
        return ml_error_set(
            err, ML_EUSAGE,
            "--type: \"%s\" is not a type; there are number, category, boolean, instant "
            "(instant:dmy, mdy, ymd, iso, named), text and identifier",
            equals + 1);
    char *name = mli_strndup(pin, (size_t)(equals - pin));
    if (!name)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a name");
    enum ml_status status = find_pinned(p, name, &column, err);
    free(name);
    if (status != ML_OK)
        return status;
    if (p->plan[column].rule)
        return ml_error_set(err, ML_EUSAGE, "--type: the schema %.200s pins column \"%.100s\" already",
                            p->rules->source, p->plan[column].rule->name);
    p->plan[column].pinned = true;
    p->plan[column].pin = found;
    return ML_OK;
}

static enum ml_status no_rule(const struct planning *p, size_t column, struct ml_error *err)
{
    const char *name = mli_dict_text(mli_chunks_header(p->chunks), column);

    return ml_error_at(err, ML_EDATA, mli_chunks_source(p->chunks), 0, 0,
                       "the schema %.200s has no column \"%.100s\" (--drop-columns leaves it out)",
                       p->rules->source, name);
}

/* Every column that is kept has a rule, and every rule a column, kept or not. */
static enum ml_status plan_rules(struct planning *p, struct ml_error *err)
{
    char what[300];
    size_t column;

    snprintf(what, sizeof(what), "the schema %.200s: ", p->rules->source);
    for (size_t i = 0; i < p->rules->count; i++) {
        const struct mli_rule *rule = &p->rules->rule[i];
        enum ml_status status =
            mli_chunks_find(p->chunks, rule->name, ML_EDATA, what, &column, err);
        if (status != ML_OK)
            return status;
        p->plan[column].pinned = true;
        p->plan[column].pin = rule->pin;
        p->plan[column].rule = rule;
    }
    for (size_t i = 0; i < p->columns; i++) {
        if (!p->plan[i].drop && !p->plan[i].rule)
            return no_rule(p, i, err);
    }
    return ML_OK;
}

static enum ml_status plan_drops(struct planning *p, const char *const *drop, struct ml_error *err)
{
    size_t column, left = p->columns;
    enum ml_status status = ML_OK;

    for (; drop && *drop && status == ML_OK; drop++) {
        status = mli_chunks_find(p->chunks, *drop, ML_EUSAGE, "--drop-columns: ", &column, err);
        if (status != ML_OK || p->plan[column].drop)
            continue;
        p->plan[column].drop = true;
        left--;
    }
    return status != ML_OK || left > 0 ? status : ml_error_set(err, ML_EUSAGE, "--drop-columns: no column is left");
}

enum ml_status mli_read_plan_make(const struct mli_chunks *chunks, const struct ml_read_options *options,
                                  const struct mli_rules *rules, struct mli_read_plan *plan,
                                  struct ml_error *err)
{
    struct planning p = { .chunks = chunks, .rules = rules, .plan = plan, .needs = options->needs,
                          .columns = mli_dict_count(mli_chunks_header(chunks)) };
    enum ml_status status = plan_drops(&p, options->drop, err);

    if (status == ML_OK && rules)
        status = plan_rules(&p, err);
    for (size_t i = 0; options->type && options->type[i] && status == ML_OK; i++)
        status = plan_pin(&p, options->type[i], err);
    return status;
}

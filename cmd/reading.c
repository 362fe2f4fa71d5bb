#include <cmd/reading.h>

#include <base/buf.h>
#include <prep/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(char **) == sizeof(const char *const *), "a list is a list");

/* Member of fit.clean that an option sets. */
static void *cleaning_member(struct reading *reading, const struct mli_prep_option *o)
{
    return (char *)&reading->fit.clean + o->offset;
}

void reading_cleaning(struct reading *reading, struct poptOption *rows)
{
    size_t n;
    const struct mli_prep_option *options = mli_prep_options(&n);
    for (size_t i = 0; i < n && i < READING_CLEANING_MAX; i++) {
        const struct mli_prep_option *o = &options[i];
        struct poptOption *row = rows++;
        *row = (struct poptOption){ .longName = o->name, .descrip = o->help, .argDescrip = o->argument };
        switch (o->kind) {
        case MLI_OPTION_LIST:
        case MLI_OPTION_YES:
            row->argInfo = POPT_ARG_ARGV | (o->kind == MLI_OPTION_YES ? POPT_ARGFLAG_OPTIONAL : 0);
            row->arg = &reading->cleaning[i].given;
            break;
        case MLI_OPTION_NUMBER:
            row->argInfo = POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT;
            row->arg = cleaning_member(reading, o);
            break;
        case MLI_OPTION_COUNT:
            row->argInfo = POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT;
            row->arg = &reading->cleaning[i].count;
            reading->cleaning[i].count = (long)*(const size_t *)cleaning_member(reading, o);
            break;
        case MLI_OPTION_SWITCH:
            row->argInfo = POPT_ARG_NONE;
            row->arg = &reading->cleaning[i].flag;
            break;
        }
    }
    *rows = (struct poptOption)POPT_TABLEEND;
}

static bool says_so(const char *entry)
{
    const char *equals = strrchr(entry, '='), *how = equals ? equals + 1 : entry;
    return strcmp(how, "yes") == 0 || strcmp(how, "no") == 0;
}

/* Names of columns become "COLUMN=yes". False: no memory. */
static bool say_yes(char **list)
{
    for (; list && *list; list++) {
        if (says_so(*list))
            continue;
        size_t size = strlen(*list) + sizeof "=yes";
        char *said = malloc(size);
        if (!said)
            return false;
        snprintf(said, size, "%s=yes", *list);
        free(*list);
        *list = said;
    }
    return true;
}

/* What popt has found into fit.clean. */
static int take_cleaning(const struct cmd_context *ctx, struct reading *reading)
{
    size_t n;
    const struct mli_prep_option *options = mli_prep_options(&n);
    for (size_t i = 0; i < n && i < READING_CLEANING_MAX; i++) {
        const struct mli_prep_option *o = &options[i];
        void *member = cleaning_member(reading, o);
        if (o->kind == MLI_OPTION_COUNT &&
            reading_count(ctx, o->name, reading->cleaning[i].count, member) != CMD_CONTINUE)
            return CMD_USAGE;
        if (o->kind == MLI_OPTION_SWITCH)
            *(bool *)member = reading->cleaning[i].flag != 0;
        if (o->kind != MLI_OPTION_LIST && o->kind != MLI_OPTION_YES)
            continue;
        reading->cleaning[i].list = cmd_list((const char *const *)reading->cleaning[i].given);
        if (o->kind == MLI_OPTION_YES && !say_yes(reading->cleaning[i].list))
            return CMD_SYSTEM;
        *(const char *const **)member = (const char *const *)reading->cleaning[i].list;
    }
    return CMD_CONTINUE;
}

int reading_count(const struct cmd_context *ctx, const char *option, long value, size_t *out)
{
    struct ml_error err = ML_ERROR_INIT;
    if (value < 0) {
        ml_error_set(&err, ML_EUSAGE, "--%s %ld is negative", option, value);
        return cmd_fail(ctx, &err);
    }
    *out = (size_t)value;
    return CMD_CONTINUE;
}

static bool is_in(char *const *list, const char *name)
{
    while (list && *list && strcmp(*list, name) != 0)
        list++;
    return list && *list;
}

/* The target of a command that takes one. */
static bool is_one(const char *target, const char *name)
{
    return target && strcmp(target, name) == 0;
}

/* Said before the file is read, and as what it is: there is a column of that name. */
static int check_target(const struct cmd_context *ctx, const struct reading *reading)
{
    struct ml_error err = ML_ERROR_INIT;
    char **targets = reading->drop_list ? cmd_list((const char *const *)reading->target) : NULL;
    for (char **name = reading->drop_list; name && *name; name++)
        if (is_in(targets, *name) || is_in(reading->target, *name) || is_one(reading->fit.target, *name))
            ml_error_set(&err, ML_EUSAGE, "--drop-columns leaves out \"%s\", which --target names; take it off one of the two", *name);
    cmd_list_free(targets);
    return err.status ? cmd_fail(ctx, &err) : CMD_CONTINUE;
}

/* Repeated flags add up to one list. */
static int join_targets(const struct cmd_context *ctx, struct reading *reading)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf text;
    if (!reading->target)
        return CMD_CONTINUE;
    mli_buf_init(&text, (size_t)1 << 20);
    for (char **name = reading->target; *name; name++)
        mli_buf_printf(&text, "%s%s", name == reading->target ? "" : ",", *name);
    reading->fit.target = reading->target_text = mli_buf_detach(&text);
    if (reading->target_text)
        return CMD_CONTINUE;
    ml_error_set(&err, text.status, "--target: too long, or out of memory");
    return cmd_fail(ctx, &err);
}

/* A file may be read more than once: the next time begins anew. */
static void show_rows(void *data, size_t rows, double share)
{
    struct progress *p = data;
    if (share < 1) {
        progress_show(p, rows, share, "");
        return;
    }
    progress_clear(p);
    p->started = p->shown = progress_now();
}

int reading_options(struct cmd_context *ctx, struct reading *reading)
{
    struct ml_csv_options csv;
    ctx->inputs[0] = reading->schema;
    ctx->inputs[1] = reading->fit.test;
    int code = dialect_options(ctx, &reading->dialect, &csv);
    if (code != CMD_CONTINUE)
        return code;
    size_t seed;
    if (reading_count(ctx, "seed", reading->seed, &seed) != CMD_CONTINUE ||
        take_cleaning(ctx, reading) != CMD_CONTINUE)
        return CMD_USAGE;
    reading->drop_list = cmd_list((const char *const *)reading->drop);
    if (check_target(ctx, reading) != CMD_CONTINUE || join_targets(ctx, reading) != CMD_CONTINUE)
        return CMD_USAGE;
    reading->options = (struct ml_read_options){
        .csv = csv,
        .missing = reading->dialect.missing,
        .type = (const char *const *)reading->type,
        .drop = (const char *const *)reading->drop_list,
        .schema = reading->schema,
        .threads = reading->fit.threads,
        .log = &ctx->log,
        .progress = { show_rows, &reading->progress },
    };
    progress_start(&reading->progress, ctx, "rows read");
    reading->fit.seed = seed;
    reading->fit.dedupe = reading->dedupe != 0;
    reading->fit.read = &reading->options;
    reading->fit.log = &ctx->log;
    return CMD_CONTINUE;
}

void reading_release(struct reading *reading)
{
    progress_end(&reading->progress);
    cmd_list_free(reading->drop_list);
    free(reading->target_text);
    for (size_t i = 0; i < READING_CLEANING_MAX; i++)
        cmd_list_free(reading->cleaning[i].list);
}

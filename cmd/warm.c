#include <cmd/warm.h>

#include <fit/warm.h>
#include <model/reading.h>
#include <stdio.h>
#include <string.h>

/* The columns are the model's, and so are their types. */
static int refuse_flags(const struct cmd_context *ctx, char *const *given)
{
    static const struct {
        const char *name, *why;
    } refused[] = { { "type", "columns and their types are the model's" },
                    { "schema", "columns and their types are the model's" },
                    { "drop-columns", "columns and their types are the model's" } };
    struct ml_error err = ML_ERROR_INIT;
    for (; *given; given++)
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
            const char *name = refused[i].name;
            if (strlen(name) != strcspn(*given + 2, "=") || strncmp(*given + 2, name, strlen(name)) != 0)
                continue;
            ml_error_set(&err, ML_EUSAGE, "--%s does not go with --warm-start: %s", name, refused[i].why);
            return cmd_fail(ctx, &err);
        }
    return CMD_CONTINUE;
}

int warm_take(const struct cmd_context *ctx, struct warm *warm, char *const *given, struct training *training)
{
    struct ml_read_options *options = &training->reading.options;
    struct ml_error err = ML_ERROR_INIT;
    int code = refuse_flags(ctx, given);
    if (code != CMD_CONTINUE)
        return code;
    /* a run that is resumed needs the model as it was */
    if (training->reading.fit.checkpoint && cmd_output_refused(ctx, training->model, warm->path))
        return CMD_USAGE;
    if (ml_model_load(warm->path, &warm->model, &err))
        return cmd_fail(ctx, &err);
    mli_reading_inherit(mli_model_reading(warm->model), "the model was trained", &options->csv, &options->missing, &ctx->log);
    training->reading.fit.warm = warm->model;
    training->reading.fit.warm_path = warm->path;
    return CMD_CONTINUE;
}

int warm_pin(const struct cmd_context *ctx, struct warm *warm, struct ml_read_options *options)
{
    struct ml_error err = ML_ERROR_INIT;
    options->type = mli_warm_pins(warm->model, &warm->arena);
    options->needs = mli_arena_printf(&warm->arena, "the model %s", warm->path);
    if (options->type && options->needs)
        return CMD_CONTINUE;
    ml_error_set(&err, ML_ENOMEM, "out of memory");
    return cmd_fail(ctx, &err);
}

void warm_release(struct warm *warm)
{
    ml_model_free(warm->model);
    mli_arena_release(&warm->arena);
}

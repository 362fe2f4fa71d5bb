#include <cmd/reading.h>

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

int reading_options(const struct cmd_context *ctx, struct reading *reading)
{
    int delimiter = cmd_delimiter(ctx, reading->delimiter);
    if (delimiter < 0)
        return CMD_USAGE;
    size_t seed;
    if (reading_count(ctx, "seed", reading->seed, &seed) != CMD_CONTINUE ||
        reading_count(ctx, "max-categories", reading->max_categories, &reading->fit.max_categories) !=
            CMD_CONTINUE)
        return CMD_USAGE;
    reading->drop_list = cmd_list((const char *const *)reading->drop);
    reading->options = (struct ml_read_options){
        .csv.delimiter = (char)delimiter,
        .missing = reading->missing,
        .type = (const char *const *)reading->type,
        .drop = (const char *const *)reading->drop_list,
        .log = &ctx->log,
    };
    reading->fit.seed = seed;
    reading->fit.keep_all = reading->keep_all != 0;
    reading->fit.read = &reading->options;
    reading->fit.log = &ctx->log;
    return CMD_CONTINUE;
}

void reading_release(struct reading *reading)
{
    cmd_list_free(reading->drop_list);
}

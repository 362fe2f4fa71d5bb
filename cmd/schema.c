#include <cmd/commands.h>
#include <cmd/out.h>
#include <cmd/reading.h>

#include <table/survey.h>

int cmd_schema(struct cmd_context *ctx, int argc, const char **argv)
{
    struct reading reading = READING_INIT;
    struct poptOption file[] = READING_FILE(reading);
    struct poptOption options[] = { READING_GROUP(file, "Reading"), POPT_TABLEEND };
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    int code = cmd_parse(ctx, argc, argv, options, 1, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = reading_options(ctx, &reading);
    if (code == CMD_CONTINUE) {
        reading.options.undigested = true;
        if (ml_table_read_files(ctx->args, ctx->nargs, &reading.options, &table, &err))
            code = cmd_fail(ctx, &err);
        else
            code = out_json(ctx, mli_survey(table, reading.options.threads));
    }
    ml_table_free(table);
    reading_release(&reading);
    return code;
}

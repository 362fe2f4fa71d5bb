#include <cmd/commands.h>
#include <cmd/out.h>

#include <base/file.h>
#include <base/suggest.h>
#include <export/export.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct export_flags {
    char *model, *format, *output, *name;
};

static const struct mli_export_format *find_format(const struct cmd_context *ctx, const char *name)
{
    const struct mli_export_format *format = mli_export_format_find(name);
    if (format)
        return format;
    size_t n;
    const struct mli_export_format *all = mli_export_formats(&n);
    struct ml_error err = { .status = ML_EUSAGE };
    int used = snprintf(err.text, sizeof err.text, "no format \"%.60s\"; there are:", name);
    for (size_t i = 0; i < n; i++)
        used += snprintf(err.text + used, sizeof err.text - (size_t)used, " %s", all[i].name);
    cmd_fail(ctx, &err);
    return NULL;
}

static int write_export(struct cmd_context *ctx, const struct export_flags *f,
                        const struct mli_export_format *format, const char *path)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    struct mli_buf text;
    mli_buf_init(&text, (size_t)1 << 30);
    enum ml_status status = ml_model_load(f->model, &model, &err);
    if (!status)
        status = format->write(model, f->name, &text, &err);
    if (!status)
        status = mli_file_write(path, text.data, text.len, false, &err);
    int code = CMD_DONE;
    bool to_stdout = strcmp(path, "-") == 0;
    if (status)
        code = cmd_fail(ctx, &err);
    else if (ctx->json && !to_stdout)
        code = out_json(ctx, json_pack("{sssssssI}", "model", f->model, "format", format->name, "output",
                                       path, "bytes", (json_int_t)text.len));
    else if (!to_stdout) {
        out_line("wrote", "%s: %s, %zu bytes", path, format->meaning, text.len);
        code = out_end(ctx, CMD_DONE);
    }
    mli_buf_release(&text);
    ml_model_free(model);
    return code;
}

int cmd_export(struct cmd_context *ctx, int argc, const char **argv)
{
    struct export_flags f = { .model = CMD_MODEL_DEFAULT, .format = "c", .name = "model" };
    struct poptOption options[] = {
        { "model", 'm', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.model, 0, "model file", "FILE" },
        { "format", 'f', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.format, 0, "c or json", "FORMAT" },
        { "output", 'o', POPT_ARG_STRING, &f.output, 0, "file to write, - for standard output (NAME.c or NAME.json if not given)", "FILE" },
        { "name", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.name, 0, "prefix of the identifiers in C", "NAME" },
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 0, 1);
    if (code != CMD_CONTINUE)
        return code;
    if (ctx->nargs)
        f.model = (char *)ctx->args[0];
    const struct mli_export_format *format = find_format(ctx, f.format);
    if (!format)
        return CMD_USAGE;
    char path[512];
    snprintf(path, sizeof path, "%.400s%s", f.name, format->extension);
    const char *output = f.output ? f.output : path;
    return cmd_output_refused(ctx, output, f.model) ? CMD_USAGE : write_export(ctx, &f, format, output);
}

#include <cmd/commands.h>
#include <cmd/out.h>

#include <base/file.h>
#include <model/predicted.h>
#include <model/selftest.h>
#include <stdio.h>
#include <string.h>

struct verify_flags {
    char *model, *sha256;
    char **data;
};

/* Prints one mismatch; exit 1 is an answer, not a failure. */
static int mismatch(const char *what, const char *found, const char *expected)
{
    fprintf(stderr, "mlctl verify: %s: its SHA-256 is %s, expected %s\n", what, found, expected);
    return CMD_NO;
}

/* The digest is of the bytes of all files, one after the other. */
static int compare_data(const struct cmd_context *ctx, const struct verify_flags *f, const struct ml_model *model)
{
    struct ml_error err = ML_ERROR_INIT;
    char found[MLI_SHA256_HEX], names[600];
    char **files = NULL;
    size_t given = 0, n = 0;
    while (f->data[given])
        given++;
    int code = cmd_files(ctx, (const char *const *)f->data, given, &files, &n);
    if (code != CMD_CONTINUE)
        return code;
    cmd_join((const char *const *)files, n, names, sizeof names);
    const char *recorded = json_string_value(json_object_get(json_object_get(model->record, "data"), "sha256"));
    if (mli_files_sha256((const char *const *)files, n, found, &err))
        code = cmd_fail(ctx, &err);
    else if (!recorded || strcmp(found, recorded) != 0)
        code = mismatch(names, found, recorded ? recorded : "(none recorded)");
    else
        code = CMD_DONE;
    cmd_list_free(files);
    return code;
}

static int compare(const struct cmd_context *ctx, const struct verify_flags *f,
                   const struct ml_model *model)
{
    if (f->sha256 && (strlen(f->sha256) != MLI_SHA256_HEX - 1 ||
                      strspn(f->sha256, "0123456789abcdefABCDEF") != MLI_SHA256_HEX - 1)) {
        struct ml_error usage = ML_ERROR_INIT;
        ml_error_set(&usage, ML_EUSAGE, "--sha256 %s is not a digest of 64 hexadecimal digits", f->sha256);
        return cmd_fail(ctx, &usage);
    }
    if (f->sha256 && strcasecmp(f->sha256, model->sha256) != 0)
        return mismatch(f->model, model->sha256, f->sha256);
    return f->data ? compare_data(ctx, f, model) : CMD_DONE;
}

int cmd_verify(struct cmd_context *ctx, int argc, const char **argv)
{
    struct verify_flags f = { .model = CMD_MODEL_DEFAULT };
    struct poptOption options[] = {
        { "model", 'm', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.model, 0, "model file", "FILE" },
        { "sha256", 0, POPT_ARG_STRING, &f.sha256, 0, "digest that the model must have: the one that mlctl inspect prints, over the content (sha256sum of the file differs)", "DIGEST" },
        { "data", 0, POPT_ARG_ARGV, &f.data, 0, "file that must be the recorded training data; of several, repeated or a quoted pattern", "FILE" },
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 0, 1);
    if (code != CMD_CONTINUE)
        return code;
    if (ctx->nargs)
        f.model = (char *)ctx->args[0];
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    if (ml_model_load(f.model, &model, &err))
        return cmd_fail(ctx, &err);
    if (mli_selftest_check(model, &err) || mli_predicted_check(model, &err)) {
        ml_error_source(&err, f.model);
        ml_model_free(model);
        return cmd_fail(ctx, &err);
    }
    code = compare(ctx, &f, model);
    int printed = CMD_DONE;
    if (ctx->json)
        printed = out_json(ctx, json_pack("{sssssb}", "model", f.model, "sha256", model->sha256, "ok",
                                          code == CMD_DONE));
    else if (!code) {
        out_line("ok", "%s, digest %s", f.model, model->sha256);
        printed = out_end(ctx, CMD_DONE);
    }
    ml_model_free(model);
    return code ? code : printed;
}

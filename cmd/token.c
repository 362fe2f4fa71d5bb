#include <cmd/commands.h>
#include <cmd/out.h>

#include <base/secret.h>
#include <serve/keys.h>
#include <stdio.h>
#include <string.h>

static int make(struct cmd_context *ctx, const char *name, unsigned scopes, const struct mli_rate *rate)
{
    char token[MLI_TOKEN_SIZE], line[256];
    struct ml_error err = ML_ERROR_INIT;
    int code;

    if (mli_key_new(name, scopes, rate, token, line, &err))
        return cmd_fail(ctx, &err);
    if (ctx->json) {
        code = out_json(ctx, json_pack("{ssssss}", "token", token, "name", name, "line", line));
    } else {
        out_line("token", "%s", token);
        out_line("line", "%s", line);
        code = out_end(ctx, CMD_DONE);
    }
    mli_secret_wipe(token, sizeof token);
    return code;
}

int cmd_token(struct cmd_context *ctx, int argc, const char **argv)
{
    double per_second = 0;
    int burst = 0;
    char *name = "client", *words = "predict";
    enum { STRING = POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT };
    struct poptOption options[] = {
        { "name", 0, STRING, &name, 0, "of the key, for logs: letters, digits, '.', '_' and '-'", "NAME" },
        { "scopes", 0, STRING, &words, 0, "what it may have: predict, metrics, admin", "SCOPES" },
        { "rate", 0, POPT_ARG_DOUBLE, &per_second, 0, "most it may ask; default: no limit", "REQUESTS/S" },
        { "burst", 0, POPT_ARG_INT, &burst, 0, "requests at once after a pause; default: those of a second", "COUNT" },
        POPT_TABLEEND
    };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_rate rate = { 0 };
    unsigned scopes = 0;
    int code = cmd_parse(ctx, argc, argv, options, 1, 1);
    if (code != CMD_CONTINUE)
        return code;
    if (strcmp(ctx->args[0], "new") != 0)
        ml_error_set(&err, ML_EUSAGE, "\"%.60s\" is nothing that is done with tokens; there is: new", ctx->args[0]);
    else if (!mli_scopes_parse(words, strlen(words), &scopes))
        ml_error_set(&err, ML_EUSAGE, "--scopes \"%.60s\": expected predict, metrics, admin, with commas between them",
                     words);
    else if (burst < 0 || (burst && per_second == 0) ||
             (per_second != 0 && !mli_rate_make(per_second, (unsigned)burst, &rate)))
        ml_error_set(&err, ML_EUSAGE, "--rate is 0.001 to 1000000 requests a second, and --burst goes with it");
    return err.status ? cmd_fail(ctx, &err) : make(ctx, name, scopes, &rate);
}

#include <cmd/commands.h>
#include <cmd/out.h>

#include <serve/health.h>
#include <stdio.h>

int cmd_health(struct cmd_context *ctx, int argc, const char **argv)
{
    int timeout = 2000;
    char *cert = NULL, *key = NULL;
    struct poptOption options[] = {
        { "timeout", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &timeout, 0, "wait at most this long", "MILLISECONDS" },
        { "cert", 0, POPT_ARG_STRING, &cert, 0, "certificate in PEM for a server that asks for one", "FILE" },
        { "key", 0, POPT_ARG_STRING, &key, 0, "its key in PEM", "FILE" },
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 1, 1), status = 0;
    if (code != CMD_CONTINUE)
        return code;
    struct ml_error err = ML_ERROR_INIT;
    if (timeout <= 0)
        ml_error_set(&err, ML_EUSAGE, "--timeout %d is not above 0", timeout);
    else if (!cert != !key)
        ml_error_set(&err, ML_EUSAGE, "--cert and --key go together");
    if (err.status || mli_health(ctx->args[0], cert, key, (unsigned)timeout, &status, &err))
        return cmd_fail(ctx, &err);
    bool well = status >= 200 && status < 300;
    if (ctx->json)
        code = out_json(ctx, json_pack("{sssisb}", "url", ctx->args[0], "status", status, "well", well));
    else {
        out_line(well ? "well" : "unwell", "%s answered %d", ctx->args[0], status);
        code = out_end(ctx, CMD_DONE);
    }
    return code ? code : well ? CMD_DONE : CMD_NO;
}

#include <cmd/commands.h>
#include <cmd/out.h>

#include <serve/health.h>
#include <stdio.h>

int cmd_health(struct cmd_context *ctx, int argc, const char **argv)
{
    int timeout = 2000;
    struct poptOption options[] = {
        { "timeout", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &timeout, 0, "wait at most this long", "MILLISECONDS" },
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 1, 1), status = 0;
    if (code != CMD_CONTINUE)
        return code;
    struct ml_error err = ML_ERROR_INIT;
    if (timeout <= 0) {
        ml_error_set(&err, ML_EUSAGE, "--timeout %d is not above 0", timeout);
        return cmd_fail(ctx, &err);
    }
    if (mli_health(ctx->args[0], (unsigned)timeout, &status, &err))
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

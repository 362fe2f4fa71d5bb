#include <cmd/reproduce.h>

#include <base/buf.h>
#include <base/mem.h>
#include <cmd/out.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool depends_on_time(const struct ml_model *model)
{
    const char *end = text_of(model->record, "end");
    return strcmp(end, "time budget") == 0 || strcmp(end, "interrupted") == 0;
}

static bool can_be_told(const struct cmd_context *ctx, const struct ml_model *original, const char *path, const char *start)
{
    struct ml_error err = ML_ERROR_INIT;
    if (!json_is_array(json_object_get(original->record, "command")))
        ml_error_set(&err, ML_EUSAGE, "%s does not say what flags it was trained with: it was made by mlctl tune, or by an older mlctl", path);
    else if (depends_on_time(original))
        ml_error_set(&err, ML_EUSAGE, "%s: its training ended by the clock (%s), so no other run needs to get there", path,
                     text_of(original->record, "end"));
    else if (start && !json_object_get(original->record, "warm_start"))
        ml_error_set(&err, ML_EUSAGE, "--warm-start does nothing here: %s was not trained from another model", path);
    return err.status == ML_OK || cmd_fail(ctx, &err) == CMD_DONE;
}

/* The files that were read: the clean one where there was one. */
static size_t recorded_files(const struct ml_model *original, const char **out)
{
    const json_t *data = json_object_get(original->record, "data"), *clean = json_object_get(data, "prepared");
    const json_t *files = json_object_get(data, "files");
    if (clean || !json_is_array(files)) {
        *out = text_of(clean ? clean : data, "path");
        return 1;
    }
    for (size_t i = 0; i < json_array_size(files); i++)
        out[i] = text_of(json_array_get(files, i), "path");
    return json_array_size(files);
}

const char **reproduce_command(const struct cmd_context *ctx, const struct ml_model *original, const char *path,
                               const char *start, int *argc, int *code)
{
    *code = CMD_USAGE;
    if (!can_be_told(ctx, original, path, start))
        return NULL;
    const json_t *flags = json_object_get(original->record, "command");
    const json_t *files = json_object_get(json_object_get(original->record, "data"), "files");
    const json_t *warm = json_object_get(original->record, "warm_start");
    size_t most = json_array_size(flags) + json_array_size(files) + ctx->nargs + 6, n = 0;
    const char **argv = mli_calloc(most, sizeof *argv);
    if (!argv) {
        *code = CMD_SYSTEM;
        return NULL;
    }
    argv[n++] = ctx->cmd->name;
    for (size_t i = 0; i < json_array_size(flags); i++) {
        const char *flag = json_string_value(json_array_get(flags, i));
        if (flag)
            argv[n++] = flag;
    }
    if (warm) {
        argv[n++] = "--warm-start";
        argv[n++] = start ? start : text_of(warm, "path");
    }
    argv[n++] = "--"; /* a file may be called anything */
    for (size_t i = 0; i < ctx->nargs; i++)
        argv[n++] = ctx->args[i];
    if (!ctx->nargs)
        n += recorded_files(original, argv + n);
    *argc = (int)n;
    return argv;
}

int reproduce_check_data(const struct cmd_context *ctx, const struct ml_model *original, const struct ml_table *table)
{
    const json_t *data = json_object_get(original->record, "data"), *clean = json_object_get(data, "prepared");
    const char *sha256 = text_of(clean ? clean : data, "sha256");
    if (strcmp(sha256, table->sha256) == 0)
        return CMD_CONTINUE;
    fprintf(stderr, "mlctl train: not reproduced: the SHA-256 of %s is %.16s..., and the model was trained on %.16s...\n",
            table->source, table->sha256, sha256);
    if (ctx->json)
        out_json(ctx, json_pack("{sbsssssss}", "reproduced", 0, "because", "data", "sha256", table->sha256, "recorded",
                                sha256));
    return CMD_NO;
}

int reproduce_check_start(const struct cmd_context *ctx, const struct ml_model *original, const struct ml_model *start)
{
    const char *sha256 = text_of(json_object_get(original->record, "warm_start"), "sha256"), *here = start ? start->sha256 : "";
    if (strcmp(sha256, here) == 0)
        return CMD_CONTINUE;
    fprintf(stderr, "mlctl train: not reproduced: the digest of the model to start from is %.16s..., and this one started from %.16s... (--warm-start MODEL if that is elsewhere now)\n",
            here, sha256);
    if (ctx->json)
        out_json(ctx, json_pack("{sbsssssss}", "reproduced", 0, "because", "warm_start", "sha256", here, "recorded", sha256));
    return CMD_NO;
}

/* The largest difference of a parameter relative to the largest parameter; NaN: their numbers differ. */
static double distance(const struct ml_model *a, const struct ml_model *b)
{
    double most = 0, size = 0;
    if (a->network->parameters != b->network->parameters)
        return NAN;
    for (size_t j = 0; j < a->network->parameters; j++) {
        most = fmax(most, fabs(a->theta[j] - b->theta[j]));
        size = fmax(size, fabs(a->theta[j]));
    }
    return size > 0 ? most / size : most;
}

/* Of what the program, the machine and the files say: the first thing that is not as it was; "" for none. */
static const char *cause(const struct ml_model *original, const struct ml_model *again, char *out, size_t size)
{
    static const char *const keys[][2] = { { "program", "program" }, { "blas", "kernels of OpenBLAS" } };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *then = text_of(original->record, keys[i][0]), *now = text_of(again->record, keys[i][0]);
        if (strcmp(then, now) != 0) {
            snprintf(out, size, "%s: %s then, %s now", keys[i][1], then, now);
            return out;
        }
    }
    return "";
}

/* Where the data lies is no part of it: its digest has been compared. */
static void take_places(const struct ml_model *original, struct ml_model *again)
{
    static const char *const keys[] = { "path", "files", "prepared" };
    const json_t *from = json_object_get(original->record, "data");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_object_get(from, keys[i]))
            json_object_set(json_object_get(again->record, "data"), keys[i], json_object_get(from, keys[i]));
    from = json_object_get(original->record, "warm_start");
    if (from)
        json_object_set(json_object_get(again->record, "warm_start"), "path", json_object_get(from, "path"));
}

int reproduce_compare(const struct cmd_context *ctx, const struct ml_model *original, struct ml_model *again)
{
    take_places(original, again);
    if (!json_object_get(original->record, "self_test")) /* made before there were any */
        json_object_del(again->record, "self_test");
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf bytes;
    char sha256[MLI_SHA256_HEX], reason[200];
    mli_buf_init(&bytes, (size_t)2 << 30);
    enum ml_status status = mli_model_encode(again, &bytes, sha256, &err);
    mli_buf_release(&bytes);
    if (status)
        return cmd_fail(ctx, &err);
    bool same = strcmp(sha256, original->sha256) == 0;
    double apart = distance(original, again);
    const char *why = same ? "" : cause(original, again, reason, sizeof reason);
    if (ctx->json) {
        int code = out_json(ctx, json_pack("{sbsssssoss}", "reproduced", same, "sha256", sha256, "recorded", original->sha256,
                                           "distance", mli_json_from(apart), "because", why));
        return code ? code : same ? CMD_DONE : CMD_NO;
    }
    if (same) {
        out_line("same", "sha256 %.16s...: the recorded flags and data give the same bytes", sha256);
        return out_end(ctx, CMD_DONE);
    }
    out_line("differs", "sha256 %.16s..., recorded %.16s...", sha256, original->sha256);
    if (isnan(apart))
        out_line("parameters", "%zu, recorded %zu", again->network->parameters, original->network->parameters);
    else
        out_line("parameters", "differ by up to %.2g of the largest", apart);
    if (*why)
        out_line("because", "%s", why);
    return out_end(ctx, CMD_NO);
}

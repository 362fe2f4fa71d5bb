#include <cmd/commands.h>
#include <cmd/out.h>

#include <base/file.h>
#include <base/secret.h>
#include <serve/call.h>
#include <serve/keys.h>
#include <serve/served.h>
#include <stdio.h>
#include <string.h>

/* Load, unload and rollback: what may be asked of a server for one model, with a key of the admin scope. */

struct change_flags {
    char *token_file, *ca, *cert, *key;
    int timeout;
};

/* The first line of the file, which is the token, or the word and the token as mlctl token new prints them; the buffer is to be wiped. */
static enum ml_status read_token(const char *path, struct mli_buf *out, struct ml_error *err)
{
    enum ml_status status = mli_file_read(path, out, err);
    if (status)
        return status;
    size_t len = out->len ? strcspn(out->data, "\r\n") : 0;
    size_t label = len > 6 && strncmp(out->data, "token ", 6) == 0 ? 6 + strspn(out->data + 6, " ") : 0;
    len -= label;
    if (label)
        memmove(out->data, out->data + label, len);
    if (len == 0 || len > MLI_TOKEN_MAX)
        return ml_error_set(err, ML_EUSAGE, "%s: the first line is not a token, as mlctl token new prints it", path);
    out->data[len] = '\0';
    return ML_OK;
}

/* The server's words for what it did not do. */
static int refused(struct cmd_context *ctx, const char *word, int status, const struct mli_buf *body)
{
    json_t *doc = body->len ? json_loadb(body->data, body->len, 0, NULL) : NULL;
    const char *text = json_string_value(json_object_get(doc, "error"));
    if (!ctx->json)
        fprintf(stderr, "mlctl %s: the server answered %d: %s\n", word, status, text ? text : "without a reason");
    int code = ctx->json ? out_json(ctx, json_pack("{sbsiss}", "done", 0, "status", status, "error", text ? text : "")) : CMD_DONE;
    json_decref(doc);
    return code ? code : CMD_NO;
}

/* "version 2 (52ab12345678)", "version 2 (52ab12345678) and its canary 3", "nothing" */
static const char *state_text(const json_t *state, char out[400])
{
    const char *version = json_string_value(json_object_get(state, "version"));
    const char *digest = json_string_value(json_object_get(state, "sha256")), *canary = json_string_value(json_object_get(state, "canary"));
    if (!version)
        return "nothing";
    snprintf(out, 400, "version %.128s (%.12s)%s%.128s", version, digest ? digest : "", canary ? " and its canary " : "",
             canary ? canary : "");
    return out;
}

/* What serves now and what did before, as the server says it. */
static int say_done(struct cmd_context *ctx, const char *word, const char *name, const struct mli_buf *body)
{
    json_t *doc = body->len ? json_loadb(body->data, body->len, 0, NULL) : NULL;
    json_t *before = json_object_get(doc, "before"), *now = json_object_get(doc, "now");
    char was[400], is[400];
    int code;
    if (ctx->json) {
        code = out_json(ctx, json_pack("{sbsisssOsO}", "done", 1, "status", 200, "name", name, "before",
                                       before ? before : json_null(), "now", now ? now : json_null()));
    } else {
        if (now)
            out_line(word, "of %s %s answers now; before %s", name, state_text(now, is), state_text(before, was));
        else
            out_line(word, "%s is done", name);
        code = out_end(ctx, CMD_DONE);
    }
    json_decref(doc);
    return code;
}

static int ask(struct cmd_context *ctx, const struct change_flags *f, const char *word, const char *token)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf url, body;
    const char *name = ctx->args[1];
    size_t given = strlen(ctx->args[0]);
    mli_buf_init(&url, (size_t)1 << 12);
    mli_buf_init(&body, (size_t)1 << 20);
    mli_buf_printf(&url, "%.*s/v2/repository/models/%s/%s", (int)(given - (given > 0 && ctx->args[0][given - 1] == '/')),
                   ctx->args[0], name, word);
    const struct mli_call call = { .method = "POST", .url = url.data ? url.data : "", .path = "/", .token = token, .ca = f->ca,
                                   .ca_hint = f->ca ? ": --ca FILE must have the certificate of whoever signed it"
                                                    : "; give --ca FILE with the certificate of whoever signed it",
                                   .cert = f->cert, .key = f->key,
                                   .cert_hint = "; one that asks for certificates wants --cert FILE --key FILE",
                                   .type = "application/json", .timeout_ms = (unsigned)f->timeout };
    struct mli_answer answer = { .body = &body };
    int code = CMD_DONE;
    if (mli_call(&call, &answer, &err))
        code = cmd_fail(ctx, &err);
    else if (answer.status != 200)
        code = refused(ctx, word, answer.status, &body);
    else
        code = say_done(ctx, word, name, &body);
    mli_buf_release(&url);
    mli_buf_release(&body);
    return code;
}

/* One line of what is wrong with the server's URL, and what was probably meant. */
static void check_url(const char *url, const char *name, const char *word, struct ml_error *err)
{
    char meant[300];
    snprintf(meant, sizeof meant, "http://%.256s", url);
    bool bare = !strstr(url, "://") && mli_call_port(meant);
    if (mli_call_port(url))
        return;
    if (mli_call_port(name))
        ml_error_set(err, ML_EUSAGE, "the server's URL comes first: mlctl %s %.200s %.100s", word, name, url);
    else
        ml_error_set(err, ML_EUSAGE, "\"%.200s\" is not a server's URL; expected http://HOST:PORT or https://HOST:PORT%s%s%s", url,
                     bare ? ": did you mean " : "", bare ? meant : "", bare ? "?" : "");
}

static int change(struct cmd_context *ctx, int argc, const char **argv, const char *word)
{
    struct change_flags f = { .timeout = 30000 };
    struct poptOption options[] = {
        { "token-file", 0, POPT_ARG_STRING, &f.token_file, 0, "whose first line is a token of scope admin; needed", "FILE" },
        { "ca", 0, POPT_ARG_STRING, &f.ca, 0, "certificates in PEM of whoever signed the server's; default: those that the system trusts", "FILE" },
        { "cert", 0, POPT_ARG_STRING, &f.cert, 0, "certificate in PEM for a server that asks for one (mutual TLS)", "FILE" },
        { "key", 0, POPT_ARG_STRING, &f.key, 0, "its key in PEM", "FILE" },
        { "timeout", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &f.timeout, 0, "wait at most this long", "MILLISECONDS" },
        POPT_TABLEEND
    };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf token;
    int code = cmd_parse(ctx, argc, argv, options, 2, 2);
    if (code != CMD_CONTINUE)
        return code;
    check_url(ctx->args[0], ctx->args[1], word, &err);
    if (!f.token_file)
        ml_error_set(&err, ML_EUSAGE, "--token-file FILE is missing: the server asks for a token of scope admin");
    else if (!mli_name_valid(ctx->args[1]))
        ml_error_set(&err, ML_EUSAGE, "\"%.100s\" is no name of a model: letters, digits, '.', '_' and '-'", ctx->args[1]);
    else if (!f.cert != !f.key)
        ml_error_set(&err, ML_EUSAGE, "--cert and --key go together");
    else if (f.timeout <= 0)
        ml_error_set(&err, ML_EUSAGE, "--timeout %d is not above 0", f.timeout);
    if (err.status)
        return cmd_fail(ctx, &err);
    if (mli_call_is_open(ctx->args[0]))
        ml_log(&ctx->log, ML_LOG_WARNING, "the token goes to %s in plain HTTP, where whoever is on the way can read it: use https://",
               ctx->args[0]);
    mli_buf_init(&token, (size_t)64 << 10);
    code = read_token(f.token_file, &token, &err) ? cmd_fail(ctx, &err) : ask(ctx, &f, word, token.data);
    if (token.data)
        mli_secret_wipe(token.data, token.len);
    mli_buf_release(&token);
    return code;
}

int cmd_load(struct cmd_context *ctx, int argc, const char **argv)
{
    return change(ctx, argc, argv, "load");
}

int cmd_unload(struct cmd_context *ctx, int argc, const char **argv)
{
    return change(ctx, argc, argv, "unload");
}

int cmd_rollback(struct cmd_context *ctx, int argc, const char **argv)
{
    return change(ctx, argc, argv, "rollback");
}

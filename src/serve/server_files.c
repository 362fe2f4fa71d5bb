/* The files that a server reads again when they change: keys and certificates. */
#include <serve/session.h>

#include <string.h>

/* What became of a file that was read again; `digest` is what it was. */
static void note_file(struct mli_server *server, const char *path, const char *action, char digest[MLI_SHA256_HEX],
                      const struct ml_error *err)
{
    const struct mli_audit_entry entry = { .action = action,
                                           .by = "file",
                                           .failure = err->status ? err->text : NULL };
    char now[MLI_SHA256_HEX];

    if (!server->service.audit)
        return;
    mli_audit_digest(path, now);
    mli_audit_file(server->service.audit, &entry, path, digest, now);
    if (!err->status)
        memcpy(digest, now, sizeof(now));
}

/* A file that is empty may be meant so, until there are clients; but whoever waits for answers wants to know. */
void mli_server_warn_without_keys(const struct mli_server *server)
{
    const struct mli_server_config *config = &server->service.config;

    if (config->tokens && server->access.keys.count == 0)
        ml_log(config->log, ML_LOG_WARNING, "%s has no key in it, so no token is known and %s; mlctl token new prints a line for it",
               config->tokens, config->open ? "nobody gets what needs one" : "everything but health is refused");
}

static void reload_keys(void *data)
{
    struct mli_server *server = data;
    const struct ml_log *log = server->service.config.log;
    struct ml_error err = ML_ERROR_INIT;

    bool taken = mli_access_reload(&server->access, &err) == ML_OK;
    mli_count(&server->service.reloads[MLI_FILES_TOKENS][taken], 1);
    note_file(server, server->service.config.tokens, "tokens", server->keys_digest, &err);
    if (taken)
        ml_log(log, ML_LOG_NOTE, "%s has changed: its keys count from now on",
               server->service.config.tokens);
    if (taken)
        mli_server_warn_without_keys(server);
    else
        ml_log(log, ML_LOG_WARNING, "%s; the keys stay as they were", err.text);
}

/* When one of two files that go together has been replaced, the other one's turn comes; until then they do not fit. */
static void reload_tls(void *data)
{
    struct mli_server *server = data;
    const struct ml_log *log = server->service.config.log;
    struct ml_error err = ML_ERROR_INIT;

    bool taken = mli_tls_reload(server->tls, &err) == ML_OK;
    mli_count(&server->service.reloads[MLI_FILES_CERTIFICATES][taken], 1);
    note_file(server, server->service.config.tls_cert, "certificates", server->cert_digest, &err);
    if (taken)
        ml_log(log, ML_LOG_NOTE, "new connections get the certificates that have changed");
    else
        ml_log(log, ML_LOG_WARNING, "%s; the certificates stay as they were", err.text);
}

enum ml_status mli_server_watch(struct mli_server *server, struct ml_error *err)
{
    const struct mli_server_config *config = &server->service.config;
    const char *const certificates[] = { config->tls_cert, config->tls_key, config->tls_client_ca, config->tls_client_crl };
    struct mli_watched file[MLI_WATCHED_MAX];
    size_t n = 0;

    if (config->tokens)
        file[n++] = (struct mli_watched){ config->tokens, reload_keys, server };
    for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++) {
        if (certificates[i])
            file[n++] = (struct mli_watched){ certificates[i], reload_tls, server };
    }
    return mli_watch_start(file, n, &server->watch, err);
}

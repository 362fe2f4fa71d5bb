#include <serve/audit.h>

#include <base/buf.h>
#include <base/file.h>
#include <base/mem.h>
#include <pthread.h>
#include <serve/access_log.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES ((size_t)16 << 20)
#define FILE_MAX_BYTES ((size_t)16 << 20)
#define PATIENCE 1000 /* milliseconds that a pipe's reader may take */

struct mli_audit {
    pthread_mutex_t lock; /* of file and line */
    struct mli_logfile file;
    struct mli_buf line;
    _Atomic uint64_t written, dropped;
};

enum ml_status mli_audit_open(const char *path, const struct ml_log *log, struct mli_audit **out, struct ml_error *err)
{
    const struct mli_logfile_config config = { .path = path, .log = log };
    struct mli_audit *audit = mli_calloc(1, sizeof(*audit));

    if (!audit)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a log");
    enum ml_status status = mli_logfile_open(&audit->file, &config, err);
    if (status != ML_OK) {
        free(audit);
        return status;
    }
    pthread_mutex_init(&audit->lock, NULL);
    mli_buf_init(&audit->line, LINE_MAX_BYTES);
    *out = audit;
    return ML_OK;
}

void mli_audit_close(struct mli_audit *audit)
{
    if (!audit)
        return;
    mli_logfile_close(&audit->file);
    mli_buf_release(&audit->line);
    pthread_mutex_destroy(&audit->lock);
    free(audit);
}

uint64_t mli_audit_written(const struct mli_audit *audit)
{
    return atomic_load(&audit->written);
}

uint64_t mli_audit_dropped(const struct mli_audit *audit)
{
    return atomic_load(&audit->dropped);
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void put_member(struct mli_buf *out, const char *name, const char *value)
{
    mli_buf_printf(out, ",\"%s\":", name);
    if (value)
        mli_log_text(out, value, strlen(value));
    else
        mli_buf_str(out, "null");
}

/* Takes the lock, which end_line() gives back. */
static struct mli_buf *begin_line(struct mli_audit *audit, const struct mli_audit_entry *entry)
{
    struct mli_buf *out = &audit->line;
    const struct mli_who *who = entry->who;
    char time[MLI_LOG_TIME + 1];

    pthread_mutex_lock(&audit->lock);
    mli_buf_reset(out);
    mli_log_time(time);
    mli_buf_printf(out, "{\"time\":\"%s\"", time);
    put_member(out, "action", entry->action);
    put_member(out, "by", entry->by);
    put_member(out, "key", who ? who->key : NULL);
    mli_buf_str(out, ",\"client\":");
    if (who)
        mli_log_address(out, &who->client);
    else
        mli_buf_str(out, "null");
    put_member(out, "id", who ? who->id : NULL);
    return out;
}

static void end_line(struct mli_audit *audit, const char *failure)
{
    struct mli_buf *out = &audit->line;

    put_member(out, "outcome", failure ? "refused" : "done");
    if (failure)
        put_member(out, "reason", failure);
    mli_buf_str(out, "}\n");
    mli_logfile_refresh(&audit->file);
    bool kept = out->status == ML_OK && mli_logfile_write(&audit->file, out->data, out->len, PATIENCE) == out->len &&
                mli_logfile_sync(&audit->file);
    atomic_fetch_add(kept ? &audit->written : &audit->dropped, 1);
    pthread_mutex_unlock(&audit->lock);
}

void mli_audit_note(struct mli_audit *audit, const struct mli_audit_entry *entry)
{
    if (!audit)
        return;
    begin_line(audit, entry);
    end_line(audit, entry->failure);
}

/* ---- models ------------------------------------------------------------------------------------------------------ */

static void put_version(struct mli_buf *out, const struct mli_version *version)
{
    mli_log_text(out, version->version, strlen(version->version));
    mli_buf_str(out, ":{\"digest\":");
    if (version->served)
        mli_log_text(out, version->served->model->sha256, strlen(version->served->model->sha256));
    else
        mli_buf_str(out, "null");
    if (version->reason)
        put_member(out, "reason", version->reason);
    mli_buf_char(out, '}');
}

/* {"answers":"2","versions":{"2":{"digest":"..."},"1":{"digest":"..."}}}; null for a model that is not there. */
static void put_state(struct mli_buf *out, const struct mli_registry *registry, const struct mli_lineup *lineup)
{
    if (!lineup) {
        mli_buf_str(out, "null");
        return;
    }
    mli_buf_str(out, "{\"answers\":");
    if (lineup->main != MLI_NO_PLACE)
        mli_log_text(out, registry->version[lineup->main].version, strlen(registry->version[lineup->main].version));
    else
        mli_buf_str(out, "null");
    if (lineup->canary != MLI_NO_PLACE)
        put_member(out, "canary", registry->version[lineup->canary].version);
    mli_buf_str(out, ",\"versions\":{");
    for (size_t i = 0; i < lineup->count; i++) {
        if (i > 0)
            mli_buf_char(out, ',');
        put_version(out, &registry->version[lineup->first + i]);
    }
    mli_buf_str(out, "}}");
}

static const struct mli_lineup *find(const struct mli_registry *registry, const char *name)
{
    for (size_t i = 0; registry && i < registry->lineups; i++) {
        if (strcmp(registry->lineup[i].name, name) == 0)
            return &registry->lineup[i];
    }
    return NULL;
}

/* Why a version's file is not what is served, that was not so before; NULL: there is none. */
static const char *new_reason(const struct mli_registry *before, const struct mli_lineup *was,
                              const struct mli_registry *after, const struct mli_lineup *is)
{
    for (size_t i = 0; is && i < is->count; i++) {
        const struct mli_version *version = &after->version[is->first + i];
        bool known = version->reason == NULL;
        for (size_t k = 0; was && k < was->count && !known; k++) {
            const struct mli_version *other = &before->version[was->first + k];
            known = strcmp(other->version, version->version) == 0 && other->reason &&
                    strcmp(other->reason, version->reason) == 0;
        }
        if (!known)
            return version->reason;
    }
    return NULL;
}

static void compare(struct mli_audit *audit, const struct mli_audit_entry *entry, const char *name, bool always,
                    const struct mli_registry *before, const struct mli_registry *after)
{
    const struct mli_lineup *was = find(before, name), *is = find(after, name);
    const char *failure = entry->failure;
    struct mli_buf old, new;

    mli_buf_init(&old, LINE_MAX_BYTES);
    mli_buf_init(&new, LINE_MAX_BYTES);
    put_state(&old, before, was);
    put_state(&new, after, is);
    bool same = old.status == ML_OK && new.status == ML_OK && strcmp(old.data, new.data) == 0;
    if (always || !same) {
        struct mli_buf *out = begin_line(audit, entry);
        put_member(out, "model", name);
        mli_buf_printf(out, ",\"before\":%s,\"after\":%s", old.status == ML_OK ? old.data : "null",
                       new.status == ML_OK ? new.data : "null");
        if (!failure && !entry->who)
            failure = new_reason(before, was, after, is);
        end_line(audit, failure);
    }
    mli_buf_release(&old);
    mli_buf_release(&new);
}

void mli_audit_models(struct mli_audit *audit, const struct mli_audit_entry *entry, const char *name,
                      const struct mli_registry *before, const struct mli_registry *after)
{
    if (!audit)
        return;
    if (name) {
        compare(audit, entry, name, true, before, after);
        return;
    }
    for (size_t i = 0; i < after->lineups; i++)
        compare(audit, entry, after->lineup[i].name, false, before, after);
    for (size_t i = 0; before && i < before->lineups; i++) {
        if (!find(after, before->lineup[i].name))
            compare(audit, entry, before->lineup[i].name, false, before, after);
    }
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

void mli_audit_digest(const char *path, char out[MLI_SHA256_HEX])
{
    struct mli_sha256 sha;
    struct mli_buf bytes;

    out[0] = '\0';
    mli_buf_init(&bytes, FILE_MAX_BYTES);
    if (mli_file_read(path, &bytes, NULL) == ML_OK) {
        mli_sha256_init(&sha);
        mli_sha256_add(&sha, bytes.data, bytes.len);
        mli_sha256_hex(&sha, out);
    }
    mli_buf_release(&bytes);
}

void mli_audit_file(struct mli_audit *audit, const struct mli_audit_entry *entry, const char *path, const char *before,
                    const char *after)
{
    struct mli_buf *out = begin_line(audit, entry);

    put_member(out, "file", path);
    put_member(out, "before", before[0] ? before : NULL);
    put_member(out, "after", after[0] ? after : NULL);
    end_line(audit, entry->failure);
}

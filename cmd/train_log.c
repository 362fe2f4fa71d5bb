#include <cmd/train_log.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(struct train_log *log)
{
    struct ml_error err = ML_ERROR_INIT;
    ml_error_set(&err, ML_EIO, "--log %s: cannot be written: %s", log->path, strerror(errno));
    cmd_fail(log->ctx, &err);
    log->failed = true;
    return false;
}

bool train_log_open(struct train_log *log, const struct cmd_context *ctx, const char *path, bool more)
{
    *log = (struct train_log){ .ctx = ctx, .path = path, .fd = -1 };
    if (!path)
        return true;
    if (strcmp(path, "-") == 0)
        log->fd = STDOUT_FILENO;
    else
        log->fd = open(path, O_WRONLY | O_CREAT | (more ? O_APPEND : O_TRUNC) | O_CLOEXEC, 0666);
    return log->fd >= 0 || fail(log);
}

/* One line, in one write where the system allows; releases the document. */
static void add(struct train_log *log, json_t *doc)
{
    char *text = doc ? mli_json_text(doc, false) : NULL;
    json_decref(doc);
    if (!text) {
        errno = ENOMEM;
        fail(log);
        return;
    }
    size_t n = strlen(text), done = 0;
    text[n++] = '\n';
    while (done < n) {
        ssize_t written = write(log->fd, text + done, n - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            fail(log);
            break;
        }
        done += (size_t)written;
    }
    free(text);
}

void train_log_epoch(struct train_log *log, const struct ml_fit_epoch *epoch)
{
    if (log->fd < 0 || log->failed)
        return;
    json_t *doc = json_object();
    bool ok = mli_json_put(doc, "epoch", json_integer((json_int_t)epoch->epoch)) &&
              mli_json_put(doc, "loss", mli_json_from(epoch->loss));
    if (ok && !isnan(epoch->validation))
        ok = mli_json_put(doc, "validation", mli_json_from(epoch->validation));
    ok = ok && mli_json_put(doc, "rate", mli_json_from(epoch->rate)) &&
         mli_json_put(doc, "gradient", mli_json_from(epoch->gradient)) &&
         mli_json_put(doc, "seconds", json_real(round(1e6 * epoch->seconds) / 1e6));
    if (!ok) {
        json_decref(doc);
        doc = NULL;
    }
    add(log, doc);
}

void train_log_end(struct train_log *log, const json_t *report, const struct ml_error *err, double seconds)
{
    static const char *const keys[] = { "end", "epochs", "best_epoch", "loss", "objective", "model", "metrics_on", "metrics" };
    if (log->fd < 0 || log->failed)
        return;
    json_t *doc = json_object();
    bool ok = doc != NULL;
    for (size_t i = 0; ok && report && i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(report, keys[i]);
        ok = !value || mli_json_put(doc, keys[i], json_incref(value));
    }
    if (ok && !report)
        ok = mli_json_put(doc, "end", json_string("failed")) && mli_json_put(doc, "error", json_string(err->text));
    ok = ok && mli_json_put(doc, "seconds", json_real(round(1e6 * seconds) / 1e6));
    if (!ok) {
        json_decref(doc);
        doc = NULL;
    }
    add(log, doc);
}

int train_log_close(struct train_log *log)
{
    if (log->fd >= 0 && log->fd != STDOUT_FILENO && close(log->fd) != 0 && !log->failed)
        fail(log);
    log->fd = -1;
    return log->failed ? CMD_SYSTEM : CMD_DONE;
}

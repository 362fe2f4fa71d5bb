#include <fit/triallog.h>

#include <base/fd.h>
#include <base/file.h>
#include <base/mem.h>
#include <base/num.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MAX ((size_t)1 << 30)

struct mli_triallog {
    char *path;
    char *id;
    int fd;
    json_t *lines; /* by key */
};

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* Settings, share and folds as text. NULL: no memory. */
static char *key_of(const json_t *settings, double share, size_t again)
{
    struct mli_buf key;
    char *text = mli_json_text(settings, false);
    mli_buf_init(&key, LOG_MAX);
    if (text)
        mli_buf_str(&key, text);
    mli_buf_char(&key, ' ');
    mli_buf_number(&key, share);
    if (again)
        mli_buf_printf(&key, " %zu", again);
    char *made = mli_buf_detach(&key);
    if (!text) {
        free(made);
        made = NULL;
    }
    free(text);
    return made;
}

/* ---- lines ---- */

static bool is_scores(const json_t *scores, size_t folds)
{
    const char *name;
    json_t *list, *score;
    size_t i;
    if (!json_is_object(scores) || json_object_size(scores) == 0)
        return false;
    json_object_foreach((json_t *)scores, name, list) {
        if (json_array_size(list) != folds)
            return false;
        json_array_foreach(list, i, score)
            if (!json_is_number(score) && !json_is_null(score))
                return false;
    }
    return true;
}

static bool is_settings(const json_t *settings)
{
    const char *name;
    json_t *value;
    if (!json_is_object(settings))
        return false;
    json_object_foreach((json_t *)settings, name, value)
        if (!json_is_number(value) && !json_is_string(value))
            return false;
    return true;
}

static bool is_trial(const json_t *line, size_t folds)
{
    double share = json_number_value(json_object_get(line, "share"));
    const json_t *again = json_object_get(line, "again");
    return is_settings(json_object_get(line, "settings")) && share > 0 && share <= 1 &&
           (!again || json_integer_value(again) > 0) &&
           (json_is_string(json_object_get(line, "failed")) || is_scores(json_object_get(line, "scores"), folds));
}

static bool keep_line(json_t *lines, json_t *line)
{
    char *key = key_of(json_object_get(line, "settings"), json_number_value(json_object_get(line, "share")),
                       (size_t)json_integer_value(json_object_get(line, "again")));
    bool kept = key && json_object_set(lines, key, line) == 0;
    free(key);
    return kept;
}

/* A line of another search is passed over. */
static enum ml_status take_line(const char *text, size_t n, const char *id, size_t folds,
                                struct mli_triallog_text *out, struct ml_error *err)
{
    json_t *line = NULL;
    struct ml_error why = ML_ERROR_INIT;
    enum ml_status status = mli_json_parse(text, n, 0, "", &line, &why);
    if (status == ML_ENOMEM)
        return no_memory(err);
    const char *search = status ? NULL : json_string_value(json_object_get(line, "search"));
    bool ours = search && strcmp(search, id) == 0;
    if (!search)
        out->bad++;
    else if (ours && json_is_object(json_object_get(line, "begin")))
        out->begun = true;
    else if (ours && !is_trial(line, folds))
        out->bad++;
    else if (ours && !keep_line(out->lines, line))
        status = ML_ENOMEM;
    json_decref(line);
    return status == ML_ENOMEM ? no_memory(err) : ML_OK;
}

enum ml_status mli_triallog_parse(const char *bytes, size_t n, const char *id, size_t folds,
                                  struct mli_triallog_text *out, struct ml_error *err)
{
    struct mli_triallog_text text = { .lines = json_object() };
    enum ml_status status = text.lines ? ML_OK : no_memory(err);
    while (!status && text.whole < n) {
        const char *line = bytes + text.whole, *end = memchr(line, '\n', n - text.whole);
        if (!end)
            break;
        status = take_line(line, (size_t)(end - line), id, folds, &text, err);
        text.whole += (size_t)(end - line) + 1;
    }
    if (status)
        json_decref(text.lines);
    else
        *out = text;
    return status;
}

/* ---- the file ---- */

static enum ml_status cannot(const char *verb, const char *path, struct ml_error *err)
{
    return ml_error_set(err, ML_EIO, "cannot %s \"%s\": %s", verb, path, strerror(errno));
}

/* That the file is there outlives a crash of the machine. */
static bool sync_directory(const char *path)
{
    char *copy = mli_strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    free(copy);
    return done;
}

static enum ml_status open_file(struct mli_triallog *log, struct ml_error *err)
{
    struct stat st;
    log->fd = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    if (log->fd < 0 || fstat(log->fd, &st) != 0)
        return cannot("open", log->path, err);
    if (!S_ISREG(st.st_mode))
        return ml_error_set(err, ML_EUSAGE, "--log %s: it is no regular file", log->path);
    if (flock(log->fd, LOCK_EX | LOCK_NB) != 0)
        return ml_error_set(err, ML_EUSAGE,
                            "%s is in use by another mlctl tune; wait for it, or name another file with --log", log->path);
    return sync_directory(log->path) ? ML_OK : cannot("sync the directory of", log->path, err);
}

static enum ml_status read_file(struct mli_triallog *log, struct mli_buf *text, struct ml_error *err)
{
    size_t got = 1;
    while (got) {
        char *room = mli_buf_room(text, 65536);
        if (!room)
            return ml_error_set(err, text->status, "%s is too large", log->path);
        if (!mli_fd_read(log->fd, room, 65536, &got))
            return cannot("read", log->path, err);
        text->len += got;
    }
    return ML_OK;
}

/* The line with the search in front of it. */
static enum ml_status write_line(struct mli_triallog *log, const json_t *line, struct ml_error *err)
{
    struct mli_buf bytes;
    json_t *doc = json_pack("{ss}", "search", log->id);
    char *text = doc && json_object_update(doc, (json_t *)line) == 0 ? mli_json_text(doc, false) : NULL;
    json_decref(doc);
    mli_buf_init(&bytes, LOG_MAX);
    if (text)
        mli_buf_str(&bytes, text);
    mli_buf_char(&bytes, '\n');
    enum ml_status status = text && !bytes.status ? ML_OK : no_memory(err);
    if (!status && (!mli_fd_write(log->fd, bytes.data, bytes.len) || fdatasync(log->fd) != 0))
        status = cannot("write", log->path, err);
    mli_buf_release(&bytes);
    free(text);
    return status;
}

static enum ml_status load(struct mli_triallog *log, const json_t *begin, size_t folds, const struct ml_log *say,
                           struct ml_error *err)
{
    struct mli_buf bytes;
    struct mli_triallog_text text = { 0 };
    mli_buf_init(&bytes, LOG_MAX);
    enum ml_status status = read_file(log, &bytes, err);
    if (!status)
        status = mli_triallog_parse(bytes.data, bytes.len, log->id, folds, &text, err);
    if (!status) {
        log->lines = text.lines;
        if (text.bad)
            ml_log(say, ML_LOG_WARNING, "%zu line%s of %s are no trials and are passed over", text.bad,
                   text.bad == 1 ? "" : "s", log->path);
    }
    if (!status && text.whole < bytes.len && ftruncate(log->fd, (off_t)text.whole) != 0)
        status = cannot("cut the torn last line of", log->path, err);
    json_t *first = status || text.begun ? NULL : json_pack("{sO}", "begin", begin);
    if (!status && !text.begun)
        status = first ? write_line(log, first, err) : no_memory(err);
    json_decref(first);
    mli_buf_release(&bytes);
    return status;
}

enum ml_status mli_triallog_open(const char *path, const char *id, json_t *begin, size_t folds,
                                 const struct ml_log *say, struct mli_triallog **out, struct ml_error *err)
{
    struct mli_triallog *log = mli_calloc(1, sizeof *log);
    enum ml_status status = log && begin ? ML_OK : no_memory(err);
    if (log) {
        log->fd = -1;
        log->path = mli_strdup(path);
        log->id = mli_strdup(id);
    }
    if (!status && (!log->path || !log->id))
        status = no_memory(err);
    if (!status)
        status = open_file(log, err);
    if (!status)
        status = load(log, begin, folds, say, err);
    json_decref(begin);
    if (status)
        mli_triallog_close(log);
    else
        *out = log;
    return status;
}

void mli_triallog_close(struct mli_triallog *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    json_decref(log->lines);
    free(log->path);
    free(log->id);
    free(log);
}

const json_t *mli_triallog_find(const struct mli_triallog *log, const json_t *settings, double share, size_t again)
{
    char *key = key_of(settings, share, again);
    const json_t *line = key ? json_object_get(log->lines, key) : NULL;
    free(key);
    return line;
}

enum ml_status mli_triallog_add(struct mli_triallog *log, json_t *line, struct ml_error *err)
{
    enum ml_status status = write_line(log, line, err);
    if (!status && !keep_line(log->lines, line))
        status = no_memory(err);
    return status;
}

size_t mli_triallog_count(const struct mli_triallog *log)
{
    return json_object_size(log->lines);
}

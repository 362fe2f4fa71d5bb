#include <table/bad_rows.h>

#include <base/file.h>
#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/write.h>

#define NAMED_MAX ((size_t)5)
#define WRITE_SIZE ((size_t)64 << 10)

struct mli_bad_rows {
    const struct ml_log *log;
    char *path;
    struct mli_output *output; /* NULL until there is something to write */
    struct mli_buf text;
    size_t count;
    struct ml_error named[NAMED_MAX];
};

struct mli_bad_rows *mli_bad_rows_new(const char *quarantine, const struct ml_log *log)
{
    struct mli_bad_rows *bad = mli_calloc(1, sizeof(*bad));

    if (!bad)
        return NULL;
    bad->log = log;
    mli_buf_init(&bad->text, SIZE_MAX);
    bad->path = quarantine ? mli_strdup(quarantine) : NULL;
    if (bad->path || !quarantine)
        return bad;
    mli_bad_rows_free(bad);
    return NULL;
}

void mli_bad_rows_free(struct mli_bad_rows *bad)
{
    if (!bad)
        return;
    mli_output_abort(bad->output);
    mli_buf_release(&bad->text);
    free(bad->path);
    free(bad);
}

static void write_row(struct mli_buf *out, const char *line, const char *reason, const char *text,
                      size_t len, const char *file)
{
    struct mli_csv_writer writer;

    mli_csv_writer_init(&writer, out, ',');
    mli_csv_write_text(&writer, line, strlen(line));
    mli_csv_write_text(&writer, reason, strlen(reason));
    mli_csv_write_text(&writer, text, len);
    mli_csv_write_text(&writer, file, strlen(file));
    mli_csv_write_end(&writer);
}

/* Opened with the first row, so that a place that cannot be written is an error before the whole file is read. */
static enum ml_status begin(struct mli_bad_rows *bad, struct ml_error *err)
{
    if (bad->output)
        return ML_OK;
    enum ml_status status = mli_output_open_packed(bad->path, &bad->output, err);
    if (status == ML_OK)
        write_row(&bad->text, "line", "reason", "text", strlen("text"), "file");
    return status;
}

static enum ml_status write_out(struct mli_bad_rows *bad, struct ml_error *err)
{
    if (bad->text.status != ML_OK)
        return ml_error_at(err, ML_ENOMEM, bad->path, 0, 0, "out of memory for a row left out");
    enum ml_status status = mli_output_write(bad->output, bad->text.data, bad->text.len, err);
    mli_buf_reset(&bad->text);
    return status;
}

enum ml_status mli_bad_rows_add(struct mli_bad_rows *bad, const struct ml_error *where,
                                const char *text, size_t len, struct ml_error *err)
{
    char line[32];

    if (bad->count < NAMED_MAX)
        bad->named[bad->count] = *where;
    bad->count++;
    if (!bad->path)
        return ML_OK;
    enum ml_status status = begin(bad, err);
    if (status != ML_OK)
        return status;
    snprintf(line, sizeof(line), "%zu", where->line);
    write_row(&bad->text, line, where->text, text, len, where->source);
    return bad->text.len < WRITE_SIZE ? ML_OK : write_out(bad, err);
}

static void say(const struct mli_bad_rows *bad)
{
    size_t named = bad->count < NAMED_MAX ? bad->count : NAMED_MAX;

    for (size_t i = 0; i < named; i++) {
        const struct ml_error *row = &bad->named[i];
        ml_log(bad->log, ML_LOG_WARNING, "%s:%zu: left out: %s", row->source, row->line, row->text);
    }
    if (bad->count > named)
        ml_log(bad->log, ML_LOG_WARNING, "and %zu more rows left out", bad->count - named);
    if (bad->count > 0 && bad->path)
        ml_log(bad->log, ML_LOG_NOTE, "the rows left out are in %s", bad->path);
}

enum ml_status mli_bad_rows_end(struct mli_bad_rows *bad, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    if (bad->path) {
        status = begin(bad, err);
        if (status == ML_OK)
            status = write_out(bad, err);
        if (status == ML_OK) {
            status = mli_output_commit(bad->output, err);
            bad->output = NULL;
        }
    }
    if (status == ML_OK)
        say(bad);
    return status;
}

/* Records one by one: the window is filled, fed, and where bad rows may be left out, kept until its record is known to be good. */
#include <table/csv.h>

#include <base/mem.h>
#include <string.h>
#include <table/csv_inside.h>

/* Makes room for a block behind what is kept of the window, and moves that to the front. */
static enum ml_status keep_record(struct mli_csv *csv, size_t *kept)
{
    *kept = csv->start > 0 ? (size_t)(csv->end - csv->begin) : 0;
    if (*kept > 0)
        memmove(csv->block, csv->begin, *kept);
    if (*kept + MLI_CSV_BLOCK > csv->capacity) {
        size_t capacity = csv->capacity * 2;
        char *block = mli_realloc(csv->block, capacity + MLI_CSV_ROOM, 1);
        if (!block)
            return mli_csv_no_memory(csv);
        csv->block = block;
        csv->capacity = capacity;
    }
    csv->begin = csv->block;
    return ML_OK;
}

static enum ml_status refill(struct mli_csv *csv)
{
    size_t got = 0, kept = 0;
    enum ml_status status = ML_OK;

    if (!csv->decode) /* the text was all there is */
        return mli_csv_feed_end(csv);
    if (csv->keep)
        status = keep_record(csv, &kept);
    mli_csv_window(csv, csv->block + kept, csv->block + kept);
    if (status == ML_OK)
        status = mli_decode_read(csv->decode, csv->at, MLI_CSV_BLOCK, &got, csv->err);
    if (status != ML_OK)
        return status;
    if (got == 0)
        return mli_csv_feed_end(csv);
    mli_csv_window(csv, csv->at, csv->at + got);
    return ML_OK;
}

/* The last fields of libcsv's are as readable as all others. */
static bool make_room(struct mli_csv *csv)
{
    static const char room[MLI_CSV_ROOM];
    size_t len = csv->text.len, limit = csv->text.limit;

    csv->text.limit += sizeof(room);
    mli_buf_add(&csv->text, room, sizeof(room));
    csv->text.limit = limit;
    csv->text.len = len;
    return csv->text.status == ML_OK;
}

static enum ml_status check_count(struct mli_csv *csv)
{
    size_t count = csv->cut.count;

    if (count == 0 || csv->expected == 0 || count == csv->expected || csv->fault != MLI_CSV_GOOD)
        return ML_OK;
    csv->fault = MLI_CSV_BAD_FIELD;
    if (csv->options.title_lines > 0)
        return ml_error_at(csv->err, ML_EDATA, csv->source, csv->start, 0,
                           "%zu field%s where the header has %zu; lines above the header? --skip-rows %zu passes over them",
                           count, count == 1 ? "" : "s", csv->expected,
                           csv->options.title_lines + csv->options.skip_rows);
    return ml_error_at(csv->err, ML_EDATA, csv->source, csv->start, 0,
                       "%zu field%s where the header has %zu", count, count == 1 ? "" : "s",
                       csv->expected);
}

static enum ml_status read_record(struct mli_csv *csv)
{
    enum ml_status status = ML_OK;

    csv->cut.count = csv->start = 0;
    csv->complete = csv->taken = false;
    csv->fault = MLI_CSV_GOOD;
    mli_buf_reset(&csv->text);
    while (status == ML_OK && !csv->complete && !csv->finished)
        status = csv->at < csv->end ? mli_csv_feed(csv) : refill(csv);
    return status == ML_OK ? check_count(csv) : status;
}

/* Behind the first line of the record, or within it if the window does not have its end. */
static void resume_at_next_line(struct mli_csv *csv)
{
    char *at = csv->begin;

    while (at < csv->end && *at != '\n' && *at != '\r')
        at++;
    bool ends = at < csv->end;
    bool cr = ends && *at == '\r';
    at += ends + (cr && at + 1 < csv->end && at[1] == '\n');
    csv->line = csv->start + ends;
    csv->after_cr = cr && at == csv->end;
    csv->inside = csv->skipping = !ends;
    csv->finished = false;
    mli_csv_window(csv, at, csv->end);
}

/* The record that was found to be malformed goes to the bad rows, and reading goes on behind it. */
static enum ml_status leave_out(struct mli_csv *csv, struct ml_error *err)
{
    struct ml_error where = ML_ERROR_INIT;
    const struct ml_error *fault = &csv->fault_err;

    if (csv->fault == MLI_CSV_BAD_END)
        resume_at_next_line(csv);
    if (csv->failed)
        mli_csv_parser_reset(csv);
    csv->failed = false;
    csv->status = ML_OK;
    size_t len = (size_t)(csv->at - csv->begin);
    while (len > 0 && (csv->begin[len - 1] == '\n' || csv->begin[len - 1] == '\r'))
        len--;
    if (fault->column > 0)
        ml_error_at(&where, ML_EDATA, fault->source, csv->start, 0, "field %zu: %s", fault->column, fault->text);
    else
        ml_error_at(&where, ML_EDATA, fault->source, csv->start, 0, "%s", fault->text);
    return mli_bad_rows_add(csv->bad_rows, &where, csv->begin, len, err);
}

/* Reads on until a record is good. */
static enum ml_status read_good_record(struct mli_csv *csv, struct ml_error *err)
{
    for (;;) {
        csv->fault_err = (struct ml_error)ML_ERROR_INIT;
        csv->err = &csv->fault_err;
        enum ml_status status = read_record(csv);
        if (status != ML_OK && csv->fault == MLI_CSV_GOOD) {
            if (err && err->status == ML_OK)
                *err = csv->fault_err;
            return status;
        }
        if (csv->fault == MLI_CSV_GOOD)
            return ML_OK;
        status = leave_out(csv, err);
        if (status != ML_OK)
            return status;
    }
}

enum ml_status mli_csv_next(struct mli_csv *csv, struct mli_csv_record *record,
                            struct ml_error *err)
{
    enum ml_status status;

    csv->err = err;
    status = csv->bad_rows && csv->expected > 0 ? read_good_record(csv, err) : read_record(csv);
    if (status != ML_OK)
        return status;
    struct mli_csv_field *field = csv->cut.field;
    if (!csv->taken && !make_room(csv))
        return mli_csv_no_memory(csv);
    const char *text = csv->text.data;
    for (size_t i = 0; !csv->taken && i < csv->cut.count; i++) {
        field[i].text = text;
        text += field[i].len + 1;
    }
    *record =
        (struct mli_csv_record){ .count = csv->cut.count, .field = field, .line = csv->start };
    return ML_OK;
}

/* ---- around the records ---------------------------------------------------------------------- */

bool mli_csv_waits(const struct mli_csv *csv)
{
    return csv->at == csv->end && csv->decode && mli_input_waits(mli_csv_input(csv), 0);
}

enum ml_status mli_csv_read_rest(struct mli_csv *csv, char *bytes, size_t n, size_t *got,
                                 struct ml_error *err)
{
    if (csv->after_cr && csv->at == csv->end) {
        enum ml_status status = mli_decode_read(csv->decode, csv->block, MLI_CSV_BLOCK, got, err);
        if (status != ML_OK)
            return status;
        mli_csv_window(csv, csv->block, csv->block + *got);
    }
    if (csv->after_cr && csv->at < csv->end)
        csv->at += *csv->at == '\n'; /* the CR has ended that line */
    csv->after_cr = false;
    if (csv->at == csv->end)
        return mli_decode_read(csv->decode, bytes, n, got, err);
    size_t left = (size_t)(csv->end - csv->at);
    *got = n < left ? n : left;
    memcpy(bytes, csv->at, *got);
    csv->at += *got;
    return ML_OK;
}

enum ml_status mli_csv_expect(struct mli_csv *csv, size_t fields, bool again, struct ml_error *err)
{
    const struct ml_csv_options *options = &csv->options;
    bool bad_rows = options->bad_rows != ML_BAD_ROWS_ERROR;

    csv->expected = csv->cut.expected = fields;
    if (again) {
        csv->line = csv->start;
        csv->after_cr = csv->inside = csv->finished = false;
        mli_csv_window(csv, csv->begin, csv->end);
    }
    csv->keep = bad_rows;
    if (bad_rows && csv->decode && !csv->bad_rows) {
        csv->bad_rows = mli_bad_rows_new(options->bad_rows == ML_BAD_ROWS_QUARANTINE ? options->quarantine : NULL,
                                         options->log);
        if (!csv->bad_rows)
            return ml_error_at(err, ML_ENOMEM, csv->source, 0, 0, "out of memory for a CSV reader");
    }
    return ML_OK;
}

void mli_csv_follow(struct mli_csv *csv, struct mli_csv *before)
{
    csv->bad_rows = before->bad_rows;
    before->bad_rows = NULL;
}

enum ml_status mli_csv_end(struct mli_csv *csv, struct ml_error *err)
{
    enum ml_status status = csv->bad_rows ? mli_bad_rows_end(csv->bad_rows, err) : ML_OK;

    mli_bad_rows_free(csv->bad_rows);
    csv->bad_rows = NULL;
    return status;
}

size_t mli_csv_line(const struct mli_csv *csv)
{
    return csv->line;
}

bool mli_csv_may_cut(const struct mli_csv *csv)
{
    return !csv->options.libcsv && !csv->options.comment &&
           csv->options.bad_rows == ML_BAD_ROWS_ERROR;
}

const struct ml_csv_options *mli_csv_options(const struct mli_csv *csv)
{
    return &csv->options;
}

const char *mli_csv_encoding(const struct mli_csv *csv)
{
    return mli_decode_encoding(csv->decode);
}

const char *mli_csv_source(const struct mli_csv *csv)
{
    return csv->source;
}

struct mli_input *mli_csv_input(const struct mli_csv *csv)
{
    return csv->decode ? mli_decode_input(csv->decode) : NULL;
}

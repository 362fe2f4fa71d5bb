#include <model/rowlog.h>

#include <base/buf.h>
#include <base/file.h>
#include <base/json.h>
#include <base/mem.h>
#include <stdlib.h>
#include <string.h>
#include <table/rows.h>

#define BLOCK_ROWS ((size_t)256)
#define BLOCK_CELLS ((size_t)1 << 17)
#define PIECE ((size_t)64 << 10)
#define DEPTH 32

struct reader {
    struct mli_rowlog *log;
    const struct mli_schema *schema;
    const char *source;
    struct mli_rows *rows;
    struct mli_buf line; /* the one at hand, as far as it has been read */
    size_t number;       /* of it */
};

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static enum mli_cell set_cell(struct mli_rows *rows, const struct mli_schema *schema, size_t field, const json_t *value)
{
    const char *text = json_string_value(value);

    if (json_is_null(value))
        return MLI_CELL_MISSING;
    if (text && schema->field[field].type == ML_TYPE_NUMBER)
        return MLI_CELL_NOT_A_NUMBER;
    if (text)
        return mli_rows_set_text(rows, field, text, json_string_length(value));
    if (json_is_boolean(value))
        return mli_rows_set_bool(rows, field, json_is_true(value));
    if (json_is_number(value))
        return mli_rows_set_number(rows, field, json_number_value(value));
    return schema->field[field].type == ML_TYPE_INSTANT ? MLI_CELL_NOT_AN_INSTANT : MLI_CELL_NOT_A_NUMBER;
}

static enum ml_status refuse_cell(const struct reader *r, size_t field, enum mli_cell cell, const json_t *value,
                                  struct ml_error *err)
{
    char *found = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *wanted = cell == MLI_CELL_NOT_AN_INSTANT ? "a date or date-time"
                         : r->schema->field[field].dict ? "a string"
                                                         : "a number";

    enum ml_status status =
        cell == MLI_CELL_NO_MEMORY
            ? ml_error_set(err, ML_ENOMEM, "out of memory for the text of a cell")
            : ml_error_at(err, ML_EDATA, r->source, r->number, 0, "column \"%.60s\": expected %s or null, found %.40s",
                          r->schema->field[field].name, wanted, found ? found : "?");
    free(found);
    return status;
}

/* What makes a cell wrong is found out before a row is opened: a line that is left out leaves nothing behind. */
static enum ml_status check_columns(const struct reader *r, const json_t *row, struct ml_error *err)
{
    if (!json_is_object(row))
        return ml_error_at(err, ML_EDATA, r->source, r->number, 0,
                           "\"row\" is no object; a line of a prediction log has {\"row\":{\"column\":value,...},...}");
    for (size_t i = 0; i < r->schema->count; i++) {
        const char *name = r->schema->field[i].name;
        if (!json_object_get(row, name))
            return ml_error_at(err, ML_EDATA, r->source, r->number, 0, "column \"%.60s\" of the model is not in \"row\"",
                               name);
    }
    return ML_OK;
}

static void hand_on(struct reader *r)
{
    const struct ml_table *table = mli_rows_table(r->rows);

    if (table->rows > 0)
        r->log->take(r->log->data, table);
    r->log->rows += table->rows;
    mli_rows_reset(r->rows);
}

static enum ml_status take_row(struct reader *r, const json_t *row, struct ml_error *err)
{
    enum ml_status status = check_columns(r, row, err);

    if (status != ML_OK)
        return status;
    if (!mli_rows_append(r->rows)) {
        hand_on(r);
        mli_rows_append(r->rows);
    }
    for (size_t i = 0; i < r->schema->count && status == ML_OK; i++) {
        const json_t *value = json_object_get(row, r->schema->field[i].name);
        enum mli_cell cell = set_cell(r->rows, r->schema, i, value);
        if (cell == MLI_CELL_NOT_A_NUMBER || cell == MLI_CELL_NOT_AN_INSTANT || cell == MLI_CELL_NO_MEMORY)
            status = refuse_cell(r, i, cell, value, err);
    }
    if (status != ML_OK)
        mli_rows_retract(r->rows);
    return status;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static enum ml_status read_line(struct reader *r, struct ml_error *err)
{
    struct ml_error problem = ML_ERROR_INIT;
    json_t *doc = NULL;

    if (mli_json_parse(r->line.data, r->line.len, DEPTH, r->source, &doc, &problem) != ML_OK)
        return ml_error_at(err, problem.status == ML_ENOMEM ? ML_ENOMEM : ML_EDATA, r->source, r->number, 0, "%s",
                           problem.text);
    const char *digest = json_string_value(json_object_get(doc, "digest"));
    bool other = digest && !r->log->any_model && strcmp(digest, r->log->model->sha256) != 0;
    enum ml_status status = ML_OK;
    if (other)
        r->log->others++;
    else
        status = take_row(r, json_object_get(doc, "row"), err);
    json_decref(doc);
    return status;
}

static bool is_blank(const struct mli_buf *line)
{
    return line->len == 0 || (line->len == 1 && line->data[0] == '\r');
}

/* whole: it ends with a line feed. */
static enum ml_status end_line(struct reader *r, bool whole, struct ml_error *err)
{
    struct ml_error problem = ML_ERROR_INIT;

    r->number++;
    if (is_blank(&r->line))
        return ML_OK;
    enum ml_status status = read_line(r, &problem);
    if (status == ML_EDATA && !whole)
        return ML_OK;
    if (status == ML_EDATA && r->log->bad)
        return mli_bad_rows_add(r->log->bad, &problem, r->line.data, r->line.len, err);
    if (status != ML_OK && err)
        *err = problem;
    return status;
}

static enum ml_status add_to_line(struct reader *r, const char *text, size_t n, struct ml_error *err)
{
    if (n > 0)
        mli_buf_add(&r->line, text, n);
    if (r->line.status == ML_OK)
        return ML_OK;
    if (r->line.status == ML_ENOMEM)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a line");
    return ml_error_at(err, ML_EDATA, r->source, r->number + 1, 0, "the line is longer than %zu bytes", MLI_ROWLOG_LINE);
}

static enum ml_status read_piece(struct reader *r, const char *at, size_t n, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    while (n > 0 && status == ML_OK) {
        const char *feed = memchr(at, '\n', n);
        size_t len = feed ? (size_t)(feed - at) : n;
        status = add_to_line(r, at, len, err);
        if (status != ML_OK || !feed)
            return status;
        status = end_line(r, true, err);
        mli_buf_reset(&r->line);
        at += len + 1;
        n -= len + 1;
    }
    return status;
}

static enum ml_status read_all(struct reader *r, struct mli_input *input, struct ml_error *err)
{
    char *piece = mli_alloc(PIECE, 1);
    size_t got = 1;
    enum ml_status status = piece ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");

    while (status == ML_OK && got > 0) {
        status = mli_input_read(input, piece, PIECE, &got, err);
        if (status == ML_OK)
            status = read_piece(r, piece, got, err);
    }
    if (status == ML_OK)
        status = end_line(r, false, err);
    if (status == ML_OK)
        hand_on(r);
    free(piece);
    return status;
}

enum ml_status mli_rowlog_read_input(struct mli_rowlog *log, struct mli_input *input, struct ml_error *err)
{
    struct reader r = { .log = log, .schema = mli_pipeline_schema(log->model->pipeline), .source = mli_input_name(input) };
    struct mli_missing *missing = mli_missing_new(log->missing);
    size_t room = BLOCK_CELLS / (r.schema->count + 1);
    enum ml_status status = missing ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory for missing tokens");

    mli_buf_init(&r.line, MLI_ROWLOG_LINE);
    if (status == ML_OK)
        status = mli_rows_new(r.schema, missing, room > BLOCK_ROWS ? BLOCK_ROWS : room + 1, &r.rows, err);
    if (status == ML_OK)
        status = read_all(&r, input, err);
    mli_rows_free(r.rows);
    mli_missing_free(missing);
    mli_buf_release(&r.line);
    return status;
}

enum ml_status mli_rowlog_read(struct mli_rowlog *log, const char *path, struct ml_error *err)
{
    struct mli_input *input = NULL;
    enum ml_status status = mli_input_open(path, &input, err);

    if (status != ML_OK)
        return status;
    mli_input_undigested(input);
    status = mli_rowlog_read_input(log, input, err);
    mli_input_close(input);
    return status;
}

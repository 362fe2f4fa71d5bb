/*
 * Which rows: the number of rows to pass over is drawn by the geometric distribution [Devroye 1986, II.2.1], so that choosing
 * costs a random number for each row that is written, and none for those that are not.
 */
#include <serve/prediction_log.h>

#include <base/mem.h>
#include <math.h>
#include <model/output.h>
#include <serve/access_log.h>
#include <stdlib.h>
#include <string.h>
#include <table/table.h>

#define CHUNK ((size_t)64 << 10) /* bytes that go to the journal at a time: when it is full some rows are lost, not all */
#define MOST 0x1p62              /* rows to pass over */

void mli_pen_init(struct mli_pen *pen)
{
    *pen = (struct mli_pen){ .journal = NULL };
    mli_buf_init(&pen->lines, MLI_PEN_LINES);
    mli_buf_init(&pen->head, MLI_PEN_LINES);
}

static uint64_t draw(const struct mli_pen *pen, struct mli_rng *rng)
{
    if (pen->sample >= 1)
        return 0;
    double rows = log1p(-mli_rng_uniform(rng)) / log1p(-pen->sample);
    return rows < MOST ? (uint64_t)rows : (uint64_t)MOST; /* a share of nearly nothing */
}

void mli_pen_take(struct mli_pen *pen, struct mli_journal *journal, double sample, struct mli_rng *rng)
{
    pen->journal = journal;
    pen->sample = sample;
    pen->skip = draw(pen, rng);
}

void mli_pen_release(struct mli_pen *pen)
{
    mli_buf_release(&pen->lines);
    mli_buf_release(&pen->head);
    free(pen->stranger);
}

void mli_pen_begin(struct mli_pen *pen, const char *id)
{
    size_t n = strlen(id);

    n = n < sizeof(pen->id) ? n : sizeof(pen->id) - 1;
    memcpy(pen->id, id, n);
    pen->id[n] = '\0';
    mli_buf_reset(&pen->lines);
    pen->count = pen->lost = 0;
}

/* ---- a row ------------------------------------------------------------------------------------------------------- */

static void put_instant(struct mli_buf *out, double seconds)
{
    const double year_0 = -62167219200, year_10000 = 253402300800;
    char text[MLI_INSTANT_MAX];

    if (seconds < year_0 || seconds >= year_10000) {
        mli_buf_number(out, seconds);
        return;
    }
    mli_instant_format(seconds, text);
    mli_buf_char(out, '"');
    mli_buf_str(out, text);
    mli_buf_char(out, '"');
}

/* Texts of a row's cells that are not in their dictionary, by field. They are in the order of rows. */
static void take_strangers(struct mli_pen *pen, const struct mli_rows *rows, size_t row)
{
    size_t n, low = 0, high;
    const struct mli_stranger *stranger = mli_rows_strangers(rows, &n);

    for (high = n; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (stranger[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    memset(pen->stranger, 0, pen->fields * sizeof(*pen->stranger));
    for (; low < n && stranger[low].row == row; low++)
        pen->stranger[stranger[low].field] = stranger[low].text;
}

static bool make_room(struct mli_pen *pen, size_t fields)
{
    if (fields <= pen->fields)
        return true;
    const char **room = mli_realloc(pen->stranger, fields, sizeof(*room));
    if (!room)
        return false;
    pen->stranger = room;
    pen->fields = fields;
    return true;
}

static void put_text(struct mli_buf *out, const char *text)
{
    mli_buf_json_string(out, text, strlen(text));
}

/* stranger: its text if no dictionary has it, NULL also when there was no memory to keep it. */
static void put_cell(struct mli_buf *out, const struct mli_rows *rows, size_t row, size_t field, const char *stranger)
{
    const struct mli_column *column = &mli_rows_table(rows)->column[field];

    if (column->text) {
        if (column->text[row])
            put_text(out, column->text[row]);
        else
            mli_buf_str(out, "null");
    } else if (column->code) {
        int32_t code = column->code[row];
        if (code == MLI_CODE_MISSING)
            mli_buf_str(out, "null");
        else
            put_text(out, code >= 0 ? mli_dict_text(column->dict, (size_t)code) : stranger ? stranger : "");
    } else if (isnan(column->number[row])) {
        mli_buf_str(out, "null");
    } else if (column->type == ML_TYPE_INSTANT) {
        put_instant(out, column->number[row]);
    } else {
        mli_buf_number(out, column->number[row]);
    }
}

/* What the lines of a block have in common, in two parts around the number of the row. */
static size_t make_head(struct mli_pen *pen, const struct mli_served *served)
{
    struct mli_buf *head = &pen->head;
    char time[MLI_LOG_TIME + 1];

    mli_log_time(time);
    mli_buf_reset(head);
    mli_buf_printf(head, "{\"time\":\"%s\",\"id\":\"%s\",\"index\":", time, pen->id);
    size_t first = head->len;
    mli_buf_printf(head, ",\"model\":\"%s\",\"version\":\"%s\",\"digest\":\"%s\",\"row\":{", served->name,
                   served->version, served->model->sha256);
    return first;
}

static void put_row(struct mli_pen *pen, const struct mli_served *served, const struct mli_rows *rows, size_t row,
                    size_t number, size_t first, const double *p)
{
    const struct mli_schema *schema = served->schema;
    struct mli_buf *out = &pen->lines;
    size_t before = out->len;

    take_strangers(pen, rows, row);
    mli_buf_add(out, pen->head.data, first);
    mli_buf_number(out, (double)number);
    mli_buf_add(out, pen->head.data + first, pen->head.len - first);
    for (size_t i = 0; i < schema->count; i++) {
        if (i > 0)
            mli_buf_char(out, ',');
        put_text(out, schema->field[i].name);
        mli_buf_char(out, ':');
        put_cell(out, rows, row, i, pen->stranger[i]);
    }
    mli_buf_char(out, '}');
    size_t document = out->len;
    mli_prediction_write_json(out, served->model, served->label_json, p);
    mli_buf_char(out, '\n');
    if (out->status != ML_OK) { /* no line is cut */
        out->status = ML_OK;
        out->len = before;
        pen->lost++;
        return;
    }
    out->data[document] = ','; /* its members are the last of the line's */
    pen->count++;
}

void mli_pen_rows(struct mli_pen *pen, const struct mli_served *served, const struct mli_rows *rows, const double *P,
                  size_t first, struct mli_rng *rng)
{
    size_t n = mli_rows_count(rows), width = ml_model_width(served->model);

    if (pen->skip >= n) {
        pen->skip -= n;
        return;
    }
    size_t at = make_head(pen, served);
    bool ready = make_room(pen, served->schema->count) && pen->head.status == ML_OK;
    while (pen->skip < n) {
        size_t row = (size_t)pen->skip;
        if (ready)
            put_row(pen, served, rows, row, first + row, at, P + row * width);
        else
            pen->lost++;
        pen->skip += 1 + draw(pen, rng);
    }
    pen->skip -= n;
}

/* ---- the end of a request ---------------------------------------------------------------------------------------- */

static size_t count_lines(const char *lines, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += lines[i] == '\n';
    return count;
}

void mli_pen_end(struct mli_pen *pen, size_t part, bool good)
{
    const char *lines = pen->lines.data;

    for (size_t at = 0, n; good && at < pen->lines.len; at += n) {
        n = pen->lines.len - at;
        if (n <= CHUNK) {
            mli_journal_add(pen->journal, part, lines + at, n, pen->count);
            break;
        }
        const char *end = memrchr(lines + at, '\n', CHUNK);
        end = end ? end : memchr(lines + at, '\n', n);
        n = (size_t)(end - (lines + at)) + 1;
        size_t count = count_lines(lines + at, n);
        mli_journal_add(pen->journal, part, lines + at, n, count);
        pen->count -= count;
    }
    if (good && pen->lost > 0)
        mli_journal_drop(pen->journal, part, pen->lost);
}

#include <serve/row.h>

#include <base/base64.h>
#include <base/suggest.h>
#include <math.h>
#include <serve/lane.h>
#include <base/text.h>
#include <string.h>

#define NAMES_SUGGESTED ((size_t)64) /* names looked through for the one that was meant, */
#define NAMES_AMONG ((size_t)64 << 10) /* in so many bytes of the row */

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static void text_cell(struct mli_scan *scan, struct mli_intake *intake, size_t field)
{
    struct mli_buf *plain = &intake->worker->text;
    struct mli_scan_text text;

    if (!mli_scan_string(scan, &text))
        return;
    if (!text.escaped) {
        mli_intake_text(intake, field, text.at, text.len);
        return;
    }
    mli_buf_reset(plain);
    char *room = mli_buf_room(plain, text.len);
    if (room)
        mli_intake_text(intake, field, room, mli_scan_decode(&text, room));
    else
        mli_intake_fault(intake, field, "too_large", NULL, 0);
}

/* {"b64":"T3Nsbw=="}, as TensorFlow Serving has texts of any bytes. False: it is no such object, and nothing is read. */
static bool b64_cell(struct mli_scan *scan, struct mli_intake *intake, size_t field)
{
    struct mli_buf *plain = &intake->worker->text;
    struct mli_scan probe = *scan;
    struct mli_scan_text name, text, more;

    mli_scan_open(&probe, '{');
    if (!mli_scan_member(&probe, &name) || !mli_scan_equals(&name, "b64") || mli_scan_peek(&probe) != '"' ||
        !mli_scan_string(&probe, &text) || mli_scan_member(&probe, &more) || probe.wrong)
        return false;
    *scan = probe;
    mli_buf_reset(plain);
    char *bytes = mli_buf_room(plain, text.len + 1);
    size_t n = bytes ? mli_scan_decode(&text, bytes) : 0;
    if (!bytes)
        mli_intake_fault(intake, field, "too_large", NULL, 0);
    else if (!mli_base64_decode(bytes, n, bytes, &n) || !mli_utf8_is_text(bytes, n))
        mli_intake_fault(intake, field, "wrong_type", text.at, text.len);
    else
        mli_intake_text(intake, field, bytes, n);
    return true;
}

void mli_row_cell(struct mli_scan *scan, struct mli_intake *intake, size_t field)
{
    double number;
    char literal;

    switch (mli_scan_peek(scan)) {
    case '"':
        text_cell(scan, intake, field);
        break;
    case 'n':
    case 't':
    case 'f':
        if (!mli_scan_literal(scan, &literal))
            break;
        if (literal == 'n')
            mli_intake_missing(intake, field);
        else
            mli_intake_bool(intake, field, literal == 't');
        break;
    case '[':
        if (mli_scan_skip(scan))
            mli_intake_fault(intake, field, "wrong_type", "[...]", 5);
        break;
    case '{':
        if (b64_cell(scan, intake, field))
            break;
        if (mli_scan_skip(scan))
            mli_intake_fault(intake, field, "wrong_type", "{...}", 5);
        break;
    default:
        if (mli_scan_number(scan, &number))
            mli_intake_number(intake, field, number);
    }
}

/* ---- by name ----------------------------------------------------------------------------------------------------- */

size_t mli_row_field(const struct mli_intake *intake, const struct mli_scan_text *name,
                     size_t guess)
{
    const struct mli_schema *schema = intake->desk->schema;
    struct mli_buf *plain = &intake->worker->text;
    const char *text = name->at;
    size_t len = name->len;

    if (name->escaped) {
        mli_buf_reset(plain);
        char *room = mli_buf_room(plain, len);
        if (!room)
            return schema->count;
        len = mli_scan_decode(name, room);
        text = room;
    }
    if (guess < schema->count) {
        const char *likely = schema->field[guess].name;
        if (strncmp(likely, text, len) == 0 && likely[len] == '\0')
            return guess;
    }
    int32_t code = mli_dict_find(intake->desk->served->columns, text, len);
    return code >= 0 ? (size_t)code : schema->count;
}

/* The name of the row that was probably meant by a column that is missing; NULL: none comes near. */
static const char *find_near(const struct mli_intake *intake, struct mli_scan row, size_t field)
{
    const struct mli_schema *schema = intake->desk->schema;
    struct mli_arena *arena = &intake->worker->request;
    const char *stranger[NAMES_SUGGESTED];
    struct mli_scan_text name;
    size_t n = 0;

    row.len = row.len - row.at > NAMES_AMONG ? row.at + NAMES_AMONG : row.len;
    mli_scan_open(&row, '{');
    while (n < NAMES_SUGGESTED && mli_scan_member(&row, &name)) {
        mli_scan_skip(&row);
        if (mli_row_field(intake, &name, schema->count) < schema->count)
            continue;
        char *plain = mli_arena_alloc(arena, name.len + 1, 1);
        if (!plain)
            break;
        plain[mli_scan_decode(&name, plain)] = '\0';
        stranger[n++] = plain;
    }
    size_t near = mli_suggest(schema->field[field].name, stranger, n);
    return near < n ? stranger[near] : NULL;
}

static void miss_columns(struct mli_intake *intake, const struct mli_scan *row)
{
    struct mli_worker *worker = intake->worker;

    for (size_t i = 0; i < worker->desk->schema->count; i++) {
        if (worker->desk->seen[i] == worker->desk->row)
            continue;
        struct mli_arena_mark mark = mli_arena_mark(&worker->request);
        const char *near = intake->faults < MLI_FAULTS ? find_near(intake, *row, i) : NULL;
        mli_intake_fault(intake, i, "missing_column", near, near ? strlen(near) : 0);
        mli_arena_rewind(&worker->request, mark);
    }
}

/* The next member, and which column its name is; the one after the last is tried first. False: the object is over. */
static bool next_column(struct mli_scan *scan, const struct mli_intake *intake, size_t *field)
{
    const struct mli_desk *desk = intake->desk;
    size_t count = desk->schema->count, guess = *field < count ? *field + 1 : 0;
    struct mli_scan_text name;

    if (guess < count &&
        mli_scan_member_named(scan, desk->served->key[guess].json, desk->served->key[guess].len)) {
        *field = guess;
        return true;
    }
    if (!mli_scan_member(scan, &name))
        return false;
    *field = mli_row_field(intake, &name, guess);
    return true;
}

/* A row whose cells are all missing, or of a matrix nothing yet. */
static enum ml_status open_row(struct mli_intake *intake, struct ml_error *err)
{
    size_t opened;

    return intake->desk->matrix ? mli_intake_rows(intake, 1, &opened, err) : mli_intake_row(intake, err);
}

/* Columns from `first` on of the open row, which nothing was put into yet. */
static void leave_missing(const struct mli_intake *intake, size_t first)
{
    const struct mli_desk *desk = intake->desk;

    for (size_t i = first; desk->matrix && i < desk->schema->count; i++)
        desk->plain[i][intake->at] = NAN;
}

/* The columns that come first, in their order, as nearly all rows have them all. */
static size_t read_in_order(struct mli_scan *scan, struct mli_intake *intake, const struct mli_key_text *key)
{
    struct mli_desk *desk = intake->desk;
    size_t n = desk->matrix ? mli_lane_read(scan, key, desk->schema->count, desk->plain, intake->at) : 0;

    leave_missing(intake, n);
    return n;
}

static void read_named(struct mli_scan *scan, struct mli_intake *intake)
{
    struct mli_desk *desk = intake->desk;
    const struct mli_scan row = *scan;

    mli_scan_open(scan, '{');
    size_t count = desk->schema->count, found = read_in_order(scan, intake, desk->served->key);
    size_t field = found ? found - 1 : count;
    bool all = found == count && mli_scan_peek(scan) == '}'; /* then nobody asks which */
    for (size_t i = 0; i < found && !all; i++)
        desk->seen[i] = desk->row;
    while (next_column(scan, intake, &field)) {
        if (field == count) {
            mli_scan_skip(scan);
            continue;
        }
        if (desk->seen[field] == desk->row) {
            mli_scan_refuse(scan, "no duplicate of a column");
            return;
        }
        desk->seen[field] = desk->row;
        found++;
        mli_row_cell(scan, intake, field);
    }
    if (!scan->wrong && found < count)
        miss_columns(intake, &row);
}

/* ---- by place ---------------------------------------------------------------------------------------------------- */

/* field[0..count): the columns of the places, schema->count for one that is passed over; NULL: as in the schema. */
static enum ml_status read_placed(struct mli_scan *scan, struct mli_intake *intake,
                                  const size_t *field, size_t count, struct ml_error *err)
{
    size_t columns = intake->desk->schema->count, n = 0;

    mli_scan_open(scan, '[');
    if (!field && count == columns)
        n = read_in_order(scan, intake, NULL);
    for (; mli_scan_item(scan); n++) {
        size_t at = n >= count ? columns : field ? field[n] : n;
        if (at < columns)
            mli_row_cell(scan, intake, at);
        else
            mli_scan_skip(scan);
    }
    if (!scan->wrong && n != count)
        return ml_error_set(err, ML_EDATA, "row %zu has %zu values, expected %zu", intake->rows, n,
                            count);
    return ML_OK;
}

enum ml_status mli_row_read_placed(struct mli_scan *scan, struct mli_intake *intake,
                                   const size_t *field, size_t count, struct ml_error *err)
{
    enum ml_status status = mli_intake_row(intake, err);

    if (status == ML_OK)
        status = read_placed(scan, intake, field, count, err);
    return status == ML_OK && scan->wrong ? mli_scan_error(scan, err) : status;
}

/*
 * Whether an object's first member leads by names that are no columns (data, features, values) to an array. Then *scan
 * stands before it, *levels objects deep.
 */
static bool unwrap(struct mli_scan *scan, const struct mli_intake *intake, size_t *levels)
{
    static const char *const wrappers[] = { "data", "features", "values" };
    const struct mli_schema *schema = intake->desk->schema;
    struct mli_scan probe = *scan;
    struct mli_scan_text name;

    for (*levels = 0; mli_scan_peek(&probe) == '{'; ++*levels) {
        bool known = false;
        if (!mli_scan_open(&probe, '{') || !mli_scan_member(&probe, &name))
            return false;
        for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++)
            known = known || mli_scan_equals(&name, wrappers[i]);
        if (!known || mli_row_field(intake, &name, schema->count) < schema->count)
            return false;
    }
    if (*levels == 0 || mli_scan_peek(&probe) != '[')
        return false;
    *scan = probe;
    return true;
}

static enum ml_status read_wrapped(struct mli_scan *scan, struct mli_intake *intake, size_t levels,
                                   struct ml_error *err)
{
    struct mli_scan_text name;
    enum ml_status status = read_placed(scan, intake, NULL, intake->desk->schema->count, err);

    for (; levels > 0; levels--) {
        while (mli_scan_member(scan, &name)) {
            if (mli_scan_equals(&name, "keys"))
                return ml_error_set(err, ML_EDATA, "row %zu has \"keys\": sparse features are not taken here, send all %zu values",
                                    intake->rows, intake->desk->schema->count);
            mli_scan_skip(scan);
        }
    }
    return status;
}

static void read_only_cell(struct mli_scan *scan, struct mli_intake *intake)
{
    leave_missing(intake, 0);
    mli_row_cell(scan, intake, 0);
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

enum ml_status mli_row_read_named(struct mli_scan *scan, struct mli_intake *intake,
                                  struct ml_error *err)
{
    enum ml_status status = open_row(intake, err);

    if (status != ML_OK)
        return status;
    read_named(scan, intake);
    return scan->wrong ? mli_scan_error(scan, err) : ML_OK;
}

enum ml_status mli_row_read(struct mli_scan *scan, struct mli_intake *intake, struct ml_error *err)
{
    char first = mli_scan_peek(scan);
    size_t levels;

    if (first != '{' && first != '[' && (first == '\0' || intake->desk->schema->count != 1)) {
        mli_scan_refuse(scan, "a row, which is an object like {\"column\": value}, or an array");
        return mli_scan_error(scan, err);
    }
    enum ml_status status = open_row(intake, err);
    if (status != ML_OK)
        return status;
    if (first == '[')
        status = read_placed(scan, intake, NULL, intake->desk->schema->count, err);
    else if (first != '{')
        read_only_cell(scan, intake);
    else if (unwrap(scan, intake, &levels))
        status = read_wrapped(scan, intake, levels, err);
    else
        read_named(scan, intake);
    return scan->wrong ? mli_scan_error(scan, err) : status;
}

enum ml_status mli_row_read_list(struct mli_scan *scan, struct mli_intake *intake,
                                 struct ml_error *err)
{
    size_t before = intake->rows;

    intake->many = true;
    mli_scan_open(scan, '[');
    while (mli_scan_item(scan)) {
        enum ml_status status = mli_row_read(scan, intake, err);
        if (status != ML_OK)
            return status;
    }
    if (scan->wrong)
        return mli_scan_error(scan, err);
    if (intake->rows == before)
        return ml_error_set(err, ML_EDATA, "there are no rows; expected at least one");
    return ML_OK;
}

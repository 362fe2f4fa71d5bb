#include <serve/feed.h>

#include <base/clones.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/tile.h>
#include <math.h>
#include <serve/row.h>
#include <stdint.h>
#include <string.h>

static const struct mli_datatype datatypes[] = {
    { .name = "FP64", .kind = MLI_DATATYPE_FLOAT, .size = 8 },
    { .name = "FP32", .kind = MLI_DATATYPE_FLOAT, .size = 4 },
    { .name = "FP16", .kind = MLI_DATATYPE_FLOAT, .size = 2, .binary = true },
    { .name = "BF16", .kind = MLI_DATATYPE_FLOAT, .size = 2, .binary = true },
    { .name = "INT64", .kind = MLI_DATATYPE_INT, .size = 8, .low = -0x1p63, .high = 0x1p63 },
    { .name = "INT32", .kind = MLI_DATATYPE_INT, .size = 4, .low = INT32_MIN, .high = INT32_MAX },
    { .name = "INT16", .kind = MLI_DATATYPE_INT, .size = 2, .low = INT16_MIN, .high = INT16_MAX },
    { .name = "INT8", .kind = MLI_DATATYPE_INT, .size = 1, .low = INT8_MIN, .high = INT8_MAX },
    { .name = "UINT64", .kind = MLI_DATATYPE_INT, .size = 8, .high = 0x1p64 },
    { .name = "UINT32", .kind = MLI_DATATYPE_INT, .size = 4, .high = UINT32_MAX },
    { .name = "UINT16", .kind = MLI_DATATYPE_INT, .size = 2, .high = UINT16_MAX },
    { .name = "UINT8", .kind = MLI_DATATYPE_INT, .size = 1, .high = UINT8_MAX },
    { .name = "BOOL", .kind = MLI_DATATYPE_BOOL, .size = 1 },
    { .name = "BYTES", .kind = MLI_DATATYPE_BYTES },
};

const struct mli_datatype *mli_datatype_find(const struct mli_scan_text *name)
{
    for (size_t i = 0; i < sizeof(datatypes) / sizeof(datatypes[0]); i++) {
        if (mli_scan_equals(name, datatypes[i].name))
            return &datatypes[i];
    }
    return NULL;
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

bool mli_feed_open(struct mli_feed *feed)
{
    feed->level = 1;
    feed->waiting = false;
    return mli_scan_open(&feed->scan, '[');
}

/* Goes in and out of nested arrays until a value comes. */
static bool more_json(struct mli_feed *feed)
{
    while (!feed->waiting && feed->level > 0 && !feed->scan.wrong) {
        if (!mli_scan_item(&feed->scan)) {
            feed->level--;
            continue;
        }
        feed->waiting = mli_scan_peek(&feed->scan) != '[';
        if (!feed->waiting && mli_scan_open(&feed->scan, '['))
            feed->level++;
    }
    return feed->waiting || feed->scan.wrong;
}

static bool number_fits(const struct mli_datatype *type, double value)
{
    return type->kind == MLI_DATATYPE_FLOAT ||
           (type->kind == MLI_DATATYPE_INT && value >= type->low && value <= type->high &&
            value == floor(value));
}

/* A value of another type than the tensor's. null is a missing value of any type. */
static bool fits(const struct mli_feed *feed, char first)
{
    struct mli_scan probe = feed->scan;
    double number;

    if (!feed->type || first == 'n')
        return true;
    if (first == '"')
        return feed->type->kind == MLI_DATATYPE_BYTES;
    if (first == 't' || first == 'f')
        return feed->type->kind == MLI_DATATYPE_BOOL;
    return first != '{' && (!mli_scan_number(&probe, &number) || number_fits(feed->type, number));
}

static enum ml_status json_cell(struct mli_feed *feed, struct mli_intake *intake, size_t field,
                                struct ml_error *err)
{
    if (!feed->scan.wrong && !fits(feed, mli_scan_peek(&feed->scan)))
        return ml_error_set(err, ML_EDATA, "\"%.200s\": value %zu is not of datatype %s",
                            feed->name, feed->count, feed->type->name);
    feed->waiting = false;
    mli_row_cell(&feed->scan, intake, field);
    return feed->scan.wrong ? mli_scan_error(&feed->scan, err) : ML_OK;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

static uint64_t little_endian(const unsigned char *at, size_t n)
{
    uint64_t value = 0;

    while (n > 0)
        value = value << 8 | at[--n];
    return value;
}

static double half_precision(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31);
    double fraction = (double)(bits & 1023), value;

    if (exponent == 31)
        value = fraction > 0 ? NAN : INFINITY;
    else if (exponent == 0)
        value = ldexp(fraction, -24);
    else
        value = ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -value : value;
}

static double single_precision(uint64_t bits)
{
    uint32_t word = (uint32_t)bits;
    float value;

    memcpy(&value, &word, sizeof(value));
    return (double)value;
}

static double number_of(const struct mli_datatype *type, const unsigned char *at)
{
    uint64_t bits = little_endian(at, type->size);
    double value;

    if (type->kind == MLI_DATATYPE_INT) {
        unsigned unused = 64 - 8 * (unsigned)type->size;
        return type->low < 0 ? (double)((int64_t)(bits << unused) >> unused) : (double)bits;
    }
    if (type->size == 4)
        return single_precision(bits);
    if (type->size == 2)
        return type->name[0] == 'B' ? single_precision(bits << 16) : half_precision(bits);
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Whether all of the next element is there; *size is that of what it is, with *feed->at its first byte. */
static bool next_bytes(struct mli_feed *feed, size_t *size)
{
    size_t left = (size_t)(feed->end - feed->at);

    *size = feed->type->size;
    if (*size > 0 || left < 4)
        return *size > 0 && left >= *size;
    *size = (size_t)little_endian(feed->at, 4);
    feed->at += 4;
    return left - 4 >= *size;
}

/* NaN is how a float says that it has no value. */
static enum ml_status byte_cell(struct mli_feed *feed, struct mli_intake *intake, size_t field,
                                struct ml_error *err)
{
    const struct mli_datatype *type = feed->type;
    const char *text;
    double value;
    size_t size;

    if (!next_bytes(feed, &size))
        return ml_error_set(err, ML_EDATA, "\"%.200s\": the data ends within value %zu", feed->name,
                            feed->count);
    switch (type->kind) {
    case MLI_DATATYPE_BYTES:
        text = (const char *)feed->at;
        if (!mli_utf8_is_text(text, size))
            return ml_error_set(err, ML_EDATA, "\"%.200s\": value %zu is no UTF-8 text", feed->name,
                                feed->count);
        mli_intake_text(intake, field, text, size);
        break;
    case MLI_DATATYPE_BOOL:
        mli_intake_bool(intake, field, *feed->at != 0);
        break;
    case MLI_DATATYPE_INT:
    case MLI_DATATYPE_FLOAT:
        value = number_of(type, feed->at);
        if (isnan(value))
            mli_intake_missing(intake, field);
        else
            mli_intake_number(intake, field, value);
        break;
    }
    feed->at += size;
    return ML_OK;
}

/* ---- cells and rows ---------------------------------------------------------------------------------------------- */

bool mli_feed_more(struct mli_feed *feed)
{
    return feed->at ? feed->at < feed->end : more_json(feed);
}

enum ml_status mli_feed_cell(struct mli_feed *feed, struct mli_intake *intake, size_t field,
                             struct ml_error *err)
{
    feed->count++;
    return feed->at ? byte_cell(feed, intake, field, err) : json_cell(feed, intake, field, err);
}

static enum ml_status uneven(const struct mli_feed *feed, size_t wanted, struct ml_error *err)
{
    return ml_error_set(err, ML_EDATA, "\"%.200s\" has %s than %zu values", feed->name,
                        feed->count < wanted ? "fewer" : "more", wanted);
}

static enum ml_status next_row(struct mli_feed *feed, bool rows_major, struct mli_intake *intake,
                               size_t wanted, struct ml_error *err)
{
    size_t columns = intake->desk->schema->count;
    enum ml_status status = mli_intake_row(intake, err);

    for (size_t i = 0; i < columns && status == ML_OK; i++) {
        struct mli_feed *from = rows_major ? feed : &feed[i];
        status =
            mli_feed_more(from) ? mli_feed_cell(from, intake, i, err) : uneven(from, wanted, err);
    }
    return status;
}

/* ---- matrices ---------------------------------------------------------------------------------------------------- */

#define LITTLE_ENDIAN_HERE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static inline double float_at(const unsigned char *at, size_t size)
{
    float single;
    double value;

    if (size == sizeof(single)) {
        memcpy(&single, at, sizeof(single));
        return (double)single;
    }
    memcpy(&value, at, sizeof(value));
    return value;
}

/*
 * Whether a feed is n rows of floats for columns that take any, which is how tables come: then nothing has to be asked of a
 * cell but that it is not infinite, and that of many at once.
 */
static bool is_matrix(const struct mli_feed *feed, bool rows_major, size_t n, const struct mli_desk *desk)
{
    size_t columns = desk->schema->count, size = feed->at ? feed->type->size : 0, bytes;

    return LITTLE_ENDIAN_HERE && rows_major && n != SIZE_MAX && desk->matrix && (size == 4 || size == 8) &&
           feed->type->kind == MLI_DATATYPE_FLOAT && mli_mul(n, columns * size, &bytes) &&
           bytes == (size_t)(feed->end - feed->at);
}

/* NaN is a missing value, whatever its bits. Returns the sum of v - v: 0, or NaN where a value is not finite. */
static inline double fill_column(const unsigned char *from, size_t step, size_t size, size_t n, double *to)
{
    double odd = 0;

    for (size_t i = 0; i < n; i++) {
        to[i] = float_at(from + i * step, size);
        odd += to[i] - to[i];
    }
    return odd;
}

/* Four values of a row. */
static inline __attribute__((always_inline)) void load_four(const unsigned char *at, size_t size, mli_four *out)
{
    mli_four_floats floats;

    if (size == sizeof(float)) {
        memcpy(&floats, at, sizeof(floats));
        *out = __builtin_convertvector(floats, mli_four);
    } else {
        memcpy(out, at, sizeof(*out));
    }
}

static inline __attribute__((always_inline)) double fill_tiles(const unsigned char *from, size_t step, size_t size, size_t n,
                                                               double *const to[MLI_TILE], size_t first)
{
    mli_four odd = { 0 };
    double rest = 0;
    size_t i = 0;

    for (; i + MLI_TILE <= n; i += MLI_TILE) {
        mli_four a, b, c, d;
        load_four(from + i * step, size, &a);
        load_four(from + (i + 1) * step, size, &b);
        load_four(from + (i + 2) * step, size, &c);
        load_four(from + (i + 3) * step, size, &d);
        odd += ((a - a) + (b - b)) + ((c - c) + (d - d));
        mli_tile_turn(&a, &b, &c, &d);
        MLI_FOUR(to[0] + first + i) = a;
        MLI_FOUR(to[1] + first + i) = b;
        MLI_FOUR(to[2] + first + i) = c;
        MLI_FOUR(to[3] + first + i) = d;
    }
    for (size_t k = 0; i < n && k < MLI_TILE; k++)
        rest += fill_column(from + i * step + k * size, step, size, n - i, to[k] + first + i);
    return rest + ((odd[0] + odd[1]) + (odd[2] + odd[3]));
}

/* Rows of floats of that size, which the compiler knows, into the columns. False: one is not finite. */
static inline __attribute__((always_inline)) bool fill_sized(const unsigned char *from, size_t columns, size_t size, size_t n,
                                                             double *const *to, size_t first)
{
    size_t c = 0, step = columns * size;
    double odd = 0;

    for (; c + MLI_TILE <= columns; c += MLI_TILE)
        odd += fill_tiles(from + c * size, step, size, n, to + c, first);
    for (; c < columns; c++)
        odd += fill_column(from + c * size, step, size, n, to[c] + first);
    return odd == 0;
}

MLI_CLONES
static bool fill_singles(const unsigned char *from, size_t columns, size_t n, double *const *to, size_t first)
{
    return fill_sized(from, columns, sizeof(float), n, to, first);
}

MLI_CLONES
static bool fill_doubles(const unsigned char *from, size_t columns, size_t n, double *const *to, size_t first)
{
    return fill_sized(from, columns, sizeof(double), n, to, first);
}

static bool fill(const struct mli_feed *feed, const struct mli_desk *desk, size_t first, size_t n)
{
    return (feed->type->size == sizeof(float) ? fill_singles : fill_doubles)(feed->at, desk->schema->count, n, desk->plain,
                                                                              first);
}

/* Faults of the last n rows, cell by cell as they came. */
static void note_infinite(struct mli_intake *intake, size_t n)
{
    const struct mli_desk *desk = intake->desk;
    size_t rows = intake->rows;

    for (size_t i = 0; i < n; i++) {
        intake->rows = rows - n + i + 1;
        for (size_t c = 0; c < desk->schema->count; c++) {
            double value = desk->plain[c][intake->at + i];
            if (isinf(value))
                mli_intake_number(intake, c, value);
        }
    }
    intake->rows = rows;
}

static enum ml_status take_matrix(struct mli_feed *feed, size_t n, struct mli_intake *intake, struct ml_error *err)
{
    size_t row = intake->desk->schema->count * feed->type->size, opened = 0;
    enum ml_status status = ML_OK;

    for (; n > 0; n -= opened) {
        status = mli_intake_rows(intake, n, &opened, err);
        if (status != ML_OK)
            break;
        if (!fill(feed, intake->desk, intake->at, opened))
            note_infinite(intake, opened);
        feed->at += opened * row;
    }
    return status;
}

enum ml_status mli_feed_rows(struct mli_feed *feed, bool rows_major, size_t n,
                             struct mli_intake *intake, struct ml_error *err)
{
    size_t columns = intake->desk->schema->count, rows = 0;
    enum ml_status status = ML_OK;

    intake->many = true;
    if (is_matrix(&feed[0], rows_major, n, intake->desk))
        return take_matrix(&feed[0], n, intake, err);
    for (; status == ML_OK && (n == SIZE_MAX ? mli_feed_more(&feed[0]) : rows < n); rows++) {
        size_t wanted = n == SIZE_MAX ? rows + 1 : rows_major ? n * columns : n;
        status = next_row(feed, rows_major, intake, wanted, err);
    }
    for (size_t i = 0; status == ML_OK && i < (rows_major ? 1 : columns); i++) {
        if (mli_feed_more(&feed[i]))
            status = feed[i].scan.wrong ? mli_scan_error(&feed[i].scan, err)
                                        : uneven(&feed[i], rows * (rows_major ? columns : 1), err);
    }
    return status;
}

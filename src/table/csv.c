/*
 * libcsv reports fields and ends of records by callbacks that know no position and cannot stop it. So it is fed one
 * physical line at a time: at most one record ends in a piece, which turns push into pull, and every line number is
 * the number of the piece. It runs strictly: a quote inside an unquoted field or text after a closing one is an
 * error.
 *
 * The fast lane: a whole line that begins a record, lies in the block and holds no quote, no NUL and no byte that is
 * not UTF-8 needs none of that. It is cut at the delimiters where it lies, each delimiter overwritten by the field's
 * NUL. Everything else, every error included, is libcsv's.
 */
#include <table/csv.h>

#include <base/mem.h>
#include <base/text.h>
#include <csv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <table/sniff.h>

#define BLOCK_SIZE ((size_t)64 << 10) /* also what is sniffed */
#define FIELD_MAX ((size_t)16 << 20)
#define FIELDS_MAX ((size_t)65536)
#define RECORD_MAX ((size_t)256 << 20)

struct mli_csv {
    struct mli_input *input;
    struct csv_parser parser;
    char delimiter;
    struct mli_buf text; /* the record's fields one after the other, each with its NUL */
    struct mli_csv_field *field;
    size_t count, capacity;
    size_t line;             /* of the piece being fed, 1-based */
    size_t start;            /* line on which the record starts, 0 before its first byte */
    size_t quote;            /* line on which the field that is not closed yet starts */
    bool complete, finished; /* the record; the file */
    bool fast;               /* the fast lane may be taken, and */
    bool taken;              /* has been for this record: its fields have their text */
    bool after_cr;           /* the last piece ended in CR: an LF that follows ends no line */
    enum ml_status status;   /* what a callback found */
    struct ml_error *err;    /* where it says so */
    size_t at, end;          /* block[at..end) has not been fed */
    size_t lf, cr;           /* next LF and CR from `at` on, `end` if there is none */
    size_t quote_at, bad_at; /* the same of a quote and of what is not text, once `searched` */
    bool searched;
    char block[BLOCK_SIZE];
};

static enum ml_status refuse(struct mli_csv *csv, size_t line, size_t column, const char *text)
{
    return ml_error_at(csv->err, ML_EDATA, mli_input_name(csv->input), line, column, "%s", text);
}

static enum ml_status out_of_memory(struct mli_csv *csv)
{
    return ml_error_at(csv->err, ML_ENOMEM, mli_input_name(csv->input), csv->line, 0,
                       "out of memory for a record");
}

/* ---- callbacks ------------------------------------------------------------------------------- */

/* Length of the longest prefix that is UTF-8 without NUL. Eight bytes at a time while they are ASCII. */
static size_t text_span(const char *text, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t i = 0;

    while (i < len) {
        uint64_t word;
        if (len - i >= sizeof(word)) {
            memcpy(&word, text + i, sizeof(word));
            if (((word | (word - ones)) & tops) == 0) { /* no top bit set, no byte is 0 */
                i += sizeof(word);
                continue;
            }
        }
        size_t length = text[i] ? mli_utf8_sequence(text + i, len - i) : 0;
        if (length == 0)
            break;
        i += length;
    }
    return i;
}

static size_t count_lines(const char *text, size_t len)
{
    size_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\r' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'));
    return lines;
}

static enum ml_status add_field(struct mli_csv *csv, const char *text, size_t len)
{
    size_t good = text_span(text, len);

    if (good < len)
        return refuse(csv, csv->line - count_lines(text + good, len - good), csv->count + 1,
                      text[good] ? "not UTF-8 text; convert the file, with iconv for example"
                                 : "a NUL byte; the file is not plain text");
    if (len > FIELD_MAX)
        return refuse(csv, csv->line, csv->count + 1, "a field of more than 16 MiB");
    if (csv->count == FIELDS_MAX)
        return refuse(csv, csv->line, 0, "more than 65536 fields");
    if (!mli_grow((void **)&csv->field, &csv->capacity, csv->count, sizeof(*csv->field)))
        return out_of_memory(csv);
    csv->field[csv->count++].len = len;
    mli_buf_add(&csv->text, text, len + 1); /* libcsv has put a NUL behind it */
    if (csv->text.status == ML_ELIMIT)
        return refuse(csv, csv->line, 0, "a record of more than 256 MiB");
    return csv->text.status == ML_OK ? ML_OK : out_of_memory(csv);
}

static void on_field(void *text, size_t len, void *data)
{
    struct mli_csv *csv = data;

    if (csv->status == ML_OK)
        csv->status = add_field(csv, text, len);
}

static void on_record(int terminator, void *data)
{
    struct mli_csv *csv = data;

    (void)terminator;
    csv->complete = true;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static size_t find(const struct mli_csv *csv, char c)
{
    const char *hit = memchr(csv->block + csv->at, c, csv->end - csv->at);
    return hit ? (size_t)(hit - csv->block) : csv->end;
}

/* Both searches are kept until they are passed: a file without CR is not searched for one again and again. */
static size_t piece_length(struct mli_csv *csv)
{
    if (csv->lf < csv->at)
        csv->lf = find(csv, '\n');
    if (csv->cr < csv->at)
        csv->cr = find(csv, '\r');
    size_t last = csv->cr < csv->lf ? csv->cr : csv->lf;
    if (csv->cr < csv->end && csv->cr + 1 == csv->lf && csv->lf < csv->end)
        last = csv->lf; /* CRLF ends one line */
    return (last < csv->end ? last + 1 : csv->end) - csv->at;
}

/* Called where a record may begin, so `at` is not within a UTF-8 sequence that began in the last block. */
static bool is_plain(struct mli_csv *csv, size_t len)
{
    if (!csv->searched || csv->quote_at < csv->at)
        csv->quote_at = find(csv, '"');
    if (!csv->searched || csv->bad_at < csv->at)
        csv->bad_at = csv->at + text_span(csv->block + csv->at, csv->end - csv->at);
    csv->searched = true;
    return csv->at + len <= csv->quote_at && csv->at + len <= csv->bad_at;
}

static void begin_block(struct mli_csv *csv, size_t from, size_t to)
{
    csv->at = from;
    csv->end = to;
    csv->lf = find(csv, '\n');
    csv->cr = find(csv, '\r');
    csv->searched = false;
}

static bool is_space(const struct mli_csv *csv, char c)
{
    return (c == ' ' || c == '\t') && c != csv->delimiter;
}

static bool is_blank(const struct mli_csv *csv, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_space(csv, text[i]) && text[i] != '\n' && text[i] != '\r')
            return false;
    }
    return true;
}

static enum ml_status parse_error(struct mli_csv *csv)
{
    if (csv_error(&csv->parser) != CSV_EPARSE)
        return out_of_memory(csv);
    return refuse(
        csv, csv->line, csv->count + 1,
        csv->parser.quoted
            ? "text after a closing quote; a quote inside a quoted field is written twice"
            : "a quote inside a field without quotes; quote the field and write the quote twice");
}

static void advance(struct mli_csv *csv, size_t len, char last)
{
    csv->line += last == '\r' || (last == '\n' && !(len == 1 && csv->after_cr));
    csv->after_cr = last == '\r';
    csv->at += len;
}

/* A field of block[from..to), which is followed by its delimiter or line end, less the spaces around it. */
static bool cut_field(struct mli_csv *csv, char *from, char *to)
{
    if (csv->count == csv->capacity &&
        !mli_grow((void **)&csv->field, &csv->capacity, csv->count, sizeof(*csv->field)))
        return false;
    while (from < to && is_space(csv, *from))
        from++;
    while (to > from && is_space(csv, to[-1]))
        to--;
    *to = '\0';
    csv->field[csv->count++] = (struct mli_csv_field){ from, (size_t)(to - from) };
    return true;
}

/* A plain line as a record. It has at most as many fields as the block has bytes, so none of the limits is met. */
static enum ml_status cut_line(struct mli_csv *csv, size_t len)
{
    char *from = csv->block + csv->at, *end = from + len;
    char last = end[-1], *hit;

    while (end > from && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    while ((hit = memchr(from, csv->delimiter, (size_t)(end - from)))) {
        if (!cut_field(csv, from, hit))
            return out_of_memory(csv);
        from = hit + 1;
    }
    if (!cut_field(csv, from, end))
        return out_of_memory(csv);
    csv->start = csv->line;
    csv->complete = csv->taken = true;
    advance(csv, len, last);
    return ML_OK;
}

/* Whether the piece is a whole line, libcsv is between two records, and it would see nothing but plain fields. */
static bool may_cut(struct mli_csv *csv, const char *piece, size_t len)
{
    char last = piece[len - 1];

    return csv->fast && csv->start == 0 && (last == '\n' || last == '\r') && is_plain(csv, len) &&
           !is_blank(csv, piece, len);
}

static enum ml_status feed(struct mli_csv *csv)
{
    const char *piece = csv->block + csv->at;
    size_t len = piece_length(csv), fields = csv->count;
    if (may_cut(csv, piece, len))
        return cut_line(csv, len);
    bool began = csv->start == 0 && !is_blank(csv, piece, len);

    if (began)
        csv->start = csv->line;
    size_t parsed = csv_parse(&csv->parser, piece, len, on_field, on_record, csv);
    if (csv->status != ML_OK)
        return csv->status;
    if (parsed < len)
        return parse_error(csv);
    if (began || csv->count > fields)
        csv->quote = csv->line;
    if (csv->parser.entry_pos > FIELD_MAX)
        return refuse(csv, csv->quote, csv->count + 1,
                      "a field of more than 16 MiB; is there a quote that is not closed?");
    advance(csv, len, piece[len - 1]);
    return ML_OK;
}

static enum ml_status finish(struct mli_csv *csv)
{
    csv->finished = true;
    if (csv_fini(&csv->parser, on_field, on_record, csv) != 0)
        return refuse(csv, csv->quote, csv->count + 1, "a quote that is never closed");
    return csv->status;
}

static enum ml_status refill(struct mli_csv *csv)
{
    size_t got;
    enum ml_status status = mli_input_read(csv->input, csv->block, BLOCK_SIZE, &got, csv->err);

    if (status != ML_OK)
        return status;
    begin_block(csv, 0, got);
    return got > 0 ? ML_OK : finish(csv);
}

enum ml_status mli_csv_next(struct mli_csv *csv, struct mli_csv_record *record,
                            struct ml_error *err)
{
    enum ml_status status = ML_OK;

    csv->err = err;
    csv->count = csv->start = 0;
    csv->complete = csv->taken = false;
    mli_buf_reset(&csv->text);
    while (status == ML_OK && !csv->complete && !csv->finished)
        status = csv->at < csv->end ? feed(csv) : refill(csv);
    if (status != ML_OK)
        return status;
    const char *text = csv->text.data;
    for (size_t i = 0; !csv->taken && i < csv->count; i++) {
        csv->field[i].text = text;
        text += csv->field[i].len + 1;
    }
    *record =
        (struct mli_csv_record){ .count = csv->count, .field = csv->field, .line = csv->start };
    return ML_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* libcsv trims what this accepts. It must not eat the delimiter. */
static int only_space(unsigned char c)
{
    return c == CSV_SPACE;
}

static int only_tab(unsigned char c)
{
    return c == CSV_TAB;
}

/* The first block, filled as far as the file goes, decides on BOM and delimiter. */
static enum ml_status begin(struct mli_csv *csv, char delimiter, struct ml_error *err)
{
    size_t length = 0, got = 1;

    while (length < BLOCK_SIZE && got > 0) {
        enum ml_status status =
            mli_input_read(csv->input, csv->block + length, BLOCK_SIZE - length, &got, err);
        if (status != ML_OK)
            return status;
        length += got;
    }
    size_t start = length >= 3 && memcmp(csv->block, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    begin_block(csv, start, length);
    csv->delimiter =
        delimiter ? delimiter : mli_sniff_delimiter(csv->block + start, length - start, got == 0);
    csv_set_delim(&csv->parser, (unsigned char)csv->delimiter);
    if (csv->delimiter == '\t')
        csv_set_space_func(&csv->parser, only_space);
    if (csv->delimiter == ' ')
        csv_set_space_func(&csv->parser, only_tab);
    return ML_OK;
}

enum ml_status mli_csv_open(struct mli_input *input, const struct ml_csv_options *options,
                            struct mli_csv **out, struct ml_error *err)
{
    char delimiter = options->delimiter;
    enum ml_status status;

    if (delimiter == '"' || delimiter == '\n' || delimiter == '\r' ||
        (unsigned char)delimiter > 0x7F) {
        mli_input_close(input);
        return ml_error_set(err, ML_EUSAGE,
                            "the delimiter must be one ASCII character, no quote and no line end");
    }
    struct mli_csv *csv = mli_alloc(1, sizeof(*csv));
    if (!csv) {
        mli_input_close(input);
        return ml_error_set(err, ML_ENOMEM, "out of memory for a CSV reader");
    }
    memset(csv, 0, offsetof(struct mli_csv, block));
    csv->input = input;
    csv->line = 1;
    csv->fast = !options->libcsv;
    mli_buf_init(&csv->text, RECORD_MAX);
    csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    csv_set_blk_size(&csv->parser, BLOCK_SIZE); /* long fields grow by this, not by 128 bytes */
    status = begin(csv, delimiter, err);
    if (status != ML_OK) {
        mli_csv_close(csv);
        return status;
    }
    *out = csv;
    return ML_OK;
}

char mli_csv_delimiter(const struct mli_csv *csv)
{
    return csv->delimiter;
}

struct mli_input *mli_csv_input(const struct mli_csv *csv)
{
    return csv->input;
}

void mli_csv_close(struct mli_csv *csv)
{
    if (!csv)
        return;
    csv_free(&csv->parser);
    free(csv->field);
    mli_buf_release(&csv->text);
    mli_input_close(csv->input);
    free(csv);
}

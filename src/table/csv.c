/*
 * libcsv reports fields and ends of records by callbacks that know no position and cannot stop it. So it is fed one
 * physical line at a time: at most one record ends in a piece, which turns push into pull, and every line number is
 * the number of the piece. It runs strictly: a quote inside an unquoted field or text after a closing one is an
 * error.
 *
 * Most records need none of that: what is well-formed, lies in the window and holds no NUL and no byte that is not
 * UTF-8 is cut where it lies (cut.h), in chunks of a table many at once (grid.h). Everything else, every error included,
 * is libcsv's.
 */
#include <table/csv.h>

#include <base/mem.h>
#include <base/text.h>
#include <csv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <table/bad_rows.h>
#include <table/cut.h>
#include <table/decode.h>
#include <table/sniff.h>

#define BLOCK_SIZE ((size_t)64 << 10) /* also what is sniffed */
#define PIPE_PATIENCE 200 /* milliseconds */
#define FIELD_DEFAULT ((size_t)16 << 20)
#define FIELDS_MAX ((size_t)65536)
#define RECORD_MAX ((size_t)256 << 20)
#define FEW_ROWS ((size_t)16)
#define PATIENCE_MAX ((size_t)1023)

/* libcsv wants a quote. This byte is none of any text; where it is not a quote it is refused before libcsv sees it. */
#define NO_QUOTE '\xFF'

struct mli_csv {
    struct mli_decode *decode; /* NULL: the window is all there is */
    const char *source;      /* named in errors */
    struct csv_parser parser;
    struct ml_csv_options options; /* nothing in them is left to be found out */
    struct mli_cut cut;            /* its fields are those of the record, whoever made them */
    struct mli_grid grid;          /* many records at once */
    size_t singly, patience;       /* records before it is tried again; how many those were */
    struct mli_buf text;           /* libcsv's fields one after the other, each with its NUL */
    size_t line;                   /* of the piece being fed, 1-based */
    size_t start;                  /* line on which the record starts, 0 before its first byte */
    size_t open;                   /* line on which the field that is not closed yet starts */
    bool complete, finished;       /* the record; the text */
    bool taken;                    /* the fields of this record have been cut where they lie */
    bool failed;                   /* libcsv has to begin anew */
    bool after_cr;                 /* the last piece ended in CR: an LF that follows ends no line */
    bool inside;                   /* the last piece ended inside a line, */
    bool skipping;                 /* which is a comment, or one of the lines */
    size_t skip;                   /* above the header of which so many are still to be passed over */
    size_t expected;               /* fields of a record; 0: any number */
    bool keep;                     /* the record stays in the window from `begin` on, untouched until it is known to be */
    char *begin;                   /* good; what follows is put behind it */
    struct mli_bad_rows *bad_rows; /* takes the malformed ones, once the header has been read; NULL: they are errors */
    enum { GOOD, BAD_FIELD, BAD_END } fault; /* of the record: known where it ends, or not */
    struct ml_error fault_err;
    enum ml_status status;         /* what a callback found */
    struct ml_error *err;          /* where it says so */
    char *block;                   /* the window's memory, when it is our own, */
    size_t capacity;               /* its size */
    char *at, *end;                /* the window: what has not been fed */
    char *lf, *cr;                 /* next LF and CR from `at` on, `end` if there is none */
    char *bad;                     /* the same of what is not text, NULL when not searched for */
};

static enum ml_status refuse(struct mli_csv *csv, size_t line, size_t column, const char *text)
{
    return ml_error_at(csv->err, ML_EDATA, csv->source, line, column, "%s", text);
}

static enum ml_status out_of_memory(struct mli_csv *csv)
{
    return ml_error_at(csv->err, ML_ENOMEM, csv->source, csv->line, 0,
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

#define NUL_BYTE                                                                                   \
    "a NUL byte; the file is not plain text, or UTF-16 without a mark (--encoding utf-16le)"

static enum ml_status no_text(struct mli_csv *csv, size_t line, size_t column)
{
    const char *encoding = csv->options.encoding;

    return ml_error_at(csv->err, ML_EDATA, csv->source, line, column, "not %.40s text%s",
                       encoding ? encoding : "UTF-8",
                       encoding ? "" : "; --encoding names another (windows-1252, utf-16le, ...)");
}

static enum ml_status too_long(struct mli_csv *csv, size_t line, const char *why)
{
    size_t max = csv->options.max_field;
    bool mib = max % (1 << 20) == 0;

    return ml_error_at(csv->err, ML_EDATA, csv->source, line, csv->cut.count + 1,
                       "a field of more than %zu %s%s", mib ? max >> 20 : max,
                       mib ? "MiB" : "bytes", why);
}

static enum ml_status add_field(struct mli_csv *csv, const char *text, size_t len)
{
    size_t good = text_span(text, len), count = csv->cut.count;

    if (good < len) {
        size_t line = csv->line - count_lines(text + good, len - good);
        return text[good] ? no_text(csv, line, count + 1) : refuse(csv, line, count + 1, NUL_BYTE);
    }
    if (len > csv->options.max_field)
        return too_long(csv, csv->line, "");
    if (count == FIELDS_MAX)
        return refuse(csv, csv->line, 0, "more than 65536 fields");
    mli_buf_add(&csv->text, text, len + 1); /* libcsv has put a NUL behind it */
    if (csv->text.status == ML_ELIMIT) /* only fields that are each within their limit */
        return refuse(csv, csv->line, 0, "a record of more than 256 MiB");
    if (csv->text.status != ML_OK || !mli_cut_add(&csv->cut, NULL, len))
        return out_of_memory(csv);
    return ML_OK;
}

/* A field that is no text does not hide where its record ends, so a record to be left out is read on. */
static void on_field(void *text, size_t len, void *data)
{
    struct mli_csv *csv = data;

    if (csv->status != ML_OK || csv->fault != GOOD)
        return;
    csv->status = add_field(csv, text, len);
    if (csv->status != ML_EDATA || !csv->bad_rows)
        return;
    csv->status = ML_OK;
    csv->fault = BAD_FIELD;
}

static void on_record(int terminator, void *data)
{
    struct mli_csv *csv = data;

    (void)terminator;
    csv->complete = true;
}

/* ---- libcsv ---------------------------------------------------------------------------------- */

/* libcsv trims what this accepts. It must not eat the delimiter. */
static int only_space(unsigned char c)
{
    return c == CSV_SPACE;
}

static int only_tab(unsigned char c)
{
    return c == CSV_TAB;
}

static void init_parser(struct mli_csv *csv)
{
    char delimiter = csv->options.delimiter, quote = csv->options.quote;

    csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    csv_set_blk_size(&csv->parser, BLOCK_SIZE); /* long fields grow by this, not by 128 bytes */
    csv_set_delim(&csv->parser, (unsigned char)delimiter);
    csv_set_quote(&csv->parser, (unsigned char)(quote == ML_QUOTE_NONE ? NO_QUOTE : quote));
    if (delimiter == '\t')
        csv_set_space_func(&csv->parser, only_space);
    if (delimiter == ' ')
        csv_set_space_func(&csv->parser, only_tab);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static char *find(const struct mli_csv *csv, char c)
{
    char *hit = memchr(csv->at, c, (size_t)(csv->end - csv->at));
    return hit ? hit : csv->end;
}

static void begin_window(struct mli_csv *csv, char *at, char *end)
{
    csv->at = at;
    csv->end = end;
    csv->lf = csv->cr = csv->bad = NULL;
    mli_cut_restart(&csv->cut);
}

/*
 * To the end of the line, or of the window, or as much as libcsv gets at a time. Both searches are kept until they are
 * passed: a file without CR is not searched for one again and again.
 */
static size_t piece_length(struct mli_csv *csv)
{
    if (!csv->lf || csv->lf < csv->at)
        csv->lf = find(csv, '\n');
    if (!csv->cr || csv->cr < csv->at)
        csv->cr = find(csv, '\r');
    char *last = csv->cr < csv->lf ? csv->cr : csv->lf;
    if (csv->cr < csv->end && csv->cr + 1 == csv->lf && csv->lf < csv->end)
        last = csv->lf; /* CRLF ends one line */
    size_t len = (size_t)((last < csv->end ? last + 1 : csv->end) - csv->at);
    return len < BLOCK_SIZE ? len : BLOCK_SIZE;
}

static bool is_space(const struct mli_csv *csv, char c)
{
    return (c == ' ' || c == '\t') && c != csv->options.delimiter;
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
    csv->fault = BAD_END;
    return refuse(
        csv, csv->line, csv->cut.count + 1,
        csv->parser.quoted
            ? "text after a closing quote; a quote inside a quoted field is written twice"
            : "a quote inside a field without quotes; quote the field and write the quote twice");
}

/* Where quotes mean nothing libcsv's quote is no text, and the first to be met is refused here. */
static enum ml_status refuse_no_text(struct mli_csv *csv, const char *piece, const char *hit)
{
    size_t column = csv->cut.count + 1;

    for (; piece < hit; piece++)
        column += *piece == csv->options.delimiter;
    return no_text(csv, csv->line, column);
}

static void advance(struct mli_csv *csv, size_t len)
{
    char last = csv->at[len - 1];
    bool ends = last == '\r' || (last == '\n' && !(len == 1 && csv->after_cr));

    csv->line += ends;
    csv->skip -= ends && csv->skip > 0;
    csv->after_cr = last == '\r';
    csv->inside = last != '\r' && last != '\n';
    csv->at += len;
}

/* Whether what comes next belongs to a line that is passed over. */
static bool is_skipped(struct mli_csv *csv)
{
    char comment = csv->options.comment;

    if (!csv->inside)
        csv->skipping = csv->skip > 0 || (comment && *csv->at == comment && csv->start == 0);
    return csv->skipping;
}

static enum ml_status feed_libcsv(struct mli_csv *csv)
{
    const char *piece = csv->at, *hit;
    size_t len = piece_length(csv), fields = csv->cut.count;
    bool began = csv->start == 0 && !is_blank(csv, piece, len);

    if (began)
        csv->start = csv->line;
    csv->failed = true; /* unless all goes well */
    if (csv->options.quote == ML_QUOTE_NONE && (hit = memchr(piece, (unsigned char)NO_QUOTE, len))) {
        csv->fault = BAD_END;
        return refuse_no_text(csv, piece, hit);
    }
    size_t parsed = csv_parse(&csv->parser, piece, len, on_field, on_record, csv);
    if (csv->status != ML_OK)
        return csv->status;
    if (parsed < len)
        return parse_error(csv);
    if (began || csv->cut.count > fields)
        csv->open = csv->line;
    if (csv->parser.entry_pos > csv->options.max_field) {
        csv->fault = BAD_END;
        return too_long(csv, csv->open, "; is there a quote that is not closed?");
    }
    csv->failed = false;
    advance(csv, len);
    return ML_OK;
}

/* Called where a record may begin, so `at` is not within a UTF-8 sequence that began in the last window. */
static bool is_text_until(struct mli_csv *csv, const char *to)
{
    if (!csv->bad || csv->bad < csv->at)
        csv->bad = csv->at + text_span(csv->at, (size_t)(csv->end - csv->at));
    return to <= csv->bad;
}

/*
 * The next record by the fast cut, when libcsv is between two records and the line begins a record. A line that holds
 * what is not text is cut by libcsv, which then says where. An LF after a CR at the border of two windows is its, too.
 */
static enum ml_status feed(struct mli_csv *csv)
{
    char *next;
    size_t lines;

    if (!csv->inside && csv->start == 0)
        csv->begin = csv->at;
    if (is_skipped(csv)) {
        advance(csv, piece_length(csv));
        return ML_OK;
    }
    if (csv->options.libcsv || (csv->keep && !csv->bad_rows) || csv->start > 0 || csv->after_cr || !is_text_until(csv, csv->at + 1))
        return feed_libcsv(csv);
    switch (mli_cut_record(&csv->cut, csv->at, csv->bad, !csv->decode && csv->bad == csv->end, &next,
                           &lines)) {
    case MLI_CUT_OTHER:
        csv->cut.count = 0;
        return feed_libcsv(csv);
    case MLI_CUT_NOMEM:
        return out_of_memory(csv);
    case MLI_CUT_DONE:
        csv->start = csv->line;
        csv->complete = csv->taken = true;
        break;
    case MLI_CUT_BLANK:
        csv->cut.count = 0;
        break;
    }
    csv->line += lines;
    csv->after_cr = csv->cut.cr && next == csv->end && csv->decode;
    csv->inside = false;
    csv->at = next;
    return ML_OK;
}

static enum ml_status finish(struct mli_csv *csv)
{
    csv->finished = true;
    if (csv_fini(&csv->parser, on_field, on_record, csv) != 0) {
        csv->failed = true;
        csv->fault = BAD_END;
        return refuse(csv, csv->open, csv->cut.count + 1, "a quote that is never closed");
    }
    return csv->status;
}

/* Makes room for a block behind what is kept of the window, and moves that to the front. */
static enum ml_status keep_record(struct mli_csv *csv, size_t *kept)
{
    *kept = csv->start > 0 ? (size_t)(csv->end - csv->begin) : 0;
    if (*kept > 0)
        memmove(csv->block, csv->begin, *kept);
    if (*kept + BLOCK_SIZE > csv->capacity) {
        size_t capacity = csv->capacity * 2;
        char *block = mli_realloc(csv->block, capacity + MLI_CSV_ROOM, 1);
        if (!block)
            return out_of_memory(csv);
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
        return finish(csv);
    if (csv->keep)
        status = keep_record(csv, &kept);
    begin_window(csv, csv->block + kept, csv->block + kept);
    if (status == ML_OK)
        status = mli_decode_read(csv->decode, csv->at, BLOCK_SIZE, &got, csv->err);
    if (status != ML_OK)
        return status;
    if (got == 0)
        return finish(csv);
    begin_window(csv, csv->at, csv->at + got);
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

    if (count == 0 || csv->expected == 0 || count == csv->expected || csv->fault != GOOD)
        return ML_OK;
    csv->fault = BAD_FIELD;
    if (csv->options.title_lines > 0)
        return ml_error_at(csv->err, ML_EDATA, csv->source, csv->start, 0,
                           "%zu field%s where the header has %zu; lines above the header? --skip-rows %zu passes over them",
                           count, count == 1 ? "" : "s", csv->expected,
                           csv->options.title_lines + csv->options.skip_rows);
    return ml_error_at(csv->err, ML_EDATA, csv->source, csv->start, 0,
                       "%zu field%s where the header has %zu", count, count == 1 ? "" : "s",
                       csv->expected);
}

/*
 * Where the grid gets hold of few records, as in a file that is quoted in a way that it does not take, it is tried the
 * more rarely the oftener it fails.
 */
static void be_patient(struct mli_csv *csv)
{
    if (csv->grid.rows >= FEW_ROWS)
        csv->patience = 0;
    else if (csv->grid.rows == 0)
        csv->patience = csv->patience < PATIENCE_MAX ? 2 * csv->patience + 1 : PATIENCE_MAX;
    csv->singly = csv->patience;
}

const struct mli_grid *mli_csv_next_grid(struct mli_csv *csv)
{
    char *next;

    if (csv->decode || csv->options.libcsv || csv->options.comment || csv->expected == 0 ||
        csv->inside || csv->after_cr || csv->at == csv->end || !mli_grid_fits(csv->expected))
        return NULL;
    if (csv->singly > 0) {
        csv->singly--;
        return NULL;
    }
    if (!is_text_until(csv, csv->at + 1))
        return NULL;
    csv->grid.columns = csv->expected;
    if (!mli_grid_cut(&csv->grid, csv->at, csv->bad, csv->line, &next))
        return NULL;
    be_patient(csv);
    csv->at = next;
    csv->line += csv->grid.lines;
    return csv->grid.rows > 0 ? &csv->grid : NULL;
}

static enum ml_status read_record(struct mli_csv *csv)
{
    enum ml_status status = ML_OK;

    csv->cut.count = csv->start = 0;
    csv->complete = csv->taken = false;
    csv->fault = GOOD;
    mli_buf_reset(&csv->text);
    while (status == ML_OK && !csv->complete && !csv->finished)
        status = csv->at < csv->end ? feed(csv) : refill(csv);
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
    begin_window(csv, at, csv->end);
}

/* The record that was found to be malformed goes to the bad rows, and reading goes on behind it. */
static enum ml_status leave_out(struct mli_csv *csv, struct ml_error *err)
{
    struct ml_error where = ML_ERROR_INIT;
    const struct ml_error *fault = &csv->fault_err;

    if (csv->fault == BAD_END)
        resume_at_next_line(csv);
    if (csv->failed) {
        csv_free(&csv->parser);
        init_parser(csv);
    }
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
        if (status != ML_OK && csv->fault == GOOD) {
            if (err && err->status == ML_OK)
                *err = csv->fault_err;
            return status;
        }
        if (csv->fault == GOOD)
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
        return out_of_memory(csv);
    const char *text = csv->text.data;
    for (size_t i = 0; !csv->taken && i < csv->cut.count; i++) {
        field[i].text = text;
        text += field[i].len + 1;
    }
    *record =
        (struct mli_csv_record){ .count = csv->cut.count, .field = field, .line = csv->start };
    return ML_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void init_cutting(struct mli_csv *csv)
{
    init_parser(csv);
    mli_cut_init(&csv->cut, csv->options.delimiter, csv->options.quote, csv->options.max_field,
                 FIELDS_MAX, RECORD_MAX);
    mli_grid_init(&csv->grid, csv->options.delimiter, csv->options.quote,
                  csv->options.max_field < RECORD_MAX ? csv->options.max_field : RECORD_MAX);
}

/* A pipe that stays open has given the header and a row at least, and nothing for a while: what is there must do. */
static bool is_enough(const struct mli_csv *csv, size_t length)
{
    const char *end = csv->block + length, *first = memchr(csv->block, '\n', length);
    const char *second = first ? memchr(first + 1, '\n', (size_t)(end - first - 1)) : NULL;

    return second && mli_input_waits(mli_csv_input(csv), PIPE_PATIENCE);
}

static void say(const struct mli_csv *csv, enum ml_log_level level, const char *text)
{
    ml_log(csv->options.log, level, "%s: %s", csv->source, text);
}

/* What was not given is found out from the window, and said where it is not what one expects. */
static void take_dialect(struct mli_csv *csv, bool whole)
{
    struct ml_csv_options *options = &csv->options;
    struct mli_dialect found;

    mli_sniff(csv->at, (size_t)(csv->end - csv->at), whole, options, &found);
    if (found.sep_line) {
        csv->skip++;
        say(csv, ML_LOG_NOTE, "its first line, sep=, names the delimiter");
    }
    if (!options->quote && found.quote == '\'')
        say(csv, ML_LOG_NOTE, "fields are quoted by apostrophes");
    if (!options->quote && found.quote == ML_QUOTE_NONE)
        say(csv, ML_LOG_WARNING, "quotes stand where they quote nothing, so they are read as text (--quote '\"' if they are not)");
    if (found.looks_like_data && !(options->said & ML_SAID_HEADER))
        say(csv, ML_LOG_WARNING, "the first line looks like data and not like names of columns; --no-header reads it as a row");
    if (options->thousands == ',')
        found.decimal = '.'; /* what was found is those */
    if (!options->decimal && found.decimal == ',')
        say(csv, ML_LOG_NOTE, "numbers have a decimal comma (--decimal . if they have not)");
    if (!options->decimal)
        options->decimal = found.decimal;
    options->delimiter = found.delimiter;
    options->quote = found.quote;
    options->title_lines = found.title_lines;
}

/* The first block, filled as far as the file goes, decides on the delimiter. */
static enum ml_status begin(struct mli_csv *csv, struct ml_error *err)
{
    size_t length = 0, got = 1;

    while (length < BLOCK_SIZE && got > 0 && !is_enough(csv, length)) {
        enum ml_status status =
            mli_decode_read(csv->decode, csv->block + length, BLOCK_SIZE - length, &got, err);
        if (status != ML_OK)
            return status;
        length += got;
    }
    begin_window(csv, csv->block, csv->block + length);
    take_dialect(csv, got == 0);
    init_cutting(csv);
    return ML_OK;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static enum ml_status check_options(const struct ml_csv_options *options, struct ml_error *err)
{
    char delimiter = options->delimiter, quote = options->quote ? options->quote : '"';

    if (delimiter == quote || is_line_end(delimiter) || (unsigned char)delimiter > 0x7F)
        return ml_error_set(err, ML_EUSAGE,
                            "the delimiter must be one ASCII character, no quote and no line end");
    if (options->comment && (options->comment == delimiter || options->comment == quote ||
                             is_line_end(options->comment) || (unsigned char)options->comment > 0x7F))
        return ml_error_set(err, ML_EUSAGE,
                            "the mark of comments must be one ASCII character, no delimiter and no quote");
    if (is_line_end(quote) || quote == ' ' || quote == '\t' || (unsigned char)quote > 0x7F ||
        quote == delimiter)
        return ml_error_set(err, ML_EUSAGE,
                            "the quote must be one ASCII character, no delimiter, space or line end");
    return ML_OK;
}

static enum ml_status csv_new(const struct ml_csv_options *options, const char *source,
                              struct mli_csv **out, struct ml_error *err)
{
    enum ml_status status = check_options(options, err);

    if (status != ML_OK)
        return status;
    struct mli_csv *csv = mli_calloc(1, sizeof(*csv));
    if (!csv)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a CSV reader");
    csv->source = source;
    csv->options = *options;
    if (csv->options.max_field == 0)
        csv->options.max_field = FIELD_DEFAULT;
    csv->line = 1;
    csv->skip = options->skip_rows;
    mli_buf_init(&csv->text, RECORD_MAX);
    *out = csv;
    return ML_OK;
}

enum ml_status mli_csv_open(struct mli_input *input, const struct ml_csv_options *options,
                            struct mli_csv **out, struct ml_error *err)
{
    struct mli_csv *csv;
    enum ml_status status = csv_new(options, mli_input_name(input), &csv, err);

    if (status != ML_OK) {
        mli_input_close(input);
        return status;
    }
    csv->keep = options->no_header || options->bad_rows != ML_BAD_ROWS_ERROR;
    csv->capacity = BLOCK_SIZE;
    csv->block = mli_alloc(csv->capacity + MLI_CSV_ROOM, 1);
    if (csv->block) {
        status = mli_decode_open(input, options->encoding, options->log, &csv->decode, err);
    } else {
        mli_input_close(input);
        status = ml_error_set(err, ML_ENOMEM, "out of memory for a CSV reader");
    }
    if (status == ML_OK && !options->encoding && mli_decode_is_utf16(csv->decode))
        csv->options.encoding = "utf-16"; /* by its mark; for errors to name */
    if (status == ML_OK)
        status = begin(csv, err);
    if (status != ML_OK) {
        mli_csv_close(csv);
        return status;
    }
    *out = csv;
    return ML_OK;
}

enum ml_status mli_csv_open_text(char *text, size_t len, size_t line, const char *source,
                                 const struct ml_csv_options *options, struct mli_csv **out,
                                 struct ml_error *err)
{
    enum ml_status status = csv_new(options, source, out, err);

    if (status != ML_OK)
        return status;
    if (!options->quote)
        (*out)->options.quote = '"';
    init_cutting(*out);
    mli_csv_reset_text(*out, text, len, line);
    return ML_OK;
}

void mli_csv_reset_text(struct mli_csv *csv, char *text, size_t len, size_t line)
{
    if (csv->failed) {
        csv_free(&csv->parser);
        init_parser(csv);
    }
    csv->failed = csv->finished = csv->after_cr = csv->inside = false;
    csv->status = ML_OK;
    csv->line = line;
    csv->skip = 0;
    begin_window(csv, text, text + len);
}

bool mli_csv_waits(const struct mli_csv *csv)
{
    return csv->at == csv->end && csv->decode && mli_input_waits(mli_csv_input(csv), 0);
}

enum ml_status mli_csv_read_rest(struct mli_csv *csv, char *bytes, size_t n, size_t *got,
                                 struct ml_error *err)
{
    if (csv->after_cr && csv->at == csv->end) {
        enum ml_status status = mli_decode_read(csv->decode, csv->block, BLOCK_SIZE, got, err);
        if (status != ML_OK)
            return status;
        begin_window(csv, csv->block, csv->block + *got);
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
        begin_window(csv, csv->begin, csv->end);
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

void mli_csv_close(struct mli_csv *csv)
{
    if (!csv)
        return;
    csv_free(&csv->parser);
    mli_cut_release(&csv->cut);
    mli_grid_release(&csv->grid);
    mli_buf_release(&csv->text);
    free(csv->block);
    mli_decode_close(csv->decode);
    mli_bad_rows_free(csv->bad_rows);
    free(csv);
}

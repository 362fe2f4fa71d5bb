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
#include <table/csv_inside.h>

#include <base/mem.h>
#include <csv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <table/bytes.h>

/* libcsv wants a quote. This byte is none of any text; where it is not a quote it is refused before libcsv sees it. */
#define NO_QUOTE '\xFF'

#define FEW_ROWS ((size_t)16)
#define PATIENCE_MAX ((size_t)1023)

static enum ml_status refuse(struct mli_csv *csv, size_t line, size_t column, const char *text)
{
    return ml_error_at(csv->err, ML_EDATA, csv->source, line, column, "%s", text);
}

enum ml_status mli_csv_no_memory(struct mli_csv *csv)
{
    return ml_error_at(csv->err, ML_ENOMEM, csv->source, csv->line, 0,
                       "out of memory for a record");
}

/* ---- callbacks ------------------------------------------------------------------------------- */

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
    size_t good = mli_bytes_text(text, len), count = csv->cut.count;

    if (good < len) {
        size_t line = csv->line - count_lines(text + good, len - good);
        return text[good] ? no_text(csv, line, count + 1) : refuse(csv, line, count + 1, NUL_BYTE);
    }
    if (len > csv->options.max_field)
        return too_long(csv, csv->line, "");
    if (count == MLI_CSV_FIELDS)
        return refuse(csv, csv->line, 0, "more than 65536 fields");
    mli_buf_add(&csv->text, text, len + 1); /* libcsv has put a NUL behind it */
    if (csv->text.status == ML_ELIMIT) /* only fields that are each within their limit */
        return refuse(csv, csv->line, 0, "a record of more than 256 MiB");
    if (csv->text.status != ML_OK || !mli_cut_add(&csv->cut, NULL, len))
        return mli_csv_no_memory(csv);
    return ML_OK;
}

/* A field that is no text does not hide where its record ends, so a record to be left out is read on. */
static void on_field(void *text, size_t len, void *data)
{
    struct mli_csv *csv = data;

    if (csv->status != ML_OK || csv->fault != MLI_CSV_GOOD)
        return;
    csv->status = add_field(csv, text, len);
    if (csv->status != ML_EDATA || !csv->bad_rows)
        return;
    csv->status = ML_OK;
    csv->fault = MLI_CSV_BAD_FIELD;
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

    csv_init(csv->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    csv_set_blk_size(csv->parser, MLI_CSV_BLOCK); /* long fields grow by this, not by 128 bytes */
    csv_set_delim(csv->parser, (unsigned char)delimiter);
    csv_set_quote(csv->parser, (unsigned char)(quote == ML_QUOTE_NONE ? NO_QUOTE : quote));
    if (delimiter == '\t')
        csv_set_space_func(csv->parser, only_space);
    if (delimiter == ' ')
        csv_set_space_func(csv->parser, only_tab);
}

enum ml_status mli_csv_parser_new(struct mli_csv *csv, struct ml_error *err)
{
    csv->parser = mli_alloc(1, sizeof(*csv->parser));
    if (!csv->parser)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a CSV reader");
    init_parser(csv);
    mli_cut_init(&csv->cut, csv->options.delimiter, csv->options.quote, csv->options.max_field,
                 MLI_CSV_FIELDS, MLI_CSV_RECORD);
    mli_grid_init(&csv->grid, csv->options.delimiter, csv->options.quote,
                  csv->options.max_field < MLI_CSV_RECORD ? csv->options.max_field : MLI_CSV_RECORD);
    return ML_OK;
}

void mli_csv_parser_reset(struct mli_csv *csv)
{
    csv_free(csv->parser);
    init_parser(csv);
}

void mli_csv_parser_free(struct mli_csv *csv)
{
    if (csv->parser)
        csv_free(csv->parser);
    free(csv->parser);
    mli_cut_release(&csv->cut);
    mli_grid_release(&csv->grid);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static char *find(const struct mli_csv *csv, char c)
{
    char *hit = memchr(csv->at, c, (size_t)(csv->end - csv->at));
    return hit ? hit : csv->end;
}

void mli_csv_window(struct mli_csv *csv, char *at, char *end)
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
    return len < MLI_CSV_BLOCK ? len : MLI_CSV_BLOCK;
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
    if (csv_error(csv->parser) != CSV_EPARSE)
        return mli_csv_no_memory(csv);
    csv->fault = MLI_CSV_BAD_END;
    return refuse(
        csv, csv->line, csv->cut.count + 1,
        csv->parser->quoted
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
        csv->fault = MLI_CSV_BAD_END;
        return refuse_no_text(csv, piece, hit);
    }
    size_t parsed = csv_parse(csv->parser, piece, len, on_field, on_record, csv);
    if (csv->status != ML_OK)
        return csv->status;
    if (parsed < len)
        return parse_error(csv);
    if (began || csv->cut.count > fields)
        csv->open = csv->line;
    if (csv->parser->entry_pos > csv->options.max_field) {
        csv->fault = MLI_CSV_BAD_END;
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
        csv->bad = csv->at + mli_bytes_text(csv->at, (size_t)(csv->end - csv->at));
    return to <= csv->bad;
}

/*
 * The next record by the fast cut, when libcsv is between two records and the line begins a record. A line that holds
 * what is not text is cut by libcsv, which then says where. An LF after a CR at the border of two windows is its, too.
 */
enum ml_status mli_csv_feed(struct mli_csv *csv)
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
        return mli_csv_no_memory(csv);
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

enum ml_status mli_csv_feed_end(struct mli_csv *csv)
{
    csv->finished = true;
    if (csv_fini(csv->parser, on_field, on_record, csv) != 0) {
        csv->failed = true;
        csv->fault = MLI_CSV_BAD_END;
        return refuse(csv, csv->open, csv->cut.count + 1, "a quote that is never closed");
    }
    return csv->status;
}

/* ---- many records at once --------------------------------------------------------------------- */

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

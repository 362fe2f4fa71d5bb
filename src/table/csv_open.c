/* Opening a reader: its options, and what they leave open found out from the first block. */
#include <table/csv_inside.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>
#include <table/foreign.h>
#include <table/sniff.h>

#define PIPE_PATIENCE 200 /* milliseconds */
#define FIELD_DEFAULT ((size_t)16 << 20)

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

    while (length < MLI_CSV_BLOCK && got > 0 && !is_enough(csv, length)) {
        enum ml_status status =
            mli_decode_read(csv->decode, csv->block + length, MLI_CSV_BLOCK - length, &got, err);
        if (status != ML_OK)
            return status;
        length += got;
    }
    const char *foreign = csv->options.skip_rows || csv->options.quote ? NULL : mli_foreign_text(csv->block, length);
    if (foreign)
        return ml_error_at(err, ML_EDATA, csv->source, 0, 0, "no CSV file: it is %s", foreign);
    mli_csv_window(csv, csv->block, csv->block + length);
    take_dialect(csv, got == 0);
    return mli_csv_parser_new(csv, err);
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
    mli_buf_init(&csv->text, MLI_CSV_RECORD);
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
    csv->capacity = MLI_CSV_BLOCK;
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
    struct mli_csv *csv;
    enum ml_status status = csv_new(options, source, &csv, err);

    if (status != ML_OK)
        return status;
    if (!options->quote)
        csv->options.quote = '"';
    status = mli_csv_parser_new(csv, err);
    if (status != ML_OK) {
        mli_csv_close(csv);
        return status;
    }
    mli_csv_reset_text(csv, text, len, line);
    *out = csv;
    return ML_OK;
}

void mli_csv_reset_text(struct mli_csv *csv, char *text, size_t len, size_t line)
{
    if (csv->failed)
        mli_csv_parser_reset(csv);
    csv->failed = csv->finished = csv->after_cr = csv->inside = false;
    csv->status = ML_OK;
    csv->line = line;
    csv->skip = 0;
    mli_csv_window(csv, text, text + len);
}

void mli_csv_close(struct mli_csv *csv)
{
    if (!csv)
        return;
    mli_csv_parser_free(csv);
    mli_buf_release(&csv->text);
    free(csv->block);
    mli_decode_close(csv->decode);
    mli_bad_rows_free(csv->bad_rows);
    free(csv);
}

#include <model/reading.h>

#include <base/buf.h>
#include <ctype.h>
#include <string.h>
#include <table/decode.h>
#include <table/sniff.h>

const json_t *mli_model_reading(const struct ml_model *model)
{
    return json_object_get(json_object_get(model->record, "data"), "read");
}

/* One that a flag could have given; 0: none. */
static char character(const json_t *read, const char *key)
{
    const char *text = json_string_value(json_object_get(read, key));
    char c = text && text[0] && !text[1] ? text[0] : '\0';

    return c == '\t' || c == ' ' || c == ML_QUOTE_NONE || ispunct((unsigned char)c) ? c : '\0';
}

static char decimal(const json_t *read)
{
    char c = character(read, "decimal");
    return c == ',' || c == '.' ? c : '\0';
}

static size_t count(const json_t *read, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(read, key));
    return value > 0 ? (size_t)value : 0;
}

void mli_reading_again(const json_t *read, struct ml_csv_options *csv, const char **missing)
{
    bool left_out = json_is_true(json_object_get(read, "leave_out_bad_rows"));

    *csv = (struct ml_csv_options){
        .delimiter = character(read, "delimiter"),
        .quote = character(read, "quote"),
        .comment = character(read, "comment"),
        .decimal = decimal(read),
        .thousands = character(read, "thousands"),
        .skip_rows = count(read, "skip_rows"),
        .max_field = count(read, "max_field"),
        .no_header = json_is_true(json_object_get(read, "no_header")),
        .bad_rows = left_out ? ML_BAD_ROWS_SKIP : ML_BAD_ROWS_ERROR,
        .encoding = json_string_value(json_object_get(read, "encoding")),
    };
    *missing = json_string_value(json_object_get(read, "missing"));
}

/* ---- another file ------------------------------------------------------------------------------------------------ */

/* " --na 'n a'", for a shell. */
static void say(struct mli_buf *said, const char *option, const char *value)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.:-_/+%@=^";
    bool plain = *value && strspn(value, safe) == strlen(value);

    const char *mark = plain ? "" : strchr(value, '\'') ? "\"" : "'";
    mli_buf_printf(said, " --%s %s", option, mark);
    for (; *value; value++) {
        if (*mark == '"' && strchr("\"\\$`", *value))
            mli_buf_char(said, '\\');
        mli_buf_char(said, *value);
    }
    mli_buf_str(said, mark);
}

static void take_character(char *to, char from, bool said_none, const char *option, struct mli_buf *said)
{
    const char text[] = { from, '\0' };

    if (*to || !from || said_none)
        return;
    *to = from;
    say(said, option, from == '\t' ? "tab" : from == ' ' ? "space" : from == ML_QUOTE_NONE ? "none" : text);
}

/* The two may not be the same character. */
static void take_numerals(const struct ml_csv_options *from, struct ml_csv_options *csv, struct mli_buf *said)
{
    char given = csv->decimal ? csv->decimal : from->decimal ? from->decimal : '.';

    if (!csv->thousands || csv->thousands != from->decimal)
        take_character(&csv->decimal, from->decimal, false, "decimal", said);
    if (from->thousands != given)
        take_character(&csv->thousands, from->thousands, csv->said & ML_SAID_THOUSANDS, "thousands", said);
}

static void take_lines(const struct ml_csv_options *from, struct ml_csv_options *csv, struct mli_buf *said)
{
    if (from->no_header && !csv->no_header && !(csv->said & ML_SAID_HEADER)) {
        csv->no_header = true;
        mli_buf_str(said, " --no-header");
    }
    if (from->skip_rows && !csv->skip_rows && !(csv->said & ML_SAID_SKIP_ROWS)) {
        csv->skip_rows = from->skip_rows;
        mli_buf_printf(said, " --skip-rows %zu", csv->skip_rows);
    }
}

void mli_reading_inherit(const json_t *read, const char *since, struct ml_csv_options *csv, const char **missing,
                         const struct ml_log *log)
{
    struct ml_csv_options from;
    const char *tokens;
    struct mli_buf said;

    mli_buf_init(&said, 4096);
    mli_reading_again(read, &from, &tokens);
    if (tokens && !*missing) {
        *missing = tokens;
        say(&said, "na", tokens);
    }
    if (from.delimiter && !strchr(MLI_SNIFF_DELIMITERS, from.delimiter))
        take_character(&csv->delimiter, from.delimiter, false, "delimiter", &said);
    take_character(&csv->quote, from.quote, false, "quote", &said);
    take_lines(&from, csv, &said);
    take_character(&csv->comment, from.comment, csv->said & ML_SAID_COMMENT, "comment", &said);
    take_numerals(&from, csv, &said);
    if (from.encoding && !csv->encoding && !mli_decode_finds(from.encoding)) {
        csv->encoding = from.encoding;
        say(&said, "encoding", from.encoding);
    }
    if (said.len)
        ml_log(log, ML_LOG_NOTE, "reading as %s:%s", since, said.data);
    mli_buf_release(&said);
}

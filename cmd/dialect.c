#include <cmd/dialect.h>

#include <base/num.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

static const char quarantine[] = "quarantine=";

static int refuse(const struct cmd_context *ctx, const char *option, const char *expected, const char *found)
{
    struct ml_error err = ML_ERROR_INIT;
    ml_error_set(&err, ML_EUSAGE, "--%s wants %s, not \"%.60s\"", option, expected, found);
    return cmd_fail(ctx, &err);
}

/* One ASCII character that is no letter, no digit and no line end, or its name. */
static int take_character(const struct cmd_context *ctx, const char *option, const char *text, char *out)
{
    if (!text)
        return CMD_CONTINUE;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        *out = '\t';
    else if (strcmp(text, "space") == 0)
        *out = ' ';
    else if (strlen(text) == 1 && (text[0] == '\t' || text[0] == ' ' || ispunct((unsigned char)text[0])))
        *out = text[0];
    else
        return refuse(ctx, option, "one character that is no letter and no digit, or tab or space", text);
    return CMD_CONTINUE;
}

/* The same or none: nothing, on purpose. */
static int take_or_none(const struct cmd_context *ctx, const char *option, const char *text, enum ml_said which,
                        struct ml_csv_options *options, char *out)
{
    if (!text || strcmp(text, "none") != 0)
        return take_character(ctx, option, text, out);
    options->said |= which;
    return CMD_CONTINUE;
}

static int take_lines(const struct cmd_context *ctx, const struct dialect *flags, struct ml_csv_options *out)
{
    struct ml_error err = ML_ERROR_INIT;
    double rows = 0;
    if (flags->header && flags->no_header) {
        ml_error_set(&err, ML_EUSAGE, "--header and --no-header exclude each other");
        return cmd_fail(ctx, &err);
    }
    out->no_header = flags->no_header != 0;
    if (flags->header)
        out->said |= ML_SAID_HEADER;
    if (!flags->skip_rows)
        return CMD_CONTINUE;
    if (!mli_num_parse(flags->skip_rows, strlen(flags->skip_rows), &rows) || rows < 0 || rows > 1e9 || rows != floor(rows))
        return refuse(ctx, "skip-rows", "a count", flags->skip_rows);
    out->skip_rows = (size_t)rows;
    out->said |= ML_SAID_SKIP_ROWS;
    return CMD_CONTINUE;
}

static int take_numerals(const struct cmd_context *ctx, const struct dialect *flags,
                         struct ml_csv_options *out)
{
    const char *decimal = flags->decimal;
    if (decimal && strcmp(decimal, ".") != 0 && strcmp(decimal, ",") != 0)
        return refuse(ctx, "decimal", ". or ,", decimal);
    out->decimal = decimal ? decimal[0] : '\0';
    int code = take_or_none(ctx, "thousands", flags->thousands, ML_SAID_THOUSANDS, out, &out->thousands);
    if (code != CMD_CONTINUE || !out->thousands)
        return code;
    if (strchr("+-", out->thousands) || out->thousands == (decimal ? decimal[0] : '.'))
        return refuse(ctx, "thousands", "a character that is no sign and not the decimal point", flags->thousands);
    return CMD_CONTINUE;
}

static int take_bad_rows(const struct cmd_context *ctx, const char *how, struct ml_csv_options *out)
{
    if (!how || strcmp(how, "error") == 0)
        return CMD_CONTINUE;
    if (strcmp(how, "skip") == 0) {
        out->bad_rows = ML_BAD_ROWS_SKIP;
        return CMD_CONTINUE;
    }
    if (strncmp(how, quarantine, sizeof quarantine - 1) != 0 || !how[sizeof quarantine - 1])
        return refuse(ctx, "bad-rows", "error, skip or quarantine=FILE", how);
    out->bad_rows = ML_BAD_ROWS_QUARANTINE;
    out->quarantine = how + sizeof quarantine - 1;
    if (cmd_output_is_file(ctx, out->quarantine))
        return CMD_USAGE;
    return cmd_output_writable(ctx, out->quarantine) ? CMD_CONTINUE : CMD_SYSTEM;
}

int dialect_options(const struct cmd_context *ctx, const struct dialect *flags, struct ml_csv_options *out)
{
    struct ml_csv_options options = { .encoding = flags->encoding };
    bool no_quote = flags->quote && strcmp(flags->quote, "none") == 0;
    int code = take_character(ctx, "delimiter", flags->delimiter, &options.delimiter);
    if (no_quote)
        options.quote = ML_QUOTE_NONE;
    else if (code == CMD_CONTINUE)
        code = take_character(ctx, "quote", flags->quote, &options.quote);
    if (code == CMD_CONTINUE)
        code = take_or_none(ctx, "comment", flags->comment, ML_SAID_COMMENT, &options, &options.comment);
    if (code == CMD_CONTINUE)
        code = take_numerals(ctx, flags, &options);
    if (code == CMD_CONTINUE)
        code = take_lines(ctx, flags, &options);
    if (code == CMD_CONTINUE && !cmd_size(ctx, "max-field", flags->max_field, &options.max_field))
        code = CMD_USAGE;
    if (code == CMD_CONTINUE)
        code = take_bad_rows(ctx, flags->bad_rows, &options);
    if (code == CMD_CONTINUE)
        *out = options;
    return code;
}

bool dialect_output_refused(const struct cmd_context *ctx, const struct ml_csv_options *csv, const char *file)
{
    struct ml_error err = ML_ERROR_INIT;
    if (!csv->quarantine || !file || cmd_output_refused(ctx, csv->quarantine, file))
        return csv->quarantine && file;
    if (strcmp(csv->quarantine, file) != 0)
        return false;
    ml_error_set(&err, ML_EUSAGE, "--bad-rows quarantine=%.400s is the output as well; name another file", file);
    cmd_fail(ctx, &err);
    return true;
}

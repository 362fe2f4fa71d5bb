#include <table/write.h>

#include <base/num.h>
#include <math.h>
#include <string.h>

void mli_csv_writer_init(struct mli_csv_writer *writer, struct mli_buf *out, char delimiter)
{
    *writer = (struct mli_csv_writer){ .out = out, .delimiter = delimiter };
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool needs_quotes(const char *text, size_t len, char delimiter)
{
    if (len == 0)
        return false;
    if (is_space(text[0]) || is_space(text[len - 1]) || text[0] == '\xEF')
        return true;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == delimiter || text[i] == '"' || text[i] == '\r' || text[i] == '\n')
            return true;
    }
    return false;
}

static void add_quoted(struct mli_buf *out, const char *text, size_t len)
{
    const char *end = text + len;

    mli_buf_char(out, '"');
    while (text < end) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        const char *next = quote ? quote + 1 : end;
        mli_buf_add(out, text, (size_t)(next - text));
        if (quote)
            mli_buf_char(out, '"');
        text = next;
    }
    mli_buf_char(out, '"');
}

void mli_csv_write_text(struct mli_csv_writer *writer, const char *text, size_t len)
{
    if (writer->started)
        mli_buf_char(writer->out, writer->delimiter);
    writer->blank = !writer->started && len == 0;
    writer->started = true;
    if (needs_quotes(text, len, writer->delimiter))
        add_quoted(writer->out, text, len);
    else
        mli_buf_add(writer->out, text, len);
}

void mli_csv_write_number(struct mli_csv_writer *writer, double value)
{
    char text[MLI_NUM_MAX];

    mli_csv_write_text(writer, text, isnan(value) ? 0 : mli_num_format(value, text));
}

static void write_instant(struct mli_csv_writer *writer, double seconds)
{
    char text[MLI_INSTANT_MAX] = "";

    if (!isnan(seconds))
        mli_instant_format(seconds, text);
    mli_csv_write_text(writer, text, strlen(text));
}

void mli_csv_write_cell(struct mli_csv_writer *writer, const struct ml_table *table, size_t row,
                        size_t column)
{
    const struct mli_column *col = &table->column[column];

    if (col->type == ML_TYPE_NUMBER) {
        mli_csv_write_number(writer, col->number[row]);
    } else if (col->type == ML_TYPE_INSTANT) {
        write_instant(writer, col->number[row]);
    } else {
        const char *text =
            col->code[row] >= 0 ? mli_dict_text(col->dict, (size_t)col->code[row]) : "";
        mli_csv_write_text(writer, text, strlen(text));
    }
}

/* A line with nothing on it is no record to a reader, so a lone empty field shows itself by quotes. */
void mli_csv_write_end(struct mli_csv_writer *writer)
{
    if (writer->blank)
        mli_buf_str(writer->out, "\"\"");
    mli_buf_char(writer->out, '\n');
    writer->started = writer->blank = false;
}

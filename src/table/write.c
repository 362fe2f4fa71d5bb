#include <table/write.h>

#include <base/num.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

void mli_csv_writer_init(struct mli_csv_writer *writer, struct mli_buf *out, char delimiter)
{
    *writer = (struct mli_csv_writer){ .out = out,
                                       .delimiter = delimiter,
                                       .numeric = strchr("0123456789.-einfa", delimiter) != NULL };
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

#define EIGHT(c) (UINT64_C(0x0101010101010101) * (unsigned char)(c))

/* Whether one of the eight bytes is c: it is the only one that is 0 in the difference [Mycroft 1987]. */
static uint64_t holds(uint64_t word, char c)
{
    uint64_t x = word ^ EIGHT(c);
    return (x - EIGHT(1)) & ~x & EIGHT(0x80);
}

static bool holds_special(const char *text, size_t len, char delimiter)
{
    size_t i = 0;

    for (; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text + i, sizeof(word));
        if (holds(word, delimiter) | holds(word, '"') | holds(word, '\r') | holds(word, '\n'))
            return true;
    }
    for (; i < len; i++) {
        if (text[i] == delimiter || text[i] == '"' || text[i] == '\r' || text[i] == '\n')
            return true;
    }
    return false;
}

static bool needs_quotes(const char *text, size_t len, char delimiter)
{
    if (len == 0)
        return false;
    if (is_space(text[0]) || is_space(text[len - 1]) || text[0] == '\xEF')
        return true;
    return holds_special(text, len, delimiter);
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

/* Straight into the buffer: a number needs no quotes. `to` has room for it and a delimiter. */
static size_t add_number(struct mli_csv_writer *writer, double value, char *to)
{
    size_t length = 0;

    if (writer->started)
        to[length++] = writer->delimiter;
    writer->blank = !writer->started && isnan(value);
    writer->started = true;
    return isnan(value) ? length : length + mli_num_format(value, to + length);
}

static void write_quoted_number(struct mli_csv_writer *writer, double value)
{
    char text[MLI_NUM_MAX];

    mli_csv_write_text(writer, text, isnan(value) ? 0 : mli_num_format(value, text));
}

#define FIELDS_AT_ONCE ((size_t)32)

void mli_csv_write_numbers(struct mli_csv_writer *writer, const double *value, size_t n)
{
    struct mli_buf *out = writer->out;

    for (size_t i = 0; writer->numeric && i < n; i++)
        write_quoted_number(writer, value[i]);
    for (size_t i = 0; !writer->numeric && i < n;) {
        size_t end = n - i < FIELDS_AT_ONCE ? n : i + FIELDS_AT_ONCE;
        char *from = mli_buf_room(out, (end - i) * (1 + MLI_NUM_MAX)), *to = from;
        if (!from)
            return;
        for (; i < end; i++)
            to += add_number(writer, value[i], to);
        out->len += (size_t)(to - from);
    }
}

void mli_csv_write_number(struct mli_csv_writer *writer, double value)
{
    mli_csv_write_numbers(writer, &value, 1);
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

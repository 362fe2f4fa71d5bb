#include <table/stream.h>

#include <base/buf.h>
#include <base/mem.h>
#include <stdlib.h>
#include <string.h>
#include <table/csv.h>
#include <table/header.h>

#define BLOCK_DEFAULT ((size_t)4096)
#define KEPT_MAX ((size_t)16 << 20) /* bytes of kept text after which a block ends early */
#define NO_FIELD SIZE_MAX
#define NAMED_MAX ((size_t)5) /* columns named in the log */

struct mli_stream {
    struct mli_stream_options options;
    const struct mli_schema *schema;
    struct mli_csv *csv;
    const char *source;
    struct mli_dict *header;
    struct mli_missing *missing;
    struct mli_rows *rows;
    size_t *field;  /* of each column of the file: the schema's field, or NO_FIELD */
    size_t *keep;   /* columns of the file whose text is kept */
    size_t kept;    /* how many of them */
    size_t *offset; /* kept texts of the block, row-major: where each starts in text */
    struct mli_buf text;
    size_t *line; /* of each row of the block */
    size_t unknown;
};

static enum ml_status out_of_memory(const struct mli_stream *stream, struct ml_error *err)
{
    return ml_error_at(err, ML_ENOMEM, stream->source, 0, 0, "out of memory for blocks of %zu rows",
                       stream->options.block);
}

static bool is_absent_optional(const struct mli_stream *stream, const char *name)
{
    const char *optional = stream->options.optional;
    return optional && strcmp(optional, name) == 0 &&
           mli_dict_find(stream->header, name, strlen(name)) < 0;
}

static enum ml_status match_fields(struct mli_stream *stream, struct ml_error *err)
{
    size_t columns = mli_dict_count(stream->header), column;

    for (size_t i = 0; i < columns; i++)
        stream->field[i] = NO_FIELD;
    for (size_t i = 0; i < stream->schema->count; i++) {
        const char *name = stream->schema->field[i].name;
        if (is_absent_optional(stream, name))
            continue;
        enum ml_status status =
            mli_header_find(stream->csv, stream->header, name, ML_EDATA, "", &column, err);
        if (status != ML_OK)
            return status;
        stream->field[column] = i;
    }
    return ML_OK;
}

static enum ml_status match_keep(struct mli_stream *stream, struct ml_error *err)
{
    const char *const *keep = stream->options.keep;

    for (size_t k = 0; k < stream->kept; k++) {
        if (is_absent_optional(stream, keep[k])) {
            stream->keep[k] = NO_FIELD;
            continue;
        }
        enum ml_status status = mli_header_find(stream->csv, stream->header, keep[k], ML_EUSAGE, "",
                                                &stream->keep[k], err);
        if (status != ML_OK)
            return status;
    }
    return ML_OK;
}

static bool is_extra(const struct mli_stream *stream, size_t column)
{
    if (stream->field[column] != NO_FIELD)
        return false;
    for (size_t k = 0; k < stream->kept; k++) {
        if (stream->keep[k] == column)
            return false;
    }
    return true;
}

static void log_extra(const struct mli_stream *stream)
{
    size_t columns = mli_dict_count(stream->header), extra = 0;
    struct mli_buf names;

    mli_buf_init(&names, SIZE_MAX);
    for (size_t i = 0; i < columns; i++) {
        if (is_extra(stream, i) && extra++ < NAMED_MAX)
            mli_buf_printf(&names, "%s\"%s\"", extra > 1 ? ", " : "",
                           mli_dict_text(stream->header, i));
    }
    if (extra > NAMED_MAX)
        mli_buf_printf(&names, " and %zu more", extra - NAMED_MAX);
    if (extra > 0 && names.status == ML_OK)
        ml_log(stream->options.log, ML_LOG_NOTE, "%s: the model does not use %s", stream->source,
               names.data);
    mli_buf_release(&names);
}

static enum ml_status begin(struct mli_stream *stream, struct ml_error *err)
{
    size_t cells, block = stream->options.block;
    enum ml_status status = mli_header_read(stream->csv, stream->options.log, &stream->header, err);

    if (status != ML_OK)
        return status;
    for (; stream->options.keep && stream->options.keep[stream->kept];)
        stream->kept++;
    if (!mli_mul(block, stream->kept, &cells))
        return out_of_memory(stream, err);
    stream->missing = mli_missing_new(stream->options.missing);
    stream->field = mli_alloc(mli_dict_count(stream->header), sizeof(*stream->field));
    stream->keep = mli_alloc(stream->kept, sizeof(*stream->keep));
    stream->offset = mli_alloc(cells, sizeof(*stream->offset));
    stream->line = mli_alloc(block, sizeof(*stream->line));
    if (!stream->missing || !stream->field || !stream->keep || !stream->offset || !stream->line)
        return out_of_memory(stream, err);
    status = match_fields(stream, err);
    if (status == ML_OK)
        status = match_keep(stream, err);
    if (status == ML_OK && !stream->options.quiet_extra)
        log_extra(stream);
    return status == ML_OK
               ? mli_rows_new(stream->schema, stream->missing, block, &stream->rows, err)
               : status;
}

enum ml_status mli_stream_open_input(struct mli_input *input, const struct mli_schema *schema,
                                     const struct mli_stream_options *options,
                                     struct mli_stream **out, struct ml_error *err)
{
    struct mli_stream *stream = mli_calloc(1, sizeof(*stream));

    if (!stream) {
        mli_input_close(input);
        return ml_error_set(err, ML_ENOMEM, "out of memory for a CSV reader");
    }
    if (options)
        stream->options = *options;
    if (!stream->options.csv.log)
        stream->options.csv.log = stream->options.log;
    if (stream->options.block == 0)
        stream->options.block = BLOCK_DEFAULT;
    stream->schema = schema;
    mli_buf_init(&stream->text, SIZE_MAX);
    enum ml_status status = mli_csv_open(input, &stream->options.csv, &stream->csv, err);
    if (status == ML_OK) {
        stream->source = mli_csv_source(stream->csv);
        status = begin(stream, err);
    }
    if (status != ML_OK) {
        mli_stream_close(stream);
        return status;
    }
    *out = stream;
    return ML_OK;
}

enum ml_status mli_stream_open(const char *path, const struct mli_schema *schema,
                               const struct mli_stream_options *options, struct mli_stream **out,
                               struct ml_error *err)
{
    struct mli_input *input;
    enum ml_status status = mli_input_open(path, &input, err);

    return status == ML_OK ? mli_stream_open_input(input, schema, options, out, err) : status;
}

void mli_stream_close(struct mli_stream *stream)
{
    if (!stream)
        return;
    mli_rows_free(stream->rows);
    mli_buf_release(&stream->text);
    free(stream->line);
    free(stream->offset);
    free(stream->keep);
    free(stream->field);
    mli_missing_free(stream->missing);
    mli_dict_free(stream->header);
    mli_csv_close(stream->csv);
    free(stream);
}

static enum ml_status keep_texts(struct mli_stream *stream, size_t row,
                                 const struct mli_csv_record *record, struct ml_error *err)
{
    for (size_t k = 0; k < stream->kept; k++) {
        static const struct mli_csv_field absent = { "", 0 };
        const struct mli_csv_field *field =
            stream->keep[k] == NO_FIELD ? &absent : &record->field[stream->keep[k]];
        stream->offset[row * stream->kept + k] = stream->text.len;
        mli_buf_add(&stream->text, field->text, field->len + 1);
    }
    return stream->text.status == ML_OK ? ML_OK : out_of_memory(stream, err);
}

static enum ml_status refuse(const struct mli_stream *stream, const struct mli_csv_record *record,
                             size_t column, struct ml_error *err)
{
    const struct mli_field *field = &stream->schema->field[stream->field[column]];
    const struct mli_pin pin = { field->type, true, field->format };

    return mli_cell_refuse(&pin, stream->source, record->line, column + 1, field->name,
                           record->field[column].text, err);
}

static enum ml_status add_row(struct mli_stream *stream, const struct mli_csv_record *record,
                              struct ml_error *err)
{
    size_t row = mli_rows_count(stream->rows);

    mli_rows_append(stream->rows);
    stream->line[row] = record->line;
    for (size_t i = 0; i < record->count; i++) {
        const struct mli_csv_field *field = &record->field[i];
        if (stream->field[i] == NO_FIELD)
            continue;
        enum mli_cell cell =
            mli_rows_set_text(stream->rows, stream->field[i], field->text, field->len);
        if (cell == MLI_CELL_NOT_A_NUMBER || cell == MLI_CELL_NOT_AN_INSTANT)
            return refuse(stream, record, i, err);
        stream->unknown += cell == MLI_CELL_UNKNOWN;
    }
    return keep_texts(stream, row, record, err);
}

enum ml_status mli_stream_next(struct mli_stream *stream, const struct ml_table **out,
                               struct ml_error *err)
{
    struct mli_csv_record record;
    enum ml_status status;

    mli_rows_reset(stream->rows);
    mli_buf_reset(&stream->text);
    do {
        status = mli_csv_next(stream->csv, &record, err);
        if (status == ML_OK && record.count > 0)
            status = add_row(stream, &record, err);
    } while (status == ML_OK && record.count > 0 && stream->text.len < KEPT_MAX &&
             mli_rows_count(stream->rows) < stream->options.block);
    if (status == ML_OK && record.count == 0)
        status = mli_csv_end(stream->csv, err);
    if (status != ML_OK)
        return status;
    *out = mli_rows_count(stream->rows) > 0 ? mli_rows_table(stream->rows) : NULL;
    return ML_OK;
}

const char *mli_stream_kept(const struct mli_stream *stream, size_t row, size_t k)
{
    return stream->text.data + stream->offset[row * stream->kept + k];
}

bool mli_stream_has_kept(const struct mli_stream *stream, size_t k)
{
    return stream->keep[k] != NO_FIELD;
}

size_t mli_stream_line(const struct mli_stream *stream, size_t row)
{
    return stream->line[row];
}

size_t mli_stream_unknown(const struct mli_stream *stream)
{
    return stream->unknown;
}

struct mli_input *mli_stream_input(const struct mli_stream *stream)
{
    return mli_csv_input(stream->csv);
}

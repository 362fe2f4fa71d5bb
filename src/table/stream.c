#include <table/stream.h>

#include <base/mem.h>
#include <stdlib.h>
#include <table/bound.h>
#include <table/header.h>

#define BLOCK_DEFAULT ((size_t)4096)

struct mli_stream {
    struct mli_stream_options options;
    const struct mli_schema *schema;
    struct mli_csv *csv;
    const char *source;
    struct mli_dict *header;
    struct mli_missing *missing;
    struct mli_binding binding;
    struct mli_bound bound;
};

static enum ml_status out_of_memory(const struct mli_stream *stream, struct ml_error *err)
{
    return ml_error_at(err, ML_ENOMEM, stream->source, 0, 0, "out of memory for blocks of %zu rows",
                       stream->options.block);
}

struct mli_numerals mli_stream_numerals(const struct mli_stream *stream)
{
    const struct ml_csv_options *csv = mli_csv_options(stream->csv);

    return (struct mli_numerals){ csv->decimal, csv->thousands };
}

static enum ml_status begin(struct mli_stream *stream, struct ml_error *err)
{
    const struct mli_stream_options *options = &stream->options;
    enum ml_status status = mli_header_read(stream->csv, options->log, &stream->header, err);

    if (status != ML_OK)
        return status;
    stream->missing = mli_missing_new(options->missing);
    if (!stream->missing)
        return out_of_memory(stream, err);
    status = mli_binding_init(&stream->binding, stream->schema, stream->header, stream->source,
                              options->keep, options->optional, NULL,
                              options->quiet_extra ? NULL : options->log, err);
    stream->binding.numerals = mli_stream_numerals(stream);
    return status == ML_OK ? mli_bound_init(&stream->bound, &stream->binding, stream->missing,
                                            options->block, err)
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
    mli_bound_release(&stream->bound);
    mli_binding_release(&stream->binding);
    mli_missing_free(stream->missing);
    mli_dict_free(stream->header);
    mli_csv_close(stream->csv);
    free(stream);
}

static enum ml_status add_row(struct mli_stream *stream, const struct mli_csv_record *record,
                              struct ml_error *err)
{
    size_t column;

    return mli_bound_add(&stream->bound, record, stream->source, &column, err);
}

enum ml_status mli_stream_next(struct mli_stream *stream, const struct ml_table **out,
                               struct ml_error *err)
{
    struct mli_csv_record record;
    enum ml_status status;

    mli_bound_reset(&stream->bound);
    do {
        status = mli_csv_next(stream->csv, &record, err);
        if (status == ML_OK && record.count > 0)
            status = add_row(stream, &record, err);
    } while (status == ML_OK && record.count > 0 && !mli_bound_is_full(&stream->bound));
    if (status == ML_OK && record.count == 0)
        status = mli_csv_end(stream->csv, err);
    if (status != ML_OK)
        return status;
    const struct ml_table *table = mli_rows_table(stream->bound.rows);
    *out = table->rows > 0 ? table : NULL;
    return ML_OK;
}

const char *mli_stream_kept(const struct mli_stream *stream, size_t row, size_t k)
{
    return mli_bound_kept(&stream->bound, row, k);
}

bool mli_stream_has_kept(const struct mli_stream *stream, size_t k)
{
    return stream->binding.keep[k] != MLI_NO_COLUMN;
}

size_t mli_stream_line(const struct mli_stream *stream, size_t row)
{
    return stream->bound.line[row];
}

size_t mli_stream_unknown(const struct mli_stream *stream)
{
    return stream->bound.unknown;
}

struct mli_input *mli_stream_input(const struct mli_stream *stream)
{
    return mli_csv_input(stream->csv);
}

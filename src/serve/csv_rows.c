#include <serve/csv_rows.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>
#include <table/header.h>

#define NO_FIELD SIZE_MAX

struct reader {
    struct mli_csv *csv;
    struct mli_dict *header;
    size_t *field; /* of each column of the body: the schema's field, or NO_FIELD */
    struct mli_intake *intake;
};

/* Every missing column makes a fault, with the name that was probably meant. */
static enum ml_status miss_columns(const struct reader *reader, const size_t *missing, size_t n, struct ml_error *err)
{
    const struct mli_schema *schema = reader->intake->desk->schema;
    const char **name = mli_alloc(n, sizeof(*name));

    if (!name)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", n);
    for (size_t i = 0; i < n; i++) {
        name[i] = schema->field[missing[i]].name;
        const char *near = reader->intake->faults < MLI_FAULTS ? mli_header_near(reader->header, reader->field, name[i]) : NULL;
        mli_intake_fault(reader->intake, missing[i], "missing_column", near, near ? strlen(near) : 0);
    }
    enum ml_status status = mli_header_lacks(mli_csv_source(reader->csv), reader->header, reader->field, name, n, err);
    free(name);
    return status;
}

static enum ml_status match_fields(struct reader *reader, struct ml_error *err)
{
    const struct mli_schema *schema = reader->intake->desk->schema;
    size_t columns = mli_dict_count(reader->header), n = 0;
    size_t *missing = mli_arena_alloc(&reader->intake->worker->request, schema->count, sizeof(*missing));

    reader->field = mli_alloc(columns, sizeof(*reader->field));
    if (!reader->field || !missing)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", columns);
    for (size_t i = 0; i < columns; i++)
        reader->field[i] = NO_FIELD;
    for (size_t i = 0; i < schema->count; i++) {
        const char *name = schema->field[i].name;
        int32_t column = mli_dict_find(reader->header, name, strlen(name));
        if (column >= 0)
            reader->field[column] = i;
        else
            missing[n++] = i;
    }
    return n > 0 ? miss_columns(reader, missing, n, err) : ML_OK;
}

static enum ml_status read_rows(struct reader *reader, struct ml_error *err)
{
    struct mli_csv_record record;

    for (;;) {
        enum ml_status status = mli_csv_next(reader->csv, &record, err);
        if (status != ML_OK || record.count == 0)
            return status;
        status = mli_intake_row(reader->intake, err);
        if (status != ML_OK)
            return status;
        for (size_t i = 0; i < record.count; i++) {
            if (reader->field[i] != NO_FIELD)
                mli_intake_text(reader->intake, reader->field[i], record.field[i].text,
                                record.field[i].len);
        }
    }
}

/* Columns of rows without a header: the model's, in order. */
static enum ml_status place_fields(struct reader *reader, struct ml_error *err)
{
    size_t columns = mli_dict_count(reader->header);
    size_t wanted = reader->intake->desk->schema->count;

    if (columns != wanted)
        return ml_error_set(err, ML_EDATA,
                            "the first line has %zu fields and no name of a column in it, so it is "
                            "taken for a row; the model has %zu columns",
                            columns, wanted);
    reader->field = mli_alloc(columns, sizeof(*reader->field));
    if (!reader->field)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", columns);
    for (size_t i = 0; i < columns; i++)
        reader->field[i] = i;
    return ML_OK;
}

static enum ml_status read_body(struct reader *reader, bool header, struct ml_error *err)
{
    enum ml_status status = mli_header_read(reader->csv, NULL, &reader->header, err);

    if (status == ML_OK)
        status = header ? match_fields(reader, err) : place_fields(reader, err);
    if (status == ML_OK)
        status = read_rows(reader, err);
    if (status == ML_OK && reader->intake->rows == 0)
        status =
            ml_error_set(err, ML_EDATA, "no rows below the header line; expected at least one");
    return status == ML_OK ? mli_intake_end(reader->intake, err) : status;
}

static enum ml_status open_body(const char *text, size_t len, bool header,
                                const struct mli_intake *intake, struct mli_csv **out,
                                struct ml_error *err)
{
    struct ml_csv_options options = intake->desk->csv;
    struct mli_input *input;
    enum ml_status status = mli_input_memory("body", text, len, &input, err);

    options.no_header = !header;
    return status == ML_OK ? mli_csv_open(input, &options, out, err) : status;
}

/* Whether the first line names a column. */
static enum ml_status find_header(const char *text, size_t len, const struct mli_intake *intake,
                                  bool *out, struct ml_error *err)
{
    const struct mli_dict *columns = intake->desk->served->columns;
    struct mli_csv_record record;
    struct mli_csv *csv;
    enum ml_status status = open_body(text, len, true, intake, &csv, err);

    if (status != ML_OK)
        return status;
    status = mli_csv_next(csv, &record, err);
    *out = false;
    for (size_t i = 0; status == ML_OK && i < record.count; i++)
        *out = *out || mli_dict_find(columns, record.field[i].text, record.field[i].len) >= 0;
    mli_csv_close(csv);
    return status;
}

enum ml_status mli_csv_rows(const char *text, size_t len, enum mli_header said,
                            struct mli_intake *intake, struct ml_error *err)
{
    struct reader reader = { .intake = intake };
    bool header = said != MLI_HEADER_ABSENT;
    enum ml_status status = ML_OK;

    intake->many = true;
    intake->typed = false;
    if (mli_input_packing(text, len))
        return ml_error_set(err, ML_EDATA, "the body is %s data; expected CSV text",
                            mli_input_packing(text, len));
    if (said == MLI_HEADER_UNSAID)
        status = find_header(text, len, intake, &header, err);
    if (status == ML_OK)
        status = open_body(text, len, header, intake, &reader.csv, err);
    if (status != ML_OK)
        return status;
    const struct ml_csv_options *found = mli_csv_options(reader.csv);
    mli_rows_numerals(intake->desk->rows,
                      (struct mli_numerals){ found->decimal, found->thousands });
    status = read_body(&reader, header, err);
    mli_rows_numerals(intake->desk->rows,
                      (struct mli_numerals){ 0 }); /* the worker's next body may be JSON */
    free(reader.field);
    mli_dict_free(reader.header);
    mli_csv_close(reader.csv);
    return status;
}

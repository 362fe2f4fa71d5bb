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

/* Every missing column makes a fault; the first makes the error too, with the name that was probably meant. */
static enum ml_status match_fields(struct reader *reader, struct ml_error *err)
{
    const struct mli_schema *schema = reader->intake->worker->schema;
    size_t columns = mli_dict_count(reader->header), ignored;
    const char *missing = NULL;

    reader->field = mli_alloc(columns, sizeof(*reader->field));
    if (!reader->field)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", columns);
    for (size_t i = 0; i < columns; i++)
        reader->field[i] = NO_FIELD;
    for (size_t i = 0; i < schema->count; i++) {
        const char *name = schema->field[i].name;
        int32_t column = mli_dict_find(reader->header, name, strlen(name));
        if (column >= 0) {
            reader->field[column] = i;
            continue;
        }
        mli_intake_fault(reader->intake, i, "missing_column", NULL, 0);
        missing = missing ? missing : name;
    }
    return missing
               ? mli_header_find(mli_csv_source(reader->csv), reader->header, missing, ML_EDATA, "", &ignored, err)
               : ML_OK;
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

static enum ml_status read_body(struct reader *reader, struct ml_error *err)
{
    enum ml_status status = mli_header_read(reader->csv, NULL, &reader->header, err);

    if (status == ML_OK)
        status = match_fields(reader, err);
    if (status == ML_OK)
        status = read_rows(reader, err);
    if (status == ML_OK && reader->intake->rows == 0)
        status =
            ml_error_set(err, ML_EDATA, "no rows below the header line; expected at least one");
    return status == ML_OK ? mli_intake_end(reader->intake, err) : status;
}

enum ml_status mli_csv_rows(const char *text, size_t len, struct mli_intake *intake,
                            struct ml_error *err)
{
    struct reader reader = { .intake = intake };
    struct mli_input *input;

    intake->many = true;
    if (mli_input_packing(text, len))
        return ml_error_set(err, ML_EDATA, "the body is %s data; expected CSV text", mli_input_packing(text, len));
    enum ml_status status = mli_input_memory("body", text, len, &input, err);
    if (status == ML_OK)
        status = mli_csv_open(input, &intake->worker->csv, &reader.csv, err);
    if (status != ML_OK)
        return status;
    const struct ml_csv_options *found = mli_csv_options(reader.csv);
    mli_rows_numerals(intake->worker->rows, (struct mli_numerals){ found->decimal, found->thousands });
    status = read_body(&reader, err);
    mli_rows_numerals(intake->worker->rows, (struct mli_numerals){ 0 }); /* the worker's next body may be JSON */
    free(reader.field);
    mli_dict_free(reader.header);
    mli_csv_close(reader.csv);
    return status;
}

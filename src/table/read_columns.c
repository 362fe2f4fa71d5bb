/* Cells become typed columns, side by side, and what there is to say of them is said in their order. */
#include <table/reader.h>

#include <base/mem.h>
#include <base/ordered.h>
#include <stdlib.h>
#include <table/advise.h>

static enum ml_status column_error(const struct mli_reader *reader, enum ml_status status, size_t column,
                                   struct ml_error *err)
{
    const char *name = mli_dict_text(reader->header, column);

    if (status != ML_EDATA)
        return mli_reader_no_memory(reader, err);
    return ml_error_at(err, status, mli_chunks_source(reader->chunks), 0, 0,
                       "column \"%.100s\": its dates are not all written in one way; --type "
                       "%.100s=instant:dmy (mdy, ymd, iso, named) says which it should be",
                       name, name);
}

/* The columns are finished side by side: dictionaries sorted, what is left of raw text parsed. */
struct finishing {
    struct mli_reader *reader;
    struct ml_table *table;
    size_t next;   /* column of the file to be taken next */
    size_t *field; /* of each slot: the column of the file */
    size_t *place; /* and of the table */
    struct mli_adviser adviser;
};

static enum ml_status take_column(void *data, size_t slot, bool *made, struct ml_error *err)
{
    struct finishing *f = data;

    (void)err;
    while (f->next < f->reader->columns && f->reader->plan[f->next].drop)
        f->next++;
    *made = f->next < f->reader->columns;
    if (*made) {
        f->field[slot] = f->next++;
        f->place[slot] = f->table->columns++;
    }
    return ML_OK;
}

static enum ml_status finish_column(void *data, size_t slot, struct ml_error *err)
{
    struct finishing *f = data;
    size_t field = f->field[slot];
    struct mli_column *column = &f->table->column[f->place[slot]];
    enum ml_status status = mli_cells_finish(&f->reader->cells[field], column);

    if (status != ML_OK)
        return column_error(f->reader, status, field, err);
    column->name = mli_strdup(mli_dict_text(f->reader->header, field));
    return column->name ? ML_OK : mli_reader_no_memory(f->reader, err);
}

static enum ml_status advise_on_column(void *data, size_t slot, struct ml_error *err)
{
    struct finishing *f = data;

    (void)err;
    mli_advise(&f->adviser, &f->table->column[f->place[slot]],
               f->reader->plan[f->field[slot]].pinned);
    mli_spool_rest_all(f->reader->spool);
    return ML_OK;
}

enum ml_status mli_reader_columns(struct mli_reader *reader, struct ml_table *table, struct ml_error *err)
{
    struct finishing f = { .reader = reader,
                           .table = table,
                           .adviser = { .rows = table->rows,
                                        .first_line = reader->irregular ? 0 : reader->first_line,
                                        .numerals = reader->numerals,
                                        .log = reader->options->log } };
    size_t threads = reader->spool ? 1 : mli_chunks_threads(reader->chunks); /* one column in memory at a time */
    const struct mli_ordered plan = { .threads = threads,
                                      .slots = mli_ordered_slots(threads),
                                      .make = take_column,
                                      .work = finish_column,
                                      .commit = advise_on_column,
                                      .data = &f };

    f.field = mli_alloc(plan.slots, sizeof(*f.field));
    f.place = mli_alloc(plan.slots, sizeof(*f.place));
    enum ml_status status = f.field && f.place ? mli_ordered_run(&plan, err) : mli_reader_no_memory(reader, err);
    free(f.field);
    free(f.place);
    if (status == ML_OK)
        mli_advise_end(&f.adviser);
    return status;
}

#include <serve/far.h>

#include <math.h>
#include <string.h>

/* A row of a block, and room for its columns. */
struct place {
    struct mli_intake *intake;
    const struct ml_table *block;
    struct mli_column *column;
    size_t row;
};

/* Whether the row is predicted when numbers of the columns from..to-1 are missing. */
static bool predicts(const struct place *at, size_t from, size_t to)
{
    struct mli_worker *worker = at->intake->worker;
    const struct ml_table row = mli_table_slice(at->block, at->row, 1, at->column);
    double missing = NAN;

    for (size_t j = from; j < to; j++) {
        if (at->column[j].number)
            at->column[j].number = &missing;
    }
    enum ml_status status = mli_model_predict_rows(at->intake->desk->model, &row, &worker->scratch, at->intake->desk->P, NULL, NULL);
    mli_arena_reset(&worker->scratch);
    return status != ML_EDATA;
}

static const double *number_of(const struct place *at, size_t column)
{
    const double *number = at->block->column[column].number;

    return number && !isnan(number[at->row]) ? &number[at->row] : NULL;
}

static size_t find_greatest(const struct place *at)
{
    size_t columns = at->block->columns, greatest = columns;

    for (size_t j = 0; j < columns; j++) {
        const double *number = number_of(at, j);
        if (number && (greatest == columns || fabs(*number) > fabs(*number_of(at, greatest))))
            greatest = j;
    }
    return greatest;
}

/*
 * The column without which the row is predicted; if there is no such single one, that of the greatest number. Looked for by
 * halves: a row can have as many columns as a request has bytes for, and each of these predictions reads them all.
 */
static size_t find_column(const struct place *at)
{
    size_t from = 0, to = at->block->columns;

    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;
        if (predicts(at, from, middle))
            to = middle;
        else if (predicts(at, middle, to))
            from = middle;
        else
            return find_greatest(at);
    }
    return number_of(at, from) ? from : find_greatest(at);
}

bool mli_far_note(struct mli_intake *intake)
{
    const struct ml_table *table = mli_rows_table(intake->desk->rows);
    struct mli_column *column = mli_arena_alloc(&intake->worker->request, table->columns, sizeof(*column));
    size_t rows = intake->rows;
    char text[MLI_NUM_MAX];

    for (size_t i = 0; column && i < table->rows; i++) {
        const struct place at = { .intake = intake, .block = table, .column = column, .row = i };
        size_t j = predicts(&at, 0, 0) ? table->columns : find_column(&at);
        if (j == table->columns)
            continue;
        intake->rows = intake->worker->run.rows + i + 1;
        mli_intake_fault(intake, j, "too_far", text, mli_num_format(*number_of(&at, j), text));
    }
    intake->rows = rows;
    return intake->faults > 0;
}

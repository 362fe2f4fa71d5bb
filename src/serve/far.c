#include <serve/far.h>

#include <math.h>
#include <string.h>

static bool predicts(struct mli_intake *intake, const struct ml_table *row)
{
    struct mli_worker *worker = intake->worker;
    enum ml_status status = mli_model_predict_rows(intake->desk->model, row, &worker->scratch, intake->desk->P, NULL, NULL);

    mli_arena_reset(&worker->scratch);
    return status != ML_EDATA;
}

/* The column without which the row is predicted; if there is no such single one, that of the greatest number. */
static size_t find_column(struct mli_intake *intake, struct ml_table *row)
{
    size_t greatest = row->columns;
    double missing = NAN;

    for (size_t j = 0; j < row->columns; j++) {
        struct mli_column *column = &row->column[j];
        double *number = column->number;
        if (!number || isnan(*number))
            continue;
        column->number = &missing;
        bool cured = predicts(intake, row);
        column->number = number;
        if (cured)
            return j;
        if (greatest == row->columns || fabs(*number) > fabs(*row->column[greatest].number))
            greatest = j;
    }
    return greatest;
}

bool mli_far_note(struct mli_intake *intake)
{
    const struct ml_table *table = mli_rows_table(intake->desk->rows);
    struct mli_column *column = mli_arena_alloc(&intake->worker->request, table->columns, sizeof(*column));
    size_t rows = intake->rows;
    char text[MLI_NUM_MAX];

    for (size_t i = 0; column && i < table->rows; i++) {
        struct ml_table row = mli_table_slice(table, i, 1, column);
        size_t j = predicts(intake, &row) ? table->columns : find_column(intake, &row);
        if (j == table->columns)
            continue;
        intake->rows = intake->worker->run.rows + i + 1;
        mli_intake_fault(intake, j, "too_far", text, mli_num_format(*row.column[j].number, text));
    }
    intake->rows = rows;
    return intake->faults > 0;
}

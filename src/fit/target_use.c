/* What others want to know of a target that was found. */
#include <fit/target.h>

#include <base/mem.h>
#include <fit/target_names.h>
#include <stdlib.h>

size_t mli_target_classes(const struct mli_target *target)
{
    return target->columns > 1 ? target->columns : target->of[0].classes;
}

char *mli_target_said(const struct mli_target *target, const struct ml_table *table)
{
    const char **names = mli_alloc(target->columns, sizeof *names);
    for (size_t t = 0; names && t < target->columns; t++)
        names[t] = table->column[target->of[t].column].name;
    char *text = names ? mli_target_text(names, target->columns) : NULL;
    free(names);
    return text;
}

double mli_target_code(size_t columns, const double *y)
{
    return columns > 1 ? mli_labels_code(columns, y) : *y;
}

/* For each label, how many rows have its rarer value and which that is. */
static void find_rarer(size_t n, size_t labels, const double *y, size_t *rows, bool *value)
{
    for (size_t t = 0; t < labels; t++) {
        size_t on = 0;
        for (size_t i = 0; i < n; i++)
            on += y[i * labels + t] > 0.5;
        value[t] = on <= n - on;
        rows[t] = value[t] ? on : n - on;
    }
}

void mli_target_strata(size_t n, size_t columns, const double *y, int32_t *out)
{
    size_t rows[MLI_LABELS_MAX];
    bool value[MLI_LABELS_MAX];
    for (size_t i = 0; columns == 1 && i < n; i++)
        out[i] = (int32_t)y[i];
    if (columns == 1)
        return;
    find_rarer(n, columns, y, rows, value);
    for (size_t i = 0; i < n; i++) {
        size_t rarest = columns;
        for (size_t t = 0; t < columns; t++)
            if ((y[i * columns + t] > 0.5) == value[t] && (rarest == columns || rows[t] < rows[rarest]))
                rarest = t;
        out[i] = (int32_t)rarest;
    }
}

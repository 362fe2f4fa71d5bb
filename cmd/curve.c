#include <cmd/curve.h>

#include <cmd/draw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SPREAD 4 /* from here on a straight scale would hide most of the way down */

enum { FEW = 5, ROWS = 4, LABEL = 11, NUMBER = 10, CELLS_MOST = 64 };

/* One series of the history, as cells: the mean of the epochs that fall into each. */
struct cells {
    double value[CELLS_MOST], low, high;
    size_t n;
    bool logarithm; /* heights are those of the logarithms */
};

static double at(const json_t *series, size_t i)
{
    return json_number_value(json_array_get(series, i));
}

static struct cells gather(const json_t *series, size_t most)
{
    size_t epochs = json_array_size(series);
    struct cells cells = { .low = INFINITY, .high = -INFINITY, .n = epochs < most ? epochs : most };
    for (size_t c = 0; c < cells.n; c++) {
        size_t first = epochs * c / cells.n, end = epochs * (c + 1) / cells.n;
        for (size_t i = first; i < end; i++)
            cells.value[c] += at(series, i) / (double)(end - first);
        cells.low = fmin(cells.low, cells.value[c]);
        cells.high = fmax(cells.high, cells.value[c]);
    }
    cells.logarithm = cells.low > 0 && cells.high > SPREAD * cells.low;
    return cells;
}

/* 0 for the lowest cell, 1 for the highest. */
static double height(const struct cells *cells, double value)
{
    if (!(cells->high > cells->low))
        return 0;
    return cells->logarithm ? log(value / cells->low) / log(cells->high / cells->low)
                            : (value - cells->low) / (cells->high - cells->low);
}

/* How full cell c is in the row that begins at `floor` eighths, 0 to 8. */
static size_t filled(const struct cells *cells, size_t c, size_t floor)
{
    double eighths = 1 + height(cells, cells->value[c]) * (8 * ROWS - 1) - (double)floor;
    return eighths <= 0 ? 0 : eighths >= 8 ? 8 : (size_t)ceil(eighths);
}

static void print_rows(struct draw *draw, const char *label, const struct cells *cells)
{
    for (size_t row = ROWS; row-- > 0;) {
        char number[32] = "";
        if (row == ROWS - 1 || row == 0)
            snprintf(number, sizeof number, "%.3g ", row ? cells->high : cells->low);
        const char *scale = cells->logarithm && row == ROWS - 2 ? "(log)" : "";
        draw_text(draw, row == ROWS - 1 ? label : scale, LABEL, false);
        draw_text(draw, number, NUMBER, true);
        for (size_t c = 0; c < cells->n; c++)
            draw_part(draw, filled(cells, c, 8 * row));
        draw_end(draw);
    }
}

static void print_series(struct draw *draw, const char *label, const json_t *series)
{
    size_t room = draw->width - LABEL - NUMBER;
    struct cells cells = gather(series, room < CELLS_MOST ? room : CELLS_MOST);
    if (isfinite(cells.low) && isfinite(cells.high))
        print_rows(draw, label, &cells);
}

void curve_print(const json_t *history)
{
    const json_t *loss = json_object_get(history, "loss"), *validation = json_object_get(history, "validation");
    struct draw draw;
    if (json_array_size(loss) <= FEW)
        return;
    draw_init(&draw);
    print_series(&draw, "loss", loss);
    if (validation)
        print_series(&draw, "validation", validation);
    draw_release(&draw);
}

/*
 * Line search for the strong Wolfe conditions: a step along a direction of descent after which the value has fallen
 * enough and the slope is flat enough for a quasi-Newton update. Knows nothing but a function of one variable.
 */
#ifndef TRAIN_LINESEARCH_H
#define TRAIN_LINESEARCH_H

#include <stdbool.h>

struct mli_line_point {
    double t, value, slope;
};

struct mli_line {
    /* Value and slope at step t; they need not be finite. */
    struct mli_line_point (*at)(void *data, double t);
    void *data;
};

/*
 * start is the point at 0, its slope negative; t the first step to try. On true *out is the step found, and `at` was
 * called with it last. False when the value cannot be lowered, which at an optimum is rounding.
 */
bool mli_line_search(const struct mli_line *line, struct mli_line_point start, double t,
                     struct mli_line_point *out);

#endif

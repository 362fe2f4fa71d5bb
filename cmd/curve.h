/* Curve of a run in a few lines of a terminal: how loss and validation loss went over the epochs. */
#ifndef CMD_CURVE_H
#define CMD_CURVE_H

#include <base/json.h>

/* Prints the history of a record (fit/history.h); nothing for a run of few epochs. */
void curve_print(const json_t *history);

#endif

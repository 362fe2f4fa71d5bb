/* Printing what mli_explain() says of a pipeline (prep/explain.h). */
#ifndef CMD_EXPLAIN_H
#define CMD_EXPLAIN_H

#include <base/json.h>

/* A paragraph a column, then what was dropped and the stages behind the columns. */
void explain_print(const json_t *doc);

#endif

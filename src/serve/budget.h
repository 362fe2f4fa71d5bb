/*
 * Budget: how much memory jansson may take for one value. A hostile body of a megabyte ("{},{},{}...") makes 77 MB of
 * values, so allocations made between _begin and _end are counted (not what is freed meanwhile) and refused past the
 * limit. The count belongs to the thread; jansson elsewhere in the process is not limited.
 */
#ifndef SERVE_BUDGET_H
#define SERVE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

/* Puts the counting allocator in front of the one jansson has. Once a process, however often it is called. */
void mli_budget_install(void);
void mli_budget_begin(size_t bytes);
/* True when an allocation was refused since _begin. */
bool mli_budget_end(void);

#endif

/*
 * Counts what is allocated, and lets the n-th allocation fail. malloc and its kin are defined in heap.c and end in
 * the C library's own; a sanitizer wants to define them itself, so with one nothing is counted and nothing fails.
 * The counts are right beside other threads too; which allocation is the n-th is then up to them.
 */
#ifndef TESTS_UNIT_HEAP_H
#define TESTS_UNIT_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct heap_report {
    long blocks;  /* taken and not given back */
    size_t bytes; /* asked for, given back or not */
    bool failed;  /* an allocation was refused */
};

bool heap_counts(void);
/* From here on `allowed` allocations succeed, and then none. */
void heap_start(size_t allowed);
/* The same, but one fails alone: what runs behind it must cope with that too. */
void heap_start_one(size_t allowed);
struct heap_report heap_stop(void);

#endif

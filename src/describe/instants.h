/* What is special about dates and times: which of their parts vary, and where there is none for long. */
#ifndef DESCRIBE_INSTANTS_H
#define DESCRIBE_INSTANTS_H

#include <describe/order.h>

/* Parts in the order year, month, day, hour, minute, second; one bit each in `varies`. */
#define MLI_INSTANT_PARTS 6
const char *mli_instant_part_name(size_t part);

struct mli_instants {
    double first, last;
    unsigned varies;
    double step;              /* the most frequent distance between neighbours that differ, in seconds; 0: one value */
    double gap_from, gap_to;  /* the longest stretch without a value; equal: one value */
    size_t gaps;              /* stretches longer than one and a half steps */
};

/* order: n > 0 instants; scratch: room for another n, its contents are lost. ML_ENOMEM does not happen. */
void mli_instants_fill(struct mli_instants *instants, const struct mli_order *order, double *scratch);

#endif

/* Binning: the histogram of the numbers of a column, for its field of the schema. */
#ifndef PREP_BINNING_H
#define PREP_BINNING_H

#include <prep/stats.h>
#include <table/bins.h>

/*
 * Moments of the values, and their bins: every value in a bin of its own where there are at most 10; else tenths of the rows,
 * as far as equal values let them be cut. Where to cut is found in a sample of some thousand values, and all of them are
 * counted then; neither depends on the threads. *bins: caller frees; NULL when there is no value. None is infinite. False: no
 * memory.
 */
bool mli_bins_of_values(const struct mli_values *values, struct mli_moments *moments, struct mli_bins **bins);

#endif

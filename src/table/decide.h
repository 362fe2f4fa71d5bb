/*
 * The one place where the type of a finished column is decided: what the cells of a column that is not all numbers
 * are, from its dictionary and the number of present cells alone, so that the order of rows, and the way in which the
 * reading was divided among threads, do not matter.
 *
 *   BOOLEAN     the two words of one pair, and nothing else (boolean.h)
 *   TEXT        more than 50 distinct values and more than half of the present cells distinct, and 10 % or more of the
 *               values have a space in them
 *   IDENTIFIER  the same with fewer: tokens that name a row
 *   CATEGORY    all else
 */
#ifndef TABLE_DECIDE_H
#define TABLE_DECIDE_H

#include <mlctl/table.h>
#include <table/dict.h>

/*
 * Decides *type (`pin`: given, NULL: inferred) and makes the dictionary that the column is to have: in sorted order,
 * which for a BOOLEAN is false, true. renumber (one entry a string of `dict`) gets the new code of each old one.
 * ML_ENOMEM; ML_EDATA when a pinned BOOLEAN holds another word.
 */
ML_NODISCARD enum ml_status mli_decide_codes(const struct mli_dict *dict, size_t present, const enum ml_type *pin,
                                             int32_t *renumber, struct mli_dict **out, enum ml_type *type);

#endif

/*
 * The one place where the type of a finished column is decided: what the cells of a column that is not all numbers
 * are, from its dictionary and the number of present cells alone, so that the order of rows, and the way in which the
 * reading was divided among threads, do not matter.
 *
 *   INSTANT     dates in one format (format.h), which mli_decide_shapes() says; else mli_decide_codes():
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
#include <table/format.h>

/* A type that the user has given to a column. */
struct mli_pin {
    enum ml_type type;
    bool formatted; /* INSTANT: the format is given too, else it is found out over the column */
    enum mli_format format;
};

/* "number", "instant", "instant:mdy"... */
bool mli_pin_parse(const char *text, struct mli_pin *out);

/* The shapes that all strings share: not 0 if the column is an INSTANT. */
unsigned mli_decide_shapes(const struct mli_dict *dict);

/*
 * Decides *type (`pin`: given, NULL: inferred) and makes the dictionary that the column is to have: in sorted order,
 * which for a BOOLEAN is false, true. renumber (one entry a string of `dict`) gets the new code of each old one.
 * ML_ENOMEM; ML_EDATA when a pinned BOOLEAN holds another word.
 */
ML_NODISCARD enum ml_status mli_decide_codes(const struct mli_dict *dict, size_t present, const enum ml_type *pin,
                                             int32_t *renumber, struct mli_dict **out, enum ml_type *type);

#endif

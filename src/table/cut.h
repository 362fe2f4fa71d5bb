/*
 * The fast cut: a record of well-formed CSV is cut into fields where it lies, each field's end overwritten with its
 * NUL and doubled quotes drawn together. It takes what every reader agrees on: fields without a quote (the spaces and
 * tabs around them are left off), and fields that begin with the quote, whose closing quote is directly followed by
 * the delimiter or the line end. For everything else it says so and leaves the text untouched; csv.c hands that to
 * libcsv, whose results it must equal (tests/unit/table_fast.c).
 */
#ifndef TABLE_CUT_H
#define TABLE_CUT_H

#include <stdbool.h>
#include <table/marks.h>

struct mli_csv_field {
    const char *text;
    size_t len;
};

struct mli_cut {
    struct mli_marker marker;
    char delimiter, quote;        /* ML_QUOTE_NONE: quotes mean nothing */
    size_t field_max, fields_max, record_max; /* longer fields, more of them, a longer record: not for the fast cut */
    size_t expected; /* a record of another number of fields is not for the fast cut; 0: any number */
    struct mli_csv_field *field;
    size_t count, capacity;
    bool cr;        /* the last record that was cut ends in CR alone */
    char *text;     /* the record after the last one that was cut, where `marks` holds good, or NULL */
    char *base;     /* bit i of `marks` is base[i]; bits before `text` are cleared */
    uint64_t marks;
};

enum mli_cut_result { MLI_CUT_DONE, MLI_CUT_BLANK, MLI_CUT_OTHER, MLI_CUT_NOMEM };

/* Fields and settings: nothing is allocated. */
void mli_cut_init(struct mli_cut *cut, char delimiter, char quote, size_t field_max, size_t fields_max,
                  size_t record_max);
void mli_cut_release(struct mli_cut *cut);
/* To be called when the bytes to cut have been changed or are others than before. */
void mli_cut_restart(struct mli_cut *cut);
/*
 * Cuts the record that begins at `text`, which must be the beginning of a line, into cut->field. `end` is the end of
 * what there is; when `whole`, nothing comes after it and *end may be written, else a record that does not end before
 * it is not for the fast cut. DONE and BLANK (a line of nothing but spaces): *next is behind the record's line end,
 * and *lines how many line ends were passed.
 */
enum mli_cut_result mli_cut_record(struct mli_cut *cut, char *text, char *end, bool whole, char **next,
                                   size_t *lines);
/* One more field, in cut->field; false when out of memory. */
bool mli_cut_add(struct mli_cut *cut, const char *text, size_t len);

#endif

/*
 * The inside of struct ml_table, for the folders above. See include/mlctl/table.h for what a column holds.
 * A table owns its columns' arrays and dictionaries unless it was made by a row builder (table/rows.h).
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include <base/file.h>
#include <base/spool.h>
#include <mlctl/table.h>
#include <stdint.h>
#include <table/dict.h>
#include <table/format.h>

struct mli_column {
    char *name;
    enum ml_type type;
    enum mli_format format; /* INSTANT: how the cells are written */
    bool ambiguous;        /* INSTANT: the format is dmy, and mdy would fit every cell as well; nobody has pinned it */
    bool integer;          /* NUMBER: there are present values and all are whole numbers */
    bool rounded;          /* NUMBER as read: some cells are digits that make 2^53 or more, where doubles are not dense */
    bool zeros;            /* NUMBER as read: some are digits with a zero in front, such as 007 */
    double *number;        /* NUMBER, INSTANT: one a row, NaN is missing; else NULL */
    int32_t *code;         /* the other types: one a row, MLI_CODE_MISSING or MLI_CODE_UNKNOWN; else NULL */
    struct mli_dict *dict; /* the other types; else NULL */
    const char **text;     /* instead of code and dict, in tables that follow a schema whose TEXT field has no dictionary:
                              one a row, NULL is missing; never in a table that was read */
};

/* Whether columns of a type hold codes and a dictionary: all but NUMBER and INSTANT. */
bool mli_type_coded(enum ml_type type);

struct mli_table_file {
    char *path;
    size_t rows;
};

struct ml_table {
    size_t rows, columns;
    struct mli_column *column;
    struct mli_table_file *file;  /* those of a table that was read from several, else NULL */
    size_t files;
    const uint8_t *fold;          /* one a row, NULL: all 0; above 0 the part of the training rows that it is in, for
                                     encodings that must not be fitted on the row itself (mli_pipeline_view_fitted) */
    char *source;                 /* path as given, "standard input" for "-", "" for a table that is not a file */
    char sha256[MLI_SHA256_HEX];  /* of the file's bytes as stored; "" for a table that is not a file */
    uint64_t bytes;               /* stored size */
    char delimiter;
    char encoding[40]; /* found or given, "mixed" of several files that differ; "" for a table that is not a file */
    struct mli_spool *spool; /* where the columns' arrays are, and large ones that are made of them should be; NULL: memory */
};

/* ml_table_read() over an input that the caller has opened; taken, closed in any case. */
ML_NODISCARD enum ml_status mli_table_read_input(struct mli_input *input, const struct ml_read_options *options,
                                                 struct ml_table **out, struct ml_error *err);

/*
 * ml_table_read_files() with the columns' arrays in a spool, which is taken: the table's, or freed. They leave memory as they
 * are filled, so that what it takes is texts, at most so many bytes, and a few pieces of the file. ML_ELIMIT for more;
 * ML_EIO for a full disk.
 */
ML_NODISCARD enum ml_status mli_table_read_spooled(const char *const *paths, size_t n,
                                                   const struct ml_read_options *options, struct mli_spool *spool,
                                                   size_t texts, struct ml_table **out, struct ml_error *err);

/*
 * ISO 8601 date `YYYY-MM-DD`, or date-time with 'T' or ' ', minutes or seconds (fraction allowed, to the nanosecond),
 * and Z or +hh:mm; no zone means UTC.
 */
bool mli_instant_parse(const char *text, size_t len, double *seconds);
/* Proleptic Gregorian date of a number of days since 1970-01-01, not before the year 0. */
void mli_instant_date(int64_t days, int64_t *year, int64_t *month, int64_t *day);
#define MLI_INSTANT_MAX 40
/*
 * Shortest of YYYY-MM-DD and YYYY-MM-DDThh:mm:ss[.fff]Z, the fraction of 3, 6 or 9 digits. What lies outside the
 * years 0000 to 9999 is formatted as a number.
 */
void mli_instant_format(double seconds, char out[MLI_INSTANT_MAX]);

/* Rows [begin, begin + n) of a table, sharing its arrays; `columns` has room for table->columns. */
struct ml_table mli_table_slice(const struct ml_table *table, size_t begin, size_t n, struct mli_column *columns);

/* Index of the column that is to be the target; ML_EUSAGE naming the nearest one when there is none of that name. */
ML_NODISCARD enum ml_status mli_table_target(const struct ml_table *table, const char *name, size_t *out,
                                             struct ml_error *err);

/*
 * A copy of the rows that `keep` marks (keep has table->rows bytes), dictionaries copied. For tests and for leaving
 * out rows without a target.
 */
ML_NODISCARD enum ml_status mli_table_filter(const struct ml_table *table, const uint8_t *keep,
                                             struct ml_table **out, struct ml_error *err);

#endif

/*
 * Split: the rows of a CSV file, or of several read as one, into several files, as they stand. What mlctl train holds out by a specification and a seed,
 * mlctl split writes to the second file by the same ones.
 */
#ifndef MLCTL_SPLIT_H
#define MLCTL_SPLIT_H

#include <mlctl/table.h>
#include <stdint.h>

enum { ML_SPLIT_PARTS = 9 };

struct ml_split_config {
    const char *split;    /* random:F[,G...], every:K, last:F, time:COLUMN:F, column:NAME; NULL: random:0.2 */
    const char *stratify; /* column of which a random split keeps the shares; NULL: the target if it is a class */
    const char *target;   /* NULL: the last column */
    const char *group;    /* rows of one value of this column stay together; NULL: none */
    bool unstratified;    /* shares of classes are not kept */
    bool dedupe;          /* leave out rows that repeat an earlier one in every column that is not dropped */
    uint64_t seed;
    const struct ml_read_options *read; /* types decide on classes and times; `drop` columns are not written; NULL: defaults */
    const struct ml_log *log;
};

struct ml_split_report {
    size_t rows, duplicates; /* of the file; left out */
    size_t parts, written[ML_SPLIT_PARTS];
    char stratified[256]; /* name of the column, "" for none */
    size_t classes, groups;
    size_t unlabelled; /* rows without a value there, which keep their share as a class does, and are none */
};

/*
 * Writes the rows of regular files, read as one table, to n files in file order, each with the header of the first.
 * Reads them twice: to decide, keeping only the columns that decide, and to write, at constant memory. Cells keep their text (UTF-8, spaces outside
 * of quotes trimmed), the delimiter stays, quotes are written where RFC 4180 needs them. All files are written before
 * the first appears under its name, and then appear one after the other: a failure before leaves none, a crash between
 * two leaves the first. ML_EUSAGE: n is not the number of parts of the split, a column does not exist, or a path is no
 * regular file; ML_EDATA: a part would be empty, or the file changed between the passes; else as ml_table_read().
 */
ML_NODISCARD enum ml_status ml_split(const char *const *paths, size_t files, const struct ml_split_config *config,
                                     const char *const *outputs, size_t n, struct ml_split_report *report,
                                     struct ml_error *err);

#endif

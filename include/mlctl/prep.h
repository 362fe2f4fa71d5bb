/*
 * Preprocess: a raw CSV file to a clean one, and the fitted pipeline beside it (the prep file), which mlctl train takes
 * into the model. There is no way to train on cleaned rows and serve without the cleaning.
 */
#ifndef MLCTL_PREP_H
#define MLCTL_PREP_H

#include <mlctl/fit.h>

struct ml_prep_report {
    char source[256];     /* the raw file's name, of several the names, cut to fit */
    size_t rows, columns; /* of the raw file */
    size_t used, trained; /* rows written; those of them the statistics come from */
    size_t duplicates;    /* rows with a target left out as duplicates */
    size_t features;
};

/*
 * Fits the pipeline on the training rows of `table` (target, split, seed, clean of config) and writes all rows
 * that have a target to `clean` as features and target, and the prep file to `prep`. The prep file is written last: without
 * it the clean file is just a CSV file. Errors as ml_fit().
 */
ML_NODISCARD enum ml_status ml_preprocess(const struct ml_table *table, const struct ml_fit_config *config,
                                          const char *clean, const char *prep, struct ml_prep_report *report,
                                          struct ml_error *err);

/*
 * The same from CSV files, read as config->read says. When their columns and what fitting takes do not fit into
 * config->memory (0: what is free), the columns are kept in unnamed temporary files, in $TMPDIR
 * or beside `clean`; the result is the same, byte for byte. ML_EUSAGE
 * for config->memory with what is no regular file, ML_ELIMIT when what stays in memory does not fit, ML_EIO.
 */
ML_NODISCARD enum ml_status ml_preprocess_files(const char *const *paths, size_t n,
                                                const struct ml_fit_config *config, const char *clean,
                                                const char *prep, struct ml_prep_report *report,
                                                struct ml_error *err);

/*
 * Applies a prep file to the rows of CSV files at constant memory, by read->threads threads: features, and the target
 * where the files have it, to `clean` ("-": standard output, to which rows go as they are done). *rows counts them.
 * What read->csv and read->missing leave open is as in the file that the prep file was fitted on, which is said
 * (model/reading.h says what). The bytes do not depend on the number of threads. The first error in file order ends it, with `clean` as it was.
 */
ML_NODISCARD enum ml_status ml_preprocess_apply(const char *prep, const char *const *paths, size_t n,
                                                const struct ml_read_options *read, const char *clean,
                                                size_t *rows, struct ml_error *err);

#endif

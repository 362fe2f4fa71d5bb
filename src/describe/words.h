/* Lengths of the texts of a column, in characters and in words. Over rows, so a text that stands twice counts twice. */
#ifndef DESCRIBE_WORDS_H
#define DESCRIBE_WORDS_H

#include <table/table.h>

struct mli_words {
    size_t shortest, longest; /* characters (UTF-8) */
    double characters;        /* mean */
    double words;             /* mean; a word is what stands between spaces */
    size_t most_words;
};

/* column: one with codes and a present cell. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_words_fill(struct mli_words *words, const struct mli_column *column, size_t rows,
                                           struct ml_error *err);

#endif

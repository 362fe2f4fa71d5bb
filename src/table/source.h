/*
 * Source of chunks: files with one header, opened one after the other, as texts of whole records. One thread at a time
 * may take the next. See chunks.h, which runs it, for how records are told from line ends within quotes.
 */
#ifndef TABLE_SOURCE_H
#define TABLE_SOURCE_H

#include <table/chunks.h>

struct mli_source_file {
    char *name;     /* as in errors */
    size_t *column; /* where in this file column i of the first one is; NULL: in the same place */
};

struct mli_source {
    struct ml_csv_options given, csv; /* the second with what was found out */
    const struct ml_log *log;
    size_t size; /* bytes a text */
    size_t files, reached;
    struct mli_source_file *file; /* one a file; of those reached, what is known */
    char *names;                  /* joined */
    struct mli_dict *header;
    struct mli_csv *reader; /* of the file reached */
    bool rereadable;        /* regular files all */
    char encoding[MLI_ENCODING_SIZE]; /* of the files before this one, "" for the first */
    uint64_t version;       /* of the files reached */
    bool whole;             /* the files are not cut: their readers are handed out */
    bool ended;             /* it has no more */
    char *carry;            /* the beginning of the next text */
    size_t carried, carry_capacity;
    size_t line;            /* on which the next text begins */
    bool broken;            /* the last text was cut without the end of a record, as one that is too long */
    enum ml_status status;  /* what is to be said after the last text */
    struct ml_error err;
    uint64_t taken_before; /* stored bytes of the files before this one */
    _Atomic uint64_t taken, bytes;
};

/* Whole records of one file. Zeros are an empty one. */
struct mli_source_text {
    char *data; /* with room for MLI_SOURCE_ROOM bytes behind it */
    size_t len, capacity;
    size_t file;       /* index */
    size_t first_line; /* on which it begins */
    struct mli_csv *reader; /* not NULL: there is no text, the source's own reader is to be asked for about `len` bytes */
};
#define MLI_SOURCE_ROOM ((size_t)64) /* at least MLI_CSV_ROOM */

/* The paths are copied; or, if `input` is not NULL, that is the one file. Reads the first header. */
ML_NODISCARD enum ml_status mli_source_open(struct mli_source *source, const char *const *paths, size_t n,
                                            struct mli_input *input, const struct mli_chunks_options *options,
                                            struct ml_error *err);
void mli_source_release(struct mli_source *source);
/*
 * The next text, into memory that `text` has or gets. *more is false when there is none. With a reader, the next call
 * is only allowed when that one has been asked, and mli_source_end_file() told when it was at its end.
 */
ML_NODISCARD enum ml_status mli_source_next(struct mli_source *source, struct mli_source_text *text, bool *more,
                                            struct ml_error *err);
void mli_source_end_file(struct mli_source *source);
/* See mli_chunks_encoding(). */
const char *mli_source_encoding(struct mli_source *source);

#endif

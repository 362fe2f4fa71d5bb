/*
 * Stream: a CSV file read under a pinned schema, a block of rows at a time, at constant memory. Columns are matched
 * by name in any order; a schema column that the file lacks is ML_EDATA naming it (with the nearest header name),
 * extra columns are ignored and said once through the log, cells that do not fit their type are ML_EDATA with line
 * and column.
 */
#ifndef TABLE_STREAM_H
#define TABLE_STREAM_H

#include <table/rows.h>

struct mli_stream_options {
    struct ml_csv_options csv;
    const char *missing;
    const char *const *keep; /* NULL-terminated names of columns whose raw text is wanted; NULL: none */
    const char *const *optional; /* schema or keep columns that may be absent (the target of new rows), NULL-terminated; NULL: none */
    size_t block;            /* rows a block at most, 0: 4096; long kept texts make shorter blocks */
    bool quiet_extra;        /* do not log ignored columns */
    const struct ml_log *log;
};

struct mli_stream;
ML_NODISCARD enum ml_status mli_stream_open(const char *path, const struct mli_schema *schema,
                                            const struct mli_stream_options *options, struct mli_stream **out,
                                            struct ml_error *err);
/* Over an input the caller has opened (taken, closed by _close, and on failure). */
ML_NODISCARD enum ml_status mli_stream_open_input(struct mli_input *input, const struct mli_schema *schema,
                                                  const struct mli_stream_options *options, struct mli_stream **out,
                                                  struct ml_error *err);
/* The next block, borrowed until the next call; *out is NULL at the end. */
ML_NODISCARD enum ml_status mli_stream_next(struct mli_stream *stream, const struct ml_table **out,
                                            struct ml_error *err);
/*
 * Raw text of keep column k in row `row` of the current block. A keep column that the file lacks is ML_EUSAGE at
 * _open.
 */
const char *mli_stream_kept(const struct mli_stream *stream, size_t row, size_t k);
/* Whether the file has keep column k: false for an optional one that is absent, whose text is "". */
bool mli_stream_has_kept(const struct mli_stream *stream, size_t k);
/* Line on which row `row` of the current block starts. */
size_t mli_stream_line(const struct mli_stream *stream, size_t row);
size_t mli_stream_unknown(const struct mli_stream *stream); /* cells with an unseen category so far */
struct mli_numerals mli_stream_numerals(const struct mli_stream *stream); /* how the file writes numbers */
struct mli_input *mli_stream_input(const struct mli_stream *stream);
void mli_stream_close(struct mli_stream *stream);

#endif

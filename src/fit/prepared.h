/*
 * Prepared rows: the features, targets and weights of a plan's rows in a file beside the data, and all that a fit wants to
 * know of the table they were made of, so that the next fit reads neither. Rows stand in the order of their parts: those
 * that train, those that validate, those that are held out.
 *
 *   16 bytes  "mlctl rows 1\n", NUL        8 bytes  length of the document, little-endian
 *   document  JSON, see prepared_document.c  then, each from a multiple of 4096 on, little-endian doubles:
 *   (n, columns) targets    (n) weights, if there are any    (n, features) rows    64 digits: SHA-256 of all before them
 *
 * A file that is torn, truncated or changed is told by its size and digest, and one of other data, program or settings by
 * its key. Features are doubles, whatever the precision of the training, so one file serves all kinds of models.
 */
#ifndef FIT_PREPARED_H
#define FIT_PREPARED_H

#include <fit/plan.h>
#include <mlctl/fit.h>

struct mli_prepared_part { /* what a supply reads from */
    struct ml_prepared *rows;
    size_t first, n; /* of all rows */
    bool single;
    struct mli_supply supply;
};

struct ml_prepared {
    char *path;
    int fd;
    json_t *document;
    struct ml_table *table; /* of the data, its columns without cells */
    size_t features, n, columns; /* of the target */
    bool weighted;
    struct mli_prepared_part part[MLI_PARTS]; /* NONE has no rows */
    uint64_t targets, weights, matrix; /* where they begin in the file */
    _Atomic int failed; /* errno of a read that failed, -1 for a file that has become too short; 0: none */
};

/* ---- the document (prepared_document.c) ---- */

/* The file's document, and what it says of table, features and parts. ML_EARTIFACT. */
ML_NODISCARD enum ml_status mli_prepared_decode(const char *text, size_t len, const char *source,
                                                struct ml_prepared *out, struct ml_error *err);
/* The plan that made the rows, without marks of rows, y and has; the pipeline. New ones each time. */
ML_NODISCARD enum ml_status mli_prepared_plan(const struct ml_prepared *rows, struct mli_plan *out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_prepared_pipeline(const struct ml_prepared *rows, struct mli_pipeline **out,
                                                  struct ml_error *err);
/* What a writer needs to say. */
struct mli_prepared_facts {
    const json_t *key;
    const struct ml_table *table;
    const struct mli_plan *plan;
    const struct mli_pipeline *pipeline;
    bool prepared; /* see fit/matrix.h */
    size_t threads;
};
/* The document of a file to be written. NULL: err says why. */
json_t *mli_prepared_document(const struct mli_prepared_facts *facts, struct ml_error *err);

/* ---- the file (prepared_file.c) ---- */

/*
 * Opens a file for a key (borrowed). *out stays NULL, and why says the reason ("" when there is no file), for one that has
 * to be made anew. ML_EARTIFACT: a file is there that mlctl did not write; ML_EIO, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_prepared_open(const char *path, const json_t *key, struct ml_prepared **out,
                                              struct ml_error *why, struct ml_error *err);
/* Takes what decode and open have made. */
void mli_prepared_release(struct ml_prepared *rows);

/* Writes it whole, or leaves what was there. ML_EIO, ML_ENOMEM, and what preparing rows returns. */
ML_NODISCARD enum ml_status mli_prepared_write(const char *path, const struct mli_prepared_facts *facts,
                                               struct ml_error *err);

/* ---- reading (prepared.c) ---- */

/* Targets, and weights, of a part; weights only of rows that are weighted. ML_EIO. */
ML_NODISCARD enum ml_status mli_prepared_targets(struct ml_prepared *rows, enum mli_part part, double *y,
                                                 struct ml_error *err);
ML_NODISCARD enum ml_status mli_prepared_weights(struct ml_prepared *rows, enum mli_part part, double *weight,
                                                 struct ml_error *err);
/*
 * Gives a copy of the plan the rows that train and validate, one after the other, with marks, targets and weights, as if
 * they were a table's; _unmark takes them away. ML_EIO, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_prepared_mark(struct ml_prepared *rows, struct mli_plan *plan, struct ml_error *err);
void mli_prepared_unmark(struct mli_plan *plan);
/* n features of a part's rows from `first` on, into X (n,features): doubles, or floats if the part is `single`. Any thread. */
void mli_prepared_rows(struct mli_prepared_part *part, size_t first, size_t n, void *X);
const struct mli_supply *mli_prepared_supply(struct ml_prepared *rows, enum mli_part part, bool single);
/* ML_EIO when a read has failed. */
ML_NODISCARD enum ml_status mli_prepared_check(const struct ml_prepared *rows, struct ml_error *err);

#endif

/*
 * Bound rows: records of a CSV file as rows of a schema. What stream.h does one block after the other and flow.h
 * several at a time.
 *
 * A binding says which column of the file fills which field. Columns are matched by name in any order; a schema column
 * that the file lacks is ML_EDATA naming it (with the nearest header name), extra columns are ignored and said once
 * through the log.
 */
#ifndef TABLE_BOUND_H
#define TABLE_BOUND_H

#include <mlctl/log.h>
#include <table/csv.h>
#include <table/rows.h>

struct mli_binding {
    const struct mli_schema *schema; /* this and the next two are borrowed */
    const struct mli_dict *header;
    struct mli_numerals numerals; /* of the file; the caller's to set, between _init and mli_bound_init() */
    const char *source;
    const char *const *name; /* of the columns whose raw text is kept */
    size_t *field;           /* of each column of the file: the schema's field, or MLI_NO_COLUMN */
    size_t *keep;            /* columns of the file whose text is kept; MLI_NO_COLUMN for one that is absent */
    size_t kept;             /* how many of them */
};

#define MLI_NO_COLUMN SIZE_MAX

/*
 * keep: NULL-terminated names of columns whose text is kept, NULL: none; one that the file lacks is ML_EUSAGE.
 * optional: schema or keep columns that may be absent (the targets of new rows); known: those that are no extra columns,
 * whatever becomes of them (the targets again); both as keep. log: for extra columns,
 * NULL: not said. ML_ENOMEM. Released by the caller in any case.
 */
ML_NODISCARD enum ml_status mli_binding_init(struct mli_binding *binding, const struct mli_schema *schema,
                                             const struct mli_dict *header, const char *source,
                                             const char *const *keep, const char *const *optional, const char *const *known,
                                             const struct ml_log *log, struct ml_error *err);
void mli_binding_release(struct mli_binding *binding);

/* Some rows, filled and emptied again. */
struct mli_bound {
    const struct mli_binding *binding;
    const struct mli_missing *missing; /* borrowed; NULL: the built-in tokens */
    struct mli_rows *rows;
    struct mli_buf text; /* kept texts, row-major */
    size_t *offset;      /* where each starts */
    size_t *line;        /* of the file, on which each row starts */
    size_t capacity, unknown;
};

/* ML_ENOMEM. Released by the caller in any case. */
ML_NODISCARD enum ml_status mli_bound_init(struct mli_bound *bound, const struct mli_binding *binding,
                                           const struct mli_missing *missing, size_t capacity,
                                           struct ml_error *err);
void mli_bound_release(struct mli_bound *bound);
void mli_bound_reset(struct mli_bound *bound);
bool mli_bound_is_full(const struct mli_bound *bound); /* so many rows, or 16 MiB of kept text */
/*
 * One more row; the record has the header's columns. ML_EDATA naming `source`, line and column; ML_ENOMEM. *column is
 * set to that of a cell which is refused, so that the caller may correct its number in the error.
 */
ML_NODISCARD enum ml_status mli_bound_add(struct mli_bound *bound, const struct mli_csv_record *record,
                                          const char *source, size_t *column, struct ml_error *err);
/* Raw text of keep column k in a row, "" for one that is absent. */
const char *mli_bound_kept(const struct mli_bound *bound, size_t row, size_t k);

#endif

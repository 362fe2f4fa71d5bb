/* Cells that depart from a schema, in file order: the first of them with their places, of the others how many. */
#ifndef TABLE_FAULTS_H
#define TABLE_FAULTS_H

#include <mlctl/log.h>

#define MLI_FAULTS_KEPT ((size_t)5)

struct mli_faults {
    size_t count;
    struct ml_error first[MLI_FAULTS_KEPT];
};

/* One more: the text of a cell of a column, and why it is wrong. An empty text is not repeated. */
void mli_faults_add(struct mli_faults *faults, const char *source, size_t line, size_t field, const char *name,
                    const char *text, const char *why);
/* Those of `more` behind those of `faults`. */
void mli_faults_append(struct mli_faults *faults, const struct mli_faults *more);
/*
 * ML_OK when there are none. One is the error itself; of several the first are said as error lines of the log, and
 * the error counts them. `schema` names the schema file, `source` the data.
 */
ML_NODISCARD enum ml_status mli_faults_end(const struct mli_faults *faults, const char *source, const char *schema,
                                           const struct ml_log *log, struct ml_error *err);

#endif

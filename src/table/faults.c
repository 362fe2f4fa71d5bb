#include <table/faults.h>

#include <string.h>

void mli_faults_add(struct mli_faults *faults, const char *source, size_t line, size_t field,
                    const char *name, const char *text, const char *why)
{
    if (faults->count++ >= MLI_FAULTS_KEPT)
        return;
    struct ml_error *fault = &faults->first[faults->count - 1];
    *fault = (struct ml_error)ML_ERROR_INIT;
    if (text[0])
        ml_error_at(fault, ML_EDATA, source, line, field, "column \"%.200s\": \"%.60s\" %s", name,
                    text, why);
    else
        ml_error_at(fault, ML_EDATA, source, line, field, "column \"%.200s\": the cell %s", name,
                    why);
}

void mli_faults_append(struct mli_faults *faults, const struct mli_faults *more)
{
    for (size_t i = 0; i < more->count && i < MLI_FAULTS_KEPT; i++) {
        if (faults->count + i < MLI_FAULTS_KEPT)
            faults->first[faults->count + i] = more->first[i];
    }
    faults->count += more->count;
}

enum ml_status mli_faults_end(const struct mli_faults *faults, const char *source,
                              const char *schema, const struct ml_log *log, struct ml_error *err)
{
    size_t shown = faults->count < MLI_FAULTS_KEPT ? faults->count : MLI_FAULTS_KEPT;
    const struct ml_error *first = &faults->first[0];

    if (faults->count == 0)
        return ML_OK;
    if (faults->count == 1)
        return ml_error_at(err, ML_EDATA, first->source, first->line, first->column, "%s",
                           first->text);
    for (size_t i = 0; i < shown; i++) {
        const struct ml_error *fault = &faults->first[i];
        ml_log(log, ML_LOG_ERROR, "%s:%zu:%zu: %s", fault->source, fault->line, fault->column,
               fault->text);
    }
    if (faults->count > shown)
        ml_log(log, ML_LOG_ERROR, "and %zu more", faults->count - shown);
    return ml_error_at(err, ML_EDATA, source, 0, 0,
                       "%zu cells depart from the schema %s; the first is in line %zu, field %zu",
                       faults->count, schema, first->line, first->column);
}

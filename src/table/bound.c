#include <table/bound.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>
#include <table/header.h>

#define KEPT_MAX ((size_t)16 << 20) /* bytes of kept text after which no more rows are taken */
#define NAMED_MAX ((size_t)5)       /* columns named in the log */

static enum ml_status out_of_memory(const struct mli_binding *binding, struct ml_error *err)
{
    return ml_error_at(err, ML_ENOMEM, binding->source, 0, 0, "out of memory for rows of %zu columns",
                       mli_dict_count(binding->header));
}

/* ---- binding --------------------------------------------------------------------------------- */

static bool is_in(const char *const *list, const char *name)
{
    while (list && *list && strcmp(*list, name) != 0)
        list++;
    return list && *list;
}

static bool is_absent_optional(const struct mli_binding *binding, const char *const *optional,
                               const char *name)
{
    return is_in(optional, name) &&
           mli_dict_find(binding->header, name, strlen(name)) < 0;
}

static enum ml_status match_fields(struct mli_binding *binding, const char *const *optional,
                                   struct ml_error *err)
{
    size_t columns = mli_dict_count(binding->header), absent = 0;
    const char **lacking = mli_alloc(binding->schema->count + 1, sizeof(*lacking));

    if (!lacking)
        return out_of_memory(binding, err);
    for (size_t i = 0; i < columns; i++)
        binding->field[i] = MLI_NO_COLUMN;
    for (size_t i = 0; i < binding->schema->count; i++) {
        const char *name = binding->schema->field[i].name;
        int32_t column = mli_dict_find(binding->header, name, strlen(name));
        if (column >= 0)
            binding->field[column] = i;
        else if (!is_in(optional, name))
            lacking[absent++] = name;
    }
    enum ml_status status =
        absent ? mli_header_lacks(binding->source, binding->header, binding->field, lacking, absent, err) : ML_OK;
    free(lacking);
    return status;
}

static enum ml_status match_keep(struct mli_binding *binding, const char *const *optional,
                                 struct ml_error *err)
{
    for (size_t k = 0; k < binding->kept; k++) {
        if (is_absent_optional(binding, optional, binding->name[k])) {
            binding->keep[k] = MLI_NO_COLUMN;
            continue;
        }
        enum ml_status status = mli_header_find(binding->source, binding->header, binding->name[k],
                                                ML_EUSAGE, "", &binding->keep[k], err);
        if (status != ML_OK)
            return status;
    }
    return ML_OK;
}

static bool is_extra(const struct mli_binding *binding, size_t column, const char *const *known)
{
    if (is_in(known, mli_dict_text(binding->header, column)))
        return false;
    if (binding->field[column] != MLI_NO_COLUMN)
        return false;
    for (size_t k = 0; k < binding->kept; k++) {
        if (binding->keep[k] == column)
            return false;
    }
    return true;
}

static void log_extra(const struct mli_binding *binding, const char *const *known, const struct ml_log *log)
{
    size_t columns = mli_dict_count(binding->header), extra = 0;
    struct mli_buf names;

    mli_buf_init(&names, SIZE_MAX);
    for (size_t i = 0; i < columns; i++) {
        if (is_extra(binding, i, known) && extra++ < NAMED_MAX)
            mli_buf_printf(&names, "%s\"%s\"", extra > 1 ? ", " : "",
                           mli_dict_text(binding->header, i));
    }
    if (extra > NAMED_MAX)
        mli_buf_printf(&names, " and %zu more", extra - NAMED_MAX);
    if (extra > 0 && names.status == ML_OK)
        ml_log(log, ML_LOG_NOTE, "%s: not used: %s", binding->source, names.data);
    mli_buf_release(&names);
}

enum ml_status mli_binding_init(struct mli_binding *binding, const struct mli_schema *schema,
                                const struct mli_dict *header, const char *source,
                                const char *const *keep, const char *const *optional, const char *const *known,
                                const struct ml_log *log, struct ml_error *err)
{
    *binding = (struct mli_binding){
        .schema = schema, .header = header, .source = source, .name = keep
    };
    while (keep && keep[binding->kept])
        binding->kept++;
    binding->field = mli_alloc(mli_dict_count(header), sizeof(*binding->field));
    binding->keep = mli_alloc(binding->kept, sizeof(*binding->keep));
    if (!binding->field || !binding->keep)
        return out_of_memory(binding, err);
    enum ml_status status = match_fields(binding, optional, err);
    if (status == ML_OK)
        status = match_keep(binding, optional, err);
    if (status == ML_OK && log)
        log_extra(binding, known, log);
    return status;
}

void mli_binding_release(struct mli_binding *binding)
{
    free(binding->field);
    free(binding->keep);
    *binding = (struct mli_binding){ 0 };
}

/* ---- rows ------------------------------------------------------------------------------------ */

enum ml_status mli_bound_init(struct mli_bound *bound, const struct mli_binding *binding,
                              const struct mli_missing *missing, size_t capacity,
                              struct ml_error *err)
{
    size_t texts;

    *bound = (struct mli_bound){ .binding = binding, .missing = missing, .capacity = capacity };
    mli_buf_init(&bound->text, SIZE_MAX);
    if (mli_mul(capacity, binding->kept, &texts))
        bound->offset = mli_alloc(texts, sizeof(*bound->offset));
    bound->line = mli_alloc(capacity, sizeof(*bound->line));
    if (!bound->offset || !bound->line)
        return out_of_memory(binding, err);
    enum ml_status status = mli_rows_new(binding->schema, missing, capacity, &bound->rows, err);
    if (status == ML_OK)
        mli_rows_numerals(bound->rows, binding->numerals);
    return status;
}

void mli_bound_release(struct mli_bound *bound)
{
    mli_rows_free(bound->rows);
    mli_buf_release(&bound->text);
    free(bound->offset);
    free(bound->line);
    *bound = (struct mli_bound){ 0 };
}

void mli_bound_reset(struct mli_bound *bound)
{
    mli_rows_reset(bound->rows);
    mli_buf_reset(&bound->text);
}

bool mli_bound_is_full(const struct mli_bound *bound)
{
    return mli_rows_count(bound->rows) >= bound->capacity || bound->text.len >= KEPT_MAX ||
           mli_rows_text(bound->rows) >= KEPT_MAX;
}

static enum ml_status keep_texts(struct mli_bound *bound, size_t row,
                                 const struct mli_csv_record *record, struct ml_error *err)
{
    const struct mli_binding *binding = bound->binding;

    for (size_t k = 0; k < binding->kept; k++) {
        static const struct mli_csv_field absent = { "", 0 };
        const struct mli_csv_field *field =
            binding->keep[k] == MLI_NO_COLUMN ? &absent : &record->field[binding->keep[k]];
        bound->offset[row * binding->kept + k] = bound->text.len;
        mli_buf_add(&bound->text, field->text, field->len + 1);
    }
    return bound->text.status == ML_OK ? ML_OK : out_of_memory(binding, err);
}

static enum ml_status refuse(const struct mli_field *field, const struct mli_csv_record *record,
                             size_t column, const char *source, struct ml_error *err)
{
    const struct mli_pin pin = { field->type, true, field->format };

    return mli_cell_refuse(&pin, source, record->line, column + 1, field->name,
                           record->field[column].text, err);
}

enum ml_status mli_bound_add(struct mli_bound *bound, const struct mli_csv_record *record,
                             const char *source, size_t *column, struct ml_error *err)
{
    const struct mli_binding *binding = bound->binding;
    size_t row = mli_rows_count(bound->rows);

    mli_rows_append(bound->rows);
    bound->line[row] = record->line;
    for (size_t i = 0; i < record->count; i++) {
        const struct mli_csv_field *field = &record->field[i];
        if (binding->field[i] == MLI_NO_COLUMN)
            continue;
        enum mli_cell cell =
            mli_rows_set_text(bound->rows, binding->field[i], field->text, field->len);
        bound->unknown += cell == MLI_CELL_UNKNOWN;
        if (cell == MLI_CELL_NO_MEMORY)
            return out_of_memory(binding, err);
        if (cell != MLI_CELL_NOT_A_NUMBER && cell != MLI_CELL_NOT_AN_INSTANT)
            continue;
        *column = i;
        return refuse(&binding->schema->field[binding->field[i]], record, i, source, err);
    }
    return keep_texts(bound, row, record, err);
}

const char *mli_bound_kept(const struct mli_bound *bound, size_t row, size_t k)
{
    return bound->text.data + bound->offset[row * bound->binding->kept + k];
}

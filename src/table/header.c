#include <table/header.h>

#include <base/mem.h>
#include <base/suggest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABSENT_MAX ((size_t)8) /* columns named in an error */
#define NEAR_MAX ((size_t)1000) /* columns that may have been meant */
#define WARNINGS_MAX ((size_t)5)

struct naming {
    struct mli_dict *given; /* the names as they stand in the file, without repeats */
    struct mli_dict *final; /* the names so far, all distinct */
    size_t *repeats;        /* of each given name, so far */
    size_t warnings;
    const struct ml_log *log;
    struct mli_buf name;
};

static void warn(struct naming *naming, size_t column, const char *what, const char *name)
{
    if (naming->warnings++ < WARNINGS_MAX)
        ml_log(naming->log, ML_LOG_WARNING, "column %zu has %s; it is called \"%s\"", column + 1,
               what, name);
}

static bool taken(const struct naming *naming, const char *name, size_t len)
{
    return mli_dict_find(naming->given, name, len) >= 0 ||
           mli_dict_find(naming->final, name, len) >= 0;
}

/* Makes name.1, name.2, ... until one is free; it may be no name of the file, wherever that stands. */
static void add_suffix(struct naming *naming, size_t *repeats)
{
    size_t stem = naming->name.len;

    do {
        naming->name.len = stem;
        mli_buf_printf(&naming->name, ".%zu", ++*repeats);
    } while (naming->name.status == ML_OK && taken(naming, naming->name.data, naming->name.len));
}

static enum ml_status name_column(struct naming *naming, size_t column,
                                  const struct mli_csv_field *field)
{
    size_t first = 0;
    int32_t code;

    mli_buf_reset(&naming->name);
    if (field->len == 0) {
        mli_buf_printf(&naming->name, "column%zu", column + 1);
        if (naming->name.status == ML_OK && taken(naming, naming->name.data, naming->name.len))
            add_suffix(naming, &first);
        if (naming->name.status == ML_OK)
            warn(naming, column, "no name", naming->name.data);
    } else {
        mli_buf_add(&naming->name, field->text, field->len);
        code = mli_dict_find(naming->given, field->text, field->len);
        if (mli_dict_find(naming->final, field->text, field->len) >= 0) {
            add_suffix(naming, &naming->repeats[code]);
            if (naming->name.status == ML_OK)
                warn(naming, column, "the name of another column", naming->name.data);
        }
    }
    if (naming->name.status != ML_OK)
        return naming->name.status;
    return mli_dict_add(naming->final, naming->name.data, naming->name.len, &code);
}

static enum ml_status number_columns(struct naming *naming, size_t count)
{
    enum ml_status status = ML_OK;
    int32_t code;

    for (size_t i = 0; i < count && status == ML_OK; i++) {
        mli_buf_reset(&naming->name);
        mli_buf_printf(&naming->name, "column%zu", i + 1);
        status = naming->name.status;
        if (status == ML_OK)
            status = mli_dict_add(naming->final, naming->name.data, naming->name.len, &code);
    }
    return status;
}

static enum ml_status name_columns(struct naming *naming, const struct mli_csv_record *record)
{
    enum ml_status status = ML_OK;
    int32_t code;

    for (size_t i = 0; i < record->count && status == ML_OK; i++) {
        if (record->field[i].len > 0)
            status =
                mli_dict_add(naming->given, record->field[i].text, record->field[i].len, &code);
    }
    for (size_t i = 0; i < record->count && status == ML_OK; i++)
        status = name_column(naming, i, &record->field[i]);
    if (naming->warnings > WARNINGS_MAX)
        ml_log(naming->log, ML_LOG_WARNING, "and %zu more columns without a name of their own",
               naming->warnings - WARNINGS_MAX);
    return status;
}

enum ml_status mli_header_read(struct mli_csv *csv, const struct ml_log *log, struct mli_dict **out,
                               struct ml_error *err)
{
    const char *source = mli_csv_source(csv);
    struct naming naming = { .log = log };
    bool no_header = mli_csv_options(csv)->no_header;
    struct mli_csv_record record;
    enum ml_status status = mli_csv_next(csv, &record, err);

    if (status != ML_OK)
        return status;
    if (record.count == 0)
        return ml_error_at(err, ML_EDATA, source, 0, 0,
                           "empty; expected a line of column names and rows below it");
    mli_buf_init(&naming.name, SIZE_MAX);
    naming.given = mli_dict_new();
    naming.final = mli_dict_new();
    naming.repeats = mli_calloc(record.count, sizeof(*naming.repeats));
    status = ML_ENOMEM;
    if (naming.given && naming.final && naming.repeats)
        status = no_header ? number_columns(&naming, record.count) : name_columns(&naming, &record);
    if (status == ML_OK)
        status = mli_csv_expect(csv, record.count, no_header, err);
    if (status == ML_OK) {
        *out = naming.final;
        naming.final = NULL;
    } else {
        ml_error_at(err, status, source, record.line, 0, "out of memory for %zu column names",
                    record.count);
    }
    mli_buf_release(&naming.name);
    free(naming.repeats);
    mli_dict_free(naming.final);
    mli_dict_free(naming.given);
    return status;
}

const char *mli_header_near(const struct mli_dict *header, const size_t *field, const char *name)
{
    size_t columns = mli_dict_count(header), n = 0;
    const char **names = mli_alloc(columns, sizeof(*names));

    if (!names)
        return NULL;
    for (size_t i = 0; i < columns && n < NEAR_MAX; i++) {
        if (!field || field[i] == SIZE_MAX)
            names[n++] = mli_dict_text(header, i);
    }
    size_t near = mli_suggest(name, names, n);
    const char *found = near < n ? names[near] : NULL;
    free(names);
    return found;
}

static enum ml_status miss(const char *source, const struct mli_dict *header, const char *name, const char *near,
                           enum ml_status status, const char *what, struct ml_error *err)
{
    if (near)
        return ml_error_at(err, status, source, 0, 0, "%sno column \"%s\"; did you mean \"%s\"?", what, name, near);
    return ml_error_at(err, status, source, 0, 0, "%sno column \"%s\"; the first of %zu is \"%s\"", what, name,
                       mli_dict_count(header), mli_dict_text(header, 0));
}

enum ml_status mli_header_find(const char *source, const struct mli_dict *header, const char *name,
                               enum ml_status status, const char *what, size_t *column,
                               struct ml_error *err)
{
    int32_t code = mli_dict_find(header, name, strlen(name));

    if (code >= 0) {
        *column = (size_t)code;
        return ML_OK;
    }
    return miss(source, header, name, mli_header_near(header, NULL, name), status, what, err);
}

enum ml_status mli_header_lacks(const char *source, const struct mli_dict *header, const size_t *field,
                                const char *const *name, size_t n, struct ml_error *err)
{
    struct mli_buf list;

    if (n == 1)
        return miss(source, header, name[0], mli_header_near(header, field, name[0]), ML_EDATA, "", err);
    mli_buf_init(&list, SIZE_MAX);
    for (size_t i = 0; i < n && i < ABSENT_MAX; i++) {
        const char *near = mli_header_near(header, field, name[i]);
        mli_buf_printf(&list, "%s\"%.60s\"", i > 0 ? ", " : "", name[i]);
        if (near)
            mli_buf_printf(&list, " (did you mean \"%.60s\"?)", near);
    }
    if (n > ABSENT_MAX)
        mli_buf_printf(&list, " and %zu more", n - ABSENT_MAX);
    enum ml_status status =
        list.status ? ml_error_at(err, ML_ENOMEM, source, 0, 0, "out of memory for the names of %zu columns", n)
                    : ml_error_at(err, ML_EDATA, source, 0, 0, "%zu columns are not there: %s; the first of %zu is \"%s\"", n,
                                  list.data, mli_dict_count(header), mli_dict_text(header, 0));
    mli_buf_release(&list);
    return status;
}

#include <fit/target_names.h>

#include <base/buf.h>
#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

/* Length of the name that text begins with; name gets it without the marks of its commas. */
static size_t take_name(const char *text, char *name)
{
    size_t at = 0;
    while (text[at] && text[at] != ',') {
        at += text[at] == '\\' && text[at + 1] == ',';
        *name++ = text[at++];
    }
    *name = 0;
    return at;
}

static enum ml_status add(const struct ml_table *table, const char *name, size_t *columns, size_t *n, struct ml_error *err)
{
    size_t column;
    enum ml_status status = mli_table_target(table, name, &column, err);
    for (size_t t = 0; !status && t < *n; t++)
        if (columns[t] == column)
            status = ml_error_set(err, ML_EUSAGE, "--target names column \"%s\" twice", name);
    if (!status)
        columns[(*n)++] = column;
    return status;
}

/* columns has room for one more than there are commas. */
static enum ml_status take_list(const struct ml_table *table, const char *text, size_t *columns, size_t *n,
                                struct ml_error *err)
{
    char *name = mli_alloc(strlen(text) + 1, 1);
    enum ml_status status = name ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
    for (bool more = true; !status && more;) {
        text += take_name(text, name);
        more = *text == ',';
        text += more;
        status = *name ? add(table, name, columns, n, err)
                       : ml_error_set(err, ML_EUSAGE, "--target: a column has no name; names are separated by one comma");
    }
    free(name);
    return status;
}

enum ml_status mli_target_names(const struct ml_table *table, const char *text, const struct ml_log *log,
                                size_t **columns, size_t *n, struct ml_error *err)
{
    size_t most = 1, count = 0;
    for (const char *c = text; c && *c; c++)
        most += *c == ',';
    size_t *list = mli_alloc(most, sizeof *list);
    if (!list)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    enum ml_status status = ML_OK;
    if (!text)
        ml_log(log, ML_LOG_NOTE, "target: \"%s\", the last column (--target NAME takes another)",
               table->column[list[count++] = table->columns - 1].name);
    else if (ml_table_find(table, text) < table->columns || most == 1)
        status = mli_table_target(table, text, &list[count++], err);
    else
        status = take_list(table, text, list, &count, err);
    if (status) {
        free(list);
        return status;
    }
    *columns = list;
    *n = count;
    return ML_OK;
}

char *mli_target_text(const char *const *names, size_t n)
{
    struct mli_buf text;
    mli_buf_init(&text, SIZE_MAX);
    for (size_t t = 0; t < n; t++) {
        if (t)
            mli_buf_char(&text, ',');
        for (const char *c = names[t]; *c; c++) {
            if (*c == ',' && n > 1)
                mli_buf_char(&text, '\\');
            mli_buf_char(&text, *c);
        }
    }
    return mli_buf_detach(&text);
}

#include <mlctl/status.h>

#include <base/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
} table[] = { { "OK", "success" },
#define ROW(name, text) { #name, text },
              ML_STATUS_MAP(ROW)
#undef ROW
};

#define ROWS (sizeof(table) / sizeof(table[0]))

const char *ml_status_name(enum ml_status status)
{
    return (size_t)status < ROWS ? table[status].name : "UNKNOWN";
}

const char *ml_status_text(enum ml_status status)
{
    return (size_t)status < ROWS ? table[status].text : "unknown status";
}

static void set_source(struct ml_error *err, const char *source)
{
    int length = snprintf(err->source, sizeof(err->source), "%s", source ? source : "");
    mli_text_clean(err->source, length >= (int)sizeof(err->source));
}

enum ml_status ml_error_set(struct ml_error *err, enum ml_status status, const char *format, ...)
{
    if (!err || err->status != ML_OK)
        return status;
    va_list args;
    va_start(args, format);
    mli_text_format(err->text, sizeof(err->text), format, args);
    va_end(args);
    err->status = status;
    err->line = err->column = 0;
    set_source(err, NULL);
    return status;
}

enum ml_status ml_error_at(struct ml_error *err, enum ml_status status, const char *source,
                           size_t line, size_t column, const char *format, ...)
{
    if (!err || err->status != ML_OK)
        return status;
    va_list args;
    va_start(args, format);
    mli_text_format(err->text, sizeof(err->text), format, args);
    va_end(args);
    err->status = status;
    err->line = line;
    err->column = column;
    set_source(err, source);
    return status;
}

void ml_error_source(struct ml_error *err, const char *source)
{
    if (err && err->status != ML_OK && err->source[0] == '\0')
        set_source(err, source);
}

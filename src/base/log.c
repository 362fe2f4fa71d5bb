#include <mlctl/log.h>

#include <base/raw.h>
#include <base/text.h>
#include <stdarg.h>

void ml_log(const struct ml_log *log, enum ml_log_level level, const char *format, ...)
{
    MLI_RAW char line[1024];

    if (!log || !log->write || level > log->level)
        return;
    va_list args;
    va_start(args, format);
    mli_text_format(line, sizeof(line), format, args);
    va_end(args);
    log->write(log->data, level, line);
}

/*
 * Logging to a sink of the caller. The library never prints: what it has to say (a default used, a column dropped, an
 * epoch done) goes as one line of text to the sink. A NULL log is silent. The sink may be called from any thread.
 */
#ifndef MLCTL_LOG_H
#define MLCTL_LOG_H

#include <mlctl/status.h>

enum ml_log_level { ML_LOG_ERROR, ML_LOG_WARNING, ML_LOG_NOTE, ML_LOG_DEBUG };

struct ml_log {
    void (*write)(void *data, enum ml_log_level level, const char *text); /* text: one line, no newline */
    void *data;
    enum ml_log_level level; /* messages above this level are not formatted */
};

void ml_log(const struct ml_log *log, enum ml_log_level level, const char *format, ...)
    ML_PRINTF(3, 4);

#endif

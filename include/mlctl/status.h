/*
 * Statuses and the error object: how every function of libmlctl says what went wrong.
 *
 * A function that can fail returns enum ml_status and takes a struct ml_error pointer, which may be NULL. The caller
 * owns the error object and starts it as ML_ERROR_INIT. The first error wins: a later ml_error_set() on an object that
 * already holds one changes nothing, so a caller may add context on the way up without losing the place.
 * On failure outputs are untouched and nothing leaks.
 */
#ifndef MLCTL_STATUS_H
#define MLCTL_STATUS_H

#include <stddef.h>

#if defined(__GNUC__)
#define ML_NODISCARD __attribute__((warn_unused_result))
#define ML_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define ML_NODISCARD
#define ML_PRINTF(text, first)
#endif

/* One list makes the enum, the names and the texts. cmd maps each to an exit code and serve to an HTTP status. */
#define ML_STATUS_MAP(X)                                                                           \
    X(USAGE, "bad command line or argument")                                                       \
    X(DATA, "invalid input data")                                                                  \
    X(ARTIFACT, "invalid artifact")                                                                \
    X(REFUSED, "the answer is no")                                                                 \
    X(LIMIT, "over a limit")                                                                       \
    X(IO, "input or output failed")                                                                \
    X(NOMEM, "out of memory")                                                                      \
    X(DIVERGED, "training failed")                                                                 \
    X(INTERRUPTED, "interrupted")

enum ml_status {
    ML_OK,
#define ML_STATUS_ENUM(name, text) ML_E##name,
    ML_STATUS_MAP(ML_STATUS_ENUM)
#undef ML_STATUS_ENUM
};

struct ml_error {
    enum ml_status status;
    char source[256]; /* file or other origin, "" if none */
    size_t line;      /* 1-based, 0 if it does not apply */
    size_t column;    /* 1-based field number, 0 if it does not apply */
    char text[768];   /* what was found, what was expected, what to do; one line, no control bytes */
};

#define ML_ERROR_INIT { 0 }

/* Short name of a status ("DATA"); "OK" for ML_OK. Static storage. */
const char *ml_status_name(enum ml_status status);

/* One-line description of a status. Static storage. */
const char *ml_status_text(enum ml_status status);

/*
 * Records an error and returns `status`, so that a failing function can end with `return ml_error_set(...)`. The text is
 * cut to fit, control bytes in it are replaced by '?'. `err` may be NULL; an err that already holds an error is kept.
 */
enum ml_status ml_error_set(struct ml_error *err, enum ml_status status, const char *format, ...)
    ML_PRINTF(3, 4);

/* The same with a place: `source` may be NULL, `line` and `column` 0. */
enum ml_status ml_error_at(struct ml_error *err, enum ml_status status, const char *source,
                           size_t line, size_t column, const char *format, ...) ML_PRINTF(6, 7);

/* Gives an error that has no source yet its source; for callers that know the file name. */
void ml_error_source(struct ml_error *err, const char *source);

#endif

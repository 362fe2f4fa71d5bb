/*
 * MLI_RAW before a local array: it is written before it is read, so it need not be cleared first. The build clears all
 * others (-ftrivial-auto-var-init=zero), which for a buffer of kilobytes costs more than what a small request does with it.
 */
#ifndef BASE_RAW_H
#define BASE_RAW_H

#include <mlctl/status.h>

#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define MLI_RAW __attribute__((uninitialized))
#endif
#endif
#ifndef MLI_RAW
#define MLI_RAW
#endif

/* A raw error becomes as ML_ERROR_INIT makes one, without a kilobyte of zeros. */
static inline void mli_error_clear(struct ml_error *err)
{
    err->status = ML_OK;
    err->line = err->column = 0;
    err->source[0] = err->text[0] = '\0';
}

#endif

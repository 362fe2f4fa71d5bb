/*
 * Closure: the shared libraries an ELF executable loads, its dynamic loader included, as the loader
 * itself resolves them (`LOADER --inhibit-cache --list PROGRAM`, the documented front of what ldd
 * does). A static program has none.
 *
 * The loader is asked without ld.so.cache and LD_LIBRARY_PATH, as it will run in an image that has
 * neither, so every path lies in a directory that the loader itself knows. A library found only by
 * way of them is refused by name.
 */
#ifndef DEPLOY_CLOSURE_H
#define DEPLOY_CLOSURE_H

#include <mlctl/status.h>

struct mli_closure {
    size_t count;
    char **path;        /* absolute, sorted, e.g. /lib/x86_64-linux-gnu/libc.so.6 */
    const char *loader; /* the one that is the dynamic loader; NULL: static */
};

/* ML_EUSAGE: no ELF executable of this machine. ML_EIO: unreadable, or a library is not found. */
ML_NODISCARD enum ml_status mli_closure_of(const char *program, struct mli_closure *out,
                                           struct ml_error *err);
void mli_closure_release(struct mli_closure *closure);

#endif

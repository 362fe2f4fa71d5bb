/* Packed files: one .c file a packing, one row in input.c, which tells them by their first bytes. */
#ifndef BASE_PACKING_H
#define BASE_PACKING_H

#include <mlctl/status.h>
#include <stdbool.h>

/* What an unpacker takes from and gives to; both ends move on. */
struct mli_unpacking {
    const unsigned char *in;
    unsigned char *out;
    size_t in_left, out_left;
    bool inside;     /* of a packed stream, so the end may not come yet */
    const char *why; /* after ML_EDATA: what is wrong; lives as long as the unpacker */
};

struct mli_packing {
    const char *name;
    void *(*open)(void); /* NULL: no memory */
    /* Some of the stored bytes go in, maybe some text comes out; no bytes at all for what is left within. ML_EDATA, ML_ENOMEM. */
    enum ml_status (*unpack)(void *state, struct mli_unpacking *io);
    void (*close)(void *state);
};

extern const struct mli_packing mli_gzip, mli_zstd;

#endif

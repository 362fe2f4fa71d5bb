/*
 * Packed files: one .c file a packing. What is read is told by its first bytes (a row in input.c), what is written by the
 * end of its name (a row in output.c).
 */
#ifndef BASE_PACKING_H
#define BASE_PACKING_H

#include <mlctl/status.h>
#include <stdbool.h>
#include <stddef.h>

/* What a packer or unpacker takes from and gives to; both ends move on. */
struct mli_unpacking {
    const unsigned char *in;
    unsigned char *out;
    size_t in_left, out_left;
    bool inside;     /* of a packed stream: unpacking, the end may not come yet; packing, more is to come out */
    const char *why; /* after ML_EDATA: what is wrong; lives as long as the unpacker */
};

struct mli_packing {
    const char *name, *suffix; /* of names of files */
    void *(*open)(void); /* NULL: no memory */
    /* Some of the stored bytes go in, maybe some text comes out; no bytes at all for what is left within. ML_EDATA, ML_ENOMEM. */
    enum ml_status (*unpack)(void *state, struct mli_unpacking *io);
    void (*close)(void *state);
    /*
     * The other way: bytes go in, called again while io->inside; with `end`, after the last, until all has come out. The
     * same bytes in the same calls give the same file. ML_ENOMEM.
     */
    void *(*pack_open)(void);
    enum ml_status (*pack)(void *state, struct mli_unpacking *io, bool end);
    void (*pack_close)(void *state);
};

extern const struct mli_packing mli_gzip, mli_zstd;
/* For what is packed while somebody waits: zlib's fastest level. HTTP's "deflate", of which no files are, is such. */
extern const struct mli_packing mli_gzip_quick, mli_zlib;

#endif

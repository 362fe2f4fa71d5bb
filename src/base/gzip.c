/* gzip members, one after the other [RFC 1952], by zlib. */
#include <base/packing.h>

#include <base/mem.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

static void *gzip_open(void)
{
    z_stream *stream = mli_calloc(1, sizeof(*stream));

    if (stream && inflateInit2(stream, MAX_WBITS + 16) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

/* The same without a file's header and with another checksum [RFC 1950]. */
static void *zlib_open(void)
{
    z_stream *stream = mli_calloc(1, sizeof(*stream));

    if (stream && inflateInit(stream) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

static uInt at_most(size_t n)
{
    return n < UINT_MAX ? (uInt)n : UINT_MAX;
}

static enum ml_status gzip_unpack(void *state, struct mli_unpacking *io)
{
    z_stream *stream = state;
    uInt in = at_most(io->in_left), out = at_most(io->out_left);

    stream->next_in = (Bytef *)(uintptr_t)io->in;
    stream->avail_in = in;
    stream->next_out = io->out;
    stream->avail_out = out;
    io->inside = true;
    int code = inflate(stream, Z_NO_FLUSH);
    io->in = stream->next_in;
    io->in_left -= in - stream->avail_in;
    io->out = stream->next_out;
    io->out_left -= out - stream->avail_out;
    if (code == Z_OK || code == Z_BUF_ERROR) /* the latter: nothing to do with what there is */
        return ML_OK;
    if (code == Z_MEM_ERROR)
        return ML_ENOMEM;
    if (code != Z_STREAM_END || inflateReset(stream) != Z_OK) {
        io->why = stream->msg ? stream->msg : "not gzip data";
        return ML_EDATA;
    }
    io->inside = false; /* what follows, if anything, must be another member [section 2.2] */
    return ML_OK;
}

static void gzip_close(void *state)
{
    inflateEnd(state);
    free(state);
}

/* ---- packing --------------------------------------------------------------------------------- */

/* The header has neither a name nor a time. */
static void *open_level(int level, int window)
{
    z_stream *stream = mli_calloc(1, sizeof(*stream));

    if (stream && deflateInit2(stream, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

static void *pack_open(void)
{
    return open_level(Z_DEFAULT_COMPRESSION, MAX_WBITS + 16);
}

static void *quick_open(void)
{
    return open_level(Z_BEST_SPEED, MAX_WBITS + 16);
}

static void *quick_zlib_open(void)
{
    return open_level(Z_BEST_SPEED, MAX_WBITS);
}

static enum ml_status gzip_pack(void *state, struct mli_unpacking *io, bool end)
{
    z_stream *stream = state;
    uInt in = at_most(io->in_left), out = at_most(io->out_left);

    stream->next_in = (Bytef *)(uintptr_t)io->in;
    stream->avail_in = in;
    stream->next_out = io->out;
    stream->avail_out = out;
    int code = deflate(stream, end && in == io->in_left ? Z_FINISH : Z_NO_FLUSH);
    io->in = stream->next_in;
    io->in_left -= in - stream->avail_in;
    io->out = stream->next_out;
    io->out_left -= out - stream->avail_out;
    io->inside = code != Z_STREAM_END && (end || io->in_left > 0 || stream->avail_out == 0);
    return code == Z_STREAM_ERROR ? ML_ENOMEM : ML_OK;
}

static void pack_close(void *state)
{
    deflateEnd(state);
    free(state);
}

const struct mli_packing mli_gzip = { "gzip",    ".gz",     gzip_open, gzip_unpack, gzip_close,
                                      pack_open, gzip_pack, pack_close };

const struct mli_packing mli_gzip_quick = { "gzip",     ".gz",     gzip_open, gzip_unpack, gzip_close,
                                            quick_open, gzip_pack, pack_close };

const struct mli_packing mli_zlib = { .name = "deflate", .open = zlib_open, .unpack = gzip_unpack, .close = gzip_close,
                                      .pack_open = quick_zlib_open, .pack = gzip_pack, .pack_close = pack_close };

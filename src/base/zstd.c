/* Zstandard frames, one after the other, skippable ones among them [RFC 8878], by libzstd, whose memory is at most 128 MiB. */
#include <base/packing.h>

#include <zstd.h>

static void *zstd_open(void)
{
    return ZSTD_createDStream();
}

static enum ml_status zstd_unpack(void *state, struct mli_unpacking *io)
{
    ZSTD_inBuffer in = { io->in, io->in_left, 0 };
    ZSTD_outBuffer out = { io->out, io->out_left, 0 };
    size_t code = ZSTD_decompressStream(state, &out, &in);

    io->in += in.pos;
    io->in_left -= in.pos;
    io->out += out.pos;
    io->out_left -= out.pos;
    io->inside = code != 0;
    if (!ZSTD_isError(code))
        return ML_OK;
    io->why = ZSTD_getErrorName(code);
    return ML_EDATA;
}

static void zstd_close(void *state)
{
    ZSTD_freeDStream(state);
}

/* ---- packing --------------------------------------------------------------------------------- */

static void *pack_open(void)
{
    ZSTD_CCtx *stream = ZSTD_createCCtx();

    if (stream && !ZSTD_isError(ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1)))
        return stream;
    ZSTD_freeCCtx(stream);
    return NULL;
}

static enum ml_status zstd_pack(void *state, struct mli_unpacking *io, bool end)
{
    ZSTD_inBuffer in = { io->in, io->in_left, 0 };
    ZSTD_outBuffer out = { io->out, io->out_left, 0 };
    size_t left = ZSTD_compressStream2(state, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);

    io->in += in.pos;
    io->in_left -= in.pos;
    io->out += out.pos;
    io->out_left -= out.pos;
    io->inside = end ? left != 0 : io->in_left > 0;
    return ZSTD_isError(left) ? ML_ENOMEM : ML_OK;
}

static void pack_close(void *state)
{
    ZSTD_freeCCtx(state);
}

const struct mli_packing mli_zstd = { "zstd",    ".zst",    zstd_open, zstd_unpack, zstd_close,
                                      pack_open, zstd_pack, pack_close };

#include <serve/coding.h>

#include <string.h>
#include <strings.h>

#define STEP ((size_t)64 << 10)

const struct mli_packing *mli_coding_find(const char *name)
{
    if (strcasecmp(name, "gzip") == 0 || strcasecmp(name, "x-gzip") == 0)
        return &mli_gzip;
    return strcasecmp(name, "deflate") == 0 ? &mli_zlib : NULL;
}

/* One call of the unpacker; *moved: bytes went in or came out. */
static enum ml_status step(const struct mli_packing *coding, void *state, struct mli_unpacking *io,
                           struct mli_buf *out, bool *moved)
{
    size_t left = out->limit - out->len, room = left < STEP ? left : STEP, in = io->in_left;

    /* at the limit a byte more shows whether there is one */
    unsigned char beyond = 0;
    io->out = room > 0 ? (unsigned char *)mli_buf_room(out, room) : &beyond;
    if (!io->out)
        return out->status;
    io->out_left = room > 0 ? room : 1;
    size_t before = io->out_left;
    enum ml_status status = coding->unpack(state, io);
    if (status != ML_OK)
        return status;
    size_t got = before - io->out_left;
    *moved = got > 0 || io->in_left < in;
    if (room == 0 && got > 0)
        return ML_ELIMIT;
    out->len += got;
    return ML_OK;
}

static enum ml_status unpack(const struct mli_packing *coding, void *state,
                             struct mli_unpacking *io, struct mli_buf *out, struct ml_error *err)
{
    bool moved = true;

    while (io->in_left > 0 || io->inside) {
        enum ml_status status = step(coding, state, io, out, &moved);
        if (status == ML_ELIMIT)
            return ml_error_set(err, status, "the body unpacks to more than the limit of %zu bytes",
                                out->limit);
        if (status == ML_ENOMEM)
            return ml_error_set(err, status, "out of memory for the body");
        if (status != ML_OK)
            return ml_error_set(err, status, "the body is not what Content-Encoding says: %.100s",
                                io->why);
        if (!moved)
            return ml_error_set(err, ML_EDATA, "the packed body ends too early");
    }
    return ML_OK;
}

enum ml_status mli_coding_unpack(const struct mli_packing *coding, const char *bytes, size_t n,
                                 struct mli_buf *out, struct ml_error *err)
{
    struct mli_unpacking io = { .in = (const unsigned char *)bytes, .in_left = n, .inside = true };
    void *state = coding->open();

    if (!state)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the body");
    enum ml_status status = unpack(coding, state, &io, out, err);
    coding->close(state);
    return status;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* Whether a list like "gzip;q=0.5, deflate" has the coding, and not with q=0. */
static bool lists(const char *list, const char *name)
{
    for (size_t n = strlen(name); *list; list += strcspn(list, ","), list += *list == ',') {
        list += strspn(list, " \t");
        if (strncasecmp(list, name, n) != 0 || !strchr(" \t;,", list[n]))
            continue;
        const char *rest = list + n + strspn(list + n, " \t;");
        if (strncasecmp(rest, "q=", 2) != 0)
            return true;
        size_t zeros = strspn(rest + 2, "0.");
        return rest[2 + zeros] >= '1' && rest[2 + zeros] <= '9';
    }
    return false;
}

const struct mli_packing *mli_coding_accepted(const char *accept)
{
    if (lists(accept, "gzip"))
        return &mli_gzip_quick;
    return lists(accept, "deflate") ? &mli_zlib : NULL;
}

void mli_coding_pack(const struct mli_packing *coding, const char *bytes, size_t n, struct mli_buf *out)
{
    struct mli_unpacking io = { .in = (const unsigned char *)bytes, .in_left = n, .inside = true };
    void *state = coding->pack_open();
    enum ml_status status = state ? ML_OK : ML_ENOMEM;

    while (status == ML_OK && (io.in_left > 0 || io.inside)) {
        io.out = (unsigned char *)mli_buf_room(out, STEP);
        io.out_left = STEP;
        status = io.out ? coding->pack(state, &io, true) : out->status;
        out->len += status == ML_OK ? STEP - io.out_left : 0;
    }
    if (state)
        coding->pack_close(state);
    if (out->status == ML_OK)
        out->status = status;
}

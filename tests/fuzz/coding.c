/*
 * The first byte says how, the rest is a body: 'g' packed by gzip, 'd' by deflate, or, with any other, plain. What
 * unpacks does so up to its very size as the limit and no further, and what is packed here comes back as it was.
 */
#include <base/packing.h>
#include <serve/coding.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT ((size_t)300000) /* more than the unpacker takes in a step */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static enum ml_status unpack(const char *name, const char *bytes, size_t n, struct mli_buf *out, size_t limit)
{
    struct ml_error err = ML_ERROR_INIT;

    mli_buf_init(out, limit);
    enum ml_status status = mli_coding_unpack(mli_coding_find(name), bytes, n, out, &err);
    require(out->len <= limit, "more than the limit");
    require((status == ML_OK) == (err.text[0] == '\0'), "an error without a text, or a text without an error");
    require(status == ML_OK || status == ML_EDATA || status == ML_ELIMIT, "the status of an error");
    return status;
}

static void check_packed(const char *name, const char *bytes, size_t n)
{
    struct mli_buf out, again;

    if (unpack(name, bytes, n, &out, LIMIT) == ML_OK) {
        require(unpack(name, bytes, n, &again, out.len) == ML_OK && again.len == out.len, "the very size as the limit");
        require(out.len == 0 || memcmp(again.data, out.data, out.len) == 0, "the same bytes again");
        mli_buf_release(&again);
        if (out.len > 0) {
            require(unpack(name, bytes, n, &again, out.len - 1) == ML_ELIMIT, "a byte over the limit");
            mli_buf_release(&again);
        }
    }
    mli_buf_release(&out);
}

static void check_plain(const char *bytes, size_t n)
{
    static unsigned char packed[1 << 17];
    struct mli_unpacking io = { .in = (const unsigned char *)bytes, .in_left = n, .inside = true };
    struct mli_buf out;

    io.out = packed;
    io.out_left = sizeof(packed);
    void *packer = mli_gzip.pack_open();
    require(packer && mli_gzip.pack(packer, &io, true) == ML_OK && !io.inside, "a packer");
    mli_gzip.pack_close(packer);
    size_t len = sizeof(packed) - io.out_left;
    require(unpack("gzip", (const char *)packed, len, &out, n) == ML_OK, "what was packed unpacks");
    require(out.len == n && (n == 0 || memcmp(out.data, bytes, n) == 0), "to what it was");
    mli_buf_release(&out);
    require(unpack("gzip", (const char *)packed, len - 1, &out, LIMIT) == ML_EDATA, "what is cut short does not");
    mli_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    char *body = malloc(n); /* of its own size, so that a byte too far is seen */
    require(body != NULL, "memory");
    memcpy(body, bytes + 1, n - 1);
    if (bytes[0] == 'g' || bytes[0] == 'd')
        check_packed(bytes[0] == 'g' ? "gzip" : "deflate", body, n - 1);
    else
        check_plain(body, n - 1);
    free(body);
    return 0;
}

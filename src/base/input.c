#include <base/file.h>

#include <base/fd.h>
#include <base/mem.h>
#include <base/packing.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)64 << 10)
#define THROUGH ((size_t)256 << 10) /* read at once when the caller has room for more than a chunk */

#define MAGIC 4

static const struct {
    unsigned char magic[MAGIC], mask[MAGIC];
    const struct mli_packing *packing;
} packings[] = {
    { { 0x1f, 0x8b }, { 0xff, 0xff }, &mli_gzip },
    { { 0x28, 0xb5, 0x2f, 0xfd }, { 0xff, 0xff, 0xff, 0xff }, &mli_zstd },
    { { 0x50, 0x2a, 0x4d, 0x18 }, { 0xf0, 0xff, 0xff, 0xff }, &mli_zstd }, /* a skippable frame */
};

struct mli_input {
    char *name;
    int fd;                      /* -1 for memory */
    const unsigned char *memory; /* what of it has not been taken yet */
    size_t memory_left;
    unsigned char *chunk;      /* CHUNK bytes, for files */
    const unsigned char *next; /* stored bytes taken and not yet handed on */
    size_t available;
    bool begun; /* the first bytes have been looked at */
    const struct mli_packing *packing; /* NULL: none */
    void *unpacker;
    bool inside, more; /* a packed stream; the unpacker had no room for all it has */
    bool undigested;
    char held[MLI_INPUT_PEEK]; /* unpacked bytes that have been looked at, */
    size_t held_from, held_to; /* and not read yet */
    struct mli_sha256 sha;
    uint64_t size, taken, version;
};

static enum ml_status input_new(const char *name, struct mli_input **out, struct ml_error *err)
{
    struct mli_input *in = mli_calloc(1, sizeof(*in));

    if (!in)
        goto nomem;
    in->fd = -1;
    mli_sha256_init(&in->sha);
    in->name = mli_strdup(name);
    if (!in->name)
        goto nomem;
    *out = in;
    return ML_OK;

nomem:
    mli_input_close(in);
    return ml_error_at(err, ML_ENOMEM, name, 0, 0, "out of memory");
}

enum ml_status mli_input_memory(const char *name, const void *bytes, size_t n,
                                struct mli_input **out, struct ml_error *err)
{
    struct mli_input *in;
    enum ml_status status = input_new(name, &in, err);

    if (status != ML_OK)
        return status;
    in->memory = bytes;
    in->memory_left = n;
    in->size = n;
    *out = in;
    return ML_OK;
}

/* Standard input may be a file that has been read in part. */
static uint64_t stored_size(int fd, const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return 0;
    off_t at = lseek(fd, 0, SEEK_CUR);
    return at >= 0 && at < st->st_size ? (uint64_t)(st->st_size - at) : 0;
}

static uint64_t version_of(const struct stat *st)
{
    const uint64_t parts[] = { st->st_ino, (uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
                               (uint64_t)st->st_mtim.tv_nsec };
    uint64_t version = 0;

    if (!S_ISREG(st->st_mode))
        return 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        version = (version ^ parts[i]) * UINT64_C(0x9E3779B97F4A7C15);
    return version;
}

enum ml_status mli_input_open(const char *path, struct mli_input **out, struct ml_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct mli_input *in;
    struct stat st;
    enum ml_status status = input_new(standard ? "standard input" : path, &in, err);

    if (status != ML_OK)
        return status;
    in->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in->fd < 0 || fstat(in->fd, &st) != 0) {
        status = ml_error_at(err, ML_EIO, in->name, 0, 0, "cannot be opened: %s", strerror(errno));
        goto out;
    }
    if (S_ISDIR(st.st_mode)) {
        status = ml_error_at(err, ML_EIO, in->name, 0, 0, "is a directory, expected a file");
        goto out;
    }
    in->size = stored_size(in->fd, &st);
    in->version = version_of(&st);
    in->chunk = mli_alloc(CHUNK, 1);
    if (!in->chunk) {
        status = ml_error_at(err, ML_ENOMEM, in->name, 0, 0, "out of memory");
        goto out;
    }
    *out = in;
    return ML_OK;

out:
    mli_input_close(in);
    return status;
}

void mli_input_close(struct mli_input *in)
{
    if (!in)
        return;
    if (in->unpacker)
        in->packing->close(in->unpacker);
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    free(in->chunk);
    free(in->name);
    free(in);
}

static void digest(struct mli_input *in, const void *bytes, size_t n)
{
    if (!in->undigested)
        mli_sha256_add(&in->sha, bytes, n);
}

/* The next piece of a file behind `kept` bytes that are in the chunk already. */
static enum ml_status take_from_file(struct mli_input *in, size_t kept, size_t *got,
                                     struct ml_error *err)
{
    if (!mli_fd_read(in->fd, in->chunk + kept, CHUNK - kept, got))
        return ml_error_at(err, ML_EIO, in->name, 0, 0, "cannot be read: %s", strerror(errno));
    digest(in, in->chunk + kept, *got);
    in->next = in->chunk;
    return ML_OK;
}

static void take_from_memory(struct mli_input *in, size_t *got)
{
    *got = in->memory_left < CHUNK ? in->memory_left : CHUNK;
    digest(in, in->memory, *got);
    in->next = in->memory;
    if (*got > 0)
        in->memory += *got;
    in->memory_left -= *got;
}

/* Makes stored bytes available; none are at the end. Called when all that were have been handed on.
 */
static enum ml_status take(struct mli_input *in, struct ml_error *err)
{
    size_t got = 0;

    if (in->fd < 0) {
        take_from_memory(in, &got);
    } else {
        enum ml_status status = take_from_file(in, 0, &got, err);
        if (status != ML_OK)
            return status;
    }
    in->available = got;
    in->taken += got;
    return ML_OK;
}

/* Packing whose mark the bytes are or, unless they must be all of it, may become. */
static const struct mli_packing *packing_of(const unsigned char *bytes, size_t n, bool whole)
{
    for (size_t i = 0; i < sizeof(packings) / sizeof(*packings); i++) {
        size_t k = 0;
        while (k < MAGIC && packings[i].mask[k] && k < n && (bytes[k] & packings[i].mask[k]) == packings[i].magic[k])
            k++;
        if (k == MAGIC || !packings[i].mask[k] || (k == n && !whole))
            return packings[i].packing;
    }
    return NULL;
}

const char *mli_input_packing(const void *bytes, size_t n)
{
    const struct mli_packing *packing = packing_of(bytes, n, true);
    return packing ? packing->name : NULL;
}

/* Looks at the first bytes; a pipe may hand them out one by one. */
static enum ml_status find_packing(struct mli_input *in, struct ml_error *err)
{
    enum ml_status status = take(in, err);
    size_t got = 1;

    while (status == ML_OK && in->fd >= 0 && in->available > 0 && in->available < MAGIC && got > 0 &&
           packing_of(in->next, in->available, false)) {
        status = take_from_file(in, in->available, &got, err);
        in->available += got;
        in->taken += got;
    }
    if (status != ML_OK)
        return status;
    in->begun = true;
    in->packing = packing_of(in->next, in->available, true);
    if (!in->packing)
        return ML_OK;
    in->unpacker = in->packing->open();
    return in->unpacker ? ML_OK : ml_error_at(err, ML_ENOMEM, in->name, 0, 0, "out of memory");
}

/* Large reads go straight to the caller, in pieces that are still in the cache when they are hashed. */
static enum ml_status read_through(struct mli_input *in, void *bytes, size_t n, size_t *got,
                                   struct ml_error *err)
{
    if (!mli_fd_read(in->fd, bytes, n < THROUGH ? n : THROUGH, got))
        return ml_error_at(err, ML_EIO, in->name, 0, 0, "cannot be read: %s", strerror(errno));
    digest(in, bytes, *got);
    in->taken += *got;
    return ML_OK;
}

static enum ml_status read_plain(struct mli_input *in, void *bytes, size_t n, size_t *got,
                                 struct ml_error *err)
{
    if (in->available == 0 && in->fd >= 0 && n > CHUNK)
        return read_through(in, bytes, n, got, err);
    if (in->available == 0) {
        enum ml_status status = take(in, err);
        if (status != ML_OK)
            return status;
    }
    size_t part = n < in->available ? n : in->available;
    if (part > 0) {
        memcpy(bytes, in->next, part);
        in->next += part;
        in->available -= part;
    }
    *got = part;
    return ML_OK;
}

static enum ml_status damaged(const struct mli_input *in, const char *reason, struct ml_error *err)
{
    return ml_error_at(err, ML_EDATA, in->name, 0, 0,
                       "this is a damaged %s file (%s): make it anew or fetch it again", in->packing->name, reason);
}

static enum ml_status unpack(struct mli_input *in, struct mli_unpacking *io, struct ml_error *err)
{
    io->in = in->next;
    io->in_left = in->available;
    enum ml_status status = in->packing->unpack(in->unpacker, io);
    in->next = io->in;
    in->available = io->in_left;
    in->inside = io->inside;
    in->more = io->inside && io->out_left == 0;
    if (status == ML_ENOMEM)
        return ml_error_at(err, ML_ENOMEM, in->name, 0, 0, "out of memory");
    return status == ML_OK ? ML_OK : damaged(in, io->why, err);
}

static enum ml_status read_packed(struct mli_input *in, void *bytes, size_t n, size_t *got,
                                  struct ml_error *err)
{
    struct mli_unpacking io = { .out = bytes, .out_left = n };

    while (io.out_left == n && n > 0) {
        enum ml_status status = in->available == 0 && !in->more ? take(in, err) : ML_OK;
        if (status != ML_OK)
            return status;
        if (in->available == 0 && !in->more && in->inside)
            return damaged(in, "it ends too early", err);
        if (in->available == 0 && !in->more)
            break;
        status = unpack(in, &io, err);
        if (status != ML_OK)
            return status;
    }
    *got = n - io.out_left;
    return ML_OK;
}

static void read_held(struct mli_input *in, void *bytes, size_t n, size_t *got)
{
    size_t left = in->held_to - in->held_from;

    *got = n < left ? n : left;
    memcpy(bytes, in->held + in->held_from, *got);
    in->held_from += *got;
}

enum ml_status mli_input_peek(struct mli_input *in, const char **bytes, size_t *n, struct ml_error *err)
{
    if (in->held_from == in->held_to) {
        in->held_from = in->held_to = 0;
        enum ml_status status = mli_input_read(in, in->held, sizeof(in->held), &in->held_to, err);
        if (status != ML_OK)
            return status;
    }
    *bytes = in->held + in->held_from;
    *n = in->held_to - in->held_from;
    return ML_OK;
}

enum ml_status mli_input_read(struct mli_input *in, void *bytes, size_t n, size_t *got,
                              struct ml_error *err)
{
    if (in->held_from < in->held_to) {
        read_held(in, bytes, n, got);
        return ML_OK;
    }
    if (!in->begun) {
        enum ml_status status = find_packing(in, err);
        if (status != ML_OK)
            return status;
    }
    if (in->packing)
        return read_packed(in, bytes, n, got, err);
    return read_plain(in, bytes, n, got, err);
}

bool mli_input_waits(const struct mli_input *in, int milliseconds)
{
    struct pollfd fd = { .fd = in->fd, .events = POLLIN };

    return in->fd >= 0 && in->available == 0 && in->held_from == in->held_to && poll(&fd, 1, milliseconds) == 0;
}

const char *mli_input_name(const struct mli_input *in)
{
    return in->name;
}

uint64_t mli_input_size(const struct mli_input *in)
{
    return in->size;
}

uint64_t mli_input_taken(const struct mli_input *in)
{
    return in->taken;
}

void mli_input_undigested(struct mli_input *in)
{
    in->undigested = true;
}

uint64_t mli_input_version(const struct mli_input *in)
{
    return in->version;
}

void mli_input_follow(struct mli_input *in, const struct mli_input *before)
{
    in->sha = before->sha;
    in->undigested = before->undigested;
}

void mli_input_sha256(struct mli_input *in, char hex[MLI_SHA256_HEX])
{
    struct mli_sha256 sha = in->sha; /* a copy, so that asking twice gives the same */
    mli_sha256_hex(&sha, hex);
    if (in->undigested)
        hex[0] = '\0';
}

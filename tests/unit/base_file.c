#include <tests/unit/base.h>

#include <base/file.h>
#include <base/sha256.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* ---- a directory of its own for every test ---- */

static char directory[256];

static int enter(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%s/mlctl-base-XXXXXX", base ? base : "/tmp");
    return mkdtemp(directory) && chdir(directory) == 0 && chmod(".", 0755) == 0 ? 0 : -1;
}

static void empty(const char *path)
{
    DIR *dir = opendir(path);
    char name[600];

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (unlink(name) != 0) {
            empty(name);
            rmdir(name);
        }
    }
    if (dir)
        closedir(dir);
}

static int leave(void **state)
{
    (void)state;
    empty(directory);
    return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static void put(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void assert_content(const char *path, const char *expected)
{
    char text[256] = "";
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(text, 1, sizeof(text) - 1, f), strlen(expected));
    fclose(f);
    assert_string_equal(text, expected);
}

static size_t entries(void)
{
    size_t count = 0;
    DIR *dir = opendir(".");
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

/* ---- input ---- */

/* Packs bytes as one gzip member; returns its length. */
static size_t pack(const void *bytes, size_t n, unsigned char *out, size_t room)
{
    z_stream z = { 0 };
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t length = room - z.avail_out;
    deflateEnd(&z);
    return length;
}

/* Reads all in pieces of `piece` bytes. */
static enum ml_status drain(struct mli_input *in, size_t piece, struct mli_buf *buf,
                            struct ml_error *err)
{
    char bytes[70000];
    size_t got;

    do {
        enum ml_status status = mli_input_read(in, bytes, piece, &got, err);
        if (status != ML_OK)
            return status;
        mli_buf_add(buf, bytes, got);
    } while (got > 0);
    return ML_OK;
}

static void assert_reads_as(const void *stored, size_t n, const void *expected, size_t length)
{
    static const size_t pieces[] = { 1, 7, 4096, 70000 };

    put("in", stored, n);
    for (size_t i = 0; i < 2 * sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct mli_input *in = NULL;
        struct ml_error err = ML_ERROR_INIT;
        struct mli_buf buf;
        if (i % 2 == 0)
            assert_int_equal(mli_input_open("in", &in, &err), ML_OK);
        else
            assert_int_equal(mli_input_memory("in", stored, n, &in, &err), ML_OK);
        mli_buf_init(&buf, SIZE_MAX);
        assert_int_equal(drain(in, pieces[i / 2], &buf, &err), ML_OK);
        assert_int_equal(buf.len, length);
        if (length > 0)
            assert_memory_equal(buf.data, expected, length);
        assert_true(mli_input_size(in) == n);
        assert_true(mli_input_taken(in) == n);
        assert_string_equal(mli_input_name(in), "in");

        char found[MLI_SHA256_HEX], whole[MLI_SHA256_HEX];
        mli_input_sha256(in, found);
        assert_int_equal(mli_file_sha256("in", whole, &err), ML_OK);
        assert_string_equal(found, whole);
        mli_buf_release(&buf);
        mli_input_close(in);
    }
}

static void plain_input(void **state)
{
    (void)state;
    char *large = malloc(200000);

    assert_non_null(large);
    for (size_t i = 0; i < 200000; i++)
        large[i] = (char)(i * i >> 3);
    assert_reads_as("", 0, "", 0);
    assert_reads_as("a", 1, "a", 1);
    assert_reads_as("\x1f", 1, "\x1f", 1); /* half of the gzip mark is no gzip mark */
    assert_reads_as("\x1fz", 2, "\x1fz", 2);
    assert_reads_as("a,b\n1,2\n", 8, "a,b\n1,2\n", 8);
    assert_reads_as(large, 200000, large, 200000);
    free(large);
}

static void packed_input(void **state)
{
    (void)state;
    enum { TEXT = 300000 };
    char *text = malloc(TEXT);
    unsigned char *packed = malloc(TEXT + 1000);

    assert_non_null(text);
    assert_non_null(packed);
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (char)(i * i * 7919 >> 5);
    assert_reads_as(packed, pack("", 0, packed, 1000), "", 0);
    assert_reads_as(packed, pack("abc", 3, packed, 1000), "abc", 3);
    assert_reads_as(packed, pack(text, TEXT, packed, TEXT + 1000), text, TEXT);

    /* members one after the other, an empty one between, are one text */
    size_t n = pack(text, 100000, packed, TEXT + 1000);
    n += pack("", 0, packed + n, 1000);
    n += pack(text + 100000, TEXT - 100000, packed + n, TEXT + 1000 - n);
    assert_reads_as(packed, n, text, TEXT);
    free(packed);
    free(text);
}

static void assert_damaged_as(const char *packing, const void *stored, size_t n, const char *reason)
{
    char said[64];
    struct mli_input *in = NULL;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf buf;

    mli_buf_init(&buf, SIZE_MAX);
    assert_int_equal(mli_input_memory("x.csv.gz", stored, n, &in, &err), ML_OK);
    assert_int_equal(drain(in, 100, &buf, &err), ML_EDATA);
    assert_string_equal(err.source, "x.csv.gz");
    snprintf(said, sizeof(said), "is a damaged %s file", packing);
    assert_non_null(strstr(err.text, said));
    if (!strstr(err.text, reason))
        fail_msg("%s", err.text);
    assert_int_equal(drain(in, 100, &buf, NULL), ML_EDATA); /* and stays so */
    mli_buf_release(&buf);
    mli_input_close(in);
}

static void assert_damaged(const void *stored, size_t n, const char *reason)
{
    assert_damaged_as("gzip", stored, n, reason);
}

static void damaged_input(void **state)
{
    (void)state;
    unsigned char packed[1000];
    size_t n = pack("a,b\n1,2\n3,4\n", 12, packed, sizeof(packed));

    for (size_t length = 2; length < n; length++)
        assert_damaged(packed, length, "it ends too early");
    memcpy(packed + n, "tail", 4);
    assert_damaged(packed, n + 1, "it ends too early");
    assert_damaged(packed, n + 4, "incorrect header check");
    memcpy(packed + n, packed, n);
    assert_damaged(packed, 2 * n - 1, "it ends too early"); /* in its second member */
    packed[n - 4] ^= 1;
    assert_damaged(packed, n, "incorrect length check");
    packed[n - 4] ^= 1;
    packed[n - 1] ^= 1;
    assert_damaged(packed, n, "incorrect length check");
    packed[n - 1] ^= 1;
    packed[n - 8] ^= 1;
    assert_damaged(packed, n, "incorrect data check");
}

/* A frame, with a checksum; "" packs to one as well. */
static size_t pack_zstd(const void *bytes, size_t n, unsigned char *out, size_t room)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    assert_non_null(context);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t length = ZSTD_compress2(context, out, room, bytes, n);
    assert_false(ZSTD_isError(length));
    ZSTD_freeCCtx(context);
    return length;
}

static void zstd_input(void **state)
{
    static const unsigned char skip[] = { 0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z' };
    enum { TEXT = 300000 };
    char *text = malloc(TEXT);
    unsigned char *packed = malloc(2 * TEXT);

    (void)state;
    assert_non_null(text);
    assert_non_null(packed);
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (char)(i % 1000 < 500 ? 'a' : i * i * 7919 >> 5);
    assert_reads_as(packed, pack_zstd("", 0, packed, 1000), "", 0);
    assert_reads_as(packed, pack_zstd(text, TEXT, packed, 2 * TEXT), text, TEXT);

    /* frames one after the other, skippable and empty ones between and at both ends */
    memcpy(packed, skip, sizeof(skip));
    size_t n = sizeof(skip);
    n += pack_zstd(text, 100000, packed + n, TEXT);
    n += pack_zstd("", 0, packed + n, 1000);
    memcpy(packed + n, skip, sizeof(skip));
    n += sizeof(skip);
    n += pack_zstd(text + 100000, TEXT - 100000, packed + n, TEXT);
    memcpy(packed + n, skip, sizeof(skip));
    assert_reads_as(packed, n + sizeof(skip), text, TEXT);
    assert_string_equal(mli_input_packing(packed, n), "zstd");
    assert_reads_as(skip, 3, skip, 3); /* not all of a mark */
    assert_reads_as("\x28\xb5\x2f", 3, "\x28\xb5\x2f", 3);
    assert_null(mli_input_packing("a,b\n", 4));
    free(packed);
    free(text);
}

static void damaged_zstd(void **state)
{
    unsigned char packed[1000];
    size_t n = pack_zstd("a,b\n1,2\n3,4\n", 12, packed, sizeof(packed));

    (void)state;
    for (size_t length = 4; length < n; length++)
        assert_damaged_as("zstd", packed, length, "it ends too early");
    packed[n - 1] ^= 1;
    assert_damaged_as("zstd", packed, n, "checksum");
    packed[n - 1] ^= 1;
    memcpy(packed + n, "tail", 4);
    assert_damaged_as("zstd", packed, n + 4, "Unknown frame");
}

static void input_that_cannot_be_opened(void **state)
{
    (void)state;
    struct mli_input *in = NULL;
    struct ml_error missing = ML_ERROR_INIT, folder = ML_ERROR_INIT;

    assert_int_equal(mli_input_open("nothing.csv", &in, &missing), ML_EIO);
    assert_string_equal(missing.source, "nothing.csv");
    assert_string_equal(missing.text, "cannot be opened: No such file or directory");
    assert_int_equal(mli_input_open(".", &in, &folder), ML_EIO);
    assert_string_equal(folder.text, "is a directory, expected a file");
    assert_null(in);
    mli_input_close(NULL);
}

struct drip {
    int fd;
    const unsigned char *bytes;
    size_t n;
    bool done;
};

static void *write_slowly(void *data)
{
    struct drip *drip = data;

    drip->done = true;
    for (size_t i = 0; i < drip->n; i++) {
        drip->done = drip->done && write(drip->fd, drip->bytes + i, 1) == 1;
        usleep(i < 4 ? 20000 : 0);
    }
    close(drip->fd);
    return NULL;
}

/* A pipe that hands out its bytes one at a time, as standard input. */
static void input_from_a_pipe(void **state)
{
    (void)state;
    unsigned char packed[1000];
    size_t n = pack("slow", 4, packed, sizeof(packed));
    int ends[2], before = dup(STDIN_FILENO);
    struct mli_input *in = NULL;
    struct mli_buf buf;
    char first[8];
    size_t got;

    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(mli_input_open("-", &in, NULL), ML_OK);
    assert_string_equal(mli_input_name(in), "standard input");
    assert_true(mli_input_size(in) == 0);
    struct drip drip = { .fd = ends[1], .bytes = packed, .n = n };
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_slowly, &drip), 0);
    mli_buf_init(&buf, 100);
    assert_int_equal(mli_input_read(in, first, sizeof(first), &got, NULL), ML_OK);
    mli_buf_add(&buf, first, got);
    assert_int_equal(drain(in, 10, &buf, NULL), ML_OK);
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_true(drip.done);
    assert_string_equal(buf.data, "slow");
    assert_true(mli_input_taken(in) == n);
    mli_input_close(in);
    mli_buf_release(&buf);
    assert_true(dup2(before, STDIN_FILENO) == STDIN_FILENO);
    close(before);
}

/* ---- output ---- */

static struct mli_output *begin(const char *path)
{
    struct mli_output *out = NULL;
    struct ml_error err = ML_ERROR_INIT;

    if (mli_output_open(path, &out, &err) != ML_OK)
        fail_msg("%s", err.text);
    return out;
}

static void output_appears_on_commit(void **state)
{
    (void)state;
    struct mli_output *out = begin("new");

    assert_int_equal(mli_output_write(out, "one ", 4, NULL), ML_OK);
    assert_int_equal(mli_output_write(out, "two", 3, NULL), ML_OK);
    assert_int_equal(access("new", F_OK), -1);
    assert_int_equal(entries(), 1); /* the temporary file */
    assert_int_equal(mli_output_commit(out, NULL), ML_OK);
    assert_content("new", "one two");
    assert_int_equal(entries(), 1);
}

static void output_replaces_whole(void **state)
{
    (void)state;
    struct mli_output *out;

    put("file", "old", 3);
    out = begin("file");
    assert_int_equal(mli_output_write(out, "x", 1, NULL), ML_OK);
    assert_content("file", "old");
    mli_output_abort(out);
    assert_content("file", "old");
    assert_int_equal(entries(), 1);
    mli_output_abort(NULL);

    int reader = open("file", O_RDONLY);
    out = begin("file");
    assert_int_equal(mli_output_write(out, "new", 3, NULL), ML_OK);
    assert_int_equal(mli_output_commit(out, NULL), ML_OK);
    assert_content("file", "new");
    char bytes[4] = "";
    assert_int_equal(read(reader, bytes, 3), 3); /* who has the old one open keeps it */
    assert_string_equal(bytes, "old");
    close(reader);
    assert_int_equal(entries(), 1);
}

/* Writes n bytes in pieces of growing length, and the text of the file back. */
static void write_packed(const char *path, const char *bytes, size_t n, struct mli_buf *back)
{
    struct mli_output *out = NULL;
    struct mli_input *in = NULL;
    struct mli_sha256 sha;
    char found[MLI_SHA256_HEX], stored[MLI_SHA256_HEX];

    mli_sha256_init(&sha);
    assert_int_equal(mli_output_open_packed(path, &out, NULL), ML_OK);
    mli_output_digest(out, &sha);
    for (size_t at = 0, piece = 0; at < n; at += piece, piece = piece * 3 + 1) {
        if (piece > n - at)
            piece = n - at;
        assert_int_equal(mli_output_write(out, bytes + at, piece, NULL), ML_OK);
    }
    assert_int_equal(mli_output_commit(out, NULL), ML_OK);
    mli_sha256_hex(&sha, found);
    assert_int_equal(mli_file_sha256(path, stored, NULL), ML_OK);
    assert_string_equal(found, stored);
    mli_buf_init(back, SIZE_MAX);
    assert_int_equal(mli_input_open(path, &in, NULL), ML_OK);
    assert_int_equal(drain(in, 70000, back, NULL), ML_OK);
    mli_input_close(in);
}

static void output_is_packed_as_its_name_says(void **state)
{
    (void)state;
    static const char *const names[] = { "a.csv.gz", "a.csv.zst" };
    enum { NOISE = 300000, TEXT = 2 * NOISE };
    char *text = malloc(TEXT);
    struct mli_buf back;
    struct stat st;
    uint64_t x = 88172645463325252U;

    assert_non_null(text);
    memset(text, 'a', TEXT); /* much comes of little */
    for (size_t i = 0; i < NOISE; i++) { /* xorshift, Marsaglia 2003: nothing to be saved, so packed it is as long */
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        text[i] = (char)(x >> 32);
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = TEXT;; n = n > 1 ? 1 : 0) {
            write_packed(names[i], text, n, &back);
            assert_int_equal(back.len, n);
            assert_memory_equal(back.len ? back.data : text, text, n);
            mli_buf_release(&back);
            assert_int_equal(stat(names[i], &st), 0);
            assert_true(n < TEXT || st.st_size < NOISE + 2000);
            if (n == 0)
                break;
        }
        assert_true(st.st_size > 0); /* packed nothing is something */
    }
    write_packed(".gz", "plain", 5, &back);
    assert_content(".gz", "plain");
    mli_buf_release(&back);
    free(text);
}

static void output_keeps_or_makes_the_mode(void **state)
{
    (void)state;
    mode_t before = umask(027);

    put("secret", "old", 3);
    assert_int_equal(chmod("secret", 0600), 0);
    assert_int_equal(mli_file_write("secret", "new", 3, false, NULL), ML_OK);
    assert_int_equal(mode_of("secret"), 0600);
    assert_int_equal(chmod("secret", 0666), 0);
    assert_int_equal(mli_file_write("secret", "new", 3, false, NULL), ML_OK);
    assert_int_equal(mode_of("secret"), 0666);
    assert_int_equal(mli_file_write("plain", "x", 1, false, NULL), ML_OK);
    assert_int_equal(mode_of("plain"), 0640);
    assert_int_equal(mli_file_write("script", "x", 1, true, NULL), ML_OK);
    assert_int_equal(mode_of("script"), 0751);
    assert_int_equal(mli_file_copy("script", "tool", true, NULL), ML_OK);
    assert_int_equal(mode_of("tool"), 0755);
    assert_int_equal(mli_file_copy("script", "data", false, NULL), ML_OK);
    assert_int_equal(mode_of("data"), 0640);
    umask(before);
}

static void output_goes_through_links(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_output *out = NULL;

    assert_int_equal(mkdir("real", 0777), 0);
    put("real/file", "old", 3);
    assert_int_equal(symlink("real/file", "link"), 0);
    assert_int_equal(symlink("link", "link2"), 0);
    assert_int_equal(mli_file_write("link2", "new", 3, false, NULL), ML_OK);
    assert_content("real/file", "new");
    struct stat st;
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(entries(), 3);

    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(mli_output_open("dangling", &out, &err), ML_EIO);
    assert_string_equal(
        err.text, "cannot write \"dangling\": it is a symbolic link to a file that does not exist");
    assert_null(out);
}

static void output_places_that_are_none(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "missing/file", "cannot write \"missing/file\": No such file or directory" },
        { "folder", "cannot write \"folder\": Is a directory" },
        { "folder/", "cannot write \"folder/\": Is a directory" },
        { "newfolder/", "cannot write \"newfolder/\": " },
        { "file/x", "cannot write \"file/x\": Not a directory" },
        { "", "cannot write \"\": " },
    };

    assert_int_equal(mkdir("folder", 0777), 0);
    put("file", "x", 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_output *out = NULL;
        assert_int_equal(mli_output_open(cases[i][0], &out, &err), ML_EIO);
        assert_null(out);
        if (strncmp(err.text, cases[i][1], strlen(cases[i][1])) != 0)
            fail_msg("%s", err.text);
    }
    assert_int_equal(entries(), 2);
}

static void output_to_an_unwritable_directory(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_output *out = NULL;
    uid_t user = geteuid();

    assert_int_equal(chmod(".", 0555), 0);
    if (user == 0) /* root may write everywhere */
        assert_int_equal(seteuid(65534), 0);
    enum ml_status status = mli_output_open("file", &out, &err);
    if (user == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(status, ML_EIO);
    assert_string_equal(err.text, "cannot write \"file\": Permission denied");
    assert_null(out);
}

static void output_to_a_full_disk(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT, after = ML_ERROR_INIT;
    struct mli_output *out = begin("/dev/full");

    assert_int_equal(mli_output_write(out, "x", 1, &err), ML_EIO);
    assert_string_equal(err.text, "cannot write \"/dev/full\": No space left on device");
    assert_int_equal(mli_output_commit(out, &after), ML_EIO);
    assert_string_equal(after.text, "cannot write \"/dev/full\": an earlier write failed");
    assert_int_equal(mli_file_write("/dev/full", "x", 1, true, NULL), ML_EIO);
    assert_int_equal(mli_file_write("/dev/null", "x", 1, false, NULL), ML_OK);
}

/* The disk fills up half way: a limit on the size of files does the same. */
static void output_that_fails_half_way_leaves_the_old_file(void **state)
{
    (void)state;
    static const char zeros[100000] = { 0 };
    struct ml_error err = ML_ERROR_INIT;
    struct rlimit before, lower;

    put("file", "old", 3);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    lower = before;
    lower.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &lower), 0);
    enum ml_status status = mli_file_write("file", zeros, sizeof(zeros), false, &err);
    struct mli_output *out = begin("file");
    enum ml_status part = mli_output_write(out, zeros, sizeof(zeros), NULL);
    enum ml_status commit = mli_output_commit(out, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);

    assert_int_equal(status, ML_EIO);
    assert_string_equal(err.text, "cannot write \"file\": File too large");
    assert_int_equal(part, ML_EIO);
    assert_int_equal(commit, ML_EIO);
    assert_content("file", "old");
    assert_int_equal(entries(), 1);
}

/* What a signal handler does: every open output, as many as there are, and none that is done. */
static void unfinished_outputs_are_removed(void **state)
{
    (void)state;
    enum { OUTPUTS = 40 };
    struct mli_output *out[OUTPUTS];
    char name[16];

    for (int round = 0; round < 3; round++) { /* places are used again */
        put("done", "whole", 5);
        for (size_t i = 0; i < OUTPUTS; i++) {
            snprintf(name, sizeof(name), "out%zu", i);
            assert_int_equal(mli_output_open(name, &out[i], NULL), ML_OK);
        }
        assert_int_equal(entries(), 1 + OUTPUTS);
        assert_int_equal(mli_output_commit(out[0], NULL), ML_OK);
        mli_output_remove_all();
        assert_int_equal(entries(), 2);
        assert_content("done", "whole");
        assert_content("out0", "");
        assert_int_equal(mli_output_commit(out[1], NULL), ML_EIO);
        for (size_t i = 2; i < OUTPUTS; i++)
            mli_output_abort(out[i]);
        assert_int_equal(entries(), 2);
        assert_int_equal(unlink("out0"), 0);
    }
}

static void output_to_a_pipe_without_a_reader(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);

    assert_int_equal(mkfifo("pipe", 0600), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    struct mli_output *out = begin("pipe");
    assert_int_equal(mli_output_write(out, "abc", 3, &err), ML_OK);
    char bytes[4] = "";
    assert_int_equal(read(reader, bytes, 3), 3);
    assert_string_equal(bytes, "abc");
    close(reader);
    assert_int_equal(mli_output_write(out, "abc", 3, &err), ML_EIO);
    assert_string_equal(err.text, "cannot write \"pipe\": Broken pipe");
    mli_output_abort(out);
    struct stat st;
    assert_int_equal(stat("pipe", &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    signal(SIGPIPE, handler);
}

static void output_to_standard_output(void **state)
{
    (void)state;
    int before = dup(STDOUT_FILENO), file = open("out", O_WRONLY | O_CREAT, 0666);

    fflush(stdout);
    assert_true(dup2(file, STDOUT_FILENO) == STDOUT_FILENO);
    close(file);
    enum ml_status status = mli_file_write("-", "text", 4, true, NULL);
    bool open_still = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
    assert_true(dup2(before, STDOUT_FILENO) == STDOUT_FILENO);
    close(before);
    assert_int_equal(status, ML_OK);
    assert_true(open_still);
    assert_content("out", "text");
    assert_int_equal(entries(), 1);
}

/* ---- whole files ---- */

static void files_are_read_whole(void **state)
{
    (void)state;
    struct mli_buf buf;
    struct ml_error limit = ML_ERROR_INIT, missing = ML_ERROR_INIT, pipe_error = ML_ERROR_INIT;

    put("file", "0123456789", 10);
    mli_buf_init(&buf, 12);
    mli_buf_str(&buf, "a ");
    assert_int_equal(mli_file_read("file", &buf, NULL), ML_OK);
    assert_string_equal(buf.data, "a 0123456789");
    buf.len = 3;
    assert_int_equal(mli_file_read("file", &buf, &limit), ML_ELIMIT);
    assert_string_equal(limit.source, "file");
    assert_string_equal(limit.text, "is larger than 12 bytes, the most that is read");
    assert_string_equal(buf.data, "a 0");
    mli_buf_reset(&buf);
    assert_int_equal(mli_file_read("nothing", &buf, &missing), ML_EIO);
    assert_string_equal(missing.source, "nothing");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(mli_file_read("pipe", &buf, &pipe_error), ML_EARTIFACT);
    assert_string_equal(pipe_error.text, "is not a regular file");
    assert_int_equal(mli_file_read(".", &buf, NULL), ML_EARTIFACT);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(mli_file_read("loop", &buf, NULL), ML_EARTIFACT);
    assert_int_equal(mli_file_read("file/", &buf, NULL), ML_EIO);
    assert_int_equal(buf.len, 0);
    mli_buf_release(&buf);
}

static void files_are_digested_as_stored(void **state)
{
    (void)state;
    char hex[MLI_SHA256_HEX] = "kept";

    put("abc", "abc", 3);
    assert_int_equal(mli_file_sha256("nothing", hex, NULL), ML_EIO);
    assert_string_equal(hex, "kept");
    assert_int_equal(mli_file_sha256("abc", hex, NULL), ML_OK);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void files_are_copied(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;

    put("from", "bytes", 5);
    assert_int_equal(mli_file_copy("from", "to", false, NULL), ML_OK);
    assert_content("to", "bytes");
    put("to", "old", 3);
    assert_int_equal(mli_file_copy("nothing", "to", false, &err), ML_EIO);
    assert_string_equal(err.source, "nothing");
    assert_content("to", "old");
    assert_int_equal(entries(), 2);
}

static void directories_are_made(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;
    struct stat st;

    assert_int_equal(mli_file_mkdirs("a/b//c/", NULL), ML_OK);
    assert_int_equal(stat("a/b/c", &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(mli_file_mkdirs("a/b/c", NULL), ML_OK);
    assert_int_equal(mli_file_mkdirs(directory, NULL), ML_OK);
    assert_int_equal(mli_file_mkdirs("/", NULL), ML_OK);
    assert_int_equal(mli_file_mkdirs("", NULL), ML_EIO);
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(mli_file_mkdirs("link/d", NULL), ML_OK);
    assert_int_equal(stat("a/d", &st), 0);
    put("file", "x", 1);
    assert_int_equal(mli_file_mkdirs("file", NULL), ML_EIO);
    assert_int_equal(mli_file_mkdirs("file/x/y", &err), ML_EIO);
    assert_string_equal(err.text, "cannot make the directory \"file/x/y\": Not a directory");
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int base_file_tests(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(plain_input),
        IN_DIRECTORY(packed_input),
        cmocka_unit_test(damaged_input),
        cmocka_unit_test(zstd_input),
        cmocka_unit_test(damaged_zstd),
        IN_DIRECTORY(input_that_cannot_be_opened),
        IN_DIRECTORY(input_from_a_pipe),
        IN_DIRECTORY(output_appears_on_commit),
        IN_DIRECTORY(output_replaces_whole),
        IN_DIRECTORY(output_is_packed_as_its_name_says),
        IN_DIRECTORY(output_keeps_or_makes_the_mode),
        IN_DIRECTORY(output_goes_through_links),
        IN_DIRECTORY(output_places_that_are_none),
        IN_DIRECTORY(output_to_an_unwritable_directory),
        IN_DIRECTORY(output_to_a_full_disk),
        IN_DIRECTORY(output_that_fails_half_way_leaves_the_old_file),
        IN_DIRECTORY(unfinished_outputs_are_removed),
        IN_DIRECTORY(output_to_a_pipe_without_a_reader),
        IN_DIRECTORY(output_to_standard_output),
        IN_DIRECTORY(files_are_read_whole),
        IN_DIRECTORY(files_are_digested_as_stored),
        IN_DIRECTORY(files_are_copied),
        IN_DIRECTORY(directories_are_made),
    };
    return cmocka_run_group_tests_name("base: files", tests, NULL, NULL);
}

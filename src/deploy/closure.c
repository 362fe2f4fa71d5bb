#include <deploy/closure.h>

#include <base/buf.h>
#include <base/mem.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIST_MAX ((size_t)1 << 20) /* bytes of the loader's answer; mlctl's has about 1,500 */
#define HEADERS_MAX 512            /* program headers; linkers write about a dozen */
#define NATIVE_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

static enum ml_status not_elf(const char *program, const char *why, struct ml_error *err)
{
    return ml_error_at(err, ML_EUSAGE, program, 0, 0,
                       "%s: only an ELF executable of this machine can go into an image", why);
}

static bool read_at(int fd, void *bytes, size_t n, uint64_t offset)
{
    return offset <= LONG_MAX && pread(fd, bytes, n, (off_t)offset) == (ssize_t)n;
}

/* The path in a PT_INTERP segment [System V gABI, chapter 5]; its NUL counts in p_filesz. */
static enum ml_status read_interpreter(int fd, const char *program, const ElfW(Phdr) * segment,
                                       char out[PATH_MAX], struct ml_error *err)
{
    size_t n = segment->p_filesz;
    char path[PATH_MAX];
    if (n < 2 || n > sizeof path || !read_at(fd, path, n, segment->p_offset) || path[0] != '/' ||
        path[n - 1] != '\0')
        return not_elf(program, "the name of its dynamic loader is damaged", err);
    memcpy(out, path, n);
    return ML_OK;
}

/* Path of the program's dynamic loader, "" for a static program. */
static enum ml_status find_loader(int fd, const char *program, char out[PATH_MAX],
                                  struct ml_error *err)
{
    ElfW(Ehdr) header;
    if (!read_at(fd, &header, sizeof header, 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return not_elf(program, "not an ELF file", err);
    if (header.e_ident[EI_CLASS] != NATIVE_CLASS || header.e_phentsize != sizeof(ElfW(Phdr)) ||
        header.e_phnum > HEADERS_MAX)
        return not_elf(program, "an ELF file of another machine, or damaged", err);
    for (size_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;
        if (!read_at(fd, &segment, sizeof segment, header.e_phoff + i * sizeof segment))
            return not_elf(program, "its program headers are damaged", err);
        if (segment.p_type == PT_INTERP)
            return read_interpreter(fd, program, &segment, out, err);
    }
    out[0] = '\0';
    return ML_OK;
}

static enum ml_status loader_of(const char *program, char out[PATH_MAX], struct ml_error *err)
{
    int fd = open(program, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ml_error_at(err, ML_EIO, program, 0, 0, "cannot be opened: %s", strerror(errno));
    enum ml_status status = find_loader(fd, program, out, err);
    close(fd);
    return status;
}

/* Starts `loader --inhibit-cache --list program`, its environment empty, its outputs to fd. */
static int start(const char *loader, const char *program, int fd, pid_t *child)
{
    char *argv[] = { (char *)loader, "--inhibit-cache", "--list", (char *)program, NULL };
    char *environment[] = { NULL };
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return failed;
    failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, fd, 1);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, fd, 2);
    if (!failed)
        failed = posix_spawn(child, loader, &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static void drain(int fd, struct mli_buf *out)
{
    char block[4096];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            mli_buf_add(out, block, (size_t)got);
}

/* The loader's answer in `out` and whether it was pleased. */
static enum ml_status ask_loader(const char *loader, const char *program, struct mli_buf *out,
                                 bool *pleased, struct ml_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return ml_error_set(err, ML_EIO, "no pipe to the dynamic loader: %s", strerror(errno));
    pid_t child;
    int failed = start(loader, program, ends[1], &child);
    close(ends[1]);
    if (failed) {
        close(ends[0]);
        return ml_error_at(err, ML_EIO, loader, 0, 0, "the dynamic loader cannot be started: %s",
                           strerror(failed));
    }
    drain(ends[0], out);
    close(ends[0]);
    int code = 0;
    while (waitpid(child, &code, 0) < 0 && errno == EINTR)
        continue;
    *pleased = WIFEXITED(code) && WEXITSTATUS(code) == 0;
    if (out->status != ML_OK)
        return ml_error_at(err, out->status, loader, 0, 0,
                           "the list of libraries cannot be kept: %s", ml_status_text(out->status));
    return ML_OK;
}

static bool add(struct mli_closure *closure, size_t *capacity, const char *path, size_t n)
{
    for (size_t i = 0; i < closure->count; i++)
        if (strlen(closure->path[i]) == n && memcmp(closure->path[i], path, n) == 0)
            return true;
    void *items = closure->path;
    if (!mli_grow(&items, capacity, closure->count, sizeof *closure->path))
        return false;
    closure->path = items;
    closure->path[closure->count] = mli_strndup(path, n);
    if (!closure->path[closure->count])
        return false;
    closure->count++;
    return true;
}

/* A path that moves with the program (RUNPATH with $ORIGIN and dots) cannot be kept. */
static bool movable(const char *path, size_t n)
{
    return !memmem(path, n, "/../", 4) && !memmem(path, n, "/./", 3);
}

/* One line: "\tNAME => PATH (0xADDRESS)"; the loader has no NAME, the vDSO has no PATH. */
static enum ml_status read_line(const char *program, const char *line, size_t n,
                                struct mli_closure *closure, size_t *capacity, struct ml_error *err)
{
    while (n > 0 && (*line == '\t' || *line == ' '))
        line++, n--;
    const char *path = line, *end = line + n, *arrow = memmem(line, n, " => ", 4);
    if (arrow)
        path = arrow + 4;
    const char *stop = memmem(path, (size_t)(end - path), " (0x", 4);
    if (arrow && !stop)
        return ml_error_at(err, ML_EIO, program, 0, 0,
                           "needs %.*s, which is in none of the loader's own directories: install "
                           "it there (an image has no ld.so.cache and no LD_LIBRARY_PATH)",
                           (int)(arrow - line), line);
    if (!stop || *path != '/')
        return ML_OK;
    size_t length = (size_t)(stop - path);
    if (!movable(path, length))
        return ml_error_at(err, ML_EIO, program, 0, 0,
                           "loads %.*s by a relative path, which an image cannot keep", (int)length,
                           path);
    if (!add(closure, capacity, path, length))
        return ml_error_set(err, ML_ENOMEM, "no memory for the list of libraries");
    return ML_OK;
}

static enum ml_status read_list(const char *program, const struct mli_buf *list,
                                struct mli_closure *closure, size_t *capacity, struct ml_error *err)
{
    for (size_t at = 0; at < list->len;) {
        const char *line = list->data + at, *newline = memchr(line, '\n', list->len - at);
        size_t n = newline ? (size_t)(newline - line) : list->len - at;
        enum ml_status status = read_line(program, line, n, closure, capacity, err);
        if (status != ML_OK)
            return status;
        at += n + 1;
    }
    return ML_OK;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Its real name: /proc/self/exe means another program in another process, and "-x" an option. */
static enum ml_status resolve(const char *program, char out[PATH_MAX], struct ml_error *err)
{
    if (!realpath(program, out))
        return ml_error_at(err, ML_EIO, program, 0, 0, "cannot be opened: %s", strerror(errno));
    return ML_OK;
}

enum ml_status mli_closure_of(const char *name, struct mli_closure *out, struct ml_error *err)
{
    char program[PATH_MAX], loader[PATH_MAX];
    enum ml_status status = resolve(name, program, err);
    if (status == ML_OK)
        status = loader_of(program, loader, err);
    if (status != ML_OK)
        return status;
    struct mli_closure closure = { 0 };
    if (loader[0] == '\0') {
        *out = closure;
        return ML_OK;
    }
    size_t capacity = 0;
    bool pleased = false;
    struct mli_buf list;
    mli_buf_init(&list, LIST_MAX);
    status = ask_loader(loader, program, &list, &pleased, err);
    if (status == ML_OK)
        status = read_list(program, &list, &closure, &capacity, err);
    if (status == ML_OK && !pleased)
        status = ml_error_at(err, ML_EIO, program, 0, 0, "its libraries cannot be listed: %s",
                             list.len ? list.data : loader);
    if (status == ML_OK && !add(&closure, &capacity, loader, strlen(loader)))
        status = ml_error_set(err, ML_ENOMEM, "no memory for the list of libraries");
    mli_buf_release(&list);
    if (status != ML_OK) {
        mli_closure_release(&closure);
        return status;
    }
    qsort(closure.path, closure.count, sizeof *closure.path, by_path);
    for (size_t i = 0; i < closure.count; i++)
        if (strcmp(closure.path[i], loader) == 0)
            closure.loader = closure.path[i];
    *out = closure;
    return ML_OK;
}

void mli_closure_release(struct mli_closure *closure)
{
    for (size_t i = 0; i < closure->count; i++)
        free(closure->path[i]);
    free(closure->path);
    *closure = (struct mli_closure){ 0 };
}

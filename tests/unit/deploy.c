/* Unit tests of src/deploy: the closure of an executable, the text of the files, the context on
 * disk. */
#include <base/arena.h>
#include <base/file.h>
#include <base/mem.h>
#include <base/rng.h>
#include <base/text.h>
#include <deploy/closure.h>
#include <deploy/compose.h>
#include <deploy/context.h>
#include <deploy/dockerfile.h>

#include <dirent.h>
#include <elf.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SELF "/proc/self/exe"
#define GENERATED 200
#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* ---- a place for files, and files
 * ---------------------------------------------------------------------------- */

struct place {
    char root[64];
    struct mli_arena arena; /* of the paths */
};

static int place_setup(void **state)
{
    struct place *place = mli_calloc(1, sizeof *place);
    assert_non_null(place);
    snprintf(place->root, sizeof place->root, "/tmp/mlctl-deploy-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    *state = place;
    return 0;
}

static void remove_tree(const char *path)
{
    DIR *directory = opendir(path);
    if (directory) {
        for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
            char child[512];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
            struct stat info;
            assert_int_equal(lstat(child, &info), 0);
            if (S_ISDIR(info.st_mode))
                remove_tree(child);
            else
                unlink(child);
        }
        closedir(directory);
    }
    rmdir(path);
}

static int place_teardown(void **state)
{
    struct place *place = *state;
    remove_tree(place->root);
    mli_arena_release(&place->arena);
    free(place);
    return 0;
}

static const char *in(struct place *place, const char *name)
{
    return mli_arena_printf(&place->arena, "%s/%s", place->root, name);
}

static const char *put(struct place *place, const char *name, const void *bytes, size_t n)
{
    const char *path = in(place, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    return path;
}

static struct mli_buf read_file(const char *path)
{
    struct mli_buf bytes;
    mli_buf_init(&bytes, (size_t)1 << 30);
    assert_int_equal(mli_file_read(path, &bytes, NULL), ML_OK);
    return bytes;
}

static void assert_same_file(const char *a, const char *b)
{
    struct mli_buf one = read_file(a), two = read_file(b);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.data, two.data, one.len);
    mli_buf_release(&one);
    mli_buf_release(&two);
}

static void assert_text(const char *path, const char *expected)
{
    struct mli_buf text = read_file(path);
    assert_string_equal(text.data, expected);
    mli_buf_release(&text);
}

static unsigned mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

/* ---- closure
 * --------------------------------------------------------------------------------------------------
 */

static bool has_library(const struct mli_closure *closure, const char *name)
{
    for (size_t i = 0; i < closure->count; i++)
        if (strcmp(strrchr(closure->path[i], '/') + 1, name) == 0)
            return true;
    return false;
}

static void closure_lists_libraries_and_loader(void **state)
{
    (void)state;
    struct mli_closure closure;
    assert_int_equal(mli_closure_of(SELF, &closure, NULL), ML_OK);
    assert_true(has_library(&closure, "libc.so.6"));
    assert_true(has_library(&closure, "libcmocka.so.0"));
    assert_non_null(closure.loader);
    for (size_t i = 0; i < closure.count; i++) {
        assert_int_equal(closure.path[i][0], '/');
        assert_int_equal(access(closure.path[i], R_OK), 0);
        assert_true(i == 0 || strcmp(closure.path[i - 1], closure.path[i]) < 0);
    }
    mli_closure_release(&closure);
    assert_int_equal(closure.count, 0);
}

/* The image has no LD_LIBRARY_PATH, so the one of this process may not lead the closure astray. */
static void closure_ignores_the_environment(void **state)
{
    struct place *place = *state;
    struct mli_closure plain, led;
    assert_int_equal(mli_closure_of(SELF, &plain, NULL), ML_OK);
    for (size_t i = 0; i < plain.count; i++)
        if (strstr(plain.path[i], "/libcmocka.so.0"))
            assert_int_equal(mli_file_copy(plain.path[i], in(place, "libcmocka.so.0"), true, NULL),
                             ML_OK);
    assert_int_equal(access(in(place, "libcmocka.so.0"), R_OK), 0);
    setenv("LD_LIBRARY_PATH", place->root, 1);
    assert_int_equal(mli_closure_of(SELF, &led, NULL), ML_OK);
    unsetenv("LD_LIBRARY_PATH");
    assert_int_equal(plain.count, led.count);
    for (size_t i = 0; i < plain.count; i++)
        assert_string_equal(plain.path[i], led.path[i]);
    mli_closure_release(&plain);
    mli_closure_release(&led);
}

/* This program with the name of one library changed on all its places: an executable that cannot
 * start. */
static void closure_names_a_missing_library(void **state)
{
    struct place *place = *state;
    struct mli_buf bytes = read_file(SELF);
    size_t changed = 0;
    for (char *at = bytes.data;
         (at = memmem(at, bytes.len - (size_t)(at - bytes.data), "libcmocka.so.0", 15)); changed++)
        memcpy(at, "libabsent.so.0", 14);
    assert_true(changed > 0);
    const char *path = put(place, "broken", bytes.data, bytes.len);
    mli_buf_release(&bytes);
    struct mli_closure closure = { .count = 77 };
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_closure_of(path, &closure, &err), ML_EIO);
    assert_non_null(strstr(err.text, "libabsent.so.0"));
    assert_string_equal(err.source, path);
    assert_int_equal(closure.count, 77);
}

static void closure_refuses_what_is_no_executable(void **state)
{
    struct place *place = *state;
    struct mli_closure closure;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_closure_of(in(place, "nowhere"), &closure, &err), ML_EIO);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(mli_closure_of(put(place, "script", "#!/bin/sh\n", 10), &closure, NULL),
                     ML_EUSAGE);
    assert_int_equal(mli_closure_of(put(place, "empty", "", 0), &closure, NULL), ML_EUSAGE);
    assert_int_equal(mli_closure_of(place->root, &closure, NULL), ML_EUSAGE);
}

/* A header, one program header, and a loader's name behind them. */
struct tiny {
    ElfW(Ehdr) header;
    ElfW(Phdr) segment;
    char name[24];
};

static struct tiny tiny(void)
{
    struct tiny elf = {
        .header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
                                 sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32 },
                    .e_phoff = offsetof(struct tiny, segment),
                    .e_phentsize = sizeof(ElfW(Phdr)),
                    .e_phnum = 1 },
        .segment = { .p_type = PT_INTERP, .p_offset = offsetof(struct tiny, name), .p_filesz = 14 },
        .name = "/nowhere/ld.so"
    };
    elf.segment.p_filesz = strlen(elf.name) + 1;
    return elf;
}

static enum ml_status closure_of_tiny(struct place *place, const struct tiny *elf)
{
    struct mli_closure closure = { 0 };
    enum ml_status status = mli_closure_of(put(place, "tiny", elf, sizeof *elf), &closure, NULL);
    mli_closure_release(&closure);
    return status;
}

static void closure_of_a_static_program_is_empty(void **state)
{
    struct tiny elf = tiny();
    elf.segment.p_type = PT_LOAD;
    struct mli_closure closure = { .count = 77 };
    assert_int_equal(mli_closure_of(put(*state, "static", &elf, sizeof elf), &closure, NULL),
                     ML_OK);
    assert_int_equal(closure.count, 0);
    assert_null(closure.loader);
}

static void closure_refuses_damaged_headers(void **state)
{
    struct tiny elf = tiny();
    assert_int_equal(closure_of_tiny(*state, &elf),
                     ML_EIO); /* sound, but its loader is not there */
    elf.header.e_phoff = (ElfW(Off)) - 1;
    assert_int_equal(closure_of_tiny(*state, &elf), ML_EUSAGE);
    elf.header.e_phoff = sizeof elf - 8;
    assert_int_equal(closure_of_tiny(*state, &elf), ML_EUSAGE);
    elf = tiny();
    elf.header.e_phnum = 0xffff;
    assert_int_equal(closure_of_tiny(*state, &elf), ML_EUSAGE);
    elf = tiny();
    elf.header.e_phentsize = 1;
    assert_int_equal(closure_of_tiny(*state, &elf), ML_EUSAGE);
    elf = tiny();
    elf.header.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    assert_int_equal(closure_of_tiny(*state, &elf), ML_EUSAGE);
    const size_t sizes[] = { 0, 1, 14, 16, 1 << 20, (size_t)-1 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        elf = tiny();
        elf.segment.p_filesz = sizes[i];
        if (sizes[i] == 16)
            elf.name[15] = 'x'; /* no NUL at the end */
        assert_int_equal(closure_of_tiny(*state, &elf), ML_EUSAGE);
    }
    elf = tiny();
    elf.name[0] = '.';
    assert_int_equal(closure_of_tiny(*state, &elf), ML_EUSAGE);
}

/* ---- the text of the files
 * ------------------------------------------------------------------------------------ */

static const char *const hostile[] = {
    "\"",
    "'",
    "\\",
    "\n",
    "\r\n",
    "\t",
    "$",
    "$HOME",
    "${HOME}",
    "${x:-y}",
    "$(id)",
    "`id`",
    "#",
    "# escape=`",
    "---",
    " ",
    "=",
    "a=b",
    ":",
    ",",
    "]",
    "[",
    "{",
    "}}",
    "<<EOF",
    "\\\n",
    "\"\nRUN id\n",
    "\nFROM x\n",
    "%s%n",
    "*",
    "!",
    "&a",
    "|",
    ">",
    "\xc3\xa9",
    "\xe2\x80\xa8",
    "\xf0\x9f\x98\x80",
    "\xff",
    "\xc2\x85",
    "\xed\xa0\x80",
    "\x1b[0m",
    "\x7f",
    "null",
    "../..",
    "A",
    "z9",
    "_",
    ".",
};

static void generate(struct mli_rng *rng, char *out, size_t size)
{
    size_t length = 0, wanted = mli_rng_below(rng, 12) == 0 ? 300 : 1 + mli_rng_below(rng, 40);
    while (length < wanted) {
        const char *piece = hostile[mli_rng_below(rng, sizeof hostile / sizeof hostile[0])];
        length += (size_t)snprintf(out + length, size - length, "%s", piece);
    }
}

/* What a label can hold of a text: one line of UTF-8. */
static void one_line(char *text)
{
    char *to = text;
    for (const char *from = text, *end = text + strlen(text); from < end;) {
        size_t n = mli_utf8_sequence(from, (size_t)(end - from));
        bool c1 = n == 2 && (unsigned char)from[0] == 0xc2 && (unsigned char)from[1] < 0xa0;
        if (n == 0 || c1 || (unsigned char)*from < 0x20 || *from == 0x7f) {
            *to++ = '?';
            from += n ? n : 1;
        } else {
            memmove(to, from, n);
            to += n;
            from += n;
        }
    }
    *to = '\0';
}

/* One instruction of a Dockerfile: lines that end in a backslash continue, comments and empty lines
 * are skipped. */
static bool next_instruction(const char **at, char *out, size_t size)
{
    size_t length = 0;
    for (const char *line = *at; *line;) {
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        size_t n = (size_t)(end - line);
        bool skip = length == 0 && (n == 0 || *line == '#');
        bool more = n > 0 && line[n - 1] == '\\';
        line = end + 1;
        if (skip)
            continue;
        n -= more;
        assert_true(length + n < size);
        memcpy(out + length, end - n - more, n);
        length += n;
        out[length] = '\0';
        *at = line;
        if (!more)
            return true;
    }
    return false;
}

/* Value of a label by the builder's rules: in double quotes a backslash escapes `"`, `\` and `$`, a
 * bare `$` expands. */
static const char *read_label(const char *word, const char *key, char *out)
{
    size_t n = strlen(key);
    assert_memory_equal(word, key, n);
    assert_memory_equal(word + n, "=\"", 2);
    for (word += n + 2; *word != '"'; word++) {
        assert_int_not_equal(*word, '\0');
        assert_int_not_equal(*word, '$');
        if (*word == '\\' && strchr("\"\\$", word[1]))
            word++;
        *out++ = *word;
    }
    *out = '\0';
    return word + 1 + strspn(word + 1, " ");
}

static json_t *record_of(const char *text)
{
    json_t *record = NULL;
    assert_int_equal(mli_json_parse(text, strlen(text), 0, "record", &record, NULL), ML_OK);
    return record;
}

static const char *const instructions[] = {
    "FROM scratch",
    "LABEL ",
    "COPY rootfs/ /",
    "COPY model.safetensors /model.safetensors",
    "WORKDIR /",
    "USER 65532:65532",
    "EXPOSE 8080/tcp",
    "STOPSIGNAL SIGTERM",
    "HEALTHCHECK --interval=1.5s --timeout=3s --start-period=5s --retries=3 CMD [\"/mlctl\", "
    "\"health\", "
    "\"http://127.0.0.1:8080/readyz\"]",
    "ENTRYPOINT [\"/mlctl\"]",
    "CMD [\"serve\", \"--address\", \"0.0.0.0\", \"--port\", \"8080\"]",
};

static void dockerfile_is_as_documented(void **state)
{
    (void)state;
    struct ml_model model = { .target_names = "tip \"$\"", .loss.task = MLI_TASK_CLASSIFICATION, .sha256 = DIGEST };
    model.record = record_of(
        "{\"data\": {\"sha256\": \"abc\"}, \"metrics\": {\"accuracy\": 0.95, \"Log Loss\": 1, "
        "\"roc_auc\": null, \"classes\": [1], \"x\\\" y=\\\"\": 2, \"rows\": 30}}");
    struct mli_context_config config = { .name = "Churn 2024", .port = 8080, .version = "0.1.0" };
    struct mli_buf text;
    mli_buf_init(&text, 1 << 16);
    mli_dockerfile_render(&text, &model, &config);
    assert_string_equal(
        text.data,
        "# Written by `mlctl docker`. Needs no base image and no network: docker build -t "
        "churn-2024 .\n"
        "FROM scratch\n"
        "LABEL org.opencontainers.image.title=\"Churn 2024\" \\\n"
        "      org.opencontainers.image.description=\"Classification model served by mlctl\" \\\n"
        "      org.opencontainers.image.version=\"0.1.0\" \\\n"
        "      org.mlctl.model.target=\"tip \\\"\\$\\\"\" \\\n"
        "      org.mlctl.model.sha256=\"" DIGEST "\" \\\n"
        "      org.mlctl.data.sha256=\"abc\" \\\n"
        "      org.mlctl.metrics.accuracy=\"0.95\" \\\n"
        "      org.mlctl.metrics.rows=\"30\"\n"
        "COPY rootfs/ /\n"
        "COPY model.safetensors /model.safetensors\n"
        "WORKDIR /\n"
        "USER 65532:65532\n"
        "EXPOSE 8080/tcp\n"
        "STOPSIGNAL SIGTERM\n"
        "HEALTHCHECK --interval=1.5s --timeout=3s --start-period=5s --retries=3 "
        "CMD [\"/mlctl\", \"health\", \"http://127.0.0.1:8080/readyz\"]\n"
        "ENTRYPOINT [\"/mlctl\"]\n"
        "CMD [\"serve\", \"--address\", \"0.0.0.0\", \"--port\", \"8080\"]\n");
    mli_buf_release(&text);
    json_decref(model.record);
}

static void dockerfile_labels_hold_any_text(void **state)
{
    (void)state;
    struct mli_rng rng;
    mli_rng_init(&rng, 7);
    json_t *record = json_object();
    for (size_t round = 0; round < GENERATED; round++) {
        char name[512], target[512], line[8192], value[2048];
        generate(&rng, name, sizeof name);
        generate(&rng, target, sizeof target);
        struct ml_model model = { .target_names = target, .record = record };
        struct mli_context_config config = { .name = name, .port = 8080 };
        struct mli_buf text;
        mli_buf_init(&text, 1 << 16);
        mli_dockerfile_render(&text, &model, &config);
        one_line(name);
        one_line(target);
        const char *at = text.data;
        for (size_t i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
            assert_true(next_instruction(&at, line, sizeof line));
            if (strcmp(instructions[i], "LABEL ") != 0) {
                assert_string_equal(line, instructions[i]);
                continue;
            }
            const char *word = read_label(line + 6, "org.opencontainers.image.title", value);
            assert_string_equal(value, name);
            word = read_label(word, "org.opencontainers.image.description", value);
            word = read_label(word, "org.mlctl.model.target", value);
            assert_string_equal(value, target);
            assert_string_equal(word, "");
        }
        assert_false(next_instruction(&at, line, sizeof line));
        mli_buf_release(&text);
    }
    json_decref(record);
}

/* The builder reads lines of at most 64 KiB, and a header cell may be longer than that. */
static void dockerfile_cuts_long_labels(void **state)
{
    (void)state;
    size_t n = 100001;
    char *target = mli_alloc(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        target[i] = "x\xc3\xa9\xc3\xa9\xc3\xa9"[i % 7];
    target[n] = '\0';
    struct ml_model model = { .target_names = target, .record = json_object() };
    struct mli_context_config config = { .name = target, .port = 1 };
    struct mli_buf text;
    mli_buf_init(&text, 1 << 16);
    mli_dockerfile_render(&text, &model, &config);
    assert_int_equal(text.status, ML_OK);
    assert_in_range(text.len, 2000, 4000);
    for (size_t i = 0; i < text.len;) {
        size_t length = mli_utf8_sequence(text.data + i, text.len - i);
        assert_int_not_equal(length, 0); /* cut between characters */
        i += length;
    }
    mli_buf_release(&text);
    json_decref(model.record);
    free(target);
}

static void names_fold_to_what_images_take(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        { "churn", "churn" },
        { "Churn: 2024 Q1", "churn-2024-q1" },
        { "--a--b--", "a-b" },
        { "", "model" },
        { "\xc3\xa9\xc3\xa9", "model" },
        { "a\xc3\xa9z", "a-z" },
        { "null", "null" },
        { "../../etc", "etc" },
        { "123", "123" },
        { "a\nb", "a-b" },
        { "0123456789012345678901234567890123456789012345678901234567890123456789",
          "012345678901234567890123456789012345678901234567890123456789012" },
        { "01234567890123456789012345678901234567890123456789012345678901 34",
          "01234567890123456789012345678901234567890123456789012345678901" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mli_buf out;
        mli_buf_init(&out, 1024);
        mli_compose_name(&out, table[i][0]);
        assert_string_equal(out.data, table[i][1]);
        mli_buf_release(&out);
    }
}

#define COMPOSE(name, port, memory)                                                                \
    "# Written by `mlctl docker`: docker compose up --build\n"                                     \
    "services:\n"                                                                                  \
    "  \"" name "\":\n"                                                                            \
    "    build: .\n"                                                                               \
    "    image: \"" name "\"\n"                                                                    \
    "    ports:\n"                                                                                 \
    "      - \"127.0.0.1:" port ":" port "\"\n"                                                    \
    "    read_only: true\n"                                                                        \
    "    cap_drop:\n"                                                                              \
    "      - ALL\n"                                                                                \
    "    security_opt:\n"                                                                          \
    "      - no-new-privileges:true\n"                                                             \
    "    pids_limit: 64\n"                                                                         \
    "    mem_limit: " memory "m\n"                                                                 \
    "    restart: on-failure:5\n"                                                                  \
    "    stop_grace_period: 30s\n"

static void compose_is_as_documented(void **state)
{
    (void)state;
    struct mli_context_config config = { .name = "Churn", .port = 9000 };
    struct mli_buf text;
    mli_buf_init(&text, 1 << 16);
    mli_compose_render(&text, &config, 5000);
    assert_string_equal(text.data, COMPOSE("churn", "9000", "256"));
    mli_buf_reset(&text);
    mli_compose_render(&text, &config, (uint64_t)100 << 20);
    assert_string_equal(text.data, COMPOSE("churn", "9000", "656"));
    mli_buf_release(&text);
}

/* Whatever the name is, the file differs from a plain one's in the folded name alone. */
static void compose_keeps_its_structure(void **state)
{
    (void)state;
    struct mli_rng rng;
    mli_rng_init(&rng, 8);
    for (size_t round = 0; round < GENERATED; round++) {
        char name[512], expected[2048];
        generate(&rng, name, sizeof name);
        struct mli_context_config config = { .name = name, .port = 8080 };
        struct mli_buf folded, text;
        mli_buf_init(&folded, 1024);
        mli_buf_init(&text, 1 << 16);
        mli_compose_name(&folded, name);
        assert_in_range(folded.len, 1, 63);
        assert_int_equal(strspn(folded.data, "abcdefghijklmnopqrstuvwxyz0123456789-"), folded.len);
        assert_true(folded.data[0] != '-' && folded.data[folded.len - 1] != '-');
        mli_compose_render(&text, &config, 0);
        snprintf(expected, sizeof expected, COMPOSE("%s", "8080", "256"), folded.data, folded.data);
        assert_string_equal(text.data, expected);
        mli_buf_release(&folded);
        mli_buf_release(&text);
    }
}

static void dockerignore_is_an_allow_list(void **state)
{
    (void)state;
    char *paths[] = { "/lib/x/libc.so.6", "/lib64/ld.so" };
    struct mli_closure closure = { .count = 2, .path = paths };
    struct mli_buf text;
    mli_buf_init(&text, 1024);
    mli_dockerignore_render(&text, &closure);
    assert_string_equal(
        text.data,
        "*\n!model.safetensors\n!rootfs/mlctl\n!rootfs/lib/x/libc.so.6\n!rootfs/lib64/ld.so\n");
    mli_buf_release(&text);
}

/* ---- the context on disk
 * -------------------------------------------------------------------------------------- */

static struct mli_context_config context_of(struct place *place, struct ml_model *model)
{
    *model = (struct ml_model){ .target_names = "y", .sha256 = DIGEST, .record = json_object() };
    struct mli_context_config config = { .directory = in(place, "docker"),
                                         .program = SELF,
                                         .name = "plain",
                                         .port = 8080,
                                         .version = "0.1.0" };
    config.model = put(place, "m.safetensors", "not read here", 13);
    return config;
}

static void context_holds_what_the_program_loads(void **state)
{
    struct place *place = *state;
    struct ml_model model;
    struct mli_context_config config = context_of(place, &model);
    struct mli_closure closure;
    mode_t before = umask(077);
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_OK);
    umask(before);
    assert_int_equal(mli_closure_of(SELF, &closure, NULL), ML_OK);
    for (size_t i = 0; i < closure.count; i++) {
        char *path =
            mli_arena_printf(&place->arena, "%s/rootfs%s", config.directory, closure.path[i]);
        assert_same_file(path, closure.path[i]);
        assert_int_equal(mode_of(path), closure.path[i] == closure.loader ? 0755 : 0644);
        *strrchr(path, '/') = '\0';
        assert_int_equal(mode_of(path), 0755);
    }
    assert_same_file(in(place, "docker/rootfs/mlctl"), SELF);
    assert_int_equal(mode_of(in(place, "docker/rootfs/mlctl")), 0755);
    assert_text(in(place, "docker/model.safetensors"), "not read here");
    assert_int_equal(mode_of(in(place, "docker/model.safetensors")), 0644);
    assert_text(in(place, "docker/compose.yaml"), COMPOSE("plain", "8080", "256"));
    struct mli_buf text;
    mli_buf_init(&text, 1 << 16);
    mli_dockerfile_render(&text, &model, &config);
    assert_text(in(place, "docker/Dockerfile"), text.data);
    mli_buf_reset(&text);
    mli_dockerignore_render(&text, &closure);
    assert_text(in(place, "docker/.dockerignore"), text.data);
    mli_buf_release(&text);
    mli_closure_release(&closure);
    json_decref(model.record);
}

static void context_is_updated_in_place(void **state)
{
    struct place *place = *state;
    struct ml_model model;
    struct mli_context_config config = context_of(place, &model);
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_OK);
    put(place, "docker/rootfs/own", "mine", 4);
    struct mli_buf before = read_file(in(place, "docker/.dockerignore"));
    config.port = 9000;
    config.model = put(place, "m.safetensors", "another", 7);
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_OK);
    assert_text(in(place, "docker/rootfs/own"), "mine");
    assert_text(in(place, "docker/model.safetensors"), "another");
    assert_text(in(place, "docker/compose.yaml"), COMPOSE("plain", "9000", "256"));
    assert_text(in(place, "docker/.dockerignore"),
                before.data); /* what is not ours stays outside the image */
    mli_buf_release(&before);
    json_decref(model.record);
}

/* A link in the context could lead a copy onto a library of this machine. */
static void context_follows_no_links(void **state)
{
    struct place *place = *state;
    struct ml_model model;
    struct mli_context_config config = context_of(place, &model);
    struct ml_error err = ML_ERROR_INIT;
    const char *rootfs = in(place, "docker/rootfs");
    assert_int_equal(mkdir(config.directory, 0755), 0);
    assert_int_equal(mkdir(in(place, "outside"), 0755), 0);
    assert_int_equal(symlink("../outside", rootfs), 0);
    assert_int_equal(mli_context_write(&model, &config, &err), ML_EIO);
    assert_string_equal(err.source, rootfs);
    assert_int_equal(rmdir(in(place, "outside")), 0); /* still empty */
    assert_int_equal(unlink(rootfs), 0);
    put(place, "victim", "precious", 8);
    assert_int_equal(symlink("../victim", in(place, "docker/model.safetensors")), 0);
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_EIO);
    assert_text(in(place, "victim"), "precious");
    json_decref(model.record);
}

static void context_refuses_bad_settings(void **state)
{
    struct place *place = *state;
    struct ml_model model;
    const struct mli_context_config good = context_of(place, &model);
    struct mli_context_config config = good;
    config.port = 0;
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_EUSAGE);
    config.port = 65536;
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_EUSAGE);
    config = good;
    config.name = "";
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_EUSAGE);
    config = good;
    config.model = "-";
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_EUSAGE);
    config.model = "/nowhere/model";
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_EIO);
    config = good;
    config.program = "/nowhere/mlctl";
    assert_int_equal(mli_context_write(&model, &config, NULL), ML_EIO);
    assert_int_not_equal(access(good.directory, F_OK), 0); /* refused before anything is written */
    json_decref(model.record);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closure_lists_libraries_and_loader),
        IN_PLACE(closure_ignores_the_environment),
        IN_PLACE(closure_names_a_missing_library),
        IN_PLACE(closure_refuses_what_is_no_executable),
        IN_PLACE(closure_of_a_static_program_is_empty),
        IN_PLACE(closure_refuses_damaged_headers),
        cmocka_unit_test(dockerfile_is_as_documented),
        cmocka_unit_test(dockerfile_labels_hold_any_text),
        cmocka_unit_test(dockerfile_cuts_long_labels),
        cmocka_unit_test(names_fold_to_what_images_take),
        cmocka_unit_test(compose_is_as_documented),
        cmocka_unit_test(compose_keeps_its_structure),
        cmocka_unit_test(dockerignore_is_an_allow_list),
        IN_PLACE(context_holds_what_the_program_loads),
        IN_PLACE(context_is_updated_in_place),
        IN_PLACE(context_follows_no_links),
        IN_PLACE(context_refuses_bad_settings),
    };
    return cmocka_run_group_tests_name("deploy", tests, NULL, NULL);
}

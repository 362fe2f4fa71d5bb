/* The safetensors container: known bytes, round trips, an independent reader, and what the strict profile refuses. */
#include <tests/unit/model_tests.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/file.h>
#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <model/safetensors.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* 8 bytes of length, the header, then n bytes of data; whatever the header says. */
static struct mli_buf container(const char *header, const void *data, size_t n)
{
    struct mli_buf file;
    uint64_t length = strlen(header);

    mli_buf_init(&file, (size_t)1 << 26);
    for (size_t i = 0; i < 8; i++)
        mli_buf_char(&file, (char)(length >> (8 * i)));
    mli_buf_str(&file, header);
    mli_buf_add(&file, data, n);
    return file;
}

static enum ml_status decode(const struct mli_buf *file, struct mli_tensors *set, json_t **metadata,
                             struct ml_error *err)
{
    /* a copy of the exact size: the sanitizers see a read past the end */
    char *bytes = mli_alloc(file->len, 1);
    assert_non_null(bytes);
    if (file->len > 0)
        memcpy(bytes, file->data, file->len);
    enum ml_status status = mli_safetensors_decode(bytes, file->len, "f", set, metadata, err);
    free(bytes);
    return status;
}

void test_known_bytes(void **state)
{
    static const char expected[] =
        "\x28\0\0\0\0\0\0\0{\"__metadata__\":{\"framework\":\"pt\"}}     ";
    struct ml_error err = ML_ERROR_INIT;
    struct mli_tensors set;
    struct mli_buf out;
    json_t *metadata = json_pack("{s:s}", "framework", "pt"), *back;
    (void)state;

    mli_tensors_init(&set);
    mli_buf_init(&out, 4096);
    assert_int_equal(mli_safetensors_encode(&set, metadata, &out, &err), ML_OK);
    assert_int_equal(out.len, sizeof(expected) - 1);
    assert_memory_equal(out.data, expected, out.len);
    assert_int_equal(decode(&out, &set, &back, &err), ML_OK);
    assert_int_equal(set.count, 0);
    assert_true(json_equal(back, metadata));
    json_decref(back);
    json_decref(metadata);
    mli_tensors_release(&set);
    mli_buf_release(&out);
}

/* The header as other writers make it: members in another order, spaces between tokens, F32, a scalar, an empty tensor. */
void test_foreign_file(void **state)
{
    static const char header[] =
        "{ \"b\" : {\"shape\":[ 2 , 1 ],\"data_offsets\":[ 8,16 ],\"dtype\":\"F32\"},"
        "\"empty\":{\"data_offsets\":[8,8],\"dtype\":\"F64\",\"shape\":[0,3]},"
        "\"\\u0061\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]} }  ";
    static const unsigned char data[] = { 0, 0, 0, 0,    0, 0, 0xf8, 0x3f,
                                          0, 0, 0, 0xc0, 0, 0, 0x20, 0x41 };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf file = container(header, data, sizeof(data));
    struct mli_tensors set;
    const double *values;
    json_t *metadata;
    (void)state;

    assert_int_equal(decode(&file, &set, &metadata, &err), ML_OK);
    assert_int_equal(set.count, 3);
    assert_int_equal(mli_tensors_find(&set, "a", 0, NULL, &values, &err), ML_OK);
    assert_true(values[0] == 1.5);
    assert_int_equal(mli_tensors_find(&set, "b", 2, (size_t[]){ 2, 1 }, &values, &err), ML_OK);
    assert_true(values[0] == -2.0 && values[1] == 10.0);
    assert_int_equal(mli_tensors_find(&set, "empty", 2, (size_t[]){ 0, 3 }, &values, &err), ML_OK);
    assert_null(mli_tensors_unused(&set));
    assert_int_equal(json_object_size(metadata), 0);
    json_decref(metadata);
    mli_tensors_release(&set);
    mli_buf_release(&file);
}

/* ---- round trips ------------------------------------------------------------------------------------------------- */

static void random_name(struct mli_rng *rng, size_t i, char out[64])
{
    static const char *const parts[] = { "prep.", "net.",        "\"",
                                         "\\",    "caf\303\251", "\360\237\230\200",
                                         "a",     " ",           "/" };
    size_t n = mli_rng_below(rng, 5);

    out[0] = '\0';
    for (size_t k = 0; k < n; k++)
        snprintf(out + strlen(out), 64 - strlen(out), "%s", parts[mli_rng_below(rng, 9)]);
    snprintf(out + strlen(out), 64 - strlen(out), "%zu", i);
}

/* Any finite double: all exponents, subnormals, both zeros. */
static double random_double(struct mli_rng *rng)
{
    double value;
    do {
        uint64_t bits = mli_rng_next(rng);
        memcpy(&value, &bits, sizeof(value));
    } while (!isfinite(value));
    return value;
}

static void random_set(struct mli_rng *rng, struct mli_tensors *set)
{
    struct ml_error err = ML_ERROR_INIT;
    size_t tensors = mli_rng_below(rng, 8);

    mli_tensors_init(set);
    for (size_t i = 0; i < tensors; i++) {
        double data[81];
        char name[64];
        size_t rank = mli_rng_below(rng, 5), shape[4], count = 1;
        for (size_t j = 0; j < rank; j++)
            count *= shape[j] = mli_rng_below(rng, 4);
        for (size_t j = 0; j < count; j++)
            data[j] = random_double(rng);
        random_name(rng, i, name);
        assert_int_equal(mli_tensors_add(set, name, rank, shape, data, &err), ML_OK);
    }
}

static void assert_same(const struct mli_tensors *expected, struct mli_tensors *set)
{
    struct ml_error err = ML_ERROR_INIT;

    assert_int_equal(set->count, expected->count);
    for (size_t i = 0; i < expected->count; i++) {
        const struct mli_tensor *t = &expected->items[i];
        const double *data;
        size_t count = 1;
        assert_int_equal(mli_tensors_find(set, t->name, t->rank, t->shape, &data, &err), ML_OK);
        for (size_t j = 0; j < t->rank; j++)
            count *= t->shape[j];
        assert_memory_equal(data, t->data, count * sizeof(double));
    }
    assert_null(mli_tensors_unused(set));
}

void test_round_trips(void **state)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_rng rng;
    (void)state;

    mli_rng_init(&rng, 42);
    for (int turn = 0; turn < 1000; turn++) {
        struct mli_tensors set, back;
        struct mli_buf out, again;
        json_t *metadata = json_object(), *read;
        if (turn % 2)
            mli_json_put(metadata, "key \"\\", json_string("value \"\n\303\251\\"));
        random_set(&rng, &set);
        mli_buf_init(&out, (size_t)1 << 20);
        mli_buf_init(&again, (size_t)1 << 20);
        assert_int_equal(mli_safetensors_encode(&set, metadata, &out, &err), ML_OK);
        assert_int_equal(decode(&out, &back, &read, &err), ML_OK);
        assert_same(&set, &back);
        assert_true(json_equal(metadata, read));
        /* same content, same bytes, whatever the order in the set */
        assert_int_equal(mli_safetensors_encode(&back, read, &again, &err), ML_OK);
        assert_int_equal(again.len, out.len);
        assert_memory_equal(again.data, out.data, out.len);
        json_decref(metadata);
        json_decref(read);
        mli_tensors_release(&set);
        mli_tensors_release(&back);
        mli_buf_release(&out);
        mli_buf_release(&again);
    }
}

/* ---- another reader ---------------------------------------------------------------------------------------------- */

/* Runs it with the arguments; what it prints goes into out. Returns its exit status. */
static int run_reader(const char *option, const char *path, char *out, size_t size)
{
    char *argv[] = { "python3", "tests/golden/read_safetensors.py", (char *)(uintptr_t)option,
                     (char *)(uintptr_t)path, NULL };
    posix_spawn_file_actions_t actions;
    int ends[2], status;
    size_t used = 0;
    ssize_t got;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    int reason = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (reason != 0) {
        close(ends[0]);
        skip(); /* no python3 here */
    }
    while ((got = read(ends[0], out + used, size - 1 - used)) > 0)
        used += (size_t)got;
    out[used] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void test_other_reader(void **state)
{
    static const char expected[] =
        "__metadata__ {\"format\": \"mlctl\", \"note\": \"\\u00e9\\\"\"}\n"
        "net.0.weight [2, 2] [1.0, -2.5, 1e-300, 0.1]\n"
        "prep.scale.mean [3] [1.0, 2.0, 3.0]\n"
        "scalar [] [-0.0]\n";
    struct ml_error err = ML_ERROR_INIT;
    char path[] = "/tmp/mlctl-reader-XXXXXX", text[1024];
    struct mli_tensors set;
    struct mli_buf out;
    json_t *metadata = json_pack("{s:s, s:s}", "format", "mlctl", "note", "\303\251\"");
    (void)state;

    mli_tensors_init(&set);
    mli_buf_init(&out, 4096);
    assert_int_equal(mli_tensors_add(&set, "scalar", 0, NULL, (double[]){ -0.0 }, &err), ML_OK);
    assert_int_equal(
        mli_tensors_add_vector(&set, "prep.scale.mean", 3, (double[]){ 1, 2, 3 }, &err), ML_OK);
    assert_int_equal(mli_tensors_add(&set, "net.0.weight", 2, (size_t[]){ 2, 2 },
                                     (double[]){ 1, -2.5, 1e-300, 0.1 }, &err),
                     ML_OK);
    assert_int_equal(mli_safetensors_encode(&set, metadata, &out, &err), ML_OK);
    json_decref(metadata);
    mli_tensors_release(&set);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, out.data, out.len), out.len);
    close(fd);
    mli_buf_release(&out);
    int status = run_reader("--print", path, text, sizeof(text));
    unlink(path);
    assert_int_equal(status, 0);
    assert_string_equal(text, expected);
}

/* The digest by the words of docs/artifact.md, in another language. */
void test_other_digest(void **state)
{
    char text[64];
    (void)state;

    assert_int_equal(
        run_reader("--digest", "tests/golden/model-v1.safetensors", text, sizeof(text)), 0);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

#define F64(shape, offsets) "{\"dtype\":\"F64\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

/* Rules of the profile that the hostile files do not reach; the data is 16 zero bytes. */
void test_refusals(void **state)
{
    /* clang-format off: a row a case */
    static const struct {
        const char *header, *text;
    } cases[] = {
        { "{\"a\":" F64("[1]", "[0,8]") ",\"b\":" F64("[1]", "[8,16]") "}", NULL },
        { "{}", "byte 10: 16 bytes after the last tensor" },
        { "{\"a\":" F64("[2]", "[0,16]") ",}",
          "'}' in the header where '\"' of a name is expected" },
        { "{,\"a\":" F64("[2]", "[0,16]") "}", "byte 9: ',' in the header where" },
        { "{\"a\" " F64("[2]", "[0,16]") "}", "byte 13: '{' in the header where ':' is expected" },
        { "{\"a\":" F64("[2,]", "[0,16]") "}",
          "']' in the header where a whole number is expected" },
        { "{\"a\":" F64("[2 2]", "[0,16]") "}", "'2' in the header where ',' or ']' is expected" },
        { "{\"a\":" F64("[02]", "[0,16]") "}", "leading zero" },
        { "{\"a\":" F64("[2.0]", "[0,16]") "}", "not a whole number" },
        { "{\"a\":" F64("[2e0]", "[0,16]") "}", "not a whole number" },
        { "{\"a\":" F64("[281474976710656]", "[0,16]") "}", "over 2^48-1" },
        { "{\"a\":" F64("[140737488355328,140737488355328]", "[0,16]") "}", "too many elements" },
        { "{\"a\":" F64("[140737488355328,65536]", "[0,16]") "}", "too many bytes" },
        { "{\"a\":" F64("[2]", "[0,16,16]") "}", "data_offsets has more than 2 numbers" },
        { "{\"a\":" F64("[2]", "[16]") "}", "has 1 data_offsets, expected 2" },
        { "{\"a\":{\"dtype\":\"F64\",\"shape\":[2]}}", "tensor \"a\" has no \"data_offsets\"" },
        { "{\"a\":{\"shape\":[2],\"data_offsets\":[0,16]}}", "tensor \"a\" has no \"dtype\"" },
        { "{\"a\":{\"dtype\":\"F64\",\"data_offsets\":[0,16]}}", "tensor \"a\" has no \"shape\"" },
        { "{\"a\":{\"dtype\":\"F64\",\"more\":1}}", "has a member \"more\"" },
        { "{\"a\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]}}",
          "dtype \"I64\" is not one that models have" },
        { "{\"a\":[]}", "'[' in the header where '{' is expected" },
        { "{\"\":" F64("[2]", "[0,16]") "}", "name has 0 bytes" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":" F64(
              "[1]", "[4,12]") ",\"c\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
          "tensor \"b\" begins at 4, not a multiple of 8" },
        { "{\"a\":" F64("[2]", "[0,16]") "}\t", "byte 0x09 in the header" },
        { "{\n\"a\":" F64("[2]", "[0,16]") "}", "byte 0x0a in the header" },
        { "{\"a\tb\":" F64("[2]", "[0,16]") "}", "a string of the header is not valid" },
        { "{\"a\377\":" F64("[2]", "[0,16]") "}", "a string of the header is not valid" },
        { "{\"a\\u0000b\":" F64("[2]", "[0,16]") "}", "a string of the header is not valid" },
        { "{\"__metadata__\":{\"k\":\"v\",\"k\":\"v\"},\"a\":" F64("[2]", "[0,16]") "}",
          "\"k\" stands twice in" },
        { "{\"a\":{\"dtype\":\"F64\\", "the header ends inside a string" },
        { "{\"a\":" F64("[2]", "[0,16]"), "the header ends where ',' or '}' is expected" },
    };
    /* clang-format on */
    static const char zeros[16];
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_buf file = container(cases[i].header, zeros, sizeof(zeros));
        struct mli_tensors set = { .count = 77 };
        json_t *metadata = NULL;
        enum ml_status status = decode(&file, &set, &metadata, &err);
        mli_buf_release(&file);
        if (!cases[i].text) {
            assert_int_equal(status, ML_OK);
            mli_tensors_release(&set);
            json_decref(metadata);
            continue;
        }
        assert_int_equal(status, ML_EARTIFACT);
        assert_string_equal(err.source, "f");
        if (!strstr(err.text, cases[i].text))
            fail_msg("case %zu: \"%s\" has no \"%s\"", i, err.text, cases[i].text);
        assert_memory_equal(err.text, "byte ", 5);
        assert_int_equal(set.count, 77);
        assert_null(metadata);
    }
}

/* What the reader would refuse is not written. */
void test_encode_refusals(void **state)
{
    struct mli_tensors set;
    struct mli_buf out;
    char name[300];
    json_t *number = json_pack("{s:i}", "k", 1), *large = json_object();
    (void)state;

    mli_buf_init(&out, (size_t)1 << 26);
    for (int i = 0; i < 5; i++) {
        struct ml_error err = ML_ERROR_INIT;
        mli_tensors_init(&set);
        memset(name, 'n', sizeof(name));
        name[i == 0 ? 256 : 255] = '\0';
        double value = i == 1 ? NAN : i == 2 ? -INFINITY : 1;
        assert_int_equal(mli_tensors_add_vector(&set, name, 1, &value, NULL), ML_OK);
        if (i == 3) {
            char *text = mli_calloc((size_t)17 << 20, 1);
            assert_non_null(text);
            memset(text, 'x', ((size_t)17 << 20) - 1);
            mli_json_put(large, "k", json_string(text));
            free(text);
        }
        static const enum ml_status expected[] = { ML_ELIMIT, ML_EARTIFACT, ML_EARTIFACT, ML_ELIMIT,
                                                   ML_EUSAGE };
        assert_int_equal(mli_safetensors_encode(&set, i == 4 ? number : large, &out, &err),
                         expected[i]);
        assert_int_equal(out.len, 0);
        assert_true(err.text[0] != '\0');
        mli_tensors_release(&set);
    }
    json_decref(number);
    json_decref(large);
    mli_buf_release(&out);
}

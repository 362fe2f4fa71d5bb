/* Ids of requests, lines of the access log, and files that are rotated, taken away and full. */
#include <tests/unit/serve.h>

#include <base/json.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <serve/access_log.h>
#include <serve/journal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <tests/unit/serve_sample.h>
#include <unistd.h>

/* ---- traces ------------------------------------------------------------------------------------------------------ */

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define CALLER "b7ad6b7169203331"

/* https://www.w3.org/TR/trace-context-1, 3.2 */
static void test_traceparent(void **state)
{
    static const struct {
        const char *parent;
        const char *flags; /* of the answer; NULL: a new trace begins */
    } rows[] = {
        { "00-" TRACE "-" CALLER "-01", "01" },
        { "00-" TRACE "-" CALLER "-00", "00" },
        { "00-" TRACE "-" CALLER "-ff", "03" },
        { "00-" TRACE "-" CALLER "-08", "00" },
        { "cc-" TRACE "-" CALLER "-01", "01" },
        { "cc-" TRACE "-" CALLER "-01-what-the-future-brings", "01" },
        { "00-" TRACE "-" CALLER "-01-", NULL },
        { "00-" TRACE "-" CALLER "-01-more", NULL },
        { "cc-" TRACE "-" CALLER "-01.more", NULL },
        { "ff-" TRACE "-" CALLER "-01", NULL },
        { "0-" TRACE "-" CALLER "-01", NULL },
        { "0x-" TRACE "-" CALLER "-01", NULL },
        { "00-" TRACE "-" CALLER "-0", NULL },
        { "00-" TRACE "-" CALLER "-0G", NULL },
        { "00-" TRACE "-" CALLER, NULL },
        { "00-0AF7651916CD43DD8448EB211C80319C-" CALLER "-01", NULL },
        { "00-" TRACE "-B7AD6B7169203331-01", NULL },
        { "00-00000000000000000000000000000000-" CALLER "-01", NULL },
        { "00-" TRACE "-0000000000000000-01", NULL },
        { "00-" TRACE "_" CALLER "-01", NULL },
        { "00 " TRACE " " CALLER " 01", NULL },
        { " 00-" TRACE "-" CALLER "-01", NULL },
        { "", NULL },
        { "00", NULL },
    };
    struct mli_trace trace;
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct mli_trace_facts facts = { .parent = rows[i].parent, .state = "vendor=1" };
        mli_trace_take(&trace, &facts, MLI_TRACE_NOTHING, &rng);
        assert_true(trace.known && trace.parent_out && !trace.id_out);
        assert_int_equal(strlen(trace.parent), 55);
        assert_memory_equal(trace.parent, "00-", 3);
        bool same = memcmp(trace.parent + MLI_TRACE_ID, TRACE, 32) == 0;
        if (same != (rows[i].flags != NULL) || strcmp(trace.parent + 53, same ? rows[i].flags : "00") != 0)
            fail_msg("%s gave %s", rows[i].parent, trace.parent);
        assert_string_equal(trace.caller, same ? CALLER : "");
        assert_memory_not_equal(trace.parent + MLI_TRACE_SPAN, CALLER, 16);
        assert_true((trace.state != NULL) == same);
        assert_memory_equal(trace.id, trace.parent + MLI_TRACE_ID, 32);
    }
}

static void test_ids(void **state)
{
    char longest[MLI_REQUEST_ID + 2], states[MLI_TRACE_STATE + 2];
    struct mli_trace trace, other;
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 1);
    memset(longest, 'a', sizeof(longest));
    longest[MLI_REQUEST_ID + 1] = '\0';
    memset(states, 'a', sizeof(states));
    states[MLI_TRACE_STATE + 1] = '\0';
    mli_trace_take(&trace, &(struct mli_trace_facts){ 0 }, MLI_TRACE_NOTHING, &rng);
    assert_false(trace.known);
    mli_trace_take(&trace, &(struct mli_trace_facts){ 0 }, MLI_TRACE_ALL, &rng);
    mli_trace_take(&other, &(struct mli_trace_facts){ 0 }, MLI_TRACE_ALL, &rng);
    assert_true(trace.known && trace.parent_out && trace.id_out);
    assert_string_not_equal(trace.id, other.id);
    mli_trace_take(&trace, &(struct mli_trace_facts){ .id = "order-7/a_b.c:d+e=f@g" }, MLI_TRACE_NOTHING, &rng);
    assert_true(trace.id_out && !trace.parent_out);
    assert_string_equal(trace.id, "order-7/a_b.c:d+e=f@g");
    const char *const odd[] = { "", "a b", "a\"b", "a\tb", "\303\251", "a;b", "<a>", longest };
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        mli_trace_take(&trace, &(struct mli_trace_facts){ .id = odd[i] }, MLI_TRACE_NOTHING, &rng);
        assert_false(trace.known);
        mli_trace_take(&trace, &(struct mli_trace_facts){ .id = odd[i] }, MLI_TRACE_ID_ALONE, &rng);
        assert_true(trace.known && trace.id_out && !trace.parent_out);
        assert_memory_equal(trace.id, trace.parent + MLI_TRACE_ID, 32);
    }
    longest[MLI_REQUEST_ID] = '\0';
    mli_trace_take(&trace, &(struct mli_trace_facts){ .id = longest }, MLI_TRACE_NOTHING, &rng);
    assert_string_equal(trace.id, longest);
    const struct mli_trace_facts facts[] = {
        { .parent = "00-" TRACE "-" CALLER "-01", .many_parents = true, .state = "a=1" },
        { .parent = "00-" TRACE "-" CALLER "-01", .many_states = true, .state = "a=1" },
        { .parent = "00-" TRACE "-" CALLER "-01", .state = states },
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        mli_trace_take(&trace, &facts[i], MLI_TRACE_NOTHING, &rng);
        assert_null(trace.state);
        assert_true((memcmp(trace.parent + MLI_TRACE_ID, TRACE, 32) == 0) == (i > 0));
    }
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void check_line(const struct mli_buf *line, const struct mli_access_entry *entry)
{
    assert_int_equal(line->status, ML_OK);
    assert_ptr_equal(memchr(line->data, '\n', line->len), line->data + line->len - 1);
    for (size_t i = 0; i + 1 < line->len; i++)
        assert_true((unsigned char)line->data[i] >= 0x20 && line->data[i] != 0x7F);
    json_t *doc = json_loadb(line->data, line->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert_non_null(doc);
    assert_string_equal(json_string_value(json_object_get(doc, "id")), entry->trace->id);
    assert_int_equal(json_integer_value(json_object_get(doc, "status")), entry->status);
    assert_int_equal(json_integer_value(json_object_get(doc, "bytes_in")), entry->in);
    assert_true(json_is_real(json_object_get(doc, "seconds")));
    json_decref(doc);
}

/* Whatever bytes a client sends, a line stays one line of JSON in UTF-8 that does nothing to a terminal. */
static void test_lines(void **state)
{
    const struct in6_addr four = { .s6_addr = { [10] = 255, [11] = 255, [12] = 10, [15] = 254 } };
    const struct in6_addr six = { .s6_addr = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
    struct mli_access_entry entry = { .method = "POST", .key = "shop", .route = "/predict", .in = 7 };
    struct mli_trace trace;
    struct mli_rng rng;
    struct mli_buf line;
    char target[40];

    (void)state;
    mli_buf_init(&line, 1 << 16);
    mli_rng_init(&rng, 5);
    entry.trace = &trace;
    entry.target = target;
    for (unsigned i = 0; i < 20000; i++) {
        mli_trace_take(&trace, &(struct mli_trace_facts){ 0 }, MLI_TRACE_ALL, &rng);
        entry.client = i % 2 ? &four : &six;
        entry.method = i % 3 ? "GET" : NULL;
        entry.status = i % 5 * 100;
        entry.target_len = mli_rng_below(&rng, sizeof(target));
        entry.nanoseconds = mli_rng_next(&rng) >> (i % 64);
        for (size_t k = 0; k < sizeof(target); k++)
            target[k] = i % 4 ? (char)mli_rng_below(&rng, 256) : "\r\n\"\\\033\302\233\342\200\256\177<\xff"[mli_rng_below(&rng, 13)];
        mli_buf_reset(&line);
        mli_access_log_line(&line, &entry);
        check_line(&line, &entry);
        assert_non_null(strstr(line.data, i % 2 ? "\"client\":\"10.0.0.254\"" : "\"client\":\"2001:db8::1\""));
    }
    /* what a terminal obeys is spelt out, the query is not there */
    const char hostile[] = "/a\r\nb\033[2J\302\233\342\200\256\xff?token=secret";
    entry.target = hostile;
    entry.target_len = sizeof(hostile) - 1;
    mli_buf_reset(&line);
    mli_access_log_line(&line, &entry);
    assert_non_null(strstr(line.data, "\"path\":\"/a\\u000d\\u000ab\\u001b[2J\\u009b\\u202e\\ufffd\","));
    assert_null(strstr(line.data, "secret"));
    mli_buf_release(&line);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/mlctl-logs-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/log", folder);
    return 0;
}

static const char *numbered(unsigned i)
{
    static char text[80];

    snprintf(text, sizeof(text), i ? "%s.%u" : "%s", path, i);
    return text;
}

static void clear(void)
{
    for (unsigned i = 0; i < 9; i++)
        unlink(numbered(i));
}

static int drop_folder(void **state)
{
    (void)state;
    clear();
    return rmdir(folder);
}

/* What is in a file; "-" when there is none. */
static const char *content(unsigned i)
{
    static char text[256];
    FILE *file = fopen(numbered(i), "re");

    if (!file)
        return "-";
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

struct said {
    size_t lines;
};

static void count_line(void *data, enum ml_log_level level, const char *text)
{
    struct said *said = data;

    (void)level, (void)text;
    said->lines++;
}

static void test_rotation(void **state)
{
    const struct mli_logfile_config config = { .path = path, .max_bytes = 10, .files = 3 };
    struct mli_logfile file;

    (void)state;
    assert_int_equal(mli_logfile_open(&file, &config, NULL), ML_OK);
    assert_int_equal(mli_logfile_write(&file, "one\ntwo\nthree\n", 14, 0), 14);
    assert_string_equal(content(0), "three\n");
    assert_string_equal(content(1), "one\ntwo\n");
    assert_string_equal(content(2), "-");
    assert_int_equal(mli_logfile_write(&file, "longer than ten\n4\n", 18, 0), 18);
    assert_string_equal(content(0), "4\n");
    assert_string_equal(content(1), "longer than ten\n");
    assert_string_equal(content(2), "three\n");
    assert_int_equal(mli_logfile_write(&file, "12345678\n", 9, 0), 9);
    assert_string_equal(content(1), "4\n");
    assert_string_equal(content(2), "longer than ten\n");
    assert_string_equal(content(3), "-");
    mli_logfile_close(&file);
    /* what is there already counts */
    assert_int_equal(mli_logfile_open(&file, &config, NULL), ML_OK);
    assert_int_equal(mli_logfile_write(&file, "ab\n", 3, 0), 3);
    assert_string_equal(content(0), "ab\n");
    assert_string_equal(content(1), "12345678\n");
    mli_logfile_close(&file);
    clear();
}

/* Where the next name is a hard link renaming does nothing: lines are dropped, and that is said once, not tried for ever. */
static void test_rotation_of_links(void **state)
{
    struct said said = { 0 };
    const struct ml_log log = { count_line, &said, ML_LOG_WARNING };
    const struct mli_logfile_config config = { .path = path, .max_bytes = 10, .files = 2, .log = &log };
    struct mli_logfile file;
    char next[80];

    (void)state;
    snprintf(next, sizeof(next), "%s.1", path);
    assert_int_equal(mli_logfile_open(&file, &config, NULL), ML_OK);
    assert_int_equal(mli_logfile_write(&file, "12345678\n", 9, 0), 9);
    assert_int_equal(link(path, next), 0);
    assert_int_equal(mli_logfile_write(&file, "ab\n", 3, 0), 0);
    assert_int_equal(mli_logfile_write(&file, "ab\n", 3, 0), 0);
    assert_int_equal(said.lines, 1);
    assert_int_equal(unlink(next), 0);
    assert_int_equal(mli_logfile_write(&file, "ab\n", 3, 0), 3);
    assert_string_equal(content(0), "ab\n");
    assert_string_equal(content(1), "12345678\n");
    mli_logfile_close(&file);
    clear();
}

/* Files that were full before are not pushed out of the row by one that cannot be opened, however often that is tried. */
static void test_rotation_without_descriptors(void **state)
{
    const struct mli_logfile_config config = { .path = path, .max_bytes = 10, .files = 3 };
    struct mli_logfile file;
    struct rlimit files, none;

    (void)state;
    assert_int_equal(mli_logfile_open(&file, &config, NULL), ML_OK);
    assert_int_equal(mli_logfile_write(&file, "12345678\nabcdefgh\n", 18, 0), 18);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    int next = dup(STDERR_FILENO);
    assert_true(next >= 0 && close(next) == 0);
    none = files;
    none.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    size_t lost = 0;
    for (int i = 0; i < 5; i++) {
        mli_logfile_refresh(&file);
        lost += mli_logfile_write(&file, "lost\n", 5, 0) == 0;
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(lost, 5);
    assert_string_equal(content(1), "abcdefgh\n");
    assert_string_equal(content(2), "12345678\n");
    mli_logfile_refresh(&file);
    assert_int_equal(mli_logfile_write(&file, "new\n", 4, 0), 4);
    assert_string_equal(content(0), "new\n");
    assert_string_equal(content(1), "abcdefgh\n");
    mli_logfile_close(&file);
    clear();
}

static void test_refresh(void **state)
{
    const struct mli_logfile_config config = { .path = path };
    struct mli_logfile file;

    (void)state;
    assert_int_equal(mli_logfile_open(&file, &config, NULL), ML_OK);
    mli_logfile_write(&file, "1\n", 2, 0);
    char moved[80];
    snprintf(moved, sizeof(moved), "%s.1", path);
    assert_int_equal(rename(path, moved), 0);
    mli_logfile_write(&file, "2\n", 2, 0);
    mli_logfile_refresh(&file);
    mli_logfile_write(&file, "3\n", 2, 0);
    assert_string_equal(content(1), "1\n2\n");
    assert_string_equal(content(0), "3\n");
    assert_int_equal(truncate(path, 0), 0); /* copytruncate */
    mli_logfile_refresh(&file);
    mli_logfile_write(&file, "4\n", 2, 0);
    assert_string_equal(content(0), "4\n");
    assert_true(mli_logfile_sync(&file));
    mli_logfile_close(&file);
    clear();
    struct ml_error err = ML_ERROR_INIT;
    const struct mli_logfile_config nowhere = { .path = "/nowhere/log" };
    assert_int_equal(mli_logfile_open(&file, &nowhere, &err), ML_EIO);
    assert_non_null(strstr(err.text, "/nowhere/log: cannot be opened to be written"));
}

/* ---- journal ----------------------------------------------------------------------------------------------------- */

enum { PARTS = 3, LINES = 20000 };

struct source {
    struct mli_journal *journal;
    size_t part;
};

static void *say(void *data)
{
    const struct source *source = data;
    char line[32];

    for (int i = 0; i < LINES; i++) {
        int n = snprintf(line, sizeof(line), "%zu %d\n", source->part, i);
        mli_journal_add(source->journal, source->part, line, (size_t)n, 1);
    }
    return NULL;
}

/* Each thread's lines are all there, whole and in their order. */
static void test_journal(void **state)
{
    const struct mli_logfile_config config = { .path = path };
    struct source source[PARTS];
    struct mli_journal *journal;
    pthread_t thread[PARTS];
    int next[PARTS] = { 0 };
    size_t part;
    int number;
    char rest;

    (void)state;
    assert_int_equal(mli_journal_open(&config, PARTS, &journal, NULL), ML_OK);
    assert_int_equal(mli_journal_start(journal, NULL), ML_OK);
    for (size_t i = 0; i < PARTS; i++) {
        source[i] = (struct source){ journal, i };
        assert_int_equal(pthread_create(&thread[i], NULL, say, &source[i]), 0);
    }
    for (size_t i = 0; i < PARTS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(mli_journal_dropped(journal), 0);
    mli_journal_close(journal);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fscanf(file, "%zu %d%c", &part, &number, &rest) == 3) {
        assert_true(part < PARTS && rest == '\n');
        assert_int_equal(number, next[part]++);
    }
    for (size_t i = 0; i < PARTS; i++)
        assert_int_equal(next[i], LINES);
    fclose(file);
    clear();
}

/* Nobody reads: whoever has lines goes on, and they are counted. */
static void test_full(void **state)
{
    static char line[1 << 16];
    struct mli_journal *journal;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    const struct mli_logfile_config config = { .path = path };
    assert_int_equal(mli_journal_open(&config, 1, &journal, NULL), ML_OK);
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    size_t room = MLI_JOURNAL_ROOM / sizeof(line);
    for (size_t i = 0; i < room + 5; i++)
        mli_journal_add(journal, 0, line, sizeof(line), 1);
    assert_int_equal(mli_journal_dropped(journal), 5);
    assert_int_equal(mli_journal_start(journal, NULL), ML_OK);
    while (mli_journal_dropped(journal) < room)
        usleep(1000);
    assert_true(mli_journal_written(journal) + mli_journal_dropped(journal) == room + 5);
    mli_journal_close(journal);
    close(reader);
    clear();
}

/* ---- predictions ------------------------------------------------------------------------------------------------- */

/* Asks of the model with a prediction log, whose lines are parsed into an array; the caller drops it. */
static json_t *predictions_of(struct bench *bench, double sample, const char *const *bodies, size_t n)
{
    const struct mli_logfile_config config = { .path = path };
    struct mli_worker *worker = &bench->service.worker[0];
    json_t *lines = json_array(), *line;
    struct mli_journal *journal;

    assert_int_equal(mli_journal_open(&config, 1, &journal, NULL), ML_OK);
    mli_pen_take(&worker->pen, journal, sample, &worker->rng);
    for (size_t i = 0; i < n; i++) {
        char id[24];
        snprintf(id, sizeof(id), "id-%u", (unsigned)i);
        mli_pen_begin(&worker->pen, id);
        bench_json(bench, bodies[i]);
    }
    worker->pen.journal = NULL;
    mli_journal_close(journal);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while ((line = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL)))
        assert_int_equal(json_array_append_new(lines, line), 0);
    fclose(file);
    clear();
    return lines;
}

static void expect_row(const json_t *line, const char *text)
{
    char *row = json_dumps(json_object_get(line, "row"), JSON_COMPACT);

    assert_string_equal(row, text);
    free(row);
}

/* Values come as they were sent, also those that no dictionary has; a request that was refused leaves nothing. */
static void test_predictions(void **state)
{
    static const char *const bodies[] = {
        "[{\"age\":31.5,\"city\":\"Oslo\",\"when\":\"2024-02-29\"},"
        "{\"age\":null,\"city\":\"Atl\\\"antis\\u0007\",\"when\":1709208000.5},"
        "{\"age\":-2.5,\"city\":null,\"when\":1e12},{\"age\":0,\"city\":42,\"when\":null}]",
        "[{\"age\":1,\"city\":\"Oslo\",\"when\":1},{\"age\":\"x\",\"city\":\"Oslo\",\"when\":1}]",
        "[{\"age\":1,\"city\":\"Oslo\",\"when\":1},",
        "{\"age\":7,\"city\":\"Rome\",\"when\":null}",
    };
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_people());
    json_t *lines = predictions_of(&bench, 1, bodies, sizeof(bodies) / sizeof(bodies[0]));
    assert_int_equal(json_array_size(lines), 5);
    expect_row(json_array_get(lines, 0), "{\"age\":31.5,\"city\":\"Oslo\",\"when\":\"2024-02-29\"}");
    expect_row(json_array_get(lines, 1), "{\"age\":null,\"city\":\"Atl\\\"antis\\u0007\",\"when\":\"2024-02-29T12:00:00.500Z\"}");
    expect_row(json_array_get(lines, 2), "{\"age\":-2.5,\"city\":null,\"when\":1000000000000}");
    expect_row(json_array_get(lines, 3), "{\"age\":0,\"city\":\"42\",\"when\":null}");
    json_t *last = json_array_get(lines, 4);
    assert_string_equal(json_string_value(json_object_get(last, "id")), "id-3");
    assert_string_equal(json_string_value(json_object_get(last, "model")), "model");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(lines, 3), "index")), 3);
    json_t *answer = json_loads(bench_json(&bench, bodies[3]), 0, NULL);
    assert_true(json_equal(json_object_get(answer, "prediction"), json_object_get(last, "prediction")));
    assert_true(json_equal(json_object_get(answer, "probabilities"), json_object_get(last, "probabilities")));
    json_decref(answer);
    json_decref(lines);
    bench_release(&bench);
}

/* More lines than a request has room for: those that fit are whole, the first as well as the last. */
static void test_many_predictions(void **state)
{
    enum { ROWS = 30000 };
    static const char row[] = "{\"age\":1,\"city\":\"Atlantis\",\"when\":1}";
    size_t length = sizeof(row); /* with a comma in place of the NUL */
    char *body = malloc(ROWS * length + 2);
    const char *const bodies[] = { body };
    struct bench bench;

    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < ROWS; i++) {
        memcpy(body + 1 + i * length, row, length - 1);
        body[(i + 1) * length] = ',';
    }
    body[0] = '[';
    memcpy(body + ROWS * length, "]", 2);
    bench_init(&bench, sample_people());
    json_t *lines = predictions_of(&bench, 1, bodies, 1);
    size_t n = json_array_size(lines);
    assert_in_range(n, ROWS / 4, ROWS - 1);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(lines, i), "index")), i);
    expect_row(json_array_get(lines, n - 1), "{\"age\":1,\"city\":\"Atlantis\",\"when\":\"1970-01-01T00:00:01Z\"}");
    json_decref(lines);
    bench_release(&bench);
    free(body);
}

/* Of many rows the share that was asked for, within five standard deviations, whatever requests they come in. */
static void test_sample(void **state)
{
    const char *const one = "{\"x\":1,\"y\":2}";
    const char *bodies[4000];
    struct bench bench;
    struct mli_buf many;

    (void)state;
    mli_buf_init(&many, SIZE_MAX);
    for (int i = 0; i < 5000; i++)
        mli_buf_printf(&many, "%s%s", i ? "," : "[", one);
    mli_buf_char(&many, ']');
    for (size_t i = 0; i < 4000; i++)
        bodies[i] = i == 2000 ? many.data : one;
    bench_init(&bench, sample_mean());
    json_t *lines = predictions_of(&bench, 0.1, bodies, 4000);
    assert_in_range(json_array_size(lines), 900 - 143, 900 + 143);
    json_decref(lines);
    bench_release(&bench);
    mli_buf_release(&many);
}

int run_logs_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traceparent), cmocka_unit_test(test_ids),     cmocka_unit_test(test_lines),
        cmocka_unit_test(test_rotation),    cmocka_unit_test(test_rotation_of_links), cmocka_unit_test(test_rotation_without_descriptors), cmocka_unit_test(test_refresh), cmocka_unit_test(test_journal),
        cmocka_unit_test(test_full),        cmocka_unit_test(test_predictions),
        cmocka_unit_test(test_many_predictions),
        cmocka_unit_test(test_sample),
    };
    return cmocka_run_group_tests_name("logs", tests, make_folder, drop_folder);
}

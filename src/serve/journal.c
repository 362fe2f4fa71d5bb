/*
 * A part is a buffer that its thread fills and the writer takes away, an empty one put in its place. The lock around that is held
 * for a copy of a line or the exchange of two pointers. The writer sleeps until there is a line, then gathers more of them for a
 * moment, so that many go by one system call.
 */
#include <serve/journal.h>

#include <base/mem.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GATHER 50         /* milliseconds */
#define PATIENCE 1000     /* milliseconds that a pipe's reader may take for a piece, */
#define LAST_PATIENCE 200 /* and when the server ends */

struct part {
    _Alignas(64) pthread_mutex_t lock;
    char *bytes;
    size_t len, lines;
    _Atomic uint64_t dropped;
};

struct mli_journal {
    struct mli_logfile file;
    struct part *part;
    size_t parts;
    char *spare; /* the writer's, empty */
    sem_t bell;
    atomic_bool asleep, ending;
    _Atomic uint64_t written, lost;
    pthread_t thread;
    bool started;
};

/* ---- the writer -------------------------------------------------------------------------------------------------- */

static size_t count_lines(const char *bytes, size_t n)
{
    size_t lines = 0;

    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* Takes what waits in a part; the number of bytes, which are in `spare` then. */
static size_t take(struct mli_journal *journal, struct part *part, size_t *lines)
{
    pthread_mutex_lock(&part->lock);
    char *bytes = part->bytes;
    size_t len = part->len;
    *lines = part->lines;
    part->bytes = journal->spare;
    part->len = part->lines = 0;
    pthread_mutex_unlock(&part->lock);
    journal->spare = bytes;
    return len;
}

static bool empty(struct mli_journal *journal)
{
    bool none = true;

    for (size_t i = 0; i < journal->parts && none; i++) {
        pthread_mutex_lock(&journal->part[i].lock);
        none = journal->part[i].len == 0;
        pthread_mutex_unlock(&journal->part[i].lock);
    }
    return none;
}

static void write_all(struct mli_journal *journal, int patience)
{
    size_t lines;

    mli_logfile_refresh(&journal->file);
    for (size_t i = 0; i < journal->parts; i++) {
        size_t n = take(journal, &journal->part[i], &lines);
        size_t done = n ? mli_logfile_write(&journal->file, journal->spare, n, patience) : 0;
        size_t whole = done == n ? lines : count_lines(journal->spare, done);
        atomic_fetch_add(&journal->written, whole);
        atomic_fetch_add(&journal->lost, lines - whole);
    }
}

static void gather(struct mli_journal *journal)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += GATHER * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    sem_clockwait(&journal->bell, CLOCK_MONOTONIC, &until);
}

static void *run(void *data)
{
    struct mli_journal *journal = data;

    while (!atomic_load(&journal->ending)) {
        atomic_store(&journal->asleep, true);
        if (empty(journal))
            sem_wait(&journal->bell);
        atomic_store(&journal->asleep, false);
        if (!atomic_load(&journal->ending))
            gather(journal);
        write_all(journal, PATIENCE);
    }
    return NULL;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

void mli_journal_add(struct mli_journal *journal, size_t number, const char *lines, size_t n, size_t count)
{
    struct part *part = &journal->part[number];

    pthread_mutex_lock(&part->lock);
    size_t before = part->len;
    bool taken = n <= MLI_JOURNAL_ROOM - before;
    if (taken) {
        memcpy(part->bytes + before, lines, n);
        part->len += n;
        part->lines += count;
    }
    pthread_mutex_unlock(&part->lock);
    if (!taken)
        atomic_fetch_add(&part->dropped, count);
    bool half = before <= MLI_JOURNAL_ROOM / 2 && before + n > MLI_JOURNAL_ROOM / 2;
    if (half || (atomic_load(&journal->asleep) && atomic_exchange(&journal->asleep, false)))
        sem_post(&journal->bell);
}

void mli_journal_drop(struct mli_journal *journal, size_t part, size_t count)
{
    atomic_fetch_add(&journal->part[part].dropped, count);
}

uint64_t mli_journal_written(const struct mli_journal *journal)
{
    return atomic_load(&journal->written);
}

uint64_t mli_journal_dropped(const struct mli_journal *journal)
{
    uint64_t dropped = atomic_load(&journal->lost);

    for (size_t i = 0; i < journal->parts; i++)
        dropped += atomic_load(&journal->part[i].dropped);
    return dropped;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void release(struct mli_journal *journal)
{
    for (size_t i = 0; i < journal->parts; i++) {
        free(journal->part[i].bytes);
        pthread_mutex_destroy(&journal->part[i].lock);
    }
    free(journal->part);
    free(journal->spare);
    sem_destroy(&journal->bell);
    free(journal);
}

/* Memory that nothing was written to is only promised. */
static bool make_parts(struct mli_journal *journal, size_t parts)
{
    size_t bytes;

    journal->spare = mli_alloc(MLI_JOURNAL_ROOM, 1);
    if (!journal->spare || !mli_mul(parts, sizeof(*journal->part), &bytes))
        return false;
    journal->part = aligned_alloc(_Alignof(struct part), bytes);
    if (!journal->part)
        return false;
    memset(journal->part, 0, bytes);
    for (; journal->parts < parts; journal->parts++) {
        struct part *part = &journal->part[journal->parts];
        part->bytes = mli_alloc(MLI_JOURNAL_ROOM, 1);
        if (!part->bytes)
            return false;
        pthread_mutex_init(&part->lock, NULL);
    }
    return true;
}

enum ml_status mli_journal_open(const struct mli_logfile_config *file, size_t parts, struct mli_journal **out,
                                struct ml_error *err)
{
    struct mli_journal *journal = mli_calloc(1, sizeof(*journal));

    if (!journal)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a log");
    sem_init(&journal->bell, 0, 0);
    enum ml_status status = ML_OK;
    if (!make_parts(journal, parts))
        status = ml_error_set(err, ML_ENOMEM, "out of memory for a log");
    if (status == ML_OK)
        status = mli_logfile_open(&journal->file, file, err);
    if (status != ML_OK) {
        release(journal);
        return status;
    }
    *out = journal;
    return ML_OK;
}

enum ml_status mli_journal_start(struct mli_journal *journal, struct ml_error *err)
{
    int failed = pthread_create(&journal->thread, NULL, run, journal);

    journal->started = !failed;
    return failed ? ml_error_set(err, ML_EIO, "cannot start the thread that writes a log: %s", strerror(failed)) : ML_OK;
}

void mli_journal_close(struct mli_journal *journal)
{
    if (!journal)
        return;
    if (journal->started) {
        atomic_store(&journal->ending, true);
        sem_post(&journal->bell);
        pthread_join(journal->thread, NULL);
    }
    write_all(journal, LAST_PATIENCE);
    mli_logfile_close(&journal->file);
    release(journal);
}

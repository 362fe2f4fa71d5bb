#include <serve/tally.h>

#include <base/mem.h>
#include <serve/metrics.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Static_assert(MLI_TALLY_BUCKETS == MLI_METRIC_BUCKETS, "the same bounds");

const char *const mli_protocol_names[MLI_PROTOCOLS] = {
    [MLI_PROTOCOL_PREDICT] = "predict", [MLI_PROTOCOL_EXPLAIN] = "explain",
    [MLI_PROTOCOL_V1] = "v1",           [MLI_PROTOCOL_V2] = "v2",
    [MLI_PROTOCOL_INVOCATIONS] = "invocations", [MLI_PROTOCOL_VERTEX] = "vertex",
};

struct mli_tally *mli_tally_new(size_t parts, struct mli_tally *others)
{
    struct mli_tally *tally = mli_calloc(1, sizeof(*tally));
    size_t bytes;

    if (!tally || !mli_mul(parts, sizeof(*tally->part), &bytes))
        goto failed;
    tally->part = aligned_alloc(_Alignof(struct mli_tally_part), bytes);
    if (!tally->part)
        goto failed;
    memset(tally->part, 0, bytes);
    tally->parts = parts;
    atomic_init(&tally->holders, 1);
    tally->others = others ? mli_tally_hold(others) : NULL;
    return tally;

failed:
    free(tally);
    return NULL;
}

struct mli_tally *mli_tally_hold(struct mli_tally *tally)
{
    atomic_fetch_add(&tally->holders, 1);
    return tally;
}

void mli_tally_drop(struct mli_tally *tally)
{
    if (!tally || atomic_fetch_sub(&tally->holders, 1) > 1)
        return;
    for (size_t p = 0; tally->others && p < MLI_PROTOCOLS; p++) {
        if (mli_tally_place(tally, (enum mli_protocol)p) == MLI_TALLY_OWN)
            atomic_fetch_add(&tally->others->room, 1);
    }
    mli_tally_drop(tally->others);
    free(tally->part);
    free(tally);
}

enum mli_tally_place mli_tally_place(const struct mli_tally *tally, enum mli_protocol protocol)
{
    return (enum mli_tally_place)atomic_load_explicit(&tally->place[protocol], memory_order_relaxed);
}

static bool take_room(struct mli_tally *others)
{
    size_t room = atomic_load(&others->room);

    while (room > 0 && !atomic_compare_exchange_weak(&others->room, &room, room - 1))
        continue;
    return room > 0;
}

/* Of the first request that speaks the protocol; several threads may come here at once. */
static enum mli_tally_place find_place(struct mli_tally *tally, enum mli_protocol protocol)
{
    int before = MLI_TALLY_NOWHERE;
    const bool own = !tally->others || take_room(tally->others);

    if (atomic_compare_exchange_strong(&tally->place[protocol], &before, own ? MLI_TALLY_OWN : MLI_TALLY_OTHERS))
        return own ? MLI_TALLY_OWN : MLI_TALLY_OTHERS;
    if (own && tally->others)
        atomic_fetch_add(&tally->others->room, 1);
    return (enum mli_tally_place)before;
}

/* Where the durations of the protocol are counted. */
static struct mli_tally *histogram_of(struct mli_tally *tally, enum mli_protocol protocol)
{
    enum mli_tally_place place = mli_tally_place(tally, protocol);

    if (place == MLI_TALLY_NOWHERE)
        place = find_place(tally, protocol);
    return place == MLI_TALLY_OWN ? tally : tally->others;
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* A size has its place from the first time on; one that finds none is not told apart. */
static void add_batch(struct mli_tally_part *part, const struct mli_run *run)
{
    uint64_t known = run->queue + run->infer + run->write;

    for (size_t i = 0; i < MLI_TALLY_BATCHES; i++) {
        struct mli_tally_batch *batch = &part->batch[i];
        uint64_t size = get(&batch->size);
        if (size != run->rows && size != 0)
            continue;
        mli_count(&batch->count, 1);
        mli_count(&batch->input, run->total > known ? run->total - known : 0);
        mli_count(&batch->infer, run->infer);
        mli_count(&batch->output, run->write);
        atomic_store_explicit(&batch->size, run->rows, memory_order_relaxed);
        return;
    }
}

void mli_tally_add(struct mli_tally *tally, size_t part, enum mli_protocol protocol, const struct mli_run *run,
                   bool success)
{
    struct mli_tally_line *to = &tally->part[part].line[protocol];
    struct mli_tally *histogram = histogram_of(tally, protocol);
    uint64_t known = run->queue + run->infer + run->write;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    mli_count(&to->field[success ? MLI_TALLY_SUCCESS : MLI_TALLY_FAILED], 1);
    mli_count(&to->field[success ? MLI_TALLY_SUCCESS_NS : MLI_TALLY_FAILED_NS], run->total);
    mli_count(&histogram->part[part].line[protocol].bucket[mli_metrics_bucket(run->total)], 1);
    if (histogram != tally)
        mli_count(&histogram->part[part].line[protocol].field[MLI_TALLY_SUCCESS_NS], run->total);
    atomic_store_explicit(&to->field[MLI_TALLY_LAST],
                          (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000,
                          memory_order_relaxed);
    if (!success)
        return;
    mli_count(&to->field[MLI_TALLY_ROWS], run->rows);
    mli_count(&to->field[MLI_TALLY_BLOCKS], run->blocks);
    mli_count(&to->field[MLI_TALLY_QUEUE_NS], run->queue);
    mli_count(&to->field[MLI_TALLY_INPUT_NS], run->total > known ? run->total - known : 0);
    mli_count(&to->field[MLI_TALLY_INFER_NS], run->infer);
    mli_count(&to->field[MLI_TALLY_OUTPUT_NS], run->write);
    if (run->blocks == 1)
        add_batch(&tally->part[part], run);
}

static uint64_t join(enum mli_tally_field field, uint64_t total, uint64_t value)
{
    if (field != MLI_TALLY_LAST)
        return total + value;
    return value > total ? value : total;
}

uint64_t mli_tally_get_of(const struct mli_tally *tally, enum mli_protocol protocol, enum mli_tally_field field)
{
    uint64_t total = 0;

    for (size_t i = 0; i < tally->parts; i++)
        total = join(field, total,
                     atomic_load_explicit(&tally->part[i].line[protocol].field[field], memory_order_relaxed));
    return total;
}

uint64_t mli_tally_get(const struct mli_tally *tally, enum mli_tally_field field)
{
    uint64_t total = 0;

    for (size_t p = 0; p < MLI_PROTOCOLS; p++)
        total = join(field, total, mli_tally_get_of(tally, (enum mli_protocol)p, field));
    return total;
}

uint64_t mli_tally_bucket(const struct mli_tally *tally, enum mli_protocol protocol, size_t bucket)
{
    uint64_t total = 0;

    for (size_t i = 0; i < tally->parts; i++)
        total += atomic_load_explicit(&tally->part[i].line[protocol].bucket[bucket], memory_order_relaxed);
    return total;
}

struct mli_batch mli_tally_batch(const struct mli_tally *tally, uint64_t size)
{
    struct mli_batch sum = { 0 };

    for (size_t i = 0; i < tally->parts * MLI_TALLY_BATCHES; i++) {
        const struct mli_tally_batch *batch = &tally->part[i / MLI_TALLY_BATCHES].batch[i % MLI_TALLY_BATCHES];
        if (get(&batch->size) != size)
            continue;
        sum.count += get(&batch->count);
        sum.input += get(&batch->input);
        sum.infer += get(&batch->infer);
        sum.output += get(&batch->output);
    }
    return sum;
}

uint64_t mli_tally_next_size(const struct mli_tally *tally, uint64_t size)
{
    uint64_t next = 0;

    for (size_t i = 0; i < tally->parts * MLI_TALLY_BATCHES; i++) {
        uint64_t at = get(&tally->part[i / MLI_TALLY_BATCHES].batch[i % MLI_TALLY_BATCHES].size);
        if (at > size && (next == 0 || at < next))
            next = at;
    }
    return next;
}

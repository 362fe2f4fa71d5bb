/*
 * Tally: what came of the requests for predictions of one model and version, by protocol. A part for each thread that answers,
 * which alone writes it; any thread may read. It outlives a model that is replaced by another of that name and version,
 * so that counters only grow.
 *
 * Durations by protocol are what takes many lines of text, so only so many are told apart: those of the first versions and protocols that
 * are asked for. What comes later is in a tally of others, and stays there.
 */
#ifndef SERVE_TALLY_H
#define SERVE_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MLI_TALLY_BUCKETS 17 /* those of metrics.h */

/* What a request for predictions speaks. */
enum mli_protocol {
    MLI_PROTOCOL_PREDICT, /* our own */
    MLI_PROTOCOL_EXPLAIN,
    MLI_PROTOCOL_V1,
    MLI_PROTOCOL_V2,
    MLI_PROTOCOL_INVOCATIONS,
    MLI_PROTOCOL_VERTEX,
    MLI_PROTOCOLS
};
extern const char *const mli_protocol_names[MLI_PROTOCOLS];

/* Nanoseconds of one request. */
struct mli_run {
    bool asked;            /* predictions were asked for */
    size_t rows, blocks;   /* predicted */
    uint64_t queue;        /* waiting for a thread */
    uint64_t infer, write; /* in the model; writing what came of it, as far as that happened between */
    uint64_t total;
};

enum mli_tally_field {
    MLI_TALLY_SUCCESS,
    MLI_TALLY_SUCCESS_NS,
    MLI_TALLY_FAILED,
    MLI_TALLY_FAILED_NS,
    MLI_TALLY_ROWS,
    MLI_TALLY_BLOCKS,
    MLI_TALLY_QUEUE_NS,
    MLI_TALLY_INPUT_NS,
    MLI_TALLY_INFER_NS,
    MLI_TALLY_OUTPUT_NS,
    MLI_TALLY_LAST, /* milliseconds since 1970 of the last request: the largest counts, not the sum */
    MLI_TALLY_FIELDS
};

struct mli_tally_line {
    _Atomic uint64_t field[MLI_TALLY_FIELDS];
    _Atomic uint64_t bucket[MLI_TALLY_BUCKETS]; /* of `total`, not cumulative */
};

#define MLI_TALLY_BATCHES 16 /* sizes that are told apart: the first that come */

/* Requests whose rows went through the model at once, so many of them. */
struct mli_tally_batch {
    _Atomic uint64_t size, count, input, infer, output; /* size 0: none yet */
};

struct mli_tally_part {
    struct mli_tally_batch batch[MLI_TALLY_BATCHES];
    _Alignas(64) struct mli_tally_line line[MLI_PROTOCOLS];
};

/* What came of comparing the version's predictions with those that were given (shadow.h). */
struct mli_shadow_counts {
    _Atomic uint64_t compared, failed, dropped; /* requests */
    _Atomic uint64_t rows, differing;           /* of those compared; of another class, or number */
    _Atomic double difference;                  /* sum over rows of the absolute difference, of numbers */
};

#define MLI_TALLY_TOGETHER 6 /* sizes: up to 1, 2, 4 .. 32 */

/* Requests that went through the network together (group.h). */
struct mli_together_counts {
    _Atomic uint64_t batches[MLI_TALLY_TOGETHER], requests;
};

struct mli_tally {
    _Atomic size_t holders;
    _Atomic size_t room;      /* of one of others: histograms that may still be told apart */
    struct mli_tally *others; /* held; NULL: all are told apart */
    atomic_int place[MLI_PROTOCOLS]; /* enum mli_tally_place of the protocol's histogram */
    size_t parts;
    struct mli_tally_part *part;
    struct mli_shadow_counts shadow;
    struct mli_together_counts together;
};

enum mli_tally_place {
    MLI_TALLY_NOWHERE, /* nobody has spoken it */
    MLI_TALLY_OWN,
    MLI_TALLY_OTHERS
};

#define MLI_TALLY_HISTOGRAMS ((size_t)2048) /* that are told apart */

/* Held once; others: NULL or what has room for its histograms, and takes what it has not. NULL: no memory. */
struct mli_tally *mli_tally_new(size_t parts, struct mli_tally *others);
struct mli_tally *mli_tally_hold(struct mli_tally *tally);
void mli_tally_drop(struct mli_tally *tally); /* NULL is fine */

/* By the thread of that part: a request for predictions was answered. */
void mli_tally_add(struct mli_tally *tally, size_t part, enum mli_protocol protocol, const struct mli_run *run,
                   bool success);
/* Over all parts; _get over all protocols, too. */
uint64_t mli_tally_get(const struct mli_tally *tally, enum mli_tally_field field);
uint64_t mli_tally_get_of(const struct mli_tally *tally, enum mli_protocol protocol, enum mli_tally_field field);
enum mli_tally_place mli_tally_place(const struct mli_tally *tally, enum mli_protocol protocol);
uint64_t mli_tally_bucket(const struct mli_tally *tally, enum mli_protocol protocol, size_t bucket);
/* Sums over the batches of that size: how many, and nanoseconds of input, of the model and of output. */
struct mli_batch {
    uint64_t count, input, infer, output;
};
struct mli_batch mli_tally_batch(const struct mli_tally *tally, uint64_t size);
/* The smallest size that is larger; 0: none. */
uint64_t mli_tally_next_size(const struct mli_tally *tally, uint64_t size);

#endif

/*
 * Connections: the table of open sockets with what each is doing since when, and the deadlines that follow from it.
 * The keeper (keeper.h) admits and sweeps; the loop thread that owns a connection enters phases. Opening and closing
 * take the table's lock; a request takes none.
 *
 * The lock is held while a socket is shut for its deadline, and while a closing one leaves the table, so a descriptor
 * that the system has given to somebody else meanwhile is never touched.
 */
#ifndef SERVE_CONNECTIONS_H
#define SERVE_CONNECTIONS_H

#include <base/mem.h>
#include <mlctl/status.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum mli_phase {
    MLI_PHASE_FREE,     /* the slot is empty */
    MLI_PHASE_ADMITTED, /* on its way to a loop thread; its descriptor is not to be touched */
    MLI_PHASE_FIRST,    /* waiting for the first request line, since it was accepted */
    MLI_PHASE_IDLE,     /* waiting for the next request line, since the last reply */
    MLI_PHASE_HEAD,     /* request line read, header fields awaited; the first time since accept */
    MLI_PHASE_BODY,     /* headers read, body awaited; bytes: received so far */
    MLI_PHASE_WORK,     /* the answer is being made: no deadline */
    MLI_PHASE_SEND,     /* reply being sent */
    MLI_PHASES
};

/*
 * Bytes a second that a body must move on average past its time-out, in the manner of Apache's mod_reqtimeout: every
 * 500 that have been received, or that the client has acknowledged of a reply, buy a second.
 */
#define MLI_RATE 500u

struct mli_connection {
    _Alignas(MLI_LINE) int fd;
    bool shut;               /* past its deadline already */
    struct in6_addr address; /* IPv4 as a mapped one */
    _Atomic uint64_t
        state; /* since (milliseconds) << 3 | phase: one word, so that they are never torn */
    _Atomic uint64_t bytes;
    uint64_t sending,
        acknowledged; /* state and count of acknowledged bytes when the keeper first saw a SEND */
};

struct mli_connections_config {
    unsigned max, max_per_address;                     /* per address: 0 is no limit */
    unsigned head_timeout, body_timeout, idle_timeout; /* seconds */
};

struct mli_connections {
    struct mli_connections_config config;
    pthread_mutex_t lock;
    pthread_cond_t gone; /* one has left the table */
    struct mli_connection *slot;
    _Atomic size_t count;
    _Atomic uint64_t accepted, refused_full, refused_address; /* written by the keeper */
    _Atomic uint64_t expired[MLI_PHASES];                     /* by the phase they were in */
};

enum mli_admission { MLI_ADMITTED, MLI_REFUSED_FULL, MLI_REFUSED_ADDRESS };

ML_NODISCARD enum ml_status mli_connections_init(struct mli_connections *table,
                                                 const struct mli_connections_config *config,
                                                 struct ml_error *err);
void mli_connections_release(struct mli_connections *table);

/* Milliseconds of the monotonic clock, the `now` of the functions below. */
uint64_t mli_now(void);

/* A new socket asks for a place. */
enum mli_admission mli_connections_admit(struct mli_connections *table, int fd,
                                         const struct sockaddr *address, uint64_t now);
/* An admitted socket has reached its loop thread: FIRST. NULL if its place is gone; then it must be closed. */
struct mli_connection *mli_connections_start(struct mli_connections *table, int fd, uint64_t now);
/* Gives the place back, before the descriptor is closed. For an admitted one that got nowhere: by its fd. */
void mli_connections_close(struct mli_connections *table, struct mli_connection *connection);
void mli_connections_cancel(struct mli_connections *table, int fd);

/* By the owning thread: what the connection does from now on. FIRST to HEAD keeps the time of FIRST. */
void mli_connection_enter(struct mli_connection *connection, enum mli_phase phase, uint64_t bytes,
                          uint64_t now);
/* The same phase, so many bytes by now. */
void mli_connection_moved(struct mli_connection *connection, uint64_t bytes);

/*
 * Shuts every connection past its deadline, or past six times that when its thread is behind: has not taken it up, or has
 * not read what has come. With `drain` also those that have been waiting for a request for a quarter of a second: long
 * enough for one that was on its way when the drain began. A connection that the client has closed is nudged: the library
 * (0.9.75) does not see the end of what it has just read a part of, if both came at once.
 */
void mli_connections_sweep(struct mli_connections *table, bool drain, uint64_t now);

size_t mli_connections_count(const struct mli_connections *table);
bool mli_connections_full(const struct mli_connections *table);
/* Waits until none is left; false when `until` comes before. */
bool mli_connections_wait(struct mli_connections *table, uint64_t until);

#endif

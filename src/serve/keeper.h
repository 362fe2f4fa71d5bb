/*
 * Keeper: the thread at the door. It accepts connections and gives them to the loop threads, answers those it has no
 * place for, closes those past their deadline, and sees off the ones that are closed before all of their request was
 * read: closing a socket with unread bytes resets it, and the client would lose the reply (RFC 9112, 9.6). The
 * library could listen itself, but then there is no answer beyond its limit, and its way to stop listening (0.9.75)
 * can abort the process when a loop thread does the same at that moment.
 */
#ifndef SERVE_KEEPER_H
#define SERVE_KEEPER_H

#include <serve/connections.h>

#define MLI_KEEPER_ANSWERS 128u /* in a second, of those it has no place for; the others wait at the door until the next */
#define MLI_KEEPER_LEAVING 256u /* sockets that are seen off at one time */

struct mli_keeper_config {
    int listener; /* taken: listening, non-blocking */
    struct mli_connections *connections;
    unsigned leaving; /* fewer that are seen off at one time, where descriptors are few; 0: no fewer */
    bool silent; /* those turned away are closed without a word: there are no words before a TLS handshake */
    /* Gives an admitted socket to a loop thread. False: it has been closed instead. */
    bool (*give)(void *data, int fd, const struct sockaddr *address, socklen_t len);
    void *data;
};

struct mli_keeper;
/* *out is set before the first connection is given. ML_ENOMEM, ML_EIO; the listener is closed then, too. */
ML_NODISCARD enum ml_status mli_keeper_start(const struct mli_keeper_config *config,
                                             struct mli_keeper **out, struct ml_error *err);
/* From any thread: reads what still comes on this socket for a while, then closes it. Taken. */
void mli_keeper_see_off(struct mli_keeper *keeper, int fd);
/* From any thread: a place in the table has been given back. */
void mli_keeper_room(struct mli_keeper *keeper);
/* Accepts what already waits, then closes the listener, and returns; all else goes on. */
void mli_keeper_drain(struct mli_keeper *keeper);
/* Ends the thread and closes all it has; unless `at_once`, those being seen off have their 2 seconds. */
void mli_keeper_stop(struct mli_keeper *keeper, bool at_once);

#endif

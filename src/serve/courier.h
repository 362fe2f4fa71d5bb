/*
 * Courier: a process of its own that posts JSON documents to a webhook, because the server has given up making connections
 * when it answers (sandbox.h). It is told by a socket, tries each once, and says what came of it. It is started before anything
 * is loaded, so that its memory holds none of the server's keys and models; another process, which does nothing else, starts
 * it anew when it dies. Both end with the server, whatever that dies of.
 *
 * Delivered is what is answered 2xx. Missed is what is answered 408, 429 or 5xx, or not at all, and may be tried again
 * (outbox.h); every other answer is final. What the receiver is called in a reason is its host and port, and nothing else of
 * the URL.
 */
#ifndef SERVE_COURIER_H
#define SERVE_COURIER_H

#include <mlctl/log.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MLI_COURIER_MAX ((size_t)16 << 10) /* bytes of a document */
#define MLI_COURIER_WHY ((size_t)200)      /* of a reason, with its end */

struct mli_courier;

struct mli_courier_config {
    const char *url;   /* http or https */
    const char *token; /* file of one line: of Authorization: Bearer; NULL: none */
    bool sandbox;
    const struct ml_log *log;
};

/* Before there are threads, a sandbox, and secrets in memory. ML_EUSAGE: no such URL or token; ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_courier_start(const struct mli_courier_config *config, struct mli_courier **out,
                                              struct ml_error *err);
/* Never waits. False: the document is too long, or nobody listens. id: not 0. */
bool mli_courier_send(struct mli_courier *courier, uint64_t id, const char *text, size_t len);

enum mli_courier_word {
    MLI_COURIER_NOTHING, /* as yet */
    MLI_COURIER_DELIVERED,
    MLI_COURIER_REFUSED,
    MLI_COURIER_MISSED,
    MLI_COURIER_ANEW, /* the process was started anew: what it had may have been delivered, or lost */
    MLI_COURIER_GONE, /* and not started any more */
};
struct mli_courier_news {
    enum mli_courier_word word;
    uint64_t id;               /* of what was delivered, refused or missed */
    char why[MLI_COURIER_WHY]; /* if it was not delivered: a line of printable ASCII */
};
/* Never waits. */
void mli_courier_hear(struct mli_courier *courier, struct mli_courier_news *out);
/* For poll(): readable when there is something to hear. */
int mli_courier_fd(const struct mli_courier *courier);

/* The processes end, at the latest after the attempt at hand. NULL is fine. */
void mli_courier_stop(struct mli_courier *courier);

#endif

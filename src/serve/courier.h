/*
 * Courier: a process of its own that posts JSON documents to a webhook, because the server has given up making connections
 * when it answers (sandbox.h). It is told by a socket, tries again with longer and longer pauses while the receiver is down,
 * keeps the order, and ends with the server, whatever that dies of.
 *
 * Delivered is what is answered 2xx. 408, 429 and 5xx, and no answer, are tried again for an hour; every other answer is
 * final. What is not delivered is said on standard error, with the receiver's host and port and nothing else of the URL.
 */
#ifndef SERVE_COURIER_H
#define SERVE_COURIER_H

#include <mlctl/log.h>
#include <stdbool.h>
#include <stddef.h>

#define MLI_COURIER_MAX ((size_t)16 << 10) /* bytes of a document */

struct mli_courier;

struct mli_courier_config {
    const char *url;   /* http or https */
    const char *token; /* file of one line: of Authorization: Bearer; NULL: none */
    bool sandbox;
    const struct ml_log *log;
};

/* Before there are threads and a sandbox. ML_EUSAGE: no such URL or token; ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_courier_start(const struct mli_courier_config *config, struct mli_courier **out,
                                              struct ml_error *err);
/* Never waits. False: too many documents wait already, or the courier is gone. */
bool mli_courier_send(struct mli_courier *courier, const char *text, size_t len);
/* What waits is tried once more by the courier. NULL is fine. */
void mli_courier_stop(struct mli_courier *courier);

#endif

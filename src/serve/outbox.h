/*
 * Outbox: documents on their way to the courier. One is with the courier at a time; one that could not be delivered is tried
 * again with longer and longer pauses for an hour, and the others go meanwhile. Of each subject only the newest document is
 * kept: what is overtaken is not sent any more. Belongs to one thread.
 */
#ifndef SERVE_OUTBOX_H
#define SERVE_OUTBOX_H

#include <serve/courier.h>
#include <stdint.h>

#define MLI_OUTBOX_MAX ((size_t)256) /* documents that wait; beyond it a new subject's is dropped, and that is said */

struct mli_outbox;

/* Both are borrowed. NULL: no memory. */
struct mli_outbox *mli_outbox_new(struct mli_courier *courier, const struct ml_log *log);
void mli_outbox_free(struct mli_outbox *outbox); /* NULL is fine */

/* The newest document of that subject; on the heap, taken. */
void mli_outbox_put(struct mli_outbox *outbox, const char *subject, char *text);
/* Hears what became of the one that is with the courier, and hands over the next that is due. Never waits. */
void mli_outbox_turn(struct mli_outbox *outbox);
/* For poll(): when it has something to read there is something to hear; -1: there will be nothing. */
int mli_outbox_fd(const struct mli_outbox *outbox);
/* Milliseconds until a turn has something to do, if nothing is heard; -1: any time. */
int mli_outbox_due(const struct mli_outbox *outbox);
/* Tries each that waits once more, for so many milliseconds at most; what is left then is dropped, and that is said. */
void mli_outbox_end(struct mli_outbox *outbox, uint64_t milliseconds);

#endif

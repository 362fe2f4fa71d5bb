/*
 * Lobby: where refusals wait. Who is refused because there are too many large requests is told to ask again in a second
 * (Retry-After). One who does not stay away that long would take the processor from those who are served, so his next
 * refusal is said when the second is over; and where more than a hundred in a second are refused, so is that of the others.
 * Meanwhile the connection sleeps and nothing is read from it.
 */
#ifndef SERVE_LOBBY_H
#define SERVE_LOBBY_H

#include <mlctl/status.h>
#include <stdbool.h>
#include <stdint.h>

#define MLI_LOBBY_AWAY ((uint64_t)1000000000) /* nanoseconds that one who is refused is told to stay away */
#define MLI_LOBBY_PROMPT 100u                 /* refusals of a second that are said at once */

/* Borrowed until `done` has been called. */
struct mli_guest {
    struct mli_guest *next;
    uint64_t until;           /* mli_clock() */
    void (*done)(void *data); /* by the lobby's thread, a fiftieth of a second late at most */
    void *data;
};

struct mli_lobby;

/* Starts its thread. ML_ENOMEM, ML_EIO. */
ML_NODISCARD enum ml_status mli_lobby_open(struct mli_lobby **out, struct ml_error *err);
/* All who wait are done, and nobody waits any more. NULL is fine, here and to _free, which comes after. */
void mli_lobby_close(struct mli_lobby *lobby);
void mli_lobby_free(struct mli_lobby *lobby);

/*
 * From any thread: when one is to be refused who was told, when that happened last, to stay away until `told` (0: it never
 * did). 0: now. The other times are those of mli_clock().
 */
uint64_t mli_lobby_when(struct mli_lobby *lobby, uint64_t told, uint64_t now);
/* From any thread. */
void mli_lobby_wait(struct mli_lobby *lobby, struct mli_guest *guest);

#endif

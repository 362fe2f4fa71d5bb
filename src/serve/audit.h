/*
 * Audit log: a line of JSON for each thing that was done to the server, or was to be: models that came, went and changed, by
 * request, signal or on the disk; files of keys and certificates; start and stop. A line is on the disk before its writer
 * goes on, so this is not for what happens often.
 */
#ifndef SERVE_AUDIT_H
#define SERVE_AUDIT_H

#include <base/sha256.h>
#include <netinet/in.h>
#include <serve/logfile.h>
#include <serve/registry.h>
#include <stdint.h>

/* Who asked for it by a request. */
struct mli_who {
    const char *key; /* name */
    const char *id;  /* of the request */
    struct in6_addr client;
};

struct mli_audit_entry {
    const char *action, *by; /* "load", "request" */
    const struct mli_who *who; /* NULL: nobody by a request */
    const char *failure;       /* why it was not done; NULL: it was */
};

struct mli_audit;

/* ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_audit_open(const char *path, const struct ml_log *log, struct mli_audit **out,
                                           struct ml_error *err);
void mli_audit_close(struct mli_audit *audit); /* NULL is fine */

/* From any thread; audit NULL: nothing is written. */
void mli_audit_note(struct mli_audit *audit, const struct mli_audit_entry *entry);
/*
 * A line for each model that is another in `after` than in `before` (NULL: nothing was served); with a name one of that model in
 * any case. A model whose new file was refused is one, too: its line says why in place of entry->failure.
 */
void mli_audit_models(struct mli_audit *audit, const struct mli_audit_entry *entry, const char *name,
                      const struct mli_registry *before, const struct mli_registry *after);
/* A file that was read again: digests of its bytes, then and now, "": not to be read. */
void mli_audit_file(struct mli_audit *audit, const struct mli_audit_entry *entry, const char *path, const char *before,
                    const char *after);
/* The digest of a file's bytes for that; "" when it cannot be read. */
void mli_audit_digest(const char *path, char out[MLI_SHA256_HEX]);

/* Lines that were written; that were not. */
uint64_t mli_audit_written(const struct mli_audit *audit);
uint64_t mli_audit_dropped(const struct mli_audit *audit);

#endif

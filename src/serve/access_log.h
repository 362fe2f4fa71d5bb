/*
 * Access log: a line of JSON for each request that was answered, or was not to be. Strings are escaped so that no byte of a client's
 * is anything but text to whoever reads the line, a terminal too; tokens and queries are not in it.
 */
#ifndef SERVE_ACCESS_LOG_H
#define SERVE_ACCESS_LOG_H

#include <base/buf.h>
#include <netinet/in.h>
#include <serve/served.h>
#include <serve/trace.h>

struct mli_access_entry {
    const struct mli_trace *trace; /* known */
    const char *key;               /* its name; "": none was shown */
    const struct in6_addr *client;
    const char *method; /* NULL: not known */
    const char *target;
    size_t target_len;
    const char *route;   /* pattern of its path */
    unsigned status;     /* 0: the client had gone */
    size_t in, out;      /* bytes of the bodies */
    uint64_t nanoseconds;
    const struct mli_served *served; /* NULL: it was about no model */
    size_t rows;
};

/* "2026-11-21T19:00:00.123Z" of now. */
#define MLI_LOG_TIME 24
void mli_log_time(char out[MLI_LOG_TIME + 1]);
/* A JSON string: control characters of any kind escaped, and what is not UTF-8 replaced. */
void mli_log_text(struct mli_buf *out, const char *text, size_t n);

/* The same of an address. */
void mli_log_address(struct mli_buf *out, const struct in6_addr *address);

/* Adds the line. */
void mli_access_log_line(struct mli_buf *out, const struct mli_access_entry *entry);

#endif

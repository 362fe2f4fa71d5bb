/*
 * Guard: what must hold of a request's head before anything else looks at it. libmicrohttpd 0.9.75 parses leniently
 * (two lengths, a length beside chunked, folded lines, NUL bytes...), and each of these is a way to make a proxy in
 * front and the server behind disagree about where a request ends. So the head is checked again, by RFC 9112, and
 * everything ambiguous is refused and the connection closed. Pure functions over memory: no socket, no allocation.
 */
#ifndef SERVE_GUARD_H
#define SERVE_GUARD_H

#include <serve/trace.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MLI_GUARD_TARGET ((size_t)8192) /* longest request target */
#define MLI_GUARD_FIELDS ((size_t)100)  /* most header fields */

struct mli_guard_field {
    const char *name, *value; /* value: NUL-terminated, leading white space gone, trailing kept */
    size_t name_len, value_len;
};

struct mli_guard_head {
    const char *method, *target,
        *version;      /* as received; the target not unescaped, cut at MLI_GUARD_TARGET */
    size_t target_len; /* of all of it */
    const struct mli_guard_field *field;
    size_t fields; /* all there were; field[] holds the first MLI_GUARD_FIELDS of them at most */
    size_t size;   /* bytes from the method to the end of the empty line */
    /*
     * Where the target was received; NULL: not known. If it is, all the other strings point into the bytes as
     * received, too, which stood in one piece, and together they must tile the head: method SP target SP version CRLF
     * *(name ":" white space value CRLF) CRLF. What breaks the tiling was hidden by the parser: a bare LF, a NUL
     * byte, a folded line, a field without a name. (Only a NUL where a CR belongs is not seen: the parser puts one
     * there itself.)
     */
    const char *received;
};

/* What the head says, for those who come after. Strings are borrowed from the head; NULL: no such field. */
struct mli_guard_facts {
    uint64_t length; /* Content-Length, 0 when there was none */
    bool has_length, chunked;
    const char *host, *content_type, *content_encoding, *accept, *expect;
    const char *json_part; /* Inference-Header-Content-Length */
    const char *authorization, *api_key; /* Authorization, X-API-Key: at most once each */
    const char *origin, *wanted_method;  /* Origin, Access-Control-Request-Method */
    const char *forwarded_for;           /* X-Forwarded-For, the last one */
    struct mli_trace_facts trace;
    const char *path; /* the target's path, without the query */
    size_t path_len;
};

struct mli_refusal {
    unsigned status; /* HTTP status; 0: nothing is wrong */
    const char *text;
};

/* Fills *facts as far as the head can be trusted. A refusal by the guard always closes the connection. */
struct mli_refusal mli_guard_check(const struct mli_guard_head *head, size_t max_size,
                                   struct mli_guard_facts *facts);

/*
 * A head that has been found fine, to know it again: a client that keeps its connection sends the same one with each
 * request, and the library puts it into the same place. If all that the check looks at is as it was, byte for byte and
 * pointer for pointer, then so is what it would find, and what is made of that by rules which do not change.
 */
#define MLI_GUARD_KEPT_FIELDS ((size_t)16)
#define MLI_GUARD_KEPT_BYTES ((size_t)1024)

struct mli_guard_kept {
    struct mli_guard_head head; /* its received NULL: none is kept */
    struct mli_guard_facts facts;
    struct mli_guard_field field[MLI_GUARD_KEPT_FIELDS];
    char bytes[MLI_GUARD_KEPT_BYTES]; /* of the head as it was received, and behind them the target */
};

/* After a check of that head which refused nothing. Longer ones, and those whose place is not known, are not kept. */
void mli_guard_keep(struct mli_guard_kept *kept, const struct mli_guard_head *head,
                    const struct mli_guard_facts *facts);
/* Whether mli_guard_check() would say of the head what it said of the one that is kept: nothing wrong, and kept->facts. */
bool mli_guard_is_kept(const struct mli_guard_kept *kept, const struct mli_guard_head *head);

#endif

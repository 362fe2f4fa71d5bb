/*
 * Trace: by what names a request is known. The trace it belongs to, as W3C Trace Context (level 1) has it: `traceparent`
 * says trace and caller, the answer says the same trace and our own part of it. And an id of the request alone: X-Request-Id
 * where it is sane, else the trace's.
 */
#ifndef SERVE_TRACE_H
#define SERVE_TRACE_H

#include <base/rng.h>
#include <stdbool.h>
#include <stddef.h>

#define MLI_TRACE_PARENT ((size_t)55)  /* bytes of a traceparent of version 00 */
#define MLI_REQUEST_ID ((size_t)128)   /* most bytes of an X-Request-Id */
#define MLI_TRACE_STATE ((size_t)512)  /* most bytes of a tracestate that is passed on */

/* What a head says; NULL: nothing. */
struct mli_trace_facts {
    const char *parent, *state, *id;
    bool many_parents, many_states; /* fields of that name */
};

struct mli_trace {
    bool known;      /* the others say something */
    bool parent_out; /* the answer says traceparent, */
    bool id_out;     /* and X-Request-Id */
    char parent[MLI_TRACE_PARENT + 1]; /* version, trace, our part, flags */
    char caller[16 + 1];               /* part that called, "": none */
    char id[MLI_REQUEST_ID + 1];
    const char *state; /* tracestate, to be passed on; NULL: none; borrowed */
};

/* Hexadecimal digits in parent. */
#define MLI_TRACE_ID 3   /* place of the trace's 32 */
#define MLI_TRACE_SPAN 36 /* and of our part's 16 */

/* What an answer says to a request that says nothing; to one that does, as much as it did. */
enum mli_trace_say { MLI_TRACE_NOTHING, MLI_TRACE_ID_ALONE, MLI_TRACE_ALL };

/* By what the head says, and where it says nothing and nothing is to be said *out is not known. rng: of the calling thread. */
void mli_trace_take(struct mli_trace *out, const struct mli_trace_facts *facts, enum mli_trace_say say,
                    struct mli_rng *rng);

#endif

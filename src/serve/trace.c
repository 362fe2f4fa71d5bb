/*
 * https://www.w3.org/TR/trace-context-1: version "-" trace-id "-" parent-id "-" flags, in lower case; ids are not all zero, the
 * version is not ff. A later version may have more behind it, after a dash, and is read as 00. One that is malformed, or of which
 * there are two, is passed over, and tracestate with it; a new trace begins.
 */
#include <serve/trace.h>

#include <stdint.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

static bool is_hex(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    }
    return true;
}

static bool is_id(const char *text, size_t n)
{
    return is_hex(text, n) && strspn(text, "0") < n;
}

static bool is_parent(const char *text)
{
    size_t n = strlen(text);

    if (n < MLI_TRACE_PARENT || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    if (!is_hex(text, 2) || memcmp(text, "ff", 2) == 0 || !is_hex(text + 53, 2))
        return false;
    if (n > MLI_TRACE_PARENT && (memcmp(text, "00", 2) == 0 || text[MLI_TRACE_PARENT] != '-'))
        return false;
    return is_id(text + MLI_TRACE_ID, 32) && is_id(text + MLI_TRACE_SPAN, 16);
}

/* Letters that need no escape wherever an id is written. */
static bool is_request_id(const char *text)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=@";
    size_t n = strspn(text, fine);

    return n > 0 && n <= MLI_REQUEST_ID && text[n] == '\0';
}

static void put_random(char *out, size_t n, struct mli_rng *rng)
{
    for (size_t i = 0; i < n; i += 16) {
        uint64_t word = mli_rng_next(rng);
        word += word == 0; /* an id is not all zero */
        for (size_t k = 0; k < 16; k++)
            out[i + k] = digits[word >> (60 - 4 * k) & 15];
    }
}

/* Of the flags, those are passed on whose meaning is known: sampled, and random as level 2 has it. */
static void take_parent(struct mli_trace *out, const char *parent)
{
    static const char known[] = "0123012301230123";

    memcpy(out->parent + MLI_TRACE_ID, parent + MLI_TRACE_ID, 32);
    memcpy(out->caller, parent + MLI_TRACE_SPAN, 16);
    out->caller[16] = '\0';
    out->parent[54] = known[strchr(digits, parent[54]) - digits];
}

void mli_trace_take(struct mli_trace *out, const struct mli_trace_facts *facts, enum mli_trace_say say,
                    struct mli_rng *rng)
{
    bool fits = facts->parent && !facts->many_parents && is_parent(facts->parent);
    bool named = facts->id && is_request_id(facts->id);

    out->known = say != MLI_TRACE_NOTHING || facts->parent || named;
    if (!out->known)
        return;
    out->parent_out = say == MLI_TRACE_ALL || facts->parent;
    out->id_out = say != MLI_TRACE_NOTHING || named;
    memcpy(out->parent, "00-", 3);
    memcpy(out->parent + 35, "-", 1);
    memcpy(out->parent + 52, "-00", 4);
    out->caller[0] = '\0';
    if (fits)
        take_parent(out, facts->parent);
    else
        put_random(out->parent + MLI_TRACE_ID, 32, rng);
    put_random(out->parent + MLI_TRACE_SPAN, 16, rng);
    out->state = fits && facts->state && facts->state[0] && !facts->many_states && strlen(facts->state) <= MLI_TRACE_STATE
                     ? facts->state
                     : NULL;
    if (named) {
        memcpy(out->id, facts->id, strlen(facts->id) + 1);
    } else {
        memcpy(out->id, out->parent + MLI_TRACE_ID, 32);
        out->id[32] = '\0';
    }
}

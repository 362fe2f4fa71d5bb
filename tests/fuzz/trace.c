/*
 * Any bytes as what a head says of traces: lines of traceparent, tracestate and X-Request-Id. What is known by it is well
 * formed whatever was said: hexadecimal digits in their places, an id that a log can bear.
 */
#include <serve/trace.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

/* The next line of the text, NULL when it is empty or there is none. */
static const char *take_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');

    if (end)
        *end = '\0';
    *text = end ? end + 1 : line + strlen(line);
    return *line ? line : NULL;
}

static void check_parent(const char *parent)
{
    require(strlen(parent) == MLI_TRACE_PARENT, "the length of a traceparent");
    require(strspn(parent + MLI_TRACE_ID, "0123456789abcdef") == 32 && parent[2] == '-', "a trace");
    require(strspn(parent + MLI_TRACE_ID, "0") < 32, "a trace of zeros");
    require(strspn(parent + MLI_TRACE_SPAN, "0123456789abcdef") == 16 && parent[35] == '-', "a part");
    require(strspn(parent + 53, "0123456789abcdef") == 2 && parent[52] == '-', "flags");
}

static void check_id(const char *id)
{
    require(*id && strlen(id) <= MLI_REQUEST_ID, "the length of an id");
    for (; *id; id++)
        require(*id > ' ' && *id < 127 && *id != '"' && *id != '\\', "an id that a log can bear");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct mli_trace trace = { 0 };
    struct mli_rng rng;
    char *text = malloc(n + 1), *at = text;

    require(text != NULL, "memory");
    memcpy(text, bytes, n);
    text[n] = '\0';
    struct mli_trace_facts facts = { 0 };
    facts.parent = take_line(&at);
    facts.state = take_line(&at);
    facts.id = take_line(&at);
    facts.many_parents = n > 0 && (bytes[n - 1] & 1);
    facts.many_states = n > 0 && (bytes[n - 1] & 2);
    mli_rng_init(&rng, 1);
    mli_trace_take(&trace, &facts, MLI_TRACE_ALL, &rng);
    require(trace.known, "something is known");
    check_parent(trace.parent);
    check_id(trace.id);
    require(!trace.state || strlen(trace.state) <= MLI_TRACE_STATE, "the length of a state");
    require(strlen(trace.caller) == 0 || strlen(trace.caller) == 16, "who called");
    free(text);
    return 0;
}

/*
 * Scan: a JSON text read from front to back, in place, without a tree and without memory of its own. Strict by RFC
 * 8259: UTF-8, escapes with surrogates in pairs, no NUL, no number beyond a double, nothing left unread unseen. The
 * caller asks for what it expects; the first thing that is not as expected makes `wrong` say so and every later call
 * false. A struct mli_scan may be copied: the copy reads the same text from the same place.
 *
 *     mli_scan_open(&scan, '{');
 *     while (mli_scan_member(&scan, &name))
 *         ... one of number, string, literal, open, skip ...
 *     if (scan.wrong) ...
 */
#ifndef SERVE_SCAN_H
#define SERVE_SCAN_H

#include <mlctl/status.h>
#include <stdbool.h>
#include <stddef.h>

struct mli_scan {
    const char *text;
    size_t len, at;
    size_t depth, max_depth;
    bool fresh;        /* an array or object was opened and nothing of it read */
    const char *wrong; /* what was expected at `at`; NULL: all well */
};

/* A string as it stands in the text, between its quotes; well-formed. */
struct mli_scan_text {
    const char *at;
    size_t len;
    bool escaped; /* it has escapes, so mli_scan_decode() makes it what it means */
};

struct mli_scan mli_scan_of(const char *text, size_t len, size_t max_depth);

/* Goes to what comes next: behind white space. */
void mli_scan_skip_space(struct mli_scan *scan);
/* The first byte of what comes next, which tells its type; '\0' at the end. */
static inline char mli_scan_peek(struct mli_scan *scan)
{
    if (scan->at >= scan->len || (unsigned char)scan->text[scan->at] <= ' ')
        mli_scan_skip_space(scan);
    return scan->at < scan->len ? scan->text[scan->at] : '\0';
}
/* Enters '[' or '{'. */
bool mli_scan_open(struct mli_scan *scan, char bracket);
/* True: another item of the array comes. False: its end has been read, or something is wrong. */
bool mli_scan_item(struct mli_scan *scan);
/* True: another member of the object comes, its name has been read. */
bool mli_scan_member(struct mli_scan *scan, struct mli_scan_text *name);

/*
 * The same, if it comes under that name, written as `key` (quotes included) and with no white space but a blank in front.
 * False: the scan stands where it stood, and it may still be so.
 */
bool mli_scan_member_named(struct mli_scan *scan, const char *key, size_t len);

bool mli_scan_number(struct mli_scan *scan, double *out);
bool mli_scan_string(struct mli_scan *scan, struct mli_scan_text *out);
/* null, true or false; says which by its first letter. */
bool mli_scan_literal(struct mli_scan *scan, char *out);
/* Any value, checked and passed over. */
bool mli_scan_skip(struct mli_scan *scan);
/* Nothing but white space is left. */
bool mli_scan_end(struct mli_scan *scan);
/* Makes `what` the thing that was expected here; returns false. */
bool mli_scan_refuse(struct mli_scan *scan, const char *what);

/* What a string means, in UTF-8: at most text->len bytes to out; returns how many. */
size_t mli_scan_decode(const struct mli_scan_text *text, char *out);
bool mli_scan_equals(const struct mli_scan_text *text, const char *word);

/* One member of an object, by name; `at` is a scan that stands before its value. */
struct mli_scan_wanted {
    const char *name;
    bool found;
    struct mli_scan at;
};

/*
 * Reads an object to its end and notes where the values of the members wanted[0..n) are; the others are passed over.
 * One that comes twice is wrong.
 */
bool mli_scan_members(struct mli_scan *scan, struct mli_scan_wanted *wanted, size_t n);

/* ML_EDATA: what is wrong, and at which byte. */
enum ml_status mli_scan_error(const struct mli_scan *scan, struct ml_error *err);

#endif

/*
 * The walk goes from mark to mark (marks.h); what lies between is looked at only at its ends, for spaces. Nothing is
 * written before the record is known to be one for the fast cut: the first walk notes where the fields are, then each
 * gets its NUL. A quote as the first byte of a field opens it, and within it only quotes and line ends count.
 */
#include <table/cut.h>

#include <base/mem.h>
#include <mlctl/table.h>
#include <stdlib.h>

void mli_cut_init(struct mli_cut *cut, char delimiter, char quote, size_t field_max,
                  size_t fields_max, size_t record_max)
{
    const char byte[MLI_MARKED] = { delimiter, quote == ML_QUOTE_NONE ? delimiter : quote, '\n', '\r' };

    *cut = (struct mli_cut){ .marker = mli_marker_of(byte),
                             .delimiter = delimiter,
                             .quote = quote,
                             .field_max = field_max,
                             .fields_max = fields_max,
                             .record_max = record_max };
}

void mli_cut_release(struct mli_cut *cut)
{
    free(cut->field);
    cut->field = NULL;
    cut->count = cut->capacity = 0;
}

void mli_cut_restart(struct mli_cut *cut)
{
    cut->text = NULL;
}

static bool grow(struct mli_cut *cut)
{
    return mli_grow((void **)&cut->field, &cut->capacity, cut->count, sizeof(*cut->field));
}

static inline bool add(struct mli_cut *cut, const char *text, size_t len)
{
    if (cut->count == cut->capacity && !grow(cut))
        return false;
    cut->field[cut->count++] = (struct mli_csv_field){ text, len };
    return true;
}

bool mli_cut_add(struct mli_cut *cut, const char *text, size_t len)
{
    return add(cut, text, len);
}

/* ---- marks ----------------------------------------------------------------------------------- */

struct walk {
    char *base, *end;
    uint64_t marks;
    const struct mli_marker *marker;
};

static uint64_t marks_at(const struct walk *walk)
{
    size_t left = (size_t)(walk->end - walk->base);

    return left >= MLI_MARKS ? mli_marks(walk->base, walk->marker)
                             : mli_marks_of_rest(walk->base, left, walk->marker);
}

/* Goes on to the next 64 bytes with a mark in them; false at the end. Apart, so that the rest is inlined. */
static bool find_marks(struct walk *walk)
{
    while (walk->end - walk->base > MLI_MARKS) {
        walk->base += MLI_MARKS;
        walk->marks = marks_at(walk);
        if (walk->marks)
            return true;
    }
    walk->base = walk->end;
    return false;
}

/* The next mark; the end when there is none. */
static inline char *next_mark(struct walk *walk)
{
    if (walk->marks == 0 && !find_marks(walk))
        return walk->end;
    char *hit = walk->base + __builtin_ctzll(walk->marks);
    walk->marks &= walk->marks - 1;
    return hit;
}

static struct walk begin_walk(const struct mli_cut *cut, char *text, char *end)
{
    struct walk walk = { .base = text, .end = end, .marker = &cut->marker };

    if (cut->text == text) {
        walk.base = cut->base;
        walk.marks = cut->marks;
    } else {
        walk.marks = marks_at(&walk);
    }
    return walk;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static inline bool is_space(const struct mli_cut *cut, char c)
{
    return (c == ' ' || c == '\t') && c != cut->delimiter;
}

static inline bool add_plain(struct mli_cut *cut, const char *from, const char *to)
{
    if (from < to && (is_space(cut, *from) || is_space(cut, to[-1]))) {
        while (from < to && is_space(cut, *from))
            from++;
        while (to > from && is_space(cut, to[-1]))
            to--;
    }
    return add(cut, from, (size_t)(to - from));
}

/* From the mark of an opening quote to the closing one; NULL when it is not seen. */
static char *closing_quote(const struct mli_cut *cut, struct walk *walk, bool *doubled, size_t *lines)
{
    char *last = NULL; /* a CR that counts already, if an LF follows */

    for (;;) {
        char *hit = next_mark(walk);
        if (hit == walk->end)
            return NULL;
        if (*hit == cut->quote) {
            if (hit + 1 == walk->end || hit[1] != cut->quote)
                return hit;
            next_mark(walk); /* the second one of the two */
            *doubled = true;
        } else if (*hit == '\n') {
            *lines += !last || last + 1 != hit;
        } else if (*hit == '\r') {
            *lines += 1;
            last = hit;
        }
    }
}

/* ""  ->  " within a field, from its first quote on. */
static size_t draw_together(char *text, size_t len, char quote)
{
    char *hit = memchr(text, quote, len);
    size_t to;

    if (!hit)
        return len;
    to = (size_t)(hit - text);
    for (size_t i = to; i < len; i++) {
        text[to++] = text[i];
        i += text[i] == quote;
    }
    return to;
}

static void end_fields(struct mli_cut *cut, const char *record, bool doubled)
{
    for (size_t i = 0; i < cut->count; i++) {
        struct mli_csv_field *field = &cut->field[i];
        char *text = (char *)(uintptr_t)field->text; /* the caller's, who may write */
        if (doubled && text > record && text[-1] == cut->quote)
            field->len = draw_together(text, field->len, cut->quote);
        text[field->len] = '\0';
    }
}

/* ---- records --------------------------------------------------------------------------------- */

struct ending {
    char *at; /* line end, or the end of the text */
    bool doubled;
    size_t lines;
};

static enum mli_cut_result cut_fields(struct mli_cut *cut, struct walk *walk, char *text, bool whole,
                                      struct ending *ending)
{
    for (char *from = text;;) {
        char *hit = next_mark(walk), *to = hit;
        bool added;
        if (hit < walk->end && *hit == cut->quote) {
            if (hit != from || !(to = closing_quote(cut, walk, &ending->doubled, &ending->lines)))
                return MLI_CUT_OTHER;
            hit = next_mark(walk);
            if (hit != to + 1)
                return MLI_CUT_OTHER;
            added = add(cut, from + 1, (size_t)(to - from - 1));
        } else {
            added = add_plain(cut, from, to);
        }
        if (!added)
            return MLI_CUT_NOMEM;
        if ((size_t)(to - from) > cut->field_max || cut->count > cut->fields_max)
            return MLI_CUT_OTHER;
        ending->at = hit;
        if (hit == walk->end)
            return whole ? MLI_CUT_DONE : MLI_CUT_OTHER;
        if (*hit != cut->delimiter)
            return MLI_CUT_DONE;
        from = hit + 1;
    }
}

enum mli_cut_result mli_cut_record(struct mli_cut *cut, char *text, char *end, bool whole, char **next,
                                   size_t *lines)
{
    struct walk walk = begin_walk(cut, text, end);
    struct ending ending = { .at = text };

    cut->count = 0;
    cut->cr = false;
    cut->text = NULL;
    enum mli_cut_result result = cut_fields(cut, &walk, text, whole, &ending);
    if (result != MLI_CUT_DONE)
        return result;
    char *at = ending.at;
    bool blank = cut->count == 1 && cut->field[0].len == 0 && *text != cut->quote;
    if ((size_t)(at - text) > cut->record_max ||
        (cut->expected > 0 && cut->count != cut->expected && !blank))
        return MLI_CUT_OTHER;
    if (at < end) {
        bool crlf = *at == '\r' && at + 1 < end && at[1] == '\n';
        if (crlf)
            next_mark(&walk);
        cut->cr = *at == '\r' && !crlf;
        at += crlf ? 2 : 1;
        ending.lines++;
    }
    *next = cut->text = at;
    cut->base = walk.base;
    cut->marks = walk.marks;
    *lines = ending.lines;
    if (blank)
        return MLI_CUT_BLANK;
    end_fields(cut, text, ending.doubled);
    return MLI_CUT_DONE;
}

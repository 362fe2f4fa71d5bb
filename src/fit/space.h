/*
 * Space: what a search may set one knob to, as text:
 *
 *   [KIND.]NAME=SPACE     KIND: for trials of that kind of model alone
 *   SPACE                 alternatives, with | between them, each
 *     TEXT                a value
 *     LOW..HIGH           a number, every one as likely; of a count a whole number
 *     LOW..HIGH:log       every order of magnitude as likely, LOW > 0
 *     LOW..HIGH:int       a whole number
 *     LOW..HIGH:N         in a grid N numbers from LOW to HIGH, evenly (with :log in ratio), else 5
 *
 * An alternative is drawn first, each as likely, then the number. Numbers that are drawn have four digits: more would not
 * tell models apart, and a setting that can be read can be typed.
 */
#ifndef FIT_SPACE_H
#define FIT_SPACE_H

#include <fit/knobs.h>
#include <stdint.h>

enum { MLI_SPACE_POINTS = 5, MLI_SPACE_POINTS_MAX = 1000 };

struct mli_span { /* one alternative */
    const char *text; /* the value; NULL: a range */
    double low, high;
    bool log, whole;
    size_t points; /* of it in a grid */
    size_t column; /* where it begins in the text, from 1 */
};

struct mli_space {
    struct mli_knob knob;
    const char *text; /* as it was given */
    const char *kind; /* NULL: for every kind */
    struct mli_span *span;
    size_t spans;
};

/*
 * Everything that must last is allocated from arena. ML_EUSAGE shows the text and the column at fault, and for a name the
 * nearest one. Of a text of any bytes nothing but ML_EUSAGE and ML_ENOMEM comes.
 */
ML_NODISCARD enum ml_status mli_space_parse(const char *text, struct mli_arena *arena, struct mli_space *out,
                                            struct ml_error *err);
/* How many values a grid has of an alternative. */
size_t mli_span_points(const struct mli_span *span);
/* How many values a grid has of it, and which the i-th is; NULL: no memory. */
size_t mli_space_points(const struct mli_space *space);
json_t *mli_space_point(const struct mli_space *space, size_t i);
/* The value of a trial: of seed, trial and name alone, whatever was drawn before. NULL: no memory. */
json_t *mli_space_draw(const struct mli_space *space, uint64_t seed, size_t trial);
/* A number in [0, 1) instead. */
double mli_space_uniform(const struct mli_space *space, uint64_t seed, size_t trial);

#endif

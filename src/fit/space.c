#include <fit/space.h>

#include <base/num.h>
#include <base/rng.h>
#include <base/text.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* A place in the text of a space. */
struct place {
    const char *text, *at;
};

static enum ml_status refuse(struct place p, const char *expected, struct ml_error *err)
{
    size_t n = strcspn(p.at, "|:");
    return ml_error_set(err, ML_EUSAGE, "--set %.120s: column %zu: expected %s, found %s%.*s%s", p.text,
                        (size_t)(p.at - p.text) + 1, expected, n ? "\"" : "", n ? (int)(n < 40 ? n : 40) : 12,
                        n ? p.at : *p.at ? p.at : "nothing more", n ? "\"" : "");
}

/* The two dots of a range in text[0..n), or NULL. */
static const char *find_dots(const char *text, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (text[i] == '.' && text[i + 1] == '.')
            return text + i;
    return NULL;
}

static bool is_numeric(const struct mli_knob *knob)
{
    return knob->kind == MLI_KNOB_NUMBER || knob->kind == MLI_KNOB_COUNT;
}

/* A knob of text takes ranges too (pca=2..10), when what is before the dots is a number. */
static bool is_range(const struct mli_knob *knob, const char *text, size_t n)
{
    double low;
    const char *dots = find_dots(text, n);
    return dots && (is_numeric(knob) || mli_num_parse(text, (size_t)(dots - text), &low));
}

static enum ml_status parse_modifiers(const char *text, const char *at, const char *end, struct mli_span *span,
                                      struct ml_error *err)
{
    while (at < end) {
        const char *word = at + 1; /* behind the colon */
        const char *stop = memchr(word, ':', (size_t)(end - word));
        size_t n = (size_t)((stop ? stop : end) - word);
        if (n == 3 && memcmp(word, "log", 3) == 0)
            span->log = true;
        else if (n == 3 && memcmp(word, "int", 3) == 0)
            span->whole = true;
        else if (!mli_num_parse_size(word, n, &span->points) || span->points < 2 || span->points > MLI_SPACE_POINTS_MAX)
            return refuse((struct place){ text, word }, "log, int or a number of points from 2 to 1000", err);
        at = word + n;
    }
    return ML_OK;
}

static bool is_whole(double x)
{
    return fabs(x) < 1e15 && x == floor(x); /* beyond, not every whole number is a double */
}

static enum ml_status parse_range(const char *text, const char *at, size_t n, struct mli_span *span,
                                  struct ml_error *err)
{
    const char *dots = find_dots(at, n), *high = dots + 2;
    const char *colon = memchr(high, ':', n - (size_t)(high - at)), *end = colon ? colon : at + n;
    if (!mli_num_parse(at, (size_t)(dots - at), &span->low))
        return refuse((struct place){ text, at }, "a number before ..", err);
    if (!mli_num_parse(high, (size_t)(end - high), &span->high))
        return refuse((struct place){ text, high }, "a number after ..", err);
    enum ml_status status = parse_modifiers(text, end, at + n, span, err);
    if (status)
        return status;
    if (!(span->low < span->high))
        return refuse((struct place){ text, high }, "a number above the one before ..", err);
    if (!isfinite(span->high - span->low))
        return refuse((struct place){ text, at }, "a narrower range", err);
    if (span->log && span->low <= 0)
        return refuse((struct place){ text, at }, "a number above 0, for :log", err);
    if (span->whole && !(is_whole(span->low) && is_whole(span->high)))
        return refuse((struct place){ text, at }, "whole numbers", err);
    return ML_OK;
}

static enum ml_status parse_value(const char *text, const char *at, size_t n, const struct mli_knob *knob,
                                  struct mli_arena *arena, struct mli_span *span, struct ml_error *err)
{
    double number;
    size_t count;
    if (n == 0)
        return refuse((struct place){ text, at }, "a value", err);
    if (knob->kind == MLI_KNOB_NUMBER && !mli_num_parse(at, n, &number))
        return refuse((struct place){ text, at }, "a number or LOW..HIGH", err);
    if (knob->kind == MLI_KNOB_COUNT && !mli_num_parse_size(at, n, &count))
        return refuse((struct place){ text, at }, "a whole number or LOW..HIGH", err);
    span->text = mli_arena_strndup(arena, at, n);
    return span->text ? ML_OK : no_memory(err);
}

static enum ml_status parse_spans(const char *text, const char *at, struct mli_arena *arena, struct mli_space *space,
                                  struct ml_error *err)
{
    size_t most = 1;
    for (const char *c = at; *c; c++)
        most += *c == '|';
    space->span = mli_arena_calloc(arena, most, sizeof *space->span);
    enum ml_status status = space->span ? ML_OK : no_memory(err);
    for (const char *c = at; c && !status; c = *c ? c + 1 : NULL) {
        size_t n = strcspn(c, "|");
        struct mli_span *span = &space->span[space->spans++];
        span->points = MLI_SPACE_POINTS;
        span->column = (size_t)(c - text) + 1;
        span->whole = space->knob.kind == MLI_KNOB_COUNT;
        status = is_range(&space->knob, c, n) ? parse_range(text, c, n, span, err)
                                              : parse_value(text, c, n, &space->knob, arena, span, err);
        c += n;
    }
    return status;
}

/* KIND. in front of the name. */
static enum ml_status parse_name(const char *text, size_t n, struct mli_arena *arena, struct mli_space *space,
                                 struct ml_error *err)
{
    const char *dot = memchr(text, '.', n), *name = dot ? dot + 1 : text, *nearest = NULL;
    char *copy = mli_arena_strndup(arena, name, n - (size_t)(name - text));
    if (!copy)
        return no_memory(err);
    if (dot && !(space->kind = mli_arena_strndup(arena, text, (size_t)(dot - text))))
        return no_memory(err);
    if (mli_knob_find(copy, &space->knob, &nearest))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "--set %.120s: column %zu: no setting \"%.40s\"%s%s%s", text,
                        (size_t)(name - text) + 1, copy, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                        nearest ? "\"?" : "; mlctl train --help lists them");
}

/* Where the text is no longer UTF-8, which the log and the record are; its end if it is. */
static size_t broken_at(const char *text)
{
    size_t at = 0, left = strlen(text), n;
    while (left > 0 && (n = mli_utf8_sequence(text + at, left)) > 0) {
        at += n;
        left -= n;
    }
    return at;
}

enum ml_status mli_space_parse(const char *text, struct mli_arena *arena, struct mli_space *out, struct ml_error *err)
{
    size_t n = strcspn(text, "=");
    struct mli_space space = { .text = mli_arena_strndup(arena, text, strlen(text)) };
    if (!space.text)
        return no_memory(err);
    size_t broken = broken_at(text);
    if (text[broken])
        return ml_error_set(err, ML_EUSAGE, "--set %.120s: column %zu: the bytes there are not UTF-8", text, broken + 1);
    if (text[n] != '=')
        return ml_error_set(err, ML_EUSAGE, "--set %.120s: column %zu: expected NAME=SPACE, such as l2=1e-4..1:log",
                            text, n + 1);
    enum ml_status status = parse_name(text, n, arena, &space, err);
    if (!status)
        status = parse_spans(text, text + n + 1, arena, &space, err);
    if (!status)
        *out = space;
    return status;
}

/* ---- values ---- */

/* To four digits, and not past the ends. */
static double round_digits(double x, const struct mli_span *span)
{
    char text[32];
    double value;
    snprintf(text, sizeof text, "%.3e", x);
    if (strchr(text, ',')) /* of the locale of the program around us */
        *strchr(text, ',') = '.';
    if (!mli_num_parse(text, strlen(text), &value))
        value = x;
    return fmin(fmax(value, span->low), span->high);
}

/* The number at u in [0, 1]. */
static double number_at(const struct mli_span *span, double u)
{
    double x = span->log ? span->low * exp(u * log(span->high / span->low)) : span->low + u * (span->high - span->low);
    if (!span->whole)
        return round_digits(x, span);
    return fmin(fmax(floor(x + 0.5), span->low), span->high);
}

static json_t *number_value(const struct mli_space *space, double x)
{
    char text[MLI_NUM_MAX];
    mli_num_format(x, text);
    return mli_knob_value(&space->knob, text);
}

/* A range of few whole numbers has them all. */
size_t mli_span_points(const struct mli_span *span)
{
    if (span->text)
        return 1;
    double all = span->high - span->low + 1;
    return span->whole && all < (double)span->points ? (size_t)all : span->points;
}

size_t mli_space_points(const struct mli_space *space)
{
    size_t n = 0;
    for (size_t s = 0; s < space->spans; s++)
        n += mli_span_points(&space->span[s]);
    return n;
}

json_t *mli_space_point(const struct mli_space *space, size_t i)
{
    const struct mli_span *span = space->span;
    for (; i >= mli_span_points(span); span++)
        i -= mli_span_points(span);
    if (span->text)
        return mli_knob_value(&space->knob, span->text);
    return number_value(space, number_at(span, (double)i / (double)(mli_span_points(span) - 1)));
}

/* FNV-1a of the name [Fowler, Noll & Vo], so that no knob's draws depend on which others there are. */
static uint64_t name_hash(const struct mli_space *space)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const char *c = space->knob.name; *c; c++)
        h = (h ^ (unsigned char)*c) * 0x100000001b3u;
    return h;
}

static struct mli_rng rng_of(const struct mli_space *space, uint64_t seed, size_t trial)
{
    struct mli_rng rng;
    mli_rng_init(&rng, seed);
    uint64_t key = mli_rng_next(&rng) ^ name_hash(space);
    mli_rng_init(&rng, key);
    key = mli_rng_next(&rng) + trial;
    mli_rng_init(&rng, key);
    return rng;
}

double mli_space_uniform(const struct mli_space *space, uint64_t seed, size_t trial)
{
    struct mli_rng rng = rng_of(space, seed, trial);
    return mli_rng_uniform(&rng);
}

json_t *mli_space_draw(const struct mli_space *space, uint64_t seed, size_t trial)
{
    struct mli_rng rng = rng_of(space, seed, trial);
    const struct mli_span *span = &space->span[mli_rng_below(&rng, space->spans)];
    double u = mli_rng_uniform(&rng);
    if (span->text)
        return mli_knob_value(&space->knob, span->text);
    if (span->whole && !span->log) /* each as likely, the ends too */
        return number_value(space, fmin(span->low + floor(u * (span->high - span->low + 1)), span->high));
    return number_value(space, number_at(span, u));
}

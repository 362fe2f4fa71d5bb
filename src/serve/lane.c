#include <serve/lane.h>

#include <base/short.h>
#include <string.h>

#define WORD ((size_t)8)
#define ROOM ((size_t)32) /* bytes that reading a number may look at */
#define WHOLE 7           /* most digits before the point; with as many as two words behind it there are 15 at most */

/* How many of the eight bytes, from the first on, are digits. */
static inline size_t count_digits(uint64_t word)
{
    uint64_t others = ((word & MLI_EACH(0xF0u)) | (((word + MLI_EACH(0x06u)) & MLI_EACH(0xF0u)) >> 4)) ^ MLI_EACH(0x33u);

    return others ? (size_t)__builtin_ctzll(others) / 8 : WORD;
}

/* The first n digits, one at least. */
static inline uint64_t first_digits(uint64_t word, size_t n)
{
    return mli_short_value(n < WORD ? word << (64 - 8 * n) | MLI_EACH((uint64_t)'0') >> (8 * n) : word);
}

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* The digits behind a point, onto *digits; how many, 0: none, or too many. */
static inline size_t read_places(const char *p, uint64_t *digits)
{
    static const uint64_t ten_to[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };
    uint64_t word = mli_short_load(p);
    size_t n = count_digits(word), more;

    if (n == 0)
        return 0;
    *digits = *digits * ten_to[n] + first_digits(word, n);
    if (n < WORD)
        return n;
    word = mli_short_load(p + WORD);
    more = count_digits(word);
    if (more == 0 || more == WORD)
        return more ? 0 : n;
    *digits = *digits * ten_to[more] + first_digits(word, more);
    return n + more;
}

/* The number at p, ROOM bytes from which can be read; the byte behind it, NULL: it is none of these. */
static inline const char *read_number(const char *p, double *out)
{
    static const double signs[] = { 1.0, -1.0 };
    size_t minus = *p == '-', places = 0;
    const char *first = p + minus;
    uint64_t digits = 0;

    for (p = first; is_digit(*p) && p < first + WHOLE; p++)
        digits = digits * 10 + (uint64_t)(*p - '0');
    size_t whole = (size_t)(p - first);
    if (whole == 0 || (whole > 1 && *first == '0'))
        return NULL;
    if (*p == '.') {
        places = read_places(p + 1, &digits);
        if (places == 0 || whole + places > 15)
            return NULL;
        p += 1 + places;
    }
    if (is_digit(*p) || (*p | 0x20) == 'e' || *p == '.')
        return NULL;
    *out = signs[minus] * (double)(int64_t)digits / mli_short_power[places]; /* rounded once: both are exact */
    return p;
}

/* The same before the end of the text, where there may be less to read. */
static const char *read_last(const char *p, const char *end, double *out)
{
    char copy[ROOM] = { 0 };

    memcpy(copy, p, (size_t)(end - p));
    const char *behind = read_number(copy, out);
    return behind ? p + (behind - copy) : NULL;
}

/* Names are short: most are compared at once, and without a look at where they are. */
static inline bool is_name(const char *p, const char *end, const struct mli_key_text *key)
{
    if ((size_t)(end - p) <= key->len)
        return false;
    if ((size_t)(end - p) < WORD)
        return memcmp(p, key->json, key->len) == 0;
    return ((mli_short_load(p) ^ key->word) & key->mask) == 0 &&
           (key->len <= WORD || memcmp(p + WORD, key->json + WORD, key->len - WORD) == 0);
}

/* Behind the name and its colon; NULL: another one comes. */
static inline const char *pass_name(const char *p, const char *end, const struct mli_key_text *key)
{
    if (!is_name(p, end, key) || p[key->len] != ':')
        return NULL;
    p += key->len + 1;
    return p < end && *p == ' ' ? p + 1 : p;
}

size_t mli_lane_read(struct mli_scan *scan, const struct mli_key_text *key, size_t n, double *const *to, size_t at)
{
    const char *end = scan->text + scan->len, *p = scan->text + scan->at;
    size_t i = 0;

    if (scan->wrong || !scan->fresh)
        return 0;
    for (; i < n; i++) {
        if (i > 0 && (p == end || *p++ != ','))
            break;
        if (p < end && *p == ' ')
            p++;
        if (key && !(p = pass_name(p, end, &key[i])))
            break;
        p = (size_t)(end - p) >= ROOM ? read_number(p, &to[i][at]) : read_last(p, end, &to[i][at]);
        if (!p)
            break;
        scan->at = (size_t)(p - scan->text);
    }
    scan->fresh = i == 0;
    return i;
}

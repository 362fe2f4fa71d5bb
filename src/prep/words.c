#include <prep/words.h>

#include <base/mem.h>
#include <base/text.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

void mli_words_release(struct mli_words *words)
{
    free(words->text);
    free(words->start);
    free(words->lower);
    *words = (struct mli_words)MLI_WORDS_INIT;
}

static bool make_room(char **memory, size_t *capacity, size_t size)
{
    if (size <= *capacity)
        return true;
    char *more = mli_realloc(*memory, size, 1);
    if (!more)
        return false;
    *memory = more;
    *capacity = size;
    return true;
}

/* ---- lower case ---------------------------------------------------------------------------------------------- */

static bool is_ascii(const char *text, size_t n)
{
    unsigned char bits = 0;

    for (size_t i = 0; i < n; i++)
        bits |= (unsigned char)text[i];
    return bits < 0x80;
}

static void lower_ascii(const char *text, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
}

/* No letter's lower case is more than half as long again. */
static bool lower_unicode(struct mli_words *words, const char *text, size_t n, size_t *length)
{
    size_t size = words->lower_capacity;
    uint8_t *found =
        u8_tolower((const uint8_t *)text, n, NULL, NULL, (uint8_t *)words->lower, &size);

    if (!found)
        return false;
    *length = size;
    if ((char *)found == words->lower)
        return true;
    bool room = make_room(&words->lower, &words->lower_capacity, size + 1);
    if (room)
        memcpy(words->lower, found, size);
    free(found);
    return room;
}

/* A text that is not UTF-8 keeps the case of what is not ASCII. */
static bool lower_case(struct mli_words *words, const char *text, size_t n, size_t *length)
{
    size_t size;

    if (!mli_add(n, n / 2 + 16, &size) || !make_room(&words->lower, &words->lower_capacity, size))
        return false;
    if (!is_ascii(text, n) && !u8_check((const uint8_t *)text, n))
        return lower_unicode(words, text, n, length);
    lower_ascii(text, n, words->lower);
    *length = n;
    return true;
}

/* ---- words --------------------------------------------------------------------------------------------------- */

/* Bytes of the word character at s, 0 when there is none; *skip: bytes to the next place to look at. */
static size_t word_character(const char *s, size_t n, size_t *skip)
{
    unsigned char c = (unsigned char)s[0];
    ucs4_t code;

    *skip = 1;
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_';
    size_t length = mli_utf8_sequence(s, n);
    if (length == 0)
        return 0;
    *skip = length;
    u8_mbtouc_unsafe(&code, (const uint8_t *)s, length);
    return uc_is_general_category_withtable(code, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N) ? length
                                                                                           : 0;
}

/* The run of word characters at s: its bytes and how many characters. */
static size_t word_run(const char *s, size_t n, size_t *characters)
{
    size_t at = 0, skip, length;

    *characters = 0;
    while (at < n && (length = word_character(s + at, n - at, &skip)) > 0) {
        at += length;
        ++*characters;
    }
    return at;
}

static bool add_word(struct mli_words *words, const char *word, size_t n, size_t *used)
{
    void *start = words->start;

    if (!mli_grow(&start, &words->start_capacity, words->count + 1, sizeof(*words->start)))
        return false;
    words->start = start;
    words->start[words->count++] = *used;
    memcpy(words->text + *used, word, n);
    words->text[*used + n] = ' ';
    *used += n + 1;
    words->start[words->count] = *used;
    return true;
}

bool mli_words_split(struct mli_words *words, const char *text)
{
    size_t n, used = 0, skip, characters;

    words->count = 0;
    if (!lower_case(words, text, strlen(text), &n) ||
        !make_room(&words->text, &words->text_capacity, n + 1))
        return false;
    for (size_t i = 0; i < n; i += skip) {
        size_t run = word_run(words->lower + i, n - i, &characters);
        if (characters > 1 && !add_word(words, words->lower + i, run, &used))
            return false;
        if (run == 0)
            word_character(words->lower + i, n - i, &skip);
        else
            skip = run;
    }
    return true;
}

/* ---- between white space ------------------------------------------------------------------------------------- */

/* Bytes of what stands between words at s, white space or what is not UTF-8; 0: a character of a word of *length bytes. */
static size_t space_character(const char *s, size_t n, size_t *length)
{
    unsigned char c = (unsigned char)s[0];
    ucs4_t code;

    *length = 1;
    if (c < 0x80)
        return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
    *length = mli_utf8_sequence(s, n);
    if (*length == 0)
        return 1;
    u8_mbtouc_unsafe(&code, (const uint8_t *)s, *length);
    return uc_is_property_white_space(code) ? *length : 0;
}

static size_t space_run(const char *s, size_t n)
{
    size_t at = 0, space, length;

    while (at < n && (space = space_character(s + at, n - at, &length)) > 0)
        at += space;
    return at;
}

static size_t solid_run(const char *s, size_t n)
{
    size_t at = 0, length;

    while (at < n && space_character(s + at, n - at, &length) == 0)
        at += length;
    return at;
}

bool mli_words_pad(struct mli_words *words, const char *text)
{
    size_t n, used = 1;

    words->count = 0;
    if (!lower_case(words, text, strlen(text), &n) || !make_room(&words->text, &words->text_capacity, n + 2))
        return false;
    words->text[0] = ' ';
    for (size_t i = space_run(words->lower, n); i < n;) {
        size_t run = solid_run(words->lower + i, n - i);
        if (!add_word(words, words->lower + i, run, &used))
            return false;
        i += run;
        i += space_run(words->lower + i, n - i);
    }
    for (size_t i = 0; words->count > 0 && i <= words->count; i++)
        words->start[i]--; /* of the space before it */
    return true;
}

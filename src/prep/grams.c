#include <prep/grams.h>

#include <base/num.h>
#include <base/text.h>
#include <string.h>

const char *const mli_unit_name[] = { [MLI_UNIT_WORDS] = "words", [MLI_UNIT_CHARS] = "chars" };

/* The text up to `end` as a number from low to MLI_GRAMS_MOST. */
static bool whole(const char *text, const char *end, size_t low, size_t *out)
{
    return mli_num_parse_size(text, (size_t)(end - text), out) && *out >= low && *out <= MLI_GRAMS_MOST;
}

bool mli_grams_parse(const char *text, size_t *low, size_t *high)
{
    const char *dash = strchr(text, '-'), *end = text + strlen(text);

    *low = 1;
    if (dash && !whole(text, dash, 1, low))
        return false;
    if (!whole(dash ? dash + 1 : text, end, *low, high))
        return false;
    if (!dash)
        *low = *high;
    return true;
}

static bool each_of_words(const struct mli_grams *grams, const struct mli_words *words, mli_gram_fn *fn, void *data)
{
    for (size_t n = grams->low; n <= grams->high; n++) {
        for (size_t i = 0; i + n <= words->count; i++) {
            const char *gram = words->text + words->start[i];
            if (!fn(data, gram, words->start[i + n] - 1 - words->start[i]))
                return false;
        }
    }
    return true;
}

/* Bytes of the character at `at`; mli_words_pad() lets nothing but UTF-8 through. */
static size_t step(const char *word, size_t length, size_t at)
{
    size_t bytes = mli_utf8_sequence(word + at, length - at);
    return bytes ? bytes : 1;
}

/* The grams of n characters of a word. *single: there was one at most, so that longer ones are no others. */
static bool each_run(const char *word, size_t length, size_t n, bool *single, mli_gram_fn *fn, void *data)
{
    size_t begin = 0, end = 0, count = 0;

    for (; count < n && end < length; count++)
        end += step(word, length, end);
    *single = end == length;
    if (!fn(data, word, end))
        return false;
    while (end < length) {
        begin += step(word, length, begin);
        end += step(word, length, end);
        if (!fn(data, word + begin, end - begin))
            return false;
    }
    return true;
}

static bool each_of_chars(const struct mli_grams *grams, const struct mli_words *words, mli_gram_fn *fn, void *data)
{
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->text + words->start[i];
        size_t length = words->start[i + 1] + 1 - words->start[i];
        bool single = false;
        for (size_t n = grams->low; n <= grams->high && !single; n++)
            if (!each_run(word, length, n, &single, fn, data))
                return false;
    }
    return true;
}

bool mli_grams_each(const struct mli_grams *grams, struct mli_words *words, const char *text, mli_gram_fn *fn,
                    void *data)
{
    if (grams->unit == MLI_UNIT_CHARS)
        return mli_words_pad(words, text) && each_of_chars(grams, words, fn, data);
    return mli_words_split(words, text) && each_of_words(grams, words, fn, data);
}

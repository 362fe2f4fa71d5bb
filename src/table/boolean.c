#include <table/boolean.h>

#include <string.h>
#include <strings.h>

static const struct pair {
    const char *word[2]; /* false, true */
} pairs[] = {
    { { "0", "1" } }, { { "no", "yes" } }, { { "n", "y" } }, { { "false", "true" } },
    { { "f", "t" } }, { { "off", "on" } },
};
#define PAIRS (sizeof(pairs) / sizeof(*pairs))
#define DIGITS ((size_t)0) /* the pair that is not inferred */
#define FALSE_TRUE ((size_t)3)
#define LONGEST ((size_t)5)

const char *mli_boolean_word(size_t i)
{
    return i < 2 * PAIRS ? pairs[i / 2].word[i % 2] : NULL;
}

/* The pair of a word, PAIRS when it is none; *value is which of the two. */
static size_t find_word(const char *text, size_t len, int32_t *value)
{
    if (len == 0 || len > LONGEST)
        return PAIRS;
    for (size_t p = 0; p < PAIRS; p++) {
        for (int32_t i = 0; i < 2; i++) {
            const char *word = pairs[p].word[i];
            if (strlen(word) == len && strncasecmp(word, text, len) == 0) {
                *value = i;
                return p;
            }
        }
    }
    return PAIRS;
}

int32_t mli_boolean_parse(const char *text, size_t len)
{
    int32_t value;

    return find_word(text, len, &value) < PAIRS ? value : MLI_CODE_UNKNOWN;
}

bool mli_boolean_pair(const char *no, const char *yes)
{
    int32_t first, second;
    size_t pair = find_word(no, strlen(no), &first);

    return pair < PAIRS && pair != DIGITS && find_word(yes, strlen(yes), &second) == pair &&
           first == 0 && second == 1;
}

struct words { /* of a dictionary */
    size_t pair;            /* theirs, FALSE_TRUE if they are of several */
    const char *spelled[2]; /* NULL: not there, or in more than one way */
    bool seen[2], mixed;
};

/* False when a string is no boolean word. */
static bool look_at(const struct mli_dict *dict, int32_t *renumber, struct words *words)
{
    *words = (struct words){ .pair = PAIRS };
    for (size_t i = 0; i < mli_dict_count(dict); i++) {
        const char *text = mli_dict_text(dict, i);
        size_t pair = find_word(text, strlen(text), &renumber[i]);
        if (pair == PAIRS)
            return false;
        words->mixed = words->mixed || (words->pair < PAIRS && words->pair != pair);
        words->pair = pair;
        size_t value = (size_t)renumber[i];
        words->spelled[value] = words->seen[value] ? NULL : text;
        words->seen[value] = true;
    }
    return true;
}

static struct mli_dict *dict_of(const struct words *words)
{
    struct mli_dict *dict = mli_dict_new();
    size_t pair = words->mixed || words->pair == PAIRS ? FALSE_TRUE : words->pair;
    int32_t code;

    for (size_t i = 0; dict && i < 2; i++) {
        bool own = words->spelled[i] && !words->mixed;
        const char *text = own ? words->spelled[i] : pairs[pair].word[i];
        if (mli_dict_add(dict, text, strlen(text), &code) == ML_OK)
            continue;
        mli_dict_free(dict);
        dict = NULL;
    }
    return dict;
}

bool mli_boolean_dict(const struct mli_dict *dict, bool any, int32_t *renumber,
                      struct mli_dict **pair)
{
    struct words words;

    if (!look_at(dict, renumber, &words))
        return false;
    bool both = words.seen[0] && words.seen[1] && !words.mixed && words.pair != DIGITS;
    if (!any && !both)
        return false;
    *pair = dict_of(&words);
    return true;
}

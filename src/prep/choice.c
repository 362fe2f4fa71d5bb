#include <prep/choice.h>

#include <base/suggest.h>
#include <stdio.h>
#include <string.h>

const char *mli_choice_how(const char *entry, size_t *length)
{
    const char *equals = strrchr(entry, '=');

    *length = equals ? (size_t)(equals - entry) : 0;
    return equals ? equals + 1 : entry;
}

/* The last entry whose COLUMN is `column` ("": that has none). */
static const char *find(const char *const *list, const char *column)
{
    const char *found = NULL;

    for (; list && *list; list++) {
        size_t length;
        const char *how = mli_choice_how(*list, &length);
        if (length == strlen(column) && strncmp(*list, column, length) == 0)
            found = how;
    }
    return found;
}

const char *mli_choice_named(const char *const *list, const char *column)
{
    return find(list, column);
}

const char *mli_choice_find(const char *const *list, const char *column, const char *fallback)
{
    const char *how = find(list, column);

    if (!how)
        how = find(list, "");
    return how ? how : fallback;
}

size_t mli_choice_word(const char *how, const char *const *words, size_t n)
{
    size_t i = 0;

    while (i < n && strcmp(how, words[i]) != 0)
        i++;
    return i;
}

/* "mean, median, mode or a number". */
static void list_words(const char *const *words, size_t n, const char *more, char *out, size_t size)
{
    size_t used = 0, count = n + (more != NULL);

    out[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0           ? ""
                                 : i + 1 == count ? " or "
                                                  : ", ",
                                 i < n ? words[i] : more);
}

enum ml_status mli_choice_refuse(const char *how, const char *what, const char *const *words,
                                 size_t n, const char *more, struct ml_error *err)
{
    char expected[120];
    size_t nearest = mli_suggest(how, words, n);

    if (nearest < n)
        return ml_error_set(err, ML_EUSAGE, "\"%.60s\" is no %s; did you mean \"%s\"?", how, what,
                            words[nearest]);
    list_words(words, n, more, expected, sizeof(expected));
    return ml_error_set(err, ML_EUSAGE, "\"%.60s\" is no %s; expected %s", how, what, expected);
}

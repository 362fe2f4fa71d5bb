#include <base/suggest.h>

#include <string.h>

#define LONGEST                                                                                    \
    ((size_t)128) /* names above this are never suggested; it bounds the rows on the stack */

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Optimal string alignment: insertions, deletions, replacements and swaps of neighbours, by bytes
 * [Damerau 1964; Wagner & Fischer 1974]. Three rows are enough, because a swap looks back two. Both
 * lengths are at most LONGEST.
 */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
    size_t rows[3][LONGEST + 1];
    size_t *older = rows[0], *old = rows[1], *row = rows[2];

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *spare = older;
        older = old;
        old = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            char x = fold(a[i - 1]), y = fold(b[j - 1]);
            row[j] = least(least(old[j], row[j - 1]) + 1, old[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == fold(b[j - 2]) && y == fold(a[i - 2]))
                row[j] = least(row[j], older[j - 2] + 1);
        }
    }
    return row[n];
}

size_t mli_suggest(const char *word, const char *const *names, size_t n)
{
    size_t length = strlen(word), best = n, best_distance = 2 + length / 4;

    if (length > LONGEST)
        return n;
    for (size_t i = 0; i < n; i++) {
        size_t name_length = strlen(names[i]);
        size_t apart = name_length > length ? name_length - length : length - name_length;
        if (name_length > LONGEST || apart >= best_distance)
            continue;
        size_t d = distance(word, length, names[i], name_length);
        if (d < best_distance) {
            best = i;
            best_distance = d;
        }
    }
    return best;
}

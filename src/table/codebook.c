/* Open addressing with linear probing, at most half full, the words themselves in the slots. */
#include <table/codebook.h>

#include <base/mem.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS ((size_t)64)
#define SLOTS_MAX ((size_t)4096)
#define FREE INT32_MIN /* no code */

struct mli_word {
    uint64_t low, high; /* its bytes, zeros behind them */
    int32_t code;
};

void mli_codebook_release(struct mli_codebook *book)
{
    free(book->slot);
    *book = (struct mli_codebook)MLI_CODEBOOK_INIT;
}

/* MLI_WORD_MAX bytes can be read. */
static inline struct mli_word word_of(const char *text, size_t len)
{
    static const uint64_t own[2 * 8 + 1][2] = {
#define OWN(n)                                                                                     \
    { (n) >= 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * ((n) % 8)) - 1,                                \
      (n) <= 8    ? 0                                                                              \
      : (n) >= 16 ? ~UINT64_C(0)                                                                   \
                  : (UINT64_C(1) << 8 * ((n) % 8)) - 1 }
        OWN(0), OWN(1),  OWN(2),  OWN(3),  OWN(4),  OWN(5),  OWN(6),  OWN(7),  OWN(8),
        OWN(9), OWN(10), OWN(11), OWN(12), OWN(13), OWN(14), OWN(15), OWN(16),
#undef OWN
    };
    uint64_t half[2];

    memcpy(half, text, sizeof(half));
    return (struct mli_word){ le64toh(half[0]) & own[len][0], le64toh(half[1]) & own[len][1], 0 };
}

static inline size_t slot_of(const struct mli_codebook *book, const struct mli_word *word)
{
    __uint128_t product = (__uint128_t)(word->low ^ UINT64_C(0x9E3779B97F4A7C15)) *
                          (word->high ^ UINT64_C(0xE7037ED1A0B428DB));
    return (size_t)((uint64_t)product ^ (uint64_t)(product >> 64)) & (book->slots - 1);
}

/* The slot that holds the word, or the free one where it belongs. There are slots. */
static inline struct mli_word *probe(const struct mli_codebook *book, const struct mli_word *word)
{
    for (size_t i = slot_of(book, word);; i = (i + 1) & (book->slots - 1)) {
        struct mli_word *slot = &book->slot[i];
        if (slot->code == FREE || (slot->low == word->low && slot->high == word->high))
            return slot;
    }
}

size_t mli_codebook_take(const struct mli_codebook *book, const struct mli_dict *dict,
                         const struct mli_cells_view *cells, int32_t *code, size_t *present)
{
    const struct mli_codebook own = *book; /* what is written might be anything else's */
    const size_t n = book->slots > 0 ? cells->count : 0, step = cells->step;
    const struct mli_span *at = cells->span;
    const char *const all = cells->text;
    size_t i = 0, missing = 0;

    for (; i < n; i++, at += step) {
        const struct mli_span span = *at;
        const char *text = all + span.at;
        if (span.len <= MLI_WORD_MAX) {
            struct mli_word word = word_of(text, span.len);
            code[i] = probe(&own, &word)->code;
        } else {
            code[i] = mli_dict_find(dict, text, span.len);
        }
        if (code[i] < MLI_CODE_MISSING)
            break;
        missing += code[i] < 0;
    }
    *present += i - missing;
    return i;
}

static bool resize(struct mli_codebook *book, size_t slots)
{
    struct mli_codebook larger = { .slot = mli_alloc(slots, sizeof(*larger.slot)),
                                   .slots = slots,
                                   .count = book->count };

    if (!larger.slot)
        return false;
    for (size_t i = 0; i < slots; i++)
        larger.slot[i] = (struct mli_word){ .code = FREE };
    for (size_t i = 0; i < book->slots; i++) {
        if (book->slot[i].code != FREE)
            *probe(&larger, &book->slot[i]) = book->slot[i];
    }
    free(book->slot);
    *book = larger;
    return true;
}

void mli_codebook_put(struct mli_codebook *book, const char *text, size_t len, int32_t code)
{
    char copy[MLI_WORD_MAX] = { 0 };

    if (len > MLI_WORD_MAX)
        return;
    if (2 * book->count >= book->slots &&
        (book->slots == SLOTS_MAX ||
         !resize(book, book->slots > 0 ? 2 * book->slots : FIRST_SLOTS)))
        return;
    memcpy(copy, text, len);
    struct mli_word word = word_of(copy, len), *slot = probe(book, &word);
    book->count += slot->code == FREE;
    word.code = code;
    *slot = word;
}

/*
 * Open addressing with linear probing over a power-of-two table that is at most half full; a slot holds the string's
 * hash beside its code, so probing touches the strings only when hashes agree. Strings lie end to end in one buffer.
 */
#include <table/dict.h>

#include <base/buf.h>
#include <base/mem.h>
#include <base/num.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS ((size_t)16)
#define AHEAD ((size_t)32) /* strings whose slots are fetched before the first is needed */

struct slot {
    uint32_t hash;
    int32_t code; /* MLI_CODE_UNKNOWN: free */
};

struct mli_dict {
    struct mli_buf text; /* each string with its NUL */
    size_t *offset;      /* where string i starts */
    size_t count, capacity;
    struct slot *slot;
    size_t slots;
};

static uint64_t load(const char *text, size_t n)
{
    uint64_t word = 0;

    memcpy(&word, text, n);
    return word;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * Eight bytes a step, the last eight overlapping what went before, folded by wide products [the construction of Wang
 * Yi's wyhash]. Up to seven bytes are two overlapping halves. Not the same on machines of another byte order, which
 * nothing depends on: codes are in order of first sight.
 */
static uint32_t hash_of(const char *text, size_t len)
{
    uint64_t hash = UINT64_C(0x9E3779B97F4A7C15) ^ len, last;
    const char *end = text + len;

    if (len >= 8) {
        for (; end - text > 8; text += 8)
            hash = mix(hash ^ load(text, 8), UINT64_C(0xE7037ED1A0B428DB));
        last = load(end - 8, 8);
    } else if (len >= 4) {
        last = load(text, 4) << 32 | load(end - 4, 4);
    } else {
        last = len > 0 ? (uint64_t)(unsigned char)*text << 16 |
                             (uint64_t)(unsigned char)text[len / 2] << 8 | (unsigned char)end[-1]
                       : 0;
    }
    return (uint32_t)mix(hash ^ last, UINT64_C(0x8EBC6AF09C88C6E3));
}

static struct slot *new_slots(size_t n)
{
    struct slot *slot = mli_alloc(n, sizeof(*slot));

    for (size_t i = 0; slot && i < n; i++)
        slot[i] = (struct slot){ .code = MLI_CODE_UNKNOWN };
    return slot;
}

struct mli_dict *mli_dict_new(void)
{
    struct mli_dict *dict = mli_calloc(1, sizeof(*dict));

    if (!dict)
        return NULL;
    mli_buf_init(&dict->text, SIZE_MAX);
    dict->slots = FIRST_SLOTS;
    dict->slot = new_slots(dict->slots);
    if (!dict->slot) {
        mli_dict_free(dict);
        return NULL;
    }
    return dict;
}

void mli_dict_free(struct mli_dict *dict)
{
    if (!dict)
        return;
    mli_buf_release(&dict->text);
    free(dict->offset);
    free(dict->slot);
    free(dict);
}

size_t mli_dict_count(const struct mli_dict *dict)
{
    return dict->count;
}

size_t mli_dict_bytes(const struct mli_dict *dict)
{
    return dict->text.len + dict->capacity * sizeof(*dict->offset) + dict->slots * sizeof(*dict->slot);
}

const char *mli_dict_text(const struct mli_dict *dict, size_t code)
{
    return dict->text.data + dict->offset[code];
}

static size_t length_of(const struct mli_dict *dict, size_t code)
{
    size_t end = code + 1 < dict->count ? dict->offset[code + 1] : dict->text.len;
    return end - dict->offset[code] - 1;
}

/* What memcmp() would say, for strings that are short: words, the last of which overlaps the one before it. */
static bool same(const char *a, const char *b, size_t len)
{
    size_t i = 0;

    if (len < 8) {
        while (i < len && a[i] == b[i])
            i++;
        return i == len;
    }
    for (; i + 8 < len; i += 8) {
        if (load(a + i, 8) != load(b + i, 8))
            return false;
    }
    return load(a + len - 8, 8) == load(b + len - 8, 8);
}

static bool is_string(const struct mli_dict *dict, size_t code, const char *text, size_t len)
{
    return length_of(dict, code) == len && same(mli_dict_text(dict, code), text, len);
}

/* The slot that holds the string, or the free one where it belongs. */
static struct slot *probe(const struct mli_dict *dict, uint32_t hash, const char *text, size_t len)
{
    for (size_t i = hash & (dict->slots - 1);; i = (i + 1) & (dict->slots - 1)) {
        struct slot *slot = &dict->slot[i];
        if (slot->code < 0)
            return slot;
        if (slot->hash == hash && is_string(dict, (size_t)slot->code, text, len))
            return slot;
    }
}

int32_t mli_dict_find(const struct mli_dict *dict, const char *text, size_t len)
{
    return probe(dict, hash_of(text, len), text, len)->code;
}

static bool grow_slots(struct mli_dict *dict)
{
    size_t slots = dict->slots * 2;
    struct slot *slot = new_slots(slots);

    if (!slot)
        return false;
    for (size_t i = 0; i < dict->slots; i++) {
        if (dict->slot[i].code < 0)
            continue;
        size_t to = dict->slot[i].hash & (slots - 1);
        while (slot[to].code >= 0)
            to = (to + 1) & (slots - 1);
        slot[to] = dict->slot[i];
    }
    free(dict->slot);
    dict->slot = slot;
    dict->slots = slots;
    return true;
}

static enum ml_status add_hashed(struct mli_dict *dict, uint32_t hash, const char *text, size_t len,
                                 int32_t *code)
{
    struct slot *slot = probe(dict, hash, text, len);

    if (slot->code >= 0) {
        *code = slot->code;
        return ML_OK;
    }
    if (dict->count == INT32_MAX)
        return ML_ELIMIT;
    if (dict->count >= dict->slots / 2) {
        if (!grow_slots(dict))
            return ML_ENOMEM;
        slot = probe(dict, hash, text, len);
    }
    size_t offset = dict->text.len;
    if (!mli_grow((void **)&dict->offset, &dict->capacity, dict->count, sizeof(*dict->offset)))
        return ML_ENOMEM;
    mli_buf_add(&dict->text, text, len);
    mli_buf_char(&dict->text, '\0');
    if (dict->text.status != ML_OK) {
        dict->text.len = offset; /* undone: the dictionary stays as it was */
        dict->text.status = ML_OK;
        return ML_ENOMEM;
    }
    dict->offset[dict->count] = offset;
    *slot = (struct slot){ .hash = hash, .code = (int32_t)dict->count };
    *code = (int32_t)dict->count++;
    return ML_OK;
}

enum ml_status mli_dict_add(struct mli_dict *dict, const char *text, size_t len, int32_t *code)
{
    return add_hashed(dict, hash_of(text, len), text, len, code);
}

struct ahead {
    const char *text;
    size_t len;
    uint32_t hash;
    int32_t guess; /* the first string of that hash, below 0: there is none */
};

/* The next n strings, and behind them. */
static const char *hash_ahead(const struct mli_dict *dict, const char *texts, struct ahead *ahead, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(texts);
        ahead[i] = (struct ahead){ .text = texts, .len = len, .hash = hash_of(texts, len) };
        __builtin_prefetch(&dict->slot[ahead[i].hash & (dict->slots - 1)]);
        texts += len + 1;
    }
    return texts;
}

static void guess_ahead(const struct mli_dict *dict, struct ahead *ahead, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = ahead[i].hash & (dict->slots - 1);
        while (dict->slot[at].code >= 0 && dict->slot[at].hash != ahead[i].hash)
            at = (at + 1) & (dict->slots - 1);
        ahead[i].guess = dict->slot[at].code;
        if (ahead[i].guess >= 0)
            __builtin_prefetch(&dict->offset[ahead[i].guess]);
    }
    for (size_t i = 0; i < n; i++) {
        if (ahead[i].guess >= 0)
            __builtin_prefetch(mli_dict_text(dict, (size_t)ahead[i].guess));
    }
}

static enum ml_status add_ahead(struct mli_dict *dict, const struct ahead *ahead, int32_t *code)
{
    *code = MLI_CODE_MISSING;
    if (ahead->len == 0)
        return ML_OK;
    if (ahead->guess < 0 || !is_string(dict, (size_t)ahead->guess, ahead->text, ahead->len))
        return add_hashed(dict, ahead->hash, ahead->text, ahead->len, code);
    *code = ahead->guess;
    return ML_OK;
}

enum ml_status mli_dict_add_texts(struct mli_dict *dict, const char *texts, size_t n, int32_t *code)
{
    struct ahead ahead[AHEAD];
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < n && status == ML_OK; i += AHEAD) {
        size_t count = n - i < AHEAD ? n - i : AHEAD;
        texts = hash_ahead(dict, texts, ahead, count);
        guess_ahead(dict, ahead, count);
        for (size_t k = 0; k < count && status == ML_OK; k++)
            status = add_ahead(dict, &ahead[k], &code[i + k]);
    }
    return status;
}

struct mli_dict *mli_dict_copy(const struct mli_dict *dict)
{
    struct mli_dict *copy = mli_calloc(1, sizeof(*copy));

    if (!copy)
        return NULL;
    mli_buf_init(&copy->text, SIZE_MAX);
    mli_buf_add(&copy->text, dict->text.data, dict->text.len);
    copy->offset = mli_alloc(dict->count, sizeof(*copy->offset));
    copy->slot = mli_alloc(dict->slots, sizeof(*copy->slot));
    if (copy->text.status != ML_OK || !copy->offset || !copy->slot) {
        mli_dict_free(copy);
        return NULL;
    }
    if (dict->count > 0)
        memcpy(copy->offset, dict->offset, dict->count * sizeof(*copy->offset));
    memcpy(copy->slot, dict->slot, dict->slots * sizeof(*copy->slot));
    copy->count = copy->capacity = dict->count;
    copy->slots = dict->slots;
    return copy;
}

/* ---- sorted copy ----------------------------------------------------------------------------- */

struct entry {
    uint64_t key; /* orders most of them; equal ones by their bytes */
    const char *text;
    size_t code;
};

/* The order of doubles, none of them a NaN, as one of whole numbers; both zeros are equal. */
static uint64_t number_key(double number)
{
    uint64_t bits;

    number += 0.0; /* -0 to 0 */
    memcpy(&bits, &number, sizeof(bits));
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* The order of the first eight bytes behind what all strings have in common. */
static uint64_t text_key(const char *text, size_t len)
{
    return htobe64(load(text, len < 8 ? len : 8));
}

static bool number_keys(const struct mli_dict *dict, struct entry *entry)
{
    double number;

    for (size_t i = 0; i < dict->count; i++) {
        if (!mli_num_parse(entry[i].text, length_of(dict, i), &number))
            return false;
        entry[i].key = number_key(number);
    }
    return true;
}

static size_t common_prefix(const struct mli_dict *dict)
{
    const char *first = dict->count > 0 ? mli_dict_text(dict, 0) : "";
    size_t len = strlen(first);

    for (size_t i = 1; i < dict->count && len > 0; i++) {
        const char *text = mli_dict_text(dict, i);
        for (size_t k = 0; k < len; k++) {
            if (text[k] != first[k])
                len = k;
        }
    }
    return len;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return strcmp(x->text, y->text);
}

/* By key, a byte at a time from the last; bytes in which all agree cost a look [Knuth, vol. 3, 5.2.5, algorithm R]. */
static void sort_keys(struct entry *entry, struct entry *other, size_t n)
{
    struct entry *from = entry, *to = other;

    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t at[257] = { 0 };
        for (size_t i = 0; i < n; i++)
            at[((from[i].key >> shift) & 0xFF) + 1]++;
        if (at[((from[0].key >> shift) & 0xFF) + 1] == n)
            continue;
        for (size_t i = 0; i < 256; i++)
            at[i + 1] += at[i];
        for (size_t i = 0; i < n; i++)
            to[at[(from[i].key >> shift) & 0xFF]++] = from[i];
        struct entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entry)
        memcpy(entry, from, n * sizeof(*entry));
}

static struct entry *sorted_entries(const struct mli_dict *dict)
{
    size_t n = dict->count, prefix = common_prefix(dict);
    struct entry *entry = mli_alloc(n, sizeof(*entry)), *other = mli_alloc(n, sizeof(*other));

    if (!entry || !other) {
        free(entry);
        free(other);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        entry[i] = (struct entry){ .text = mli_dict_text(dict, i), .code = i };
    bool numbers = number_keys(dict, entry);
    for (size_t i = 0; i < n && !numbers; i++)
        entry[i].key = text_key(entry[i].text + prefix, length_of(dict, i) - prefix);
    if (n > 0)
        sort_keys(entry, other, n);
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && entry[next].key == entry[i].key; next++)
            continue;
        if (next > i + 1)
            qsort(entry + i, next - i, sizeof(*entry), compare);
    }
    free(other);
    return entry;
}

/* The strings in their new order, and the same slots with the new codes: no string is hashed again. */
static bool fill_sorted(const struct mli_dict *dict, const struct entry *entry,
                        struct mli_dict *sorted, int32_t *renumber)
{
    for (size_t i = 0; i < dict->count; i++) {
        renumber[entry[i].code] = (int32_t)i;
        sorted->offset[i] = sorted->text.len;
        mli_buf_add(&sorted->text, entry[i].text, length_of(dict, entry[i].code) + 1);
    }
    for (size_t i = 0; i < dict->slots; i++) {
        sorted->slot[i] = dict->slot[i];
        if (dict->slot[i].code >= 0)
            sorted->slot[i].code = renumber[dict->slot[i].code];
    }
    sorted->count = dict->count;
    return sorted->text.status == ML_OK;
}

struct mli_dict *mli_dict_sorted(const struct mli_dict *dict, int32_t *renumber)
{
    struct mli_dict *sorted = mli_calloc(1, sizeof(*sorted));
    struct entry *entry = sorted ? sorted_entries(dict) : NULL;

    if (!entry) {
        free(sorted);
        return NULL;
    }
    mli_buf_init(&sorted->text, SIZE_MAX);
    sorted->capacity = dict->count;
    sorted->slots = dict->slots;
    sorted->offset = mli_alloc(dict->count, sizeof(*sorted->offset));
    sorted->slot = mli_alloc(dict->slots, sizeof(*sorted->slot));
    bool done = sorted->offset && sorted->slot && fill_sorted(dict, entry, sorted, renumber);
    free(entry);
    if (done)
        return sorted;
    mli_dict_free(sorted);
    return NULL;
}

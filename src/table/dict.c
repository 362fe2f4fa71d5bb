/*
 * Open addressing with linear probing over a power-of-two table that is at most half full; a slot holds the string's
 * hash beside its code, so probing touches the strings only when hashes agree. Strings lie end to end in one buffer.
 */
#include <table/dict.h>

#include <base/buf.h>
#include <base/mem.h>
#include <base/num.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS ((size_t)16)

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

/* FNV-1a [Fowler, Noll & Vo; RFC 9923], 64 bits folded to 32. */
static uint32_t hash_of(const char *text, size_t len)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
    return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
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

const char *mli_dict_text(const struct mli_dict *dict, size_t code)
{
    return dict->text.data + dict->offset[code];
}

static size_t length_of(const struct mli_dict *dict, size_t code)
{
    size_t end = code + 1 < dict->count ? dict->offset[code + 1] : dict->text.len;
    return end - dict->offset[code] - 1;
}

/* The slot that holds the string, or the free one where it belongs. */
static struct slot *probe(const struct mli_dict *dict, uint32_t hash, const char *text, size_t len)
{
    for (size_t i = hash & (dict->slots - 1);; i = (i + 1) & (dict->slots - 1)) {
        struct slot *slot = &dict->slot[i];
        if (slot->code < 0)
            return slot;
        size_t code = (size_t)slot->code;
        if (slot->hash == hash && length_of(dict, code) == len &&
            memcmp(mli_dict_text(dict, code), text, len) == 0)
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

enum ml_status mli_dict_add(struct mli_dict *dict, const char *text, size_t len, int32_t *code)
{
    uint32_t hash = hash_of(text, len);
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
    const char *text;
    double number;
    size_t code;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->text, y->text);
}

static struct entry *sorted_entries(const struct mli_dict *dict)
{
    struct entry *entry = mli_alloc(dict->count, sizeof(*entry));
    bool numbers = true;

    if (!entry)
        return NULL;
    for (size_t i = 0; i < dict->count; i++) {
        entry[i] = (struct entry){ .text = mli_dict_text(dict, i), .code = i };
        numbers = numbers && mli_num_parse(entry[i].text, length_of(dict, i), &entry[i].number);
    }
    for (size_t i = 0; i < dict->count && !numbers; i++)
        entry[i].number = 0.0;
    qsort(entry, dict->count, sizeof(*entry), compare);
    return entry;
}

struct mli_dict *mli_dict_sorted(const struct mli_dict *dict, int32_t *renumber)
{
    struct mli_dict *sorted = mli_dict_new();
    struct entry *entry = sorted_entries(dict);
    bool done = sorted && entry;

    for (size_t i = 0; i < dict->count && done; i++)
        done = mli_dict_add(sorted, entry[i].text, length_of(dict, entry[i].code),
                            &renumber[entry[i].code]) == ML_OK;
    free(entry);
    if (done)
        return sorted;
    mli_dict_free(sorted);
    return NULL;
}

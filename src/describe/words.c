#include <describe/words.h>

#include <base/mem.h>
#include <stdlib.h>

struct length {
    uint32_t characters, words;
};

static struct length length_of(const char *text)
{
    struct length out = { 0 };
    bool inside = false;

    for (; *text; text++) {
        bool space = *text == ' ' || *text == '\t' || *text == '\n' || *text == '\r';
        out.words += !space && !inside;
        inside = !space;
        out.characters += ((unsigned char)*text & 0xC0) != 0x80; /* not within a sequence */
    }
    return out;
}

enum ml_status mli_words_fill(struct mli_words *words, const struct mli_column *column, size_t rows,
                              struct ml_error *err)
{
    struct mli_words out = { .shortest = SIZE_MAX };
    size_t codes = mli_dict_count(column->dict), present = 0, characters = 0, number = 0;
    struct length *length = mli_alloc(codes ? codes : 1, sizeof(*length));

    if (!length)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the lengths of %zu texts", codes);
    for (size_t code = 0; code < codes; code++)
        length[code] = length_of(mli_dict_text(column->dict, code));
    for (size_t i = 0; i < rows; i++) {
        if (column->code[i] < 0)
            continue;
        const struct length *l = &length[column->code[i]];
        out.shortest = l->characters < out.shortest ? l->characters : out.shortest;
        out.longest = l->characters > out.longest ? l->characters : out.longest;
        out.most_words = l->words > out.most_words ? l->words : out.most_words;
        characters += l->characters;
        number += l->words;
        present++;
    }
    out.characters = (double)characters / (double)present;
    out.words = (double)number / (double)present;
    free(length);
    *words = out;
    return ML_OK;
}

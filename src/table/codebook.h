/*
 * Codebook: codes of the short texts, words, that a piece of a column has seen, in front of its dictionary. A word is
 * compared as two numbers and lies in its slot, so looking one up follows no pointer. What it does not know is no less
 * in the dictionary. Also holds the texts that mean missing, once they have been met: they need no look of their own.
 */
#ifndef TABLE_CODEBOOK_H
#define TABLE_CODEBOOK_H

#include <table/decimals.h>
#include <table/dict.h>

#define MLI_WORD_MAX ((size_t)16) /* bytes of a word */

struct mli_codebook {
    struct mli_word *slot;
    size_t slots, count;
};

#define MLI_CODEBOOK_INIT { 0 }

void mli_codebook_release(struct mli_codebook *book); /* it is empty again */
/*
 * Codes of cells until one is not known, neither as a word nor, where it is longer, in the dictionary; returns how
 * many. MLI_WORD_MAX bytes can be read from the first byte of each cell on. *present grows by those not missing.
 */
size_t mli_codebook_take(const struct mli_codebook *book, const struct mli_dict *dict,
                         const struct mli_cells_view *cells, int32_t *code, size_t *present);
/* Keeps the code of a text (MLI_CODE_MISSING is one) that is not known yet, if it is a word and room can be found. */
void mli_codebook_put(struct mli_codebook *book, const char *text, size_t len, int32_t code);

#endif

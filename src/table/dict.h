/*
 * Dictionary: distinct strings, numbered from 0 in order of first sight. Codes of a category column index into one.
 * Bytes are UTF-8 without NUL. Not thread-safe while it grows; read-only use from many threads is fine.
 */
#ifndef TABLE_DICT_H
#define TABLE_DICT_H

#include <mlctl/status.h>
#include <stdint.h>

#define MLI_CODE_MISSING (-1) /* the cell is empty or a missing token */
#define MLI_CODE_UNKNOWN (-2) /* a value that the dictionary does not hold */

struct mli_dict;

struct mli_dict *mli_dict_new(void);       /* NULL: no memory */
void mli_dict_free(struct mli_dict *dict); /* NULL is fine */
size_t mli_dict_count(const struct mli_dict *dict);
size_t mli_dict_bytes(const struct mli_dict *dict); /* about what it takes */
/* NUL-terminated, borrowed until the next _add. */
const char *mli_dict_text(const struct mli_dict *dict, size_t code);
/* Code of a string, MLI_CODE_UNKNOWN when it is not there. */
int32_t mli_dict_find(const struct mli_dict *dict, const char *text, size_t len);
/* Code of a string, added when it is new. ML_ENOMEM; ML_ELIMIT past 2^31-1 strings. */
ML_NODISCARD enum ml_status mli_dict_add(struct mli_dict *dict, const char *text, size_t len, int32_t *code);
/*
 * Codes of n strings that lie end to end, each with its NUL; an empty one is MLI_CODE_MISSING. Faster than one by one:
 * what the table is looked up for is fetched ahead.
 */
ML_NODISCARD enum ml_status mli_dict_add_texts(struct mli_dict *dict, const char *texts, size_t n, int32_t *code);
struct mli_dict *mli_dict_copy(const struct mli_dict *dict); /* NULL: no memory */
/*
 * A copy in sorted order, which does not depend on the order of first sight: numerically when every string is a
 * number (equal numbers by their bytes), else by bytes. renumber (count entries) gets the new code of each old one.
 * NULL: no memory.
 */
struct mli_dict *mli_dict_sorted(const struct mli_dict *dict, int32_t *renumber);

#endif

/* Schema files: read or refused with a text, and what is read answers for every cell of the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <table/rules.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes, cut at quotes, as cells of each column: whatever a schema asks, a cell keeps to it or there is a reason. */
static void check_cells(const struct mli_rules *rules, char *text)
{
    char *rest = text, why[300];

    for (const char *cell; (cell = strsep(&rest, "\"")) != NULL;) {
        for (size_t i = 0; i < rules->count; i++) {
            why[0] = '\0';
            bool good = mli_rule_allows(&rules->rule[i], cell, strlen(cell), cell[0] == '\0',
                                        (struct mli_numerals){ '.', 0 }, why, sizeof(why));
            if (!good && !why[0])
                abort();
            if (mli_rules_find(rules, rules->rule[i].name) != i)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_rules *rules = NULL;
    enum ml_status status = mli_rules_decode((const char *)data, size, "schema.json", &rules, &err);
    char *text = status == ML_OK ? calloc(size + 1, 1) : NULL; /* ends at its first NUL, as the cells of a table do */

    if (text && rules->count < 64) {
        memcpy(text, data, size);
        check_cells(rules, text);
    }
    if (status != ML_OK && (err.status != status || !err.text[0]))
        abort();
    free(text);
    mli_rules_free(rules);
    return 0;
}

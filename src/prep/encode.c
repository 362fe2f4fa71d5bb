#include <prep/encode.h>

#include <stdlib.h>
#include <string.h>

/* Names in the order in which they are said; a row that takes an argument checks it. */
static const struct {
    const char *name;
    enum ml_status (*check)(const char *argument, struct ml_error *err); /* NULL: takes none */
} encoders[] = {
    { "onehot", NULL },
    { "ordinal", NULL },
    { "hash", mli_hash_check },
    { "target", mli_target_check },
};

enum { ENCODERS = sizeof(encoders) / sizeof(encoders[0]) };

const char *mli_encode_argument(const char *how, const char *name)
{
    size_t length = strlen(name);

    if (strncmp(how, name, length) != 0 || (how[length] != '\0' && how[length] != ':'))
        return NULL;
    return how + length + (how[length] == ':');
}

enum ml_status mli_encode_check(const char *how, unsigned column, struct ml_error *err)
{
    const char *names[ENCODERS];

    (void)column;
    for (size_t i = 0; i < ENCODERS; i++) {
        const char *argument = mli_encode_argument(how, encoders[i].name);
        names[i] = encoders[i].name;
        if (argument && encoders[i].check)
            return encoders[i].check(argument, err);
        if (strcmp(how, encoders[i].name) == 0)
            return ML_OK;
    }
    return mli_choice_refuse(how, "way to encode categories", names, ENCODERS, NULL, err);
}

const char *mli_encode_how(const struct ml_prep_config *config, const char *column)
{
    return mli_choice_find(config->encode, column, encoders[0].name);
}

bool mli_encode_any(const struct ml_prep_config *config, const char *name)
{
    for (const char *const *entry = config->encode; entry && *entry; entry++) {
        size_t length;
        if (mli_encode_argument(mli_choice_how(*entry, &length), name))
            return true;
    }
    return false;
}

enum ml_status mli_encode_slots_new(const struct mli_fit *fit, const char *name, size_t *count,
                                    size_t **slot, struct ml_error *err)
{
    size_t kept = 0;
    enum ml_status status = mli_slots_new(fit->frame, MLI_SLOT_CATEGORY, count, slot, err);

    for (size_t k = 0; status == ML_OK && k < *count; k++) {
        size_t s = (*slot)[k];
        const char *how = mli_encode_how(fit->config, mli_slot_column(fit->frame, s));
        if (mli_encode_argument(how, "hash"))
            how = encoders[0].name; /* a boolean: it has two values, whatever the words */
        if (mli_encode_argument(how, name))
            (*slot)[kept++] = s;
    }
    if (status == ML_OK && kept == 0) {
        free(*slot);
        *slot = NULL;
    }
    if (status == ML_OK)
        *count = kept;
    return status;
}

/* Any bytes as a file of keys: what is taken is whole, each key once, and found again by nothing but its own hash. */
#include <serve/keys.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void check_key(const struct mli_keys *keys, size_t i)
{
    const struct mli_key *key = &keys->key[i];

    require(mli_key_name_valid(key->name, strlen(key->name)), "a name");
    require(key->scopes != 0 && (key->scopes & ~keys->scopes) == 0, "scopes");
    for (size_t k = 0; k < i; k++)
        require(strcmp(keys->key[k].name, key->name) != 0 &&
                    memcmp(keys->key[k].hash, key->hash, sizeof(key->hash)) != 0,
                "a key twice");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_keys keys = { 0 };
    char *text = malloc(n + 1); /* of the exact size, so that a byte too far is seen */

    require(text != NULL, "memory");
    memcpy(text, bytes, n);
    enum ml_status status = mli_keys_parse(text, n, &keys, &err);
    require((status == ML_OK) == (err.status == ML_OK), "an error that says so");
    require(status == ML_OK || (keys.key == NULL && err.text[0]), "an error that changes nothing");
    for (size_t i = 0; i < keys.count; i++)
        check_key(&keys, i);
    mli_keys_find(&keys, text, n);
    mli_keys_release(&keys);
    free(text);
    return 0;
}

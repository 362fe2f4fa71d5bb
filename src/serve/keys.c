#include <serve/keys.h>

#include <base/buf.h>
#include <base/file.h>
#include <base/mem.h>
#include <base/num.h>
#include <base/secret.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)4 << 20)
#define LINE_MAX_LEN ((size_t)512)
#define HASH_BEGIN "sha256:"
#define TOKEN_BEGIN "mlctl_"

static const struct {
    const char *name;
    enum mli_scope scope;
} scopes[] = {
    { "predict", MLI_SCOPE_PREDICT },
    { "metrics", MLI_SCOPE_METRICS },
    { "admin", MLI_SCOPE_ADMIN },
};
enum { SCOPES = sizeof(scopes) / sizeof(scopes[0]) };

/* ---- words ------------------------------------------------------------------------------------------------------- */

static unsigned scope_of(const char *text, size_t len)
{
    for (size_t i = 0; i < SCOPES; i++) {
        if (strlen(scopes[i].name) == len && memcmp(scopes[i].name, text, len) == 0)
            return scopes[i].scope;
    }
    return 0;
}

const char *mli_scope_name(enum mli_scope scope)
{
    for (size_t i = 0; i < SCOPES; i++) {
        if (scopes[i].scope == scope)
            return scopes[i].name;
    }
    return "none";
}

bool mli_scopes_parse(const char *text, size_t len, unsigned *out)
{
    unsigned set = 0;

    for (size_t at = 0; at <= len;) {
        const char *comma = memchr(text + at, ',', len - at);
        size_t n = comma ? (size_t)(comma - text) - at : len - at;
        unsigned scope = scope_of(text + at, n);
        if (scope == 0 || (set & scope))
            return false;
        set |= scope;
        at += n + 1;
    }
    *out = set;
    return true;
}

bool mli_key_name_valid(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i], lower = (char)(c | 0x20);
        if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-'))
            return false;
    }
    return len > 0 && len <= MLI_KEY_NAME;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

struct word {
    const char *at;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line, of length 0 when there is none. */
static struct word next_word(struct word *line)
{
    struct word word = { line->at, 0 };

    while (line->len > 0 && is_blank(*line->at))
        line->at++, line->len--;
    word.at = line->at;
    while (line->len > 0 && !is_blank(*line->at))
        line->at++, line->len--, word.len++;
    return word;
}

static bool take_hash(struct word word, unsigned char out[32])
{
    size_t begin = strlen(HASH_BEGIN);

    return word.len > begin && memcmp(word.at, HASH_BEGIN, begin) == 0 &&
           mli_secret_from_hex(word.at + begin, word.len - begin, out);
}

/* The number behind "name=". */
static bool take_number(struct word word, const char *name, double *out)
{
    size_t begin = strlen(name);

    return word.len > begin && memcmp(word.at, name, begin) == 0 &&
           mli_num_parse(word.at + begin, word.len - begin, out);
}

static const char *take_rate(struct word *line, struct mli_rate *rate)
{
    struct word first = next_word(line), second = next_word(line);
    double per_second, burst = 0;

    if (first.len == 0)
        return NULL;
    if (next_word(line).len > 0 || !take_number(first, "rate=", &per_second) ||
        (second.len > 0 &&
         (!take_number(second, "burst=", &burst) || !(burst >= 1) || !(burst <= MLI_RATE_MAX))) ||
        !mli_rate_make(per_second, (unsigned)burst, rate))
        return "behind the hash there can be rate=REQUESTS-A-SECOND and burst=REQUESTS, 0.001 to "
               "1000000 and 1 to 1000000";
    return NULL;
}

/* A line of the two that mlctl token new prints, of which the file gets the other; or that one with the word in front of it. */
static const char *mistaken(struct word line, struct word name)
{
    for (struct word word = name; word.len > 0; word = next_word(&line)) {
        if (word.len > strlen(TOKEN_BEGIN) && memcmp(word.at, TOKEN_BEGIN, strlen(TOKEN_BEGIN)) == 0)
            return "this is a token, which the client keeps; the file gets the line with its hash, which mlctl token new prints "
                   "behind \"line\". Make another one: this token is no secret any more";
    }
    return NULL;
}

static bool is_word(struct word word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

/* NULL, or what is wrong with the line. */
static const char *take_line(struct word line, struct word name, struct mli_key *key)
{
    const char *wrong = mistaken(line, name);
    struct word set = next_word(&line), hash = next_word(&line);

    if (wrong)
        return wrong;
    if (!mli_key_name_valid(name.at, name.len))
        return "a key's name is up to 32 letters, digits, '.', '_' and '-'";
    memcpy(key->name, name.at, name.len);
    if (is_word(name, "line") && mli_scopes_parse(hash.at, hash.len, &key->scopes))
        return "the word line in front is not part of it";
    if (!mli_scopes_parse(set.at, set.len, &key->scopes))
        return "behind the name come scopes: predict, metrics, admin, with commas between them";
    if (!take_hash(hash, key->hash))
        return "behind the scopes comes sha256: and 64 hexadecimal digits, as mlctl token new "
               "prints them";
    return take_rate(&line, &key->rate);
}

static const char *add_key(struct mli_keys *keys, size_t *capacity, const struct mli_key *key,
                           enum ml_status *status)
{
    *status = ML_EUSAGE;
    for (size_t i = 0; i < keys->count; i++) {
        if (strcmp(keys->key[i].name, key->name) == 0)
            return "that name was there before";
        if (memcmp(keys->key[i].hash, key->hash, sizeof(key->hash)) == 0)
            return "that hash was there before, under another name";
    }
    *status = ML_ELIMIT;
    if (keys->count == MLI_KEYS_MAX)
        return "there are more than 10000 keys";
    *status = ML_ENOMEM;
    if (!mli_grow((void **)&keys->key, capacity, keys->count, sizeof(*keys->key)))
        return "out of memory for the keys";
    keys->key[keys->count++] = *key;
    keys->scopes |= key->scopes;
    *status = ML_OK;
    return NULL;
}

enum ml_status mli_keys_parse(const char *text, size_t len, struct mli_keys *out,
                              struct ml_error *err)
{
    struct mli_keys keys = { 0 };
    enum ml_status status = ML_OK;
    size_t capacity = 0, at = 0;

    for (size_t n = 1; at < len && status == ML_OK; n++) {
        const char *end = memchr(text + at, '\n', len - at), *wrong = NULL;
        struct word line = { text + at, end ? (size_t)(end - text) - at : len - at };
        struct mli_key key = { 0 };
        at += line.len + 1;
        struct word first = next_word(&line);
        if (first.len == 0 || *first.at == '#')
            continue;
        if (first.len + line.len > LINE_MAX_LEN)
            wrong = "the line is longer than 512 bytes";
        else
            wrong = take_line(line, first, &key);
        status = ML_EUSAGE;
        if (!wrong)
            wrong = add_key(&keys, &capacity, &key, &status);
        if (wrong)
            ml_error_set(err, status, "line %zu: %s", n, wrong);
    }
    if (status != ML_OK) {
        mli_keys_release(&keys);
        return status;
    }
    *out = keys;
    return ML_OK;
}

enum ml_status mli_keys_read(const char *path, struct mli_keys *out, struct ml_error *err)
{
    struct ml_error inner = ML_ERROR_INIT;
    struct mli_buf text;

    mli_buf_init(&text, FILE_MAX);
    enum ml_status status = mli_file_read(path, &text, err);
    if (status == ML_OK) {
        status = mli_keys_parse(text.data ? text.data : "", text.len, out, &inner);
        if (status != ML_OK)
            ml_error_set(err, status, "%s: %s", path, inner.text);
    }
    mli_buf_release(&text);
    return status;
}

void mli_keys_release(struct mli_keys *keys)
{
    free(keys->key);
    *keys = (struct mli_keys){ 0 };
}

const struct mli_key *mli_keys_find(const struct mli_keys *keys, const char *token, size_t len)
{
    const struct mli_key *found = NULL;
    unsigned char hash[32];

    if (len == 0 || len > MLI_TOKEN_MAX)
        return NULL;
    mli_secret_hash(token, len, hash);
    for (size_t i = 0; i < keys->count; i++) {
        if (mli_secret_equal(keys->key[i].hash, hash, sizeof(hash)))
            found = &keys->key[i];
    }
    return found;
}

/* ---- a new one --------------------------------------------------------------------------------------------------- */

enum ml_status mli_key_new(const char *name, unsigned set, const struct mli_rate *rate,
                           char token[MLI_TOKEN_SIZE], char line[256], struct ml_error *err)
{
    char secret_text[MLI_SECRET_TEXT(32)], words[64] = "";
    unsigned char secret[32], hash[32];
    size_t n = 0;

    if (!mli_key_name_valid(name, strlen(name)))
        return ml_error_set(
            err, ML_EUSAGE,
            "a key's name is up to 32 letters, digits, '.', '_' and '-', found \"%.60s\"", name);
    enum ml_status status = mli_secret_random(secret, sizeof(secret), err);
    if (status != ML_OK)
        return status;
    mli_secret_text(secret, sizeof(secret), secret_text);
    snprintf(token, MLI_TOKEN_SIZE, TOKEN_BEGIN "%s", secret_text);
    mli_secret_hash(token, strlen(token), hash);
    for (size_t i = 0; i < SCOPES; i++) {
        if (set & scopes[i].scope)
            n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s", n > 0 ? "," : "",
                                  scopes[i].name);
    }
    n = (size_t)snprintf(line, 256, "%s %s " HASH_BEGIN, name, words);
    for (size_t i = 0; i < sizeof(hash); i++)
        n += (size_t)snprintf(line + n, 256 - n, "%02x", hash[i]);
    if (rate->per_second > 0)
        snprintf(line + n, 256 - n, " rate=%.17g burst=%u", rate->per_second, rate->burst);
    mli_secret_wipe(secret, sizeof(secret));
    mli_secret_wipe(secret_text, sizeof(secret_text));
    return ML_OK;
}

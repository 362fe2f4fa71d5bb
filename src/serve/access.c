#include <serve/access.h>

#include <string.h>
#include <strings.h>

static const char wants_token[] = "Bearer realm=\"mlctl\"";
static const char wants_other_token[] = "Bearer realm=\"mlctl\", error=\"invalid_token\"";
static const char wants_scope[] = "Bearer realm=\"mlctl\", error=\"insufficient_scope\"";

enum ml_status mli_access_init(struct mli_access *access, const struct mli_access_config *config,
                               struct ml_error *err)
{
    *access = (struct mli_access){ .config = *config };
    if (config->open & MLI_SCOPE_ADMIN)
        return ml_error_set(err, ML_EUSAGE, "what needs the scope admin cannot be open to all");
    if (config->keys) {
        enum ml_status status = mli_keys_read(config->keys, &access->keys, err);
        if (status != ML_OK)
            return status;
    }
    pthread_rwlock_init(&access->lock, NULL);
    return ML_OK;
}

void mli_access_release(struct mli_access *access)
{
    pthread_rwlock_destroy(&access->lock);
    mli_keys_release(&access->keys);
}

enum ml_status mli_access_reload(struct mli_access *access, struct ml_error *err)
{
    struct mli_keys keys, before;
    enum ml_status status = mli_keys_read(access->config.keys, &keys, err);

    if (status != ML_OK)
        return status;
    pthread_rwlock_wrlock(&access->lock);
    before = access->keys;
    access->keys = keys;
    pthread_rwlock_unlock(&access->lock);
    mli_keys_release(&before);
    return ML_OK;
}

/* The token that is shown, NULL: none. An Authorization of another scheme is a proxy's business, not ours. */
static const char *token_of(const struct mli_guard_facts *facts)
{
    static const char scheme[] = "Bearer ";
    const char *token = facts->authorization;

    if (!token || strncasecmp(token, scheme, strlen(scheme)) != 0)
        return facts->api_key;
    token += strlen(scheme);
    return token + strspn(token, " ");
}

static struct mli_verdict denied(unsigned status, const char *text, const char *challenge)
{
    return (struct mli_verdict){ .status = status, .text = text, .challenge = challenge };
}

static struct mli_verdict judge(const struct mli_access *access, enum mli_scope scope,
                                const char *token)
{
    if (scope == MLI_SCOPE_ADMIN && !(access->keys.scopes & MLI_SCOPE_ADMIN))
        return denied(403,
                      "administration is off: start the server with --tokens FILE that has a key "
                      "of scope admin in it",
                      NULL);
    if (!token)
        return denied(401, "a token is needed: Authorization: Bearer TOKEN", wants_token);
    const struct mli_key *key = mli_keys_find(&access->keys, token, strlen(token));
    if (!key)
        return denied(401, "that token is not known here", wants_other_token);
    struct mli_verdict verdict = { 0 };
    if (!(key->scopes & (unsigned)scope))
        verdict = denied(403, "the token's key does not have the scope for this", wants_scope);
    memcpy(verdict.key, key->name, sizeof(verdict.key));
    return verdict;
}

struct mli_verdict mli_access_check(struct mli_access *access, enum mli_scope scope,
                                    const struct mli_guard_facts *facts)
{
    if (scope == MLI_SCOPE_OPEN || (access->config.open & (unsigned)scope))
        return (struct mli_verdict){ 0 };
    pthread_rwlock_rdlock(&access->lock);
    struct mli_verdict verdict = judge(access, scope, token_of(facts));
    pthread_rwlock_unlock(&access->lock);
    return verdict;
}

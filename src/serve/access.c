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
    enum ml_status status = mli_proxies_parse(config->proxies, &access->proxies, err);
    if (status == ML_OK && config->keys)
        status = mli_keys_read(config->keys, &access->keys, err);
    if (status == ML_OK && (config->keys || config->rate.per_second > 0))
        status = mli_limiter_new(&access->limiter, err);
    if (status != ML_OK) {
        mli_keys_release(&access->keys);
        mli_proxies_release(&access->proxies);
        return status;
    }
    pthread_rwlock_init(&access->lock, NULL);
    return ML_OK;
}

void mli_access_release(struct mli_access *access)
{
    pthread_rwlock_destroy(&access->lock);
    mli_limiter_free(access->limiter);
    mli_keys_release(&access->keys);
    mli_proxies_release(&access->proxies);
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

static struct mli_verdict pace(struct mli_access *access, const unsigned char id[16],
                               const struct mli_rate *rate, uint64_t now, const char *text)
{
    uint64_t wait = mli_limiter_take(access->limiter, id, rate, now);

    if (wait == 0)
        return (struct mli_verdict){ 0 };
    struct mli_verdict verdict = denied(429, text, NULL);
    verdict.rate = *rate;
    verdict.retry_after = (unsigned)((wait + 999999999) / 1000000000);
    return verdict;
}

static const char *lacking(enum mli_scope scope)
{
    return scope == MLI_SCOPE_ADMIN     ? "the token's key does not have the scope admin, which this takes"
           : scope == MLI_SCOPE_METRICS ? "the token's key does not have the scope metrics, which this takes"
                                        : "the token's key does not have the scope predict, which this takes";
}

static struct mli_verdict judge(struct mli_access *access, enum mli_scope scope, const char *token,
                                uint64_t now)
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
        verdict = denied(403, lacking(scope), wants_scope);
    else if (key->rate.per_second > 0)
        verdict =
            pace(access, key->hash, &key->rate, now, "more requests than the token's key may make");
    memcpy(verdict.key, key->name, sizeof(verdict.key));
    return verdict;
}

struct mli_verdict mli_access_pace(struct mli_access *access, const struct mli_guard_facts *facts,
                                   const struct mli_asker *asker)
{
    unsigned char id[16];

    if (access->config.rate.per_second <= 0)
        return (struct mli_verdict){ 0 };
    const struct in6_addr client =
        mli_client_address(&access->proxies, asker->peer, facts->forwarded_for);
    mli_client_id(&client, id);
    return pace(access, id, &access->config.rate, asker->now,
                "more requests than one address may make");
}

struct mli_verdict mli_access_check(struct mli_access *access, enum mli_scope scope,
                                    const struct mli_guard_facts *facts,
                                    const struct mli_asker *asker)
{
    struct mli_verdict verdict = { 0 };

    if (scope == MLI_SCOPE_OPEN)
        return verdict;
    verdict = mli_access_pace(access, facts, asker);
    if (verdict.status || (access->config.open & (unsigned)scope))
        return verdict;
    pthread_rwlock_rdlock(&access->lock);
    verdict = judge(access, scope, token_of(facts), asker->now);
    pthread_rwlock_unlock(&access->lock);
    return verdict;
}

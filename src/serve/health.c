#include <serve/health.h>

#include <serve/call.h>

enum ml_status mli_health(const char *url, const char *cert, const char *key, unsigned timeout_ms, int *http_status,
                          struct ml_error *err)
{
    const struct mli_call call = { .method = "GET", .url = url, .path = "/healthz", .cert = cert, .key = key,
                                   .cert_hint = "; one that asks for certificates wants --cert FILE --key FILE", .timeout_ms = timeout_ms };
    struct mli_answer answer = { 0 };
    enum ml_status status = mli_call(&call, &answer, err);

    if (status == ML_OK)
        *http_status = answer.status;
    return status;
}

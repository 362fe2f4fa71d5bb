#include <serve/cors.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

/* scheme://host[:port], as browsers send it: lower case, no path (RFC 6454, 6.2). */
static bool is_origin(const char *text)
{
    const char *host = strncmp(text, "http://", 7) == 0    ? text + 7
                       : strncmp(text, "https://", 8) == 0 ? text + 8
                                                           : "";

    return *host && strlen(text) < 512 &&
           host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]")] == '\0';
}

enum ml_status mli_cors_parse(const char *text, struct mli_cors *out, struct ml_error *err)
{
    *out = (struct mli_cors){ 0 };
    if (!text)
        return ML_OK;
    char *copy = mli_strdup(text);
    if (!copy)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the origins");
    size_t len = strlen(copy);
    bool any = strcmp(copy, "*") == 0;
    for (size_t i = 0; i < len; i++) {
        if (copy[i] == ',')
            copy[i] = '\0';
    }
    for (size_t at = 0; at <= len && !any; at += strlen(copy + at) + 1) {
        if (is_origin(copy + at))
            continue;
        ml_error_set(err, ML_EUSAGE,
                     "\"%.80s\" is no origin: expected \"*\" or origins like https://example.org, "
                     "as browsers send them, with commas between them",
                     copy + at);
        free(copy);
        return ML_EUSAGE;
    }
    *out = (struct mli_cors){ .text = copy, .len = len, .any = any };
    return ML_OK;
}

void mli_cors_release(struct mli_cors *cors)
{
    free(cors->text);
    *cors = (struct mli_cors){ 0 };
}

const char *mli_cors_allow(const struct mli_cors *cors, const char *origin)
{
    if (!origin || cors->len == 0)
        return NULL;
    if (cors->any)
        return "*";
    for (size_t at = 0; at <= cors->len; at += strlen(cors->text + at) + 1) {
        if (strcmp(cors->text + at, origin) == 0)
            return cors->text + at;
    }
    return NULL;
}

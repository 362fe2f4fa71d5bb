/*
 * CORS: which web pages may use the server from a browser (https://fetch.spec.whatwg.org, "CORS protocol"). None, unless
 * the operator names their origins. Credentials in the browser's sense (cookies) are never allowed; a page that has
 * a token sends it itself.
 */
#ifndef SERVE_CORS_H
#define SERVE_CORS_H

#include <mlctl/status.h>
#include <stdbool.h>

struct mli_cors {
    char *text; /* the origins, NUL between them */
    size_t len; /* 0: none */
    bool any;   /* "*" */
};

/* "https://a.example,http://localhost:3000" or "*"; NULL: none. ML_EUSAGE: not that; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_cors_parse(const char *text, struct mli_cors *out,
                                           struct ml_error *err);
void mli_cors_release(struct mli_cors *cors);
/* What Access-Control-Allow-Origin says to a request with that Origin; NULL: nothing. */
const char *mli_cors_allow(const struct mli_cors *cors, const char *origin);

#endif

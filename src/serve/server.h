/*
 * HTTP server of models: libmicrohttpd (met in server.c and session*.c) behind a guard, with limits and deadlines. Requests
 * share the immutable models without locks. The library parses leniently, so the first handler call checks what it let
 * through (guard.h); a reaper closes connections that are past their deadline.
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <serve/catalog.h>
#include <serve/content.h>
#include <serve/courier.h>
#include <serve/keys.h>
#include <serve/trace.h>
#include <stdint.h>

struct mli_server_config {
    const char *canary_header; /* whose value decides who gets a canary; NULL: the body does */
    const char *predict_route, *health_route; /* paths of Vertex AI's own choice; NULL: none */
    enum mli_media invocations_accept; /* what /invocations answers with when the client does not say; OTHER: by what came */
    const char *tokens; /* file of keys (keys.h); NULL: none, so admin is off */
    unsigned open;      /* scopes that need no key, of enum mli_scope */
    struct mli_rate rate; /* requests of one client address; of a key: in the file */
    const char *proxies;  /* whose X-Forwarded-For is believed; NULL: nobody's */
    const char *tls_cert, *tls_key; /* PEM files; NULL: plain HTTP */
    const char *tls_client_ca;      /* PEM file: whose certificates clients must show; NULL: none */
    const char *tls_client_crl;     /* PEM file: which of them are revoked; NULL: none */
    const char *cors;     /* origins of web pages that may ask, or "*"; NULL: none */
    const char *address;      /* to bind: IPv4 or IPv6 literal */
    unsigned port;            /* 0: any free port */
    bool metrics_apart;       /* metrics are on a port of their own, with health, and not on that one */
    unsigned metrics_port;    /* then; 0 likewise */
    unsigned threads;         /* loop threads; 0: one a core, at most 8 */
    unsigned workers;         /* threads for large requests; 0: one a core, at most 4 */
    uint64_t batch_window;    /* as the catalog's; 0: no threads for that */
    unsigned max_inflight;    /* large requests that wait or are answered at a time */
    size_t max_body;          /* bytes of a request body */
    unsigned max_rows;        /* rows of a request */
    size_t max_header;        /* bytes of request line and headers */
    unsigned max_depth;       /* nesting of a JSON body */
    unsigned max_connections; /* in all */
    unsigned leaving; /* that are seen off at one time (keeper.h), beside them; the server's own figure */
    unsigned max_per_address; /* of one client address; 0: no limit */
    unsigned
        header_timeout; /* seconds for headers, from accept; later from the request's first line */
    unsigned body_timeout; /* seconds for a body, either way; each 500 bytes of it buy one more */
    unsigned idle_timeout; /* seconds a kept-alive connection may be without a request line */
    bool nan_tokens;       /* predictions that are no number as NaN and Infinity, not null */
    bool multi_model;      /* SageMaker's: the platform adds models, and without `tokens` nobody is asked for a key to that */
    double request_timeout; /* seconds for an answer to be made, looked at between blocks of rows; 0: any */
    unsigned grace;        /* seconds for requests in flight after a stop */
    enum mli_trace_say say_ids; /* the least that answers say; logs raise it to the id */
    const char *access_log;   /* file, "-": standard output; NULL: none */
    const char *audit_log;      /* likewise */
    const char *prediction_log; /* likewise */
    double prediction_sample;   /* share of the rows that it gets, above 0 to 1 */
    size_t prediction_size;     /* bytes of a file of it */
    unsigned prediction_files;  /* in all */
    bool sandbox;          /* see sandbox.h; it holds for the process, and for good */
    const char *const *readable; /* then: files and folders of models that are read again */
    size_t readables;
    bool drift;                /* somebody looks at how rows drift, once a second (alarm.h) */
    struct mli_courier *courier; /* who tells of it, borrowed; NULL: nobody */
    double alert_psi;
    double alert_error_rate;     /* share of requests that fail; 0: nobody asks for it */
    const struct ml_log *log; /* access log at DEBUG, what goes wrong at WARNING */
};

#define MLI_SERVER_CONFIG_INIT                                                                     \
    {                                                                                              \
        .address = "127.0.0.1", .port = 8080, .max_body = 8u << 20, .max_rows = 65536,             \
        .max_header = 32u << 10, .max_depth = 32, .max_connections = 1000, .max_per_address = 0,   \
        .max_inflight = 64, .open = MLI_SCOPE_PREDICT | MLI_SCOPE_METRICS, .header_timeout = 10, .body_timeout = 30, .idle_timeout = 75, .request_timeout = 60, .grace = 25, .prediction_sample = 1, .prediction_size = 64u << 20, .prediction_files = 5            \
    }

struct mli_server;
struct mli_audit;

/* Threads that answer in a server of that configuration: those of the loops, and those for what would hold these up. */
size_t mli_server_threads(const struct mli_server_config *config);

/*
 * Binds, starts the threads and answers. The catalog is borrowed; its parts are mli_server_threads(config). ML_EIO: port taken and the like, ML_EUSAGE: bad
 * address or limit, ML_ELIMIT: too few open files are allowed, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_server_start(struct mli_catalog *catalog,
                                             const struct mli_server_config *config,
                                             struct mli_server **out, struct ml_error *err);
/* Where changes are noted; NULL: nowhere. */
struct mli_audit *mli_server_audit(const struct mli_server *server);
uint16_t mli_server_port(const struct mli_server *server);
uint16_t mli_server_metrics_port(const struct mli_server *server); /* 0: there is none */
/* Once, from any thread: not ready, stop accepting, finish what is in flight (at most `grace` seconds). */
void mli_server_drain(struct mli_server *server);
/* The same where that has not been done yet; then close, free. */
void mli_server_stop(struct mli_server *server);

#endif

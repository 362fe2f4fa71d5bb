/*
 * Routes: method, path, what body it takes, and the function that answers. A new one is a row of the table; a protocol
 * is one file and its rows. Paths are matched byte for byte (those of /v1 in any case, as TensorFlow Serving does), the
 * first row that fits counts, {m} and {v} stand for the name and the version of a model: letters up to '/' or ':'.
 * {l} for a label of a version, {} for anything between slashes. HEAD is GET without the body.
 */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include <serve/audit.h>
#include <serve/coding.h>
#include <serve/keys.h>
#include <serve/service.h>

struct mli_request {
    struct mli_view *view; /* what there is, for as long as the request lasts */
    const struct mli_registry *registry; /* of the view */
    const struct mli_lineup *lineup; /* of the model that is asked for, */
    const struct mli_served *served; /* and the version; both NULL: it is about none */
    size_t place;                    /* of that version in the registry; MLI_NO_PLACE: it is not there */
    bool versioned;                  /* the path says which version */
    const char *sticky;              /* header by which a client stays with a canary or not; NULL: it has none */
    const char *name;                /* in the path; NULL: none */
    size_t name_len;
    const struct mli_packing *coding; /* the body came packed; NULL: as it is */
    struct mli_content content;      /* what the body is */
    enum mli_media accept;           /* what the client wants; OTHER: anything */
    bool openmetrics;                /* the client accepts application/openmetrics-text */
    bool html;                       /* and text/html, as browsers say */
    const struct mli_who *who;       /* asks for what needs the scope admin; NULL: nobody, in unit tests */
    const char *host;                /* Host; NULL: not said */
    bool parts;                      /* Inference-Header-Content-Length was given: */
    size_t json_part;                /* bytes of the body that are JSON, tensors behind it */
    const char *body;
    size_t len;
    uint64_t since; /* when it came to wait for a thread, mli_clock(); 0: it did not */
};

enum mli_takes {
    MLI_TAKES_NOTHING,
    MLI_TAKES_ROWS,    /* JSON, CSV or JSON lines, and it says so */
    MLI_TAKES_SCORING, /* the same; another type is refused in plain text */
    MLI_TAKES_ANY,     /* whatever Content-Type is said: the protocol's clients do not care */
};

enum mli_about {
    MLI_ABOUT_SERVER,
    MLI_ABOUT_MODEL, /* of the path's name and version, or the first; it must be there */
    MLI_ABOUT_NAME,  /* a model that may not be there: then request->place is MLI_NO_PLACE */
};

struct mli_route {
    const char *method, *path;
    enum mli_scope scope; /* what a request's key must have (access.h) */
    enum mli_about about;
    enum mli_takes takes; /* of a body, at most config.max_body bytes */
    /* Fills the reply, which is as mli_reply_reset() leaves it. */
    void (*answer)(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
};

extern const struct mli_route mli_routes[];
extern const size_t mli_route_count;

/* What those speak who ask for predictions there. */
enum mli_protocol mli_route_protocol(const struct mli_route *route);

/* What a request's key must have, of this server: where SageMaker adds models, which shows none, that is nothing. */
enum mli_scope mli_route_scope(const struct mli_server_config *config, const struct mli_route *route);

/* Whether it is about how the server is: health, metrics. */
bool mli_route_watches(const struct mli_route *route);

/* What a path says. */
struct mli_match {
    const struct mli_route *route; /* NULL: there is none */
    const char *
        allow; /* then: methods that the path takes, for the Allow header; NULL: no row has that path */
    const char *name, *version, *label; /* as in the path; NULL: not in it */
    size_t name_len, version_len, label_len;
};

/* The paths of config->predict_route and health_route go before those of the table. */
struct mli_match mli_route_find(const struct mli_server_config *config, const char *method,
                                const char *path, size_t path_len);

#endif

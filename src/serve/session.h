/*
 * Session: a connection and its current request, from what the library calls to the reply. Internal to the server:
 * server.c starts and stops, session.c is called by the library, session_head.c decides by the head, session_body.c
 * gathers the body, session_away.c has others answer what takes long, session_send.c gives the reply, session_response.c
 * makes what the library sends.
 */
#ifndef SERVE_SESSION_H
#define SERVE_SESSION_H

#include <microhttpd.h>
#include <serve/access.h>
#include <serve/cors.h>
#include <serve/dispatch.h>
#include <serve/keeper.h>
#include <serve/lobby.h>
#include <serve/tls.h>
#include <serve/watch.h>
#include <time.h>

struct mli_server;

#define MLI_KEPT_BYTES ((size_t)512) /* bodies of responses that are kept are shorter than that */
#define MLI_BODY_KEPT ((size_t)64 << 10) /* a larger buffer, of a request or an answer, is not kept from one to the next */
#define MLI_MILLISECOND 1000000u      /* of mli_clock(): what it says of the time is what mli_now() does, but finer */
#define MLI_DATE_SIZE 30             /* "Sun, 06 Nov 1994 08:49:37 GMT" */

struct mli_kept; /* session_response.c */
struct mli_head_kept; /* session_head.c */

/* Where connections come in: the port, or that of --metrics-port, which has a loop thread and limits of its own. */
struct mli_door {
    struct mli_connections connections;
    struct mli_keeper *keeper; /* NULL: it is not open yet */
    struct mli_loop *loop;     /* the threads that answer here, */
    size_t loops, next;        /* how many; whose turn it is, the keeper's */
    unsigned leaving;          /* connections that are seen off at one time */
    int listener;              /* until the keeper has it; -1: none */
    uint16_t port;
    bool apart; /* health and metrics are answered here, and nothing else */
};

/* A thread that answers. */
struct mli_loop {
    struct mli_server *server;
    struct mli_door *door;
    struct mli_worker *worker;
    struct MHD_Daemon *daemon;
    struct mli_buf spare; /* for a body; its data NULL: none */
    struct mli_kept *kept[MLI_KEPT_BYTES]; /* by the length of the body; NULL: none yet */
    time_t second;                         /* of the text */
    char date[MLI_DATE_SIZE];              /* the header field */
};

struct mli_server {
    struct mli_service service;
    struct mli_door door, side; /* side: of --metrics-port; without loop threads: there is none */
    struct mli_alarm *alarm;     /* NULL: nobody counts */
    struct mli_access access;
    struct mli_cors cors;
    struct mli_tls *tls; /* NULL: plain HTTP */
    struct mli_watch *watch; /* of the files that are read again */
    struct mli_lobby *lobby; /* of those who come with large requests */
    struct mli_loop *loop;
    size_t loops;
    char keys_digest[MLI_SHA256_HEX], cert_digest[MLI_SHA256_HEX]; /* of the files as they were read last, for the audit */
    uint64_t until; /* mli_now(): the end of the grace, once it drains; */
    bool drained;   /* nobody was left then */
    bool in_place; /* the library leaves the head where it was received: mli_guard_head.received */
    _Atomic size_t held; /* bytes of request bodies, of those that are long, */
    _Atomic size_t sending; /* and of answers */
};

enum mli_stage { MLI_STAGE_HEAD, MLI_STAGE_LOBBY, MLI_STAGE_BODY };

/* A connection and its current request. */
struct mli_session {
    struct mli_loop *loop;
    struct mli_connection *connection;
    struct mli_tls_credentials *credentials; /* NULL: plain HTTP */
    unsigned served;
    bool ends; /* by our will, maybe with bytes unread */
    uint64_t told; /* until when to stay away with large requests; 0: never */
    enum mli_stage stage;
    bool refused;  /* the reply is made; the rest of the body goes nowhere */
    bool answered; /* the reply is on its way */
    uint64_t started;
    struct mli_head_kept *last; /* the head of the request before, and what it asked for; NULL: not kept */
    struct mli_buf target; /* start of the request target, before the library cuts it to pieces */
    const char *target_at; /* where it was received */
    size_t target_len, received;
    const struct mli_route *route; /* NULL: none found */
    struct mli_request request; /* its view is the worker's, until it is over */
    char key[MLI_KEY_NAME + 1];    /* name of the key that was shown; "": none */
    struct mli_trace trace;
    const char *method, *forwarded_for; /* as the head has them; NULL: not known, not sent */
    struct mli_who who; /* of a request that changes the server */
    const char *origin;            /* Access-Control-Allow-Origin; NULL: none */
    const char *preflight;         /* Access-Control-Allow-Methods; NULL: no preflight */
    struct mli_buf body;
    struct mli_reply reply;
    size_t sending;        /* bytes of it that the server has counted */
    struct mli_run run;    /* what came of it */
    bool away;             /* it is another thread's until that wakes the connection: */
    struct MHD_Connection *asleep;
    struct mli_errand errand;
    struct mli_guest guest;
    struct mli_group *group; /* that it goes with, then; NULL: none */
    const char *accepts; /* Accept-Encoding, then; NULL: not sent */
    struct mli_kept *kept; /* what the reply is sent by; NULL: by one of its own */
};

/* ---- door.c ---- */

/* ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_door_init(struct mli_door *door, const struct mli_connections_config *limits, bool apart,
                                          struct ml_error *err);
/* Connections queue up from now on. ML_EIO, ML_EUSAGE. */
ML_NODISCARD enum ml_status mli_door_listen(struct mli_door *door, const char *address, uint16_t port, struct ml_error *err);
/* And come in. ML_ENOMEM, ML_EIO. */
ML_NODISCARD enum ml_status mli_door_open(struct mli_door *door, bool silent, struct ml_error *err);
/* Nobody comes in any more. */
void mli_door_shut(struct mli_door *door);
/* Waits until all have gone. False: some have not by that time, mli_now(). */
bool mli_door_wait(struct mli_door *door, uint64_t until);
/* After the loop threads, of a door in whatever state _init has left it or others. */
void mli_door_close(struct mli_door *door, bool at_once);

/* ---- server_files.c ---- */

/* A warning where there is a file of keys without a key. */
void mli_server_warn_without_keys(const struct mli_server *server);
/* Starts the thread that reads keys and certificates again. ML_ENOMEM, ML_EIO. */
ML_NODISCARD enum ml_status mli_server_watch(struct mli_server *server, struct ml_error *err);

/* Index of the request's route for the metrics. */
size_t mli_session_route(const struct mli_session *session);

/* Has the reply made of a request that is complete, by the thread of that worker. */
void mli_session_make(struct mli_session *session, struct mli_worker *worker);

/* ---- session_away.c ---- */

/* Whether a body of so many bytes is for the pool, as far as that can be told before it is read, and the pool is full. */
bool mli_session_is_too_many(const struct mli_session *session, size_t bytes);
/*
 * A request that is one too many, before its body is read or after: its reply is made. True: it is not to be sent yet, the
 * connection sleeps. False: now.
 */
bool mli_session_turn_away(struct mli_session *session, struct MHD_Connection *connection);
/*
 * True: the request is another thread's, which answers it with others of its model or because it is large or changes
 * models, and the connection sleeps. False: it is to be answered here, or has been refused because too many of these wait.
 */
bool mli_session_send_away(struct mli_session *session, struct MHD_Connection *connection);

/* ---- session_send.c ---- */

/* A long body goes packed to who asks for that. accept: Accept-Encoding, NULL: not sent. */
void mli_session_pack(struct mli_reply *reply, const char *accept);

/*
 * The reply's body is sent from where it is; it stays until the request is completed. A long one that finds too much of that in
 * memory, because clients do not take theirs, becomes a refusal.
 */
enum MHD_Result mli_session_send(struct mli_session *session, struct MHD_Connection *connection,
                                 const char *method);

/* Takes what it has of the server's count back. */
void mli_session_drop_answer(struct mli_session *session);

/* Writes the request down where that is wanted; status 0: it was not answered. */
void mli_session_note(struct mli_session *session, unsigned status, uint64_t took);

/* ---- session_response.c ---- */

/* What the library is to be given for the reply, and gets back when it has it. NULL: no memory. */
struct MHD_Response *mli_session_response(struct mli_session *session, const char *method);
void mli_session_drop_response(struct mli_session *session, struct MHD_Response *response);
/* The reply has been sent, or never will be. */
void mli_session_sent(struct mli_session *session);
/* After the last session of the loop. */
void mli_loop_drop_responses(struct mli_loop *loop);

/* ---- session_head.c ---- */

/* Makes the reply an error; nothing else will answer. */
void mli_session_refuse(struct mli_session *session, unsigned status, const char *text);
/*
 * Guard, route, and what the head says of the body. A refusal is sent at once, which ends the connection, when a body
 * would follow or nobody can be sure what does. When the head was the whole request it waits for on_request()'s last
 * call, and the connection lives on. A long body that would have no thread to answer it is not read: that refusal may
 * have to wait in the lobby, and when the connection is woken _leave_lobby() sends it, if there is still no room.
 */
enum MHD_Result mli_session_take_head(struct mli_session *session,
                                      struct MHD_Connection *connection, const char *method,
                                      const char *version);

enum MHD_Result mli_session_leave_lobby(struct mli_session *session, struct MHD_Connection *connection, const char *method);

/* ---- session_body.c ---- */

/*
 * Keeps *n bytes and sets *n to 0. The library takes a reply before the body or after it, not amid. A body that has
 * been refused is read on for as long as its limit once more, so that the reply can be given; one that goes on after
 * that is cut.
 */
enum MHD_Result mli_session_take_body(struct mli_session *session, const char *bytes, size_t *n);
/* A body that came packed becomes what it unpacks to, or the request is refused. */
void mli_session_unpack(struct mli_session *session);
/* Takes the bytes back from the server's count. */
void mli_session_drop_body(struct mli_session *session);

/* ---- session.c: what the library calls; data is the struct mli_loop ---- */

void mli_session_on_connection(void *data, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code);
void *mli_session_on_target(void *data, const char *target, struct MHD_Connection *connection);
enum MHD_Result mli_session_on_request(void *data, struct MHD_Connection *connection,
                                       const char *path, const char *method, const char *version,
                                       const char *bytes, size_t *n, void **context);
void mli_session_on_completed(void *data, struct MHD_Connection *connection, void **context,
                              enum MHD_RequestTerminationCode code);

#endif

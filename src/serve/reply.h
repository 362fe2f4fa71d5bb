/*
 * Reply: what a handler answers with. The body's buffer belongs to the connection and is kept until it is sent. Every
 * error has one shape: {"error":TEXT,"error_code":"BAD_REQUEST","message":TEXT}, with
 * "rows":[{"row":3,"column":"age", "code":"not_a_number","found":"abc"}] when cells were refused, and "more" when
 * they were more than those listed.
 */
#ifndef SERVE_REPLY_H
#define SERVE_REPLY_H

#include <serve/intake.h>

#define MLI_POLICY_MAX 384
#define MLI_TYPE_MAX 96
#define MLI_REPLY_MAX ((size_t)64 << 20) /* bytes of a body */

struct mli_reply {
    unsigned status;
    const char *type; /* Content-Type */
    struct mli_buf body;
    const char *allow;    /* Allow, NULL: none */
    const char *coding;   /* Content-Encoding of the body, NULL: it is as it is, */
    bool varies;          /* or could be otherwise: Vary: Accept-Encoding */
    const char *challenge; /* WWW-Authenticate, NULL: none */
    const char *model;     /* X-Model-Digest, of the model whose predictions it has; NULL or "": none */
    size_t nulls;         /* predictions in it that are no number and became null: X-Mlctl-Nulls, 0: none */
    size_t json_part;     /* Inference-Header-Content-Length, 0: none */
    unsigned retry_after; /* Retry-After in seconds, 0: none */
    bool close;           /* end the connection after this reply */
    char policy[MLI_POLICY_MAX]; /* Content-Security-Policy, "": that nothing is run or drawn; from here on nothing is cleared */
    char made[MLI_TYPE_MAX]; /* where a type is written that is no constant: it stays until the reply is sent */
};

void mli_reply_init(struct mli_reply *reply);
void mli_reply_release(struct mli_reply *reply);
/* As new, but the body's memory is kept if it is small. */
void mli_reply_reset(struct mli_reply *reply);

/* Each replaces what the reply held. */
void mli_reply_json(struct mli_reply *reply, const char *text);
void mli_reply_error(struct mli_reply *reply, unsigned status, const char *format, ...)
    ML_PRINTF(3, 4);
/* The answer to a failure inside: the status and text of err, and the faults of the intake (NULL: none). */
void mli_reply_failure(struct mli_reply *reply, const struct ml_error *err,
                       const struct mli_intake *intake);
/*
 * The end of a request for predictions, of which `status` and `err` are what came of it: its rows are counted, and when
 * it failed or cells were refused the reply becomes that failure. True: it did not.
 */
bool mli_reply_done(struct mli_reply *reply, const struct mli_intake *intake,
                    enum ml_status status, const struct ml_error *err);
/* The prediction document of a row: {"prediction":4.5}; p: ml_model_width() numbers. */
void mli_reply_prediction(struct mli_reply *reply, const struct mli_served *served,
                          const double *p);
/* A body that could not be written (its buffer's status) becomes an error that can. */
void mli_reply_settle(struct mli_reply *reply);

/* "BAD_REQUEST" for 400, and so on: the error_code of a status. Static storage. */
const char *mli_reply_code(unsigned status);

#endif

/*
 * Sink: where the predictions of a request go as they come, in the form of the answer: the one place where rows become
 * the body of a reply. A handler begins one, has a decoder fill its intake, and ends it.
 */
#ifndef SERVE_SINK_H
#define SERVE_SINK_H

#include <serve/routes.h>
#include <table/write.h>

enum mli_form {
    MLI_FORM_DOCUMENTS, /* {"prediction":4.5}, or a list of them when the request is a list */
    MLI_FORM_PREDICTIONS, /* {"predictions":[4.5,...]}: bare numbers, or documents when there is more to say */
    MLI_FORM_LINES,      /* a document a line */
    MLI_FORM_TABLE,      /* CSV with a header */
    MLI_FORM_BARE_TABLE, /* CSV without one */
};

struct mli_sink {
    const struct mli_served *served;
    struct mli_reply *reply;
    enum mli_form form;
    struct mli_csv_writer csv;
    struct mli_intake intake;
    size_t rows; /* written so far */
    /* Adds members to the document of a row, counted from 0 in its block; each begins with a comma. NULL: none. */
    void (*add)(void *data, size_t row, struct mli_buf *out);
    void *add_data;
};

void mli_sink_begin(struct mli_sink *sink, const struct mli_service *service,
                    struct mli_worker *worker, const struct mli_request *request,
                    struct mli_reply *reply, enum mli_form form);
/* With what came of reading the rows: predicts what is left and finishes the reply, which is the failure if it failed. */
void mli_sink_end(struct mli_sink *sink, enum ml_status status, struct ml_error *err);

#endif

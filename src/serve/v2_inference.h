/*
 * One request for inference of the Open Inference Protocol, in parts: v2_infer.c goes through it, v2_parts.c reads the
 * small things, v2_inputs.c the tensors, v2_outputs.c which outputs are wanted, and writes them.
 */
#ifndef SERVE_V2_INFERENCE_H
#define SERVE_V2_INFERENCE_H

#include <serve/feed.h>
#include <serve/outputs.h>
#include <serve/routes.h>

#define MLI_V2_INPUT "input-0" /* all columns in one tensor */
#define MLI_V2_DIMENSIONS ((size_t)8)

struct mli_v2_tensor {
    char *name;
    const struct mli_datatype *type;
    size_t shape[MLI_V2_DIMENSIONS], dimensions, elements;
    bool binary;
    size_t bytes; /* of a binary one */
    struct mli_scan data;
};

struct mli_v2_output {
    const struct mli_output *of;
    bool binary;
    size_t bytes;   /* of a binary one */
    size_t classes; /* so many of the largest values, as texts; 0: all, as they are */
};

struct mli_v2_inference {
    const struct mli_request *request;
    struct mli_worker *worker;
    const struct mli_served *served;
    struct mli_scan id; /* text NULL: none */
    bool frame; /* content_type "pd": columns that the model does not know are passed over */
    bool binary_output;
    struct mli_feed *feed;            /* one a column; name NULL: not given */
    bool rows_major;                  /* feed[0] has all columns */
    size_t rows;                      /* SIZE_MAX: not known yet */
    const unsigned char *bytes, *end; /* binary data not taken yet */
    struct mli_v2_output *chosen;     /* room for every output of the model */
    size_t outputs;
};

/* Each reads what `scan` stands before. ML_EDATA, ML_ENOMEM; texts are the request arena's. */
ML_NODISCARD enum ml_status mli_v2_text(struct mli_v2_inference *in, struct mli_scan *scan,
                                        char **out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_v2_parameters(struct mli_v2_inference *in, struct mli_scan *scan,
                                              struct ml_error *err);
/* A whole number of 0 or more; false: scan->wrong. */
bool mli_v2_size(struct mli_scan *scan, size_t *out);
/* true or false of a member of "parameters", left as it is when it is not there. False: wanted->at.wrong. */
bool mli_v2_flag(struct mli_scan_wanted *wanted, bool *out);

/* The list of inputs: fills in->feed. ML_EDATA: what does not fit, or is missing (a fault). */
ML_NODISCARD enum ml_status mli_v2_take_inputs(struct mli_v2_inference *in, struct mli_scan *scan,
                                               struct mli_intake *intake, struct ml_error *err);
/* A tensor of all columns. */
ML_NODISCARD enum ml_status mli_v2_take_all(struct mli_v2_inference *in,
                                            const struct mli_v2_tensor *tensor,
                                            struct ml_error *err);
/* After the last: every column is there, no bytes are left, there are rows. */
ML_NODISCARD enum ml_status mli_v2_check_inputs(const struct mli_v2_inference *in,
                                                struct mli_intake *intake, struct ml_error *err);

/* The list of outputs, if there is one: fills in->chosen, with all of them when nobody chose. */
ML_NODISCARD enum ml_status mli_v2_take_outputs(struct mli_v2_inference *in,
                                                struct mli_scan_wanted *wanted,
                                                struct ml_error *err);
/* ---- v2_classes.c: "value:index:label" of the largest values of a row, as Triton's "classification" gives them ---- */

/* What `in` lists of a row's prediction p: as JSON strings with commas between, or each with its length in front. */
void mli_v2_classes(struct mli_v2_inference *in, const struct mli_v2_output *chosen, const double *p, struct mli_buf *out);

/* The answer: P has in->rows predictions. */
void mli_v2_write(struct mli_v2_inference *in, const double *P, struct mli_reply *reply);

#endif

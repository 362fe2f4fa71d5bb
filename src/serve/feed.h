/*
 * Feed: a tensor or column as cells, one after the other: a JSON array, flat or nested, or little-endian bytes. Rows
 * are made of feeds read in step, so that a request by columns is never turned around in memory.
 */
#ifndef SERVE_FEED_H
#define SERVE_FEED_H

#include <serve/intake.h>
#include <serve/scan.h>

enum mli_datatype_kind {
    MLI_DATATYPE_BOOL,
    MLI_DATATYPE_INT,
    MLI_DATATYPE_FLOAT,
    MLI_DATATYPE_BYTES
};

/* Datatypes of the Open Inference Protocol. */
struct mli_datatype {
    const char *name;
    enum mli_datatype_kind kind;
    size_t size;      /* bytes of an element; 0: each has its length in front of it */
    double low, high; /* of an INT */
    bool binary;      /* has no form in JSON */
};

/* NULL: there is none of that name. */
const struct mli_datatype *mli_datatype_find(const struct mli_scan_text *name);

struct mli_feed {
    const char *name;                /* of the tensor, for messages; borrowed */
    const struct mli_datatype *type; /* NULL: any JSON value is a cell */
    struct mli_scan scan;            /* JSON */
    size_t level;                    /* arrays of it that are open */
    bool waiting;                    /* the scan stands before a value */
    const unsigned char *at, *end;   /* bytes; at NULL: JSON */
    size_t count;                    /* cells so far */
};

/* Begins before a JSON array. False: scan.wrong. */
bool mli_feed_open(struct mli_feed *feed);
/* Puts the next cell, of which there must be one more, into the open row. ML_EDATA: not of the type, or not JSON. */
ML_NODISCARD enum ml_status mli_feed_cell(struct mli_feed *feed, struct mli_intake *intake,
                                          size_t field, struct ml_error *err);
/* Whether another cell comes, or an error, which shows when it is read. */
bool mli_feed_more(struct mli_feed *feed);

/*
 * Rows of the schema out of feeds: n of them when n is not SIZE_MAX, else as many as the first has; every feed must
 * end with the last row. feed[i] is for field i; with `rows_major` feed[0] alone has them all, row by row. ML_EDATA,
 * and what the intake says.
 */
ML_NODISCARD enum ml_status mli_feed_rows(struct mli_feed *feed, bool rows_major, size_t n,
                                          struct mli_intake *intake, struct ml_error *err);

#endif

/*
 * Coding: bodies that come packed, Content-Encoding: gzip or deflate [RFC 9110, 8.4.1], and answers that go so. What bodies
 * unpack to is bounded by the buffer's limit, so a small body cannot become a large one.
 */
#ifndef SERVE_CODING_H
#define SERVE_CODING_H

#include <base/buf.h>
#include <base/packing.h>

/* NULL: not one that is understood. */
const struct mli_packing *mli_coding_find(const char *name);
/* Adds the whole of it to `out`. ML_EDATA: broken, cut short or followed by something; ML_ELIMIT: over out's limit; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_coding_unpack(const struct mli_packing *coding, const char *bytes,
                                              size_t n, struct mli_buf *out, struct ml_error *err);

/* The coding for an answer that an Accept-Encoding field asks for, gzip before deflate; NULL: as it is. */
const struct mli_packing *mli_coding_accepted(const char *accept);
/* Adds the packed bytes to `out`, whose status says whether that went well. */
void mli_coding_pack(const struct mli_packing *coding, const char *bytes, size_t n, struct mli_buf *out);

#endif

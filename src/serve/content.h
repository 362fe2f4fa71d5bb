/*
 * Content: what Content-Type and Accept say, for the types of bodies that are understood here [RFC 9110, 8.3 and
 * 12.5.1].
 *
 *   application/json                                          charset=utf-8
 *   text/csv                                                  charset=utf-8, header=present or absent, label_size=0
 *   application/jsonlines, -jsonl, -x-jsonlines, -x-ndjson    charset=utf-8
 *   application/vnd.sagemaker-triton.binary+json              json-header-size=BYTES
 */
#ifndef SERVE_CONTENT_H
#define SERVE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#define MLI_MEDIA_TENSORS_TYPE "application/vnd.sagemaker-triton.binary+json"

enum mli_media { MLI_MEDIA_OTHER, MLI_MEDIA_JSON, MLI_MEDIA_CSV, MLI_MEDIA_LINES, MLI_MEDIA_TENSORS };
enum mli_header { MLI_HEADER_UNSAID, MLI_HEADER_PRESENT, MLI_HEADER_ABSENT };
enum mli_content_fault {
    MLI_CONTENT_FINE,
    MLI_CONTENT_TYPE,
    MLI_CONTENT_CHARSET,
    MLI_CONTENT_PARAMETER
};

struct mli_content {
    enum mli_media media;
    enum mli_header header;       /* whether a CSV body has a header line */
    enum mli_content_fault fault; /* what is not understood; media is OTHER then */
    const char *parameter;        /* name of the parameter that is not, where one is; borrowed */
    size_t parameter_len;
    bool parts;                   /* TENSORS: it says how many bytes are JSON: */
    size_t json_part;
};

/* Types in any case, values quoted or not; NULL is a type that is not understood. */
struct mli_content mli_content_parse(const char *content_type);

/* The type of an Accept field that can be written here and has the greatest weight, of equals the first; OTHER: none, or all are fine. TENSORS is none. */
enum mli_media mli_content_accepted(const char *accept);

/*
 * Whether an Accept field wants metrics as OpenMetrics 1 rather than as Prometheus' text 0.0.4: it names the type (in version
 * 0.0.1, which came before, 1.x or none) and gives it a weight of no less than text/plain gets, or a range that has it in it.
 */
bool mli_content_openmetrics(const char *accept);

#endif

/* A description as one JSON document: what `mlctl describe --json` prints. Members may be added, not changed. */
#ifndef DESCRIBE_DOCUMENT_H
#define DESCRIBE_DOCUMENT_H

#include <base/json.h>
#include <describe/describe.h>

json_t *mli_description_json(const struct mli_description *description); /* NULL: no memory */

#endif

/*
 * Foreign: files that are no CSV, told by how they begin, so that a newcomer hears what the file is and not where the first
 * misplaced quote in it stands.
 */
#ifndef TABLE_FOREIGN_H
#define TABLE_FOREIGN_H

#include <mlctl/status.h>
#include <stddef.h>

#define MLI_FOREIGN_BYTES ((size_t)4) /* tell what is told by bytes */

/* What the file is whose stored (unpacked) bytes begin so, and what to do: "an Excel file: ..."; NULL: nothing known. */
const char *mli_foreign_bytes(const char *bytes, size_t n);
/* The same of text: JSON, pages, and formats that begin as text; no header of a CSV file does. */
const char *mli_foreign_text(const char *text, size_t n);

#endif

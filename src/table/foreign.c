#include <table/foreign.h>

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

const char *mli_foreign_bytes(const char *bytes, size_t n)
{
    static const struct {
        char magic[MLI_FOREIGN_BYTES + 1];
        const char *what;
    } rows[] = {
        { "PK\003\004", "a zip archive or an Excel file; unpack it, or save the sheet as CSV" },
        { "\xD0\xCF\x11\xE0", "an Excel file; save the sheet as CSV" },
        { "\x89HDF", "an HDF5 file; write it as CSV" },
        { "\x89PNG", "an image" },
        { "\xFF\xD8\xFF\xE0", "an image" },
        { "\x7F" "ELF", "a program" },
        { "\xFD" "7zX", "an xz archive; unpack it, or pack it as gzip or zstd" },
    };

    for (size_t i = 0; n >= MLI_FOREIGN_BYTES && i < sizeof(rows) / sizeof(*rows); i++) {
        if (memcmp(rows[i].magic, bytes, MLI_FOREIGN_BYTES) == 0)
            return rows[i].what;
    }
    return NULL;
}

static size_t skip_space(const char *text, size_t n, size_t at)
{
    while (at < n && isspace((unsigned char)text[at]))
        at++;
    return at;
}

/* A header does not begin with a brace and a quote. */
static bool is_json(const char *text, size_t n, size_t at)
{
    if (at < n && text[at] == '[')
        at = skip_space(text, n, at + 1);
    if (at >= n || text[at] != '{')
        return false;
    at = skip_space(text, n, at + 1);
    return at < n && (text[at] == '"' || text[at] == '}');
}

const char *mli_foreign_text(const char *text, size_t n)
{
    static const struct {
        const char *begin;
        size_t len; /* with its NUL, where the format has one */
        const char *what;
    } rows[] = {
        { "ARROW1", 7, "an Arrow file; write it as CSV" },
        { "SQLite format 3", 16, "an SQLite database; write the table as CSV" },
        { "%PDF-1.", 7, "a PDF file" },
        { "BZh91AY&SY", 10, "a bzip2 archive; unpack it, or pack it as gzip or zstd" },
        { "<!doctype html", 14, "a web page; was the file behind it meant?" },
        { "<html", 5, "a web page; was the file behind it meant?" },
        { "<?xml", 5, "XML; write it as CSV" },
    };
    size_t at = skip_space(text, n, 0);

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        size_t len = rows[i].len;
        bool nul = rows[i].begin[len - 1] == '\0';
        if (n - at >= len && strncasecmp(text + at, rows[i].begin, len) == 0 && (!nul || text[at + len - 1] == '\0'))
            return rows[i].what;
    }
    if (n > 4 && memcmp(text, "PAR1", 4) == 0 && (unsigned char)text[4] < ' ' && !isspace((unsigned char)text[4]))
        return "a Parquet file; write it as CSV";
    return is_json(text, n, at) ? "JSON; write it as CSV" : NULL;
}

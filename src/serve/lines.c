#include <serve/lines.h>

#include <serve/row.h>
#include <string.h>

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!strchr(" \t\r\n", text[i]) || text[i] == '\0')
            return false;
    }
    return true;
}

static enum ml_status read_line(const char *line, size_t len, size_t max_depth,
                                struct mli_intake *intake, struct ml_error *err)
{
    struct mli_scan scan = mli_scan_of(line, len, max_depth);
    enum ml_status status = mli_row_read(&scan, intake, err);

    if (status == ML_OK && !mli_scan_end(&scan))
        return mli_scan_error(&scan, err);
    return status;
}

enum ml_status mli_lines_read(const char *text, size_t len, size_t max_depth,
                              struct mli_intake *intake, struct ml_error *err)
{
    intake->many = true;
    for (size_t at = 0, line = 1; at < len && !is_blank(text + at, len - at); line++) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - (text + at)) : len - at;
        enum ml_status status = read_line(text + at, n, max_depth, intake, err);
        if (status != ML_OK) {
            if (err && err->line == 0)
                err->line = line;
            return status;
        }
        at += n + 1;
    }
    return intake->rows > 0
               ? ML_OK
               : ml_error_set(err, ML_EDATA, "there are no rows; expected at least one");
}

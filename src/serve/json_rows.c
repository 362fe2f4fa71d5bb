#include <serve/json_rows.h>

#include <serve/row.h>

static enum ml_status read_row(struct mli_scan *scan, struct mli_intake *intake,
                               struct ml_error *err)
{
    if (mli_scan_peek(scan) == '{')
        return mli_row_read_named(scan, intake, err);
    mli_scan_refuse(scan, intake->many ? "a row, which is an object like {\"column\": value}"
                                       : "an object like {\"column\": value} or an array of them");
    return mli_scan_error(scan, err);
}

static enum ml_status read_array(struct mli_scan *scan, struct mli_intake *intake,
                                 struct ml_error *err)
{
    intake->many = true;
    mli_scan_open(scan, '[');
    while (mli_scan_item(scan)) {
        enum ml_status status = read_row(scan, intake, err);
        if (status != ML_OK)
            return status;
    }
    if (scan->wrong)
        return mli_scan_error(scan, err);
    if (intake->rows == 0)
        return ml_error_set(err, ML_EDATA, "the array has no rows; expected at least one object");
    return ML_OK;
}

enum ml_status mli_json_rows(const char *text, size_t len, size_t max_depth,
                             struct mli_intake *intake, struct ml_error *err)
{
    struct mli_scan scan = mli_scan_of(text, len, max_depth);

    intake->typed = true;
    enum ml_status status =
        mli_scan_peek(&scan) == '[' ? read_array(&scan, intake, err) : read_row(&scan, intake, err);
    if (status != ML_OK)
        return status;
    return mli_scan_end(&scan) ? mli_intake_end(intake, err) : mli_scan_error(&scan, err);
}

#include <serve/columns.h>

#include <serve/feed.h>
#include <serve/row.h>

/* Notes where each column is and passes over it. */
static enum ml_status find_columns(struct mli_scan *scan, struct mli_intake *intake,
                                   struct mli_feed *feed, struct ml_error *err)
{
    const struct mli_schema *schema = intake->desk->schema;
    struct mli_scan_text name;

    mli_scan_open(scan, '{');
    for (size_t guess = 0; mli_scan_member(scan, &name); guess++) {
        size_t field = mli_row_field(intake, &name, guess);
        if (field < schema->count) {
            if (feed[field].name)
                return ml_error_set(err, ML_EDATA, "column \"%.200s\" is there twice",
                                    schema->field[field].name);
            feed[field] = (struct mli_feed){ .name = schema->field[field].name, .scan = *scan };
            if (!mli_feed_open(&feed[field]))
                return mli_scan_error(&feed[field].scan, err);
        }
        mli_scan_skip(scan);
    }
    return scan->wrong ? mli_scan_error(scan, err) : ML_OK;
}

static enum ml_status check_missing(struct mli_intake *intake, const struct mli_feed *feed,
                                    struct ml_error *err)
{
    const struct mli_schema *schema = intake->desk->schema;
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < schema->count; i++) {
        if (feed[i].name)
            continue;
        mli_intake_fault(intake, i, "missing_column", NULL, 0);
        status = ml_error_set(err, ML_EDATA, "column \"%.200s\" is missing", schema->field[i].name);
    }
    return status;
}

enum ml_status mli_columns_read(struct mli_scan *scan, struct mli_intake *intake,
                                struct ml_error *err)
{
    size_t columns = intake->desk->schema->count;
    struct mli_feed *feed = mli_arena_calloc(&intake->worker->request, columns, sizeof(*feed));

    if (!feed)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the request");
    enum ml_status status = find_columns(scan, intake, feed, err);
    if (status == ML_OK)
        status = check_missing(intake, feed, err);
    if (status == ML_OK)
        status = mli_feed_rows(feed, false, SIZE_MAX, intake, err);
    if (status == ML_OK && intake->rows == 0)
        return ml_error_set(err, ML_EDATA, "there are no rows; expected at least one");
    return status;
}

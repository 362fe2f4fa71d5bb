#include <serve/v2_inference.h>

#include <math.h>

enum ml_status mli_v2_text(struct mli_v2_inference *in, struct mli_scan *scan, char **out,
                           struct ml_error *err)
{
    struct mli_scan_text text;

    if (!mli_scan_string(scan, &text))
        return mli_scan_error(scan, err);
    char *plain = mli_arena_alloc(&in->worker->request, text.len + 1, 1);
    if (!plain)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the request");
    plain[mli_scan_decode(&text, plain)] = '\0';
    *out = plain;
    return ML_OK;
}

bool mli_v2_size(struct mli_scan *scan, size_t *out)
{
    double value;

    if (!mli_scan_number(scan, &value))
        return false;
    if (value < 0 || value > 0x1p48 || value != floor(value))
        return mli_scan_refuse(scan, "a whole number of 0 or more, before this");
    *out = (size_t)value;
    return true;
}

bool mli_v2_flag(struct mli_scan_wanted *wanted, bool *out)
{
    char literal = 'n';

    if (!wanted->found)
        return true;
    if (!mli_scan_literal(&wanted->at, &literal) || literal == 'n')
        return mli_scan_refuse(&wanted->at, "true or false, before this");
    *out = literal == 't';
    return true;
}

enum ml_status mli_v2_parameters(struct mli_v2_inference *in, struct mli_scan *scan,
                                 struct ml_error *err)
{
    struct mli_scan_wanted wanted[] = { { .name = "content_type" },
                                        { .name = "binary_data_output" } };
    struct mli_scan_text text;

    if (!mli_scan_members(scan, wanted, 2))
        return mli_scan_error(scan, err);
    if (wanted[0].found && mli_scan_peek(&wanted[0].at) == '"' &&
        mli_scan_string(&wanted[0].at, &text))
        in->frame = mli_scan_equals(&text, "pd");
    return mli_v2_flag(&wanted[1], &in->binary_output) ? ML_OK : mli_scan_error(&wanted[1].at, err);
}

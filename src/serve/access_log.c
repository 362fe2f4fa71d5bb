/* Written by hand, piece by piece: this runs for every request. */
#include <serve/access_log.h>

#include <arpa/inet.h>
#include <base/text.h>
#include <string.h>
#include <time.h>

static void put_digits(char *out, size_t n, unsigned value)
{
    while (n > 0) {
        out[--n] = (char)('0' + value % 10);
        value /= 10;
    }
}

void mli_log_time(char out[MLI_LOG_TIME + 1])
{
    static _Thread_local time_t second = -1; /* whose date this thread has worked out */
    static _Thread_local char text[MLI_LOG_TIME + 1];
    struct timespec now;
    struct tm date;

    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second && gmtime_r(&now.tv_sec, &date)) {
        second = now.tv_sec;
        memcpy(text, "0000-00-00T00:00:00.000Z", sizeof(text));
        put_digits(text, 4, (unsigned)(date.tm_year + 1900));
        put_digits(text + 5, 2, (unsigned)(date.tm_mon + 1));
        put_digits(text + 8, 2, (unsigned)date.tm_mday);
        put_digits(text + 11, 2, (unsigned)date.tm_hour);
        put_digits(text + 14, 2, (unsigned)date.tm_min);
        put_digits(text + 17, 2, (unsigned)date.tm_sec);
    }
    memcpy(out, text, sizeof(text));
    put_digits(out + 20, 3, (unsigned)(now.tv_nsec / 1000000));
}

/* The character of a well-formed sequence of two bytes or three; else 0. */
static unsigned character(const char *s, size_t length)
{
    const unsigned char *b = (const unsigned char *)s;

    if (length == 2)
        return (b[0] & 31u) << 6 | (b[1] & 63u);
    return length == 3 ? (b[0] & 15u) << 12 | (b[1] & 63u) << 6 | (b[2] & 63u) : 0;
}

/*
 * What moves a cursor, ends a line or turns its direction: C0, DEL, C1, the line and paragraph separators, the marks of
 * bidirectional text.
 */
static bool is_control(const char *s, size_t length)
{
    unsigned c = length == 1 ? (unsigned char)*s : character(s, length);

    return (length == 1 && c < 0x20) || c == 0x7F || (c >= 0x80 && c < 0xA0) || c == 0x061C ||
           (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void mli_log_text(struct mli_buf *out, const char *text, size_t n)
{
    size_t clean = 0;

    mli_buf_char(out, '"');
    for (size_t i = 0; i < n;) {
        size_t length = mli_utf8_sequence(text + i, n - i);
        bool control = is_control(text + i, length);
        if (length > 0 && !control && text[i] != '"' && text[i] != '\\') {
            i += length;
            continue;
        }
        mli_buf_add(out, text + clean, i - clean);
        if (length == 0)
            mli_buf_str(out, "\\ufffd");
        else if (control)
            mli_buf_printf(out, "\\u%04x", length == 1 ? (unsigned)(unsigned char)text[i] : character(text + i, length));
        else
            mli_buf_printf(out, "\\%c", text[i]);
        i += length ? length : 1;
        clean = i;
    }
    mli_buf_add(out, text + clean, n - clean);
    mli_buf_char(out, '"');
}

static void put_number(struct mli_buf *out, uint64_t value)
{
    char text[20];
    size_t n = 20;

    do {
        text[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    mli_buf_add(out, text + n, sizeof(text) - n);
}

void mli_log_address(struct mli_buf *out, const struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];

    mli_buf_char(out, '"');
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        for (size_t i = 12; i < 16; i++) {
            if (i > 12)
                mli_buf_char(out, '.');
            put_number(out, address->s6_addr[i]);
        }
    } else {
        mli_buf_str(out, inet_ntop(AF_INET6, address, text, sizeof(text)));
    }
    mli_buf_char(out, '"');
}

static void put_name(struct mli_buf *out, const char *before, const char *value)
{
    mli_buf_str(out, before);
    mli_log_text(out, value, strlen(value));
}

/* Without the query, in which somebody may have put what is secret. */
static void put_request(struct mli_buf *out, const struct mli_access_entry *entry)
{
    const char *query = entry->target_len ? memchr(entry->target, '?', entry->target_len) : NULL;
    size_t path = query ? (size_t)(query - entry->target) : entry->target_len;

    if (entry->method)
        put_name(out, ",\"method\":", entry->method);
    else
        mli_buf_str(out, ",\"method\":null");
    mli_buf_str(out, ",\"path\":");
    mli_log_text(out, entry->target, path);
    put_name(out, ",\"route\":", entry->route);
}

static void put_outcome(struct mli_buf *out, const struct mli_access_entry *entry)
{
    char fraction[9];

    if (entry->status) {
        mli_buf_str(out, ",\"status\":");
        put_number(out, entry->status);
    } else {
        mli_buf_str(out, ",\"status\":null");
    }
    mli_buf_str(out, ",\"bytes_in\":");
    put_number(out, entry->in);
    mli_buf_str(out, ",\"bytes_out\":");
    put_number(out, entry->out);
    mli_buf_str(out, ",\"seconds\":");
    put_number(out, entry->nanoseconds / 1000000000u);
    put_digits(fraction, sizeof(fraction), (unsigned)(entry->nanoseconds % 1000000000u));
    mli_buf_char(out, '.');
    mli_buf_add(out, fraction, sizeof(fraction));
}

void mli_access_log_line(struct mli_buf *out, const struct mli_access_entry *entry)
{
    const struct mli_trace *trace = entry->trace;
    char time[MLI_LOG_TIME + 1];

    mli_log_time(time);
    mli_buf_str(out, "{\"time\":\"");
    mli_buf_add(out, time, MLI_LOG_TIME);
    mli_buf_str(out, "\",\"id\":\"");
    mli_buf_str(out, trace->id);
    mli_buf_str(out, "\",\"trace\":\"");
    mli_buf_add(out, trace->parent + MLI_TRACE_ID, 32);
    mli_buf_str(out, "\",\"span\":\"");
    mli_buf_add(out, trace->parent + MLI_TRACE_SPAN, 16);
    if (trace->caller[0])
        mli_buf_str(out, "\",\"caller\":\"");
    mli_buf_str(out, trace->caller);
    if (entry->key[0])
        put_name(out, "\",\"key\":", entry->key);
    else
        mli_buf_str(out, "\",\"key\":null");
    mli_buf_str(out, ",\"client\":");
    mli_log_address(out, entry->client);
    put_request(out, entry);
    put_outcome(out, entry);
    if (entry->served) {
        put_name(out, ",\"model\":", entry->served->name);
        put_name(out, ",\"version\":", entry->served->version);
        put_name(out, ",\"digest\":", entry->served->model->sha256);
        mli_buf_str(out, ",\"rows\":");
        put_number(out, entry->rows);
    }
    mli_buf_str(out, "}\n");
}

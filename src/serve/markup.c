#include <serve/markup.h>

#include <base/sha256.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN ((size_t)32) /* of a part */

/* ---- the policy -------------------------------------------------------------------------------------------------- */

enum { HASH = 32, HASH_TEXT = 45 }; /* bytes; base64 of them and a NUL */

/* Base64 [RFC 4648, 4] of 32 bytes. */
static void write_base64(const unsigned char hash[HASH], char out[HASH_TEXT])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < HASH; i += 3) {
        unsigned second = i + 1 < HASH ? hash[i + 1] : 0, third = i + 2 < HASH ? hash[i + 2] : 0;
        unsigned bits = (unsigned)hash[i] << 16 | second << 8 | third;
        for (unsigned k = 0; k < 4; k++)
            *out++ = digits[bits >> (18 - 6 * k) & 63];
    }
    out[-1] = '='; /* the last group has two bytes */
    *out = '\0';
}

static void hash_text(const char *text, char out[HASH_TEXT])
{
    char hex[MLI_SHA256_HEX];
    unsigned char hash[HASH];
    struct mli_sha256 sha;

    mli_sha256_init(&sha);
    mli_sha256_add(&sha, text, strlen(text));
    mli_sha256_hex(&sha, hex);
    for (size_t i = 0; i < HASH; i++) {
        unsigned value;
        sscanf(hex + 2 * i, "%2x", &value);
        hash[i] = (unsigned char)value;
    }
    write_base64(hash, out);
}

/* Pictures: an empty icon alone, so that browsers ask for none. */
static void write_policy(struct mli_reply *reply, const struct mli_markup *markup)
{
    char style[HASH_TEXT], script[HASH_TEXT];

    hash_text(markup->style, style);
    hash_text(markup->script, script);
    snprintf(reply->policy, sizeof(reply->policy),
             "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; connect-src 'self'; img-src data:; "
             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
             style, script);
}

/* ---- the page ---------------------------------------------------------------------------------------------------- */

void mli_markup_expand(struct mli_buf *out, const char *html,
                       void (*part)(const void *data, const char *name, struct mli_buf *out),
                       const void *data)
{
    static const char begin[] = "<!--", end[] = "-->";
    char name[NAME_MAX_LEN];

    for (const char *at; (at = strstr(html, begin)) != NULL;) {
        const char *word = at + strlen(begin);
        size_t len = strcspn(word, "-");
        mli_buf_add(out, html, (size_t)(at - html));
        snprintf(name, sizeof(name), "%.*s", (int)len, word);
        part(data, name, out);
        html = word + len + strlen(end);
    }
    mli_buf_str(out, html);
}

static void write_part(const void *data, const char *name, struct mli_buf *out)
{
    const struct mli_markup *markup = data;

    if (strcmp(name, "style") == 0)
        mli_buf_str(out, markup->style);
    else if (strcmp(name, "script") == 0)
        mli_buf_str(out, markup->script);
    else if (markup->part)
        markup->part(markup->data, name, out);
}

void mli_markup_reply(struct mli_reply *reply, const struct mli_markup *markup)
{
    mli_reply_json(reply, "");
    reply->type = "text/html; charset=utf-8";
    write_policy(reply, markup);
    mli_markup_expand(&reply->body, markup->html, write_part, markup);
}

static const char *reference(unsigned char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return c < 0x20 && c != '\n' && c != '\t' ? "\xEF\xBF\xBD" : NULL;
    }
}

void mli_markup_text(struct mli_buf *out, const char *text)
{
    for (; *text; text++) {
        const char *instead = reference((unsigned char)*text);
        if (instead)
            mli_buf_str(out, instead);
        else
            mli_buf_char(out, *text);
    }
}

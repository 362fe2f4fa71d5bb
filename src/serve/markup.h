/*
 * Markup: pages of HTML out of the assets, each one document with its style and script inside and nothing from
 * elsewhere. The reply's Content-Security-Policy names the hashes of those two [CSP Level 3, 2.3.1], so that nothing
 * else is run or drawn, whatever text a model brings.
 *
 * In the HTML <!--style--> and <!--script--> stand for those files, any other <!--word--> for what `part` writes.
 */
#ifndef SERVE_MARKUP_H
#define SERVE_MARKUP_H

#include <serve/reply.h>

struct mli_markup {
    const char *html, *style, *script;
    void (*part)(const void *data, const char *name, struct mli_buf *out); /* NULL: there are none */
    const void *data;
};

/* Text with each <!--word--> replaced by what `part` writes. */
void mli_markup_expand(struct mli_buf *out, const char *html,
                       void (*part)(const void *data, const char *name, struct mli_buf *out),
                       const void *data);
/* Makes the reply that page. */
void mli_markup_reply(struct mli_reply *reply, const struct mli_markup *markup);
/* Text for HTML, in attributes too: < > & and both quotes as references, control characters as U+FFFD. */
void mli_markup_text(struct mli_buf *out, const char *text);

#endif

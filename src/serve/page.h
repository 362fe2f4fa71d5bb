/*
 * The page: what is served, for people, as one document of HTML (page/page.html, model.html, page.css, page.js): a form
 * of the model's columns with the prediction beside it, the command that asks the same, charts of the traffic, and the
 * model's card. Without a script the card, the columns with what training saw of them, and the command are there.
 *
 *   GET /      for a browser, which says Accept: text/html; the model is left out when a prediction wants a key
 *   GET /page, /models/{m}/page  the same for whoever may predict; of each model one
 */
#ifndef SERVE_PAGE_H
#define SERVE_PAGE_H

#include <serve/routes.h>

void mli_page_answer(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply);
/* The page without a model, which asks for a token and then again: for a browser that shows none. 401. */
void mli_page_locked(const struct mli_service *service, struct mli_reply *reply);
/* The page, or what KServe v1 says at its root, {"status":"alive"}. */
void mli_root_answer(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply);

#endif

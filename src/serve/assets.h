/*
 * Assets: the texts of the pages, which are files of their own kind in src/serve/page/ and become part of the program as
 * they are when it is built. NUL-terminated; static storage.
 */
#ifndef SERVE_ASSETS_H
#define SERVE_ASSETS_H

extern const char mli_asset_openapi[]; /* openapi.json: what openapi.c fills in */
extern const char mli_asset_style[]; /* page.css, of both pages */
/* page.html, model.html, which goes into it, and page.js: / */
extern const char mli_asset_page[], mli_asset_model[], mli_asset_page_script[];
extern const char mli_asset_docs[], mli_asset_docs_script[]; /* docs.html, docs.js: /docs */

#endif

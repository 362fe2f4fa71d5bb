/*
 * Assets: the texts of the pages, which are files of their own kind in src/serve/page/ and become part of the program as
 * they are when it is built. NUL-terminated; static storage.
 */
#ifndef SERVE_ASSETS_H
#define SERVE_ASSETS_H

extern const char mli_asset_openapi[]; /* openapi.json: what openapi.c fills in */
extern const char mli_asset_style[]; /* page.css, of both pages */
extern const char mli_asset_docs[], mli_asset_docs_script[]; /* docs.html, docs.js: /docs */

#endif

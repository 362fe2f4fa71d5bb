/*
 * The assembler includes the files, which gcc's and clang's both can; the compiler never sees a byte of them. Paths are
 * those of the tree, where make runs.
 */
#include <serve/assets.h>

#define ASSET(name, file)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            ".global " #name "\n"                                                                  \
            ".hidden " #name "\n" #name ":\n"                                                      \
            ".incbin \"src/serve/page/" file "\"\n"                                                \
            ".byte 0\n"                                                                            \
            ".popsection\n")

ASSET(mli_asset_openapi, "openapi.json");
ASSET(mli_asset_style, "page.css");
ASSET(mli_asset_page, "page.html");
ASSET(mli_asset_model, "model.html");
ASSET(mli_asset_page_script, "page.js");
ASSET(mli_asset_docs, "docs.html");
ASSET(mli_asset_docs_script, "docs.js");

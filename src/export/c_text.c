#include <export/c_text.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/dict.h>

/* ---- literals ---------------------------------------------------------------------------------------------------- */

/* Octal escapes have three digits at most, so that a digit behind one is not taken for part of it. */
void mli_c_string(struct mli_buf *out, const char *text)
{
    mli_buf_char(out, '"');
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\' || c == '?') {
            mli_buf_char(out, '\\');
            mli_buf_char(out, *p);
        } else if (c == '\n') {
            mli_buf_str(out, "\\n");
        } else if (c < 0x20 || c > 0x7e) {
            mli_buf_printf(out, "\\%03o", c);
        } else {
            mli_buf_char(out, *p);
        }
    }
    mli_buf_char(out, '"');
}

/* U+061C, C1 controls and the block with all other marks of direction, joiners and line ends (U+2000 to U+207F). */
static bool invisible(const char *text, size_t length)
{
    unsigned char a = (unsigned char)text[0], b = length > 1 ? (unsigned char)text[1] : 0;

    return (a == 0xd8 && b == 0x9c) || (a == 0xc2 && b < 0xa0) ||
           (a == 0xe2 && (b == 0x80 || b == 0x81));
}

void mli_c_comment(struct mli_buf *out, const char *text)
{
    size_t n = strlen(text), length;

    for (size_t i = 0; i < n; i += length) {
        length = mli_utf8_sequence(text + i, n - i);
        unsigned char c = (unsigned char)text[i];
        bool plain = length > 0 && c >= 0x20 && c != 0x7f && !invisible(text + i, length);
        if (i > 0 && ((text[i - 1] == '*' && c == '/') || (text[i - 1] == '/' && c == '*')))
            mli_buf_char(out, ' ');
        if (length == 0)
            length = 1;
        if (plain)
            mli_buf_add(out, text + i, length);
        else
            mli_buf_char(out, '?');
    }
}

void mli_c_template(struct mli_buf *out, const char *name, const char *text)
{
    for (const char *at; (at = strchr(text, '@')); text = at + 1) {
        mli_buf_add(out, text, (size_t)(at - text));
        mli_buf_str(out, name);
    }
    mli_buf_str(out, text);
}

void mli_c_number(struct mli_buf *out, double value)
{
    char text[MLI_NUM_MAX];

    mli_num_format(value, text);
    mli_buf_str(out, text);
    if (!strpbrk(text, ".e"))
        mli_buf_str(out, ".0");
}

/* ---- identifiers ------------------------------------------------------------------------------------------------- */

/* Keywords of C23 and C++23, and macros that headers or compilers define in lower case. */
static const char *const reserved[] = {
    "alignas",       "alignof",    "and",       "and_eq",
    "asm",           "assert",     "auto",      "bitand",
    "bitor",         "bool",       "break",     "case",
    "catch",         "char",       "char16_t",  "char32_t",
    "char8_t",       "class",      "co_await",  "co_return",
    "co_yield",      "compl",      "complex",   "concept",
    "const",         "const_cast", "consteval", "constexpr",
    "constinit",     "continue",   "decltype",  "default",
    "delete",        "do",         "double",    "dynamic_cast",
    "else",          "enum",       "errno",     "explicit",
    "export",        "extern",     "false",     "float",
    "for",           "friend",     "goto",      "if",
    "imaginary",     "inline",     "int",       "linux",
    "long",          "mutable",    "namespace", "new",
    "noexcept",      "not",        "not_eq",    "nullptr",
    "operator",      "or",         "or_eq",     "private",
    "protected",     "public",     "register",  "reinterpret_cast",
    "requires",      "restrict",   "return",    "short",
    "signed",        "sizeof",     "static",    "static_assert",
    "static_cast",   "stderr",     "stdin",     "stdout",
    "struct",        "switch",     "template",  "this",
    "thread_local",  "throw",      "true",      "try",
    "typedef",       "typeid",     "typename",  "typeof",
    "typeof_unqual", "union",      "unix",      "unsigned",
    "using",         "virtual",    "void",      "volatile",
    "wchar_t",       "while",      "xor",       "xor_eq",
};

static bool is_reserved(const char *word)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (strcmp(word, reserved[i]) == 0)
            return true;
    return false;
}

/* Letters and digits; everything else becomes one underscore, none at either end. "" for a name with neither. */
static void spell(const char *name, char *out, size_t size)
{
    size_t used = 0;
    bool gap = false;

    for (; *name && used + 3 < size; name++) {
        char c = *name;
        bool upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
        if (!upper && !digit && !(c >= 'a' && c <= 'z')) {
            gap = used > 0;
            continue;
        }
        if (used == 0 && digit)
            out[used++] = 'c'; /* "2nd" is column c2nd */
        if (gap)
            out[used++] = '_';
        gap = false;
        out[used++] = upper ? (char)(c - 'A' + 'a') : c;
    }
    out[used] = '\0';
}

#define IDENTIFIER_MAX 64 /* C99 tells 63 characters apart */

/* A spelling that `taken` does not hold yet: as it is, or with a number at its end, that of the column first. */
static char *choose(struct mli_dict *taken, const char *name, size_t i)
{
    char base[IDENTIFIER_MAX - 24], word[IDENTIFIER_MAX];
    size_t before = mli_dict_count(taken);
    int32_t code;

    spell(name, base, sizeof(base));
    snprintf(word, sizeof(word), "%s%s", base[0] ? base : "column", is_reserved(base) ? "_" : "");
    for (size_t number = i + 1;; number++) {
        if (mli_dict_add(taken, word, strlen(word), &code) != ML_OK)
            return NULL;
        if ((size_t)code == before)
            return mli_strdup(word);
        snprintf(word, sizeof(word), "%s_%zu", base[0] ? base : "column", number);
    }
}

char **mli_c_identifiers(size_t n, const char *(*name)(const void *data, size_t i),
                         const void *data)
{
    struct mli_dict *taken = mli_dict_new();
    char **out = mli_calloc(n, sizeof(*out));
    bool done = taken && out;

    for (size_t i = 0; i < n && done; i++)
        done = (out[i] = choose(taken, name(data, i), i)) != NULL;
    mli_dict_free(taken);
    if (done)
        return out;
    mli_c_identifiers_free(out, n);
    return NULL;
}

void mli_c_identifiers_free(char **identifiers, size_t n)
{
    for (size_t i = 0; identifiers && i < n; i++)
        free(identifiers[i]);
    free(identifiers);
}

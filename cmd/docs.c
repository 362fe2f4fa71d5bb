#include <cmd/docs.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, COLUMN = 28 };

const char docs_exit_codes[] =
    "0 done; 1 a gate said no (eval --require not met, verify mismatch); 2 usage; 3 the input data is "
    "invalid; 4 the artifact is invalid; 5 the system failed (I/O, memory, port taken); 6 training "
    "failed (diverged); 130 and 143 interrupted.";

/* Prints text from the given column on, broken at spaces before WIDTH; the cursor is at `at`. */
static void wrap(const char *text, size_t column, size_t at)
{
    while (*text) {
        size_t word = strcspn(text, " \n");
        if (at > column && at + 1 + word > WIDTH) {
            printf("\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            putchar(' ');
            at++;
        }
        printf("%.*s", (int)word, text);
        at += word;
        text += word;
        if (*text == '\n') {
            putchar('\n');
            at = column;
            printf("%*s", (int)column, "");
            text++;
        } else if (*text == ' ') {
            text++;
        }
    }
    putchar('\n');
}

/* The default of an option as text, "" when there is none worth showing. */
static void default_text(const struct poptOption *row, char *out, size_t size)
{
    out[0] = 0;
    if (!(row->argInfo & POPT_ARGFLAG_SHOW_DEFAULT) || !row->arg)
        return;
    switch (row->argInfo & POPT_ARG_MASK) {
    case POPT_ARG_STRING:
        if (*(char **)row->arg)
            snprintf(out, size, "%s", *(char **)row->arg);
        break;
    case POPT_ARG_INT:
        snprintf(out, size, "%d", *(int *)row->arg);
        break;
    case POPT_ARG_LONG:
        snprintf(out, size, "%ld", *(long *)row->arg);
        break;
    case POPT_ARG_DOUBLE:
        snprintf(out, size, "%g", *(double *)row->arg);
        break;
    default:
        break;
    }
}

static void flag_text(const struct poptOption *row, char *out, size_t size)
{
    char shorthand[8] = "";
    if (row->shortName)
        snprintf(shorthand, sizeof shorthand, "-%c, ", row->shortName);
    bool optional = row->argInfo & POPT_ARGFLAG_OPTIONAL;
    snprintf(out, size, "%s--%s%s%s%s", shorthand, row->longName,
             !row->argDescrip ? "" : optional ? "[=" : "=", row->argDescrip ? row->argDescrip : "",
             optional ? "]" : "");
}

static void print_option(const struct poptOption *row, enum cmd_docs form)
{
    char flag[96], value[96], text[512];
    flag_text(row, flag, sizeof flag);
    default_text(row, value, sizeof value);
    snprintf(text, sizeof text, "%s%s%s%s", row->descrip, *value ? " (default: " : "", value,
             *value ? ")" : "");
    switch (form) {
    case CMD_HELP:
        printf("  %s%-*s", row->shortName ? "" : "    ", row->shortName ? COLUMN - 2 : COLUMN - 6, flag);
        if (strlen(flag) + (row->shortName ? 2 : 6) >= COLUMN)
            printf("\n%*s", COLUMN, "");
        wrap(text, COLUMN, COLUMN);
        break;
    case CMD_MAN:
        printf(".TP\n.B ");
        for (const char *c = flag; *c; c++)
            printf(*c == '-' ? "\\-" : "%c", *c);
        printf("\n");
        for (const char *c = text; *c; c++)
            printf(*c == '-' ? "\\-" : *c == '\\' ? "\\e" : "%c", *c);
        printf("\n");
        break;
    case CMD_MARKDOWN:
        printf("| `%s` | ", flag);
        for (const char *c = row->descrip; *c; c++)
            printf(*c == '|' ? "\\|" : "%c", *c);
        printf(" | %s%s%s |\n", *value ? "`" : "", value, *value ? "`" : "");
        break;
    case CMD_COMPLETION:
        printf(" --%s%s", row->longName, row->argDescrip ? "=" : "");
        break;
    case CMD_RUN:
        break;
    }
}

static void print_rows(const struct poptOption *rows, enum cmd_docs form)
{
    for (; rows->longName || rows->shortName || rows->arg; rows++) {
        if ((rows->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE) {
            const struct poptOption *inner = rows->arg;
            if (form == CMD_HELP && rows->descrip && inner->longName)
                printf("\n%s:\n", rows->descrip);
            if (form == CMD_MAN && rows->descrip && inner->longName)
                printf(".SS \"%s\"\n", rows->descrip);
            print_rows(inner, form);
        } else if (!(rows->argInfo & POPT_ARGFLAG_DOC_HIDDEN)) {
            print_option(rows, form);
        }
    }
}

static void help(const struct cmd *cmd, const struct poptOption *rows)
{
    printf("usage: mlctl %s [OPTION...] %s\n\n", cmd->name, cmd->arguments);
    wrap(cmd->about, 0, 0);
    print_rows(rows, CMD_HELP);
    printf("\nExamples:\n");
    for (const char *line = cmd->examples; *line;) {
        size_t len = strcspn(line, "\n");
        printf("  %.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
    printf("\nExit codes: ");
    wrap(docs_exit_codes, 12, 12);
}

static void man_text(const char *text)
{
    for (const char *c = text; *c; c++) {
        bool start = c == text || c[-1] == '\n';
        if (start && (*c == '.' || *c == '\''))
            printf("\\&");
        printf(*c == '-' ? "\\-" : *c == '\\' ? "\\e" : "%c", *c);
    }
    putchar('\n');
}

static void man(const struct cmd *cmd, const struct poptOption *rows)
{
    printf(".TH \"MLCTL-");
    for (const char *c = cmd->name; *c; c++)
        putchar(toupper((unsigned char)*c));
    printf("\" 1 \"\" \"mlctl " ML_VERSION "\" \"mlctl manual\"\n");
    printf(".SH NAME\nmlctl\\-%s \\- %s\n", cmd->name, cmd->summary);
    printf(".SH SYNOPSIS\n.B mlctl %s\n[OPTION...] %s\n", cmd->name, cmd->arguments);
    printf(".SH DESCRIPTION\n");
    man_text(cmd->about);
    printf(".SH OPTIONS\n");
    print_rows(rows, CMD_MAN);
    printf(".SH EXAMPLES\n.nf\n");
    man_text(cmd->examples);
    printf(".fi\n.SH EXIT STATUS\n");
    man_text(docs_exit_codes);
    printf(".SH SEE ALSO\n.BR mlctl (1)\n");
}

static void markdown(const struct cmd *cmd, const struct poptOption *rows)
{
    printf("## mlctl %s\n\n```\nmlctl %s [OPTION...] %s\n```\n\n%s\n\n", cmd->name, cmd->name,
           cmd->arguments, cmd->about);
    printf("| option | what it does | default |\n| --- | --- | --- |\n");
    print_rows(rows, CMD_MARKDOWN);
    printf("\n```\n%s\n```\n\n", cmd->examples);
}

void docs_command(const struct cmd *cmd, const struct poptOption *rows, enum cmd_docs form)
{
    switch (form) {
    case CMD_HELP:
        help(cmd, rows);
        break;
    case CMD_MAN:
        man(cmd, rows);
        break;
    case CMD_MARKDOWN:
        markdown(cmd, rows);
        break;
    case CMD_COMPLETION:
        printf("        %s) words=\"", cmd->name);
        print_rows(rows, CMD_COMPLETION);
        printf("\" ;;\n");
        break;
    case CMD_RUN:
        break;
    }
}

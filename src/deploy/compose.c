#include <deploy/compose.h>

#define NAME_MAX_BYTES 63 /* a DNS label, RFC 1035: what every orchestrator takes */

static char folded(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

void mli_compose_name(struct mli_buf *out, const char *name)
{
    char text[NAME_MAX_BYTES + 1];
    size_t n = 0;
    for (const char *p = name; *p && n < NAME_MAX_BYTES; p++) {
        char c = folded(*p);
        if (c != '-' || (n > 0 && text[n - 1] != '-'))
            text[n++] = c;
    }
    while (n > 0 && text[n - 1] == '-')
        n--;
    text[n] = '\0';
    mli_buf_str(out, n ? text : "model");
}

/* 256 MiB hold the program and its requests; loading a model takes a few times its file's size. */
static uint64_t memory_megabytes(uint64_t model_bytes)
{
    return 256 + 4 * (model_bytes >> 20);
}

void mli_compose_render(struct mli_buf *out, const struct mli_context_config *config,
                        uint64_t model_bytes)
{
    mli_buf_str(out, "# Written by `mlctl docker`: docker compose up --build\nservices:\n  \"");
    mli_compose_name(out, config->name);
    mli_buf_str(out, "\":\n    build: .\n    image: \"");
    mli_compose_name(out, config->name);
    mli_buf_printf(out,
                   "\"\n"
                   "    ports:\n"
                   "      - \"127.0.0.1:%u:%u\"\n"
                   "    read_only: true\n"
                   "    cap_drop:\n"
                   "      - ALL\n"
                   "    security_opt:\n"
                   "      - no-new-privileges:true\n"
                   "    pids_limit: 64\n"
                   "    mem_limit: %llum\n"
                   "    restart: on-failure:5\n"
                   "    stop_grace_period: 30s\n",
                   config->port, config->port, (unsigned long long)memory_megabytes(model_bytes));
}

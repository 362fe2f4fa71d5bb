/*
 * libmicrohttpd and nothing else: every request is read to its end and answered with the same text, by loops like those of
 * mlctl serve (epoll, a thread each, the same memory for a connection). What it does in a second is what the library leaves
 * for a server that is made with it.
 *     usage: bench-constant PORT THREADS TEXT      until it is killed
 */
#include <microhttpd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY ((size_t)40 << 10)

struct constant {
    const char *text;
    size_t len;
};

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *bytes, size_t *n, void **context)
{
    static char begun;
    const struct constant *constant = data;

    (void)path, (void)method, (void)version, (void)bytes;
    if (!*context || *n > 0) {
        *context = &begun;
        *n = 0;
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(constant->len, (void *)(uintptr_t)constant->text, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    enum MHD_Result queued = MHD_NO;
    if (MHD_add_response_header(response, "Content-Type", "application/json") == MHD_YES)
        queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s PORT THREADS TEXT\n", argv[0]);
        return 2;
    }
    struct constant constant = { .text = argv[3], .len = strlen(argv[3]) };
    signal(SIGPIPE, SIG_IGN);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, (uint16_t)atoi(argv[1]), NULL, NULL,
                         answer, &constant, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)atoi(argv[2]),
                         MHD_OPTION_CONNECTION_LIMIT, 1000u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "%s: cannot listen on port %s\n", argv[0], argv[1]);
        return 1;
    }
    for (;;)
        pause();
}

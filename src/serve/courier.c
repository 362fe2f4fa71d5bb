#include <serve/courier.h>

#include <base/file.h>
#include <base/mem.h>
#include <base/secret.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <serve/call.h>
#include <serve/sandbox.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 10000       /* for one attempt */
#define PAUSE_MS 1000         /* before the second; twice as long before each one that follows */
#define LONGEST_MS 60000      /* of the pauses */
#define PATIENCE_S ((time_t)3600)
#define TOKEN_MAX ((size_t)4096)

struct mli_courier {
    int fd;
};

/* Of the process. */
struct post {
    int fd;
    const char *url;
    char token[TOKEN_MAX + 1]; /* "": none */
    const struct ml_log *log;
};

/* ---- the process ------------------------------------------------------------------------------------------------- */

static time_t seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Whether the server goes on after so many milliseconds. */
static bool pause_for(const struct post *post, int milliseconds)
{
    struct pollfd server = { .fd = post->fd, .events = 0 };

    return poll(&server, 1, milliseconds) == 0;
}

/* True: it need not be tried again. */
static bool try_once(const struct post *post, const char *text, size_t len, struct ml_error *why)
{
    const struct mli_call call = { .method = "POST",
                                   .url = post->url,
                                   .path = "/",
                                   .token = post->token[0] ? post->token : NULL,
                                   .check = true,
                                   .type = "application/json",
                                   .body = text,
                                   .len = len,
                                   .timeout_ms = ANSWER_MS };
    struct mli_answer answer = { 0 };

    *why = (struct ml_error)ML_ERROR_INIT;
    if (mli_call(&call, &answer, why) != ML_OK)
        return false;
    const int status = answer.status;
    if (status >= 200 && status < 300)
        return true;
    ml_error_set(why, ML_EIO, "the receiver answered %d", status);
    return status != 408 && status != 429 && status < 500;
}

/* False: the server has ended. */
static bool deliver(const struct post *post, const char *text, size_t len)
{
    const time_t until = seconds() + PATIENCE_S;
    struct ml_error why;
    int wait = PAUSE_MS;
    bool goes_on = true;

    while (!try_once(post, text, len, &why)) {
        if (!goes_on || seconds() >= until)
            break;
        if (wait == PAUSE_MS)
            ml_log(post->log, ML_LOG_WARNING, "webhook: %s; it is tried again", why.text);
        goes_on = pause_for(post, wait);
        wait = wait * 2 < LONGEST_MS ? wait * 2 : LONGEST_MS;
    }
    if (why.status != ML_OK)
        ml_log(post->log, ML_LOG_WARNING, "webhook: an alert was not delivered: %s", why.text);
    return goes_on;
}

_Noreturn static void work(struct post *post, bool sandbox)
{
    char text[MLI_COURIER_MAX];
    struct addrinfo *list = NULL;
    ssize_t n;

    prctl(PR_SET_NAME, "mlctl-courier");
    signal(SIGINT, SIG_IGN); /* the server says when it is over */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (getaddrinfo("localhost", NULL, NULL, &list) == 0) /* which loads what looks up names */
        freeaddrinfo(list);
    if (sandbox)
        mli_sandbox_call(mli_call_port(post->url));
    do {
        n = recv(post->fd, text, sizeof(text), 0);
    } while ((n > 0 && deliver(post, text, (size_t)n)) || (n < 0 && errno == EINTR));
    while ((n = recv(post->fd, text, sizeof(text), MSG_DONTWAIT)) > 0)
        deliver(post, text, (size_t)n); /* what had been said before the end */
    mli_secret_wipe(post->token, sizeof(post->token));
    _exit(0);
}

/* Nothing of the server stays open in it but standard error. */
_Noreturn static void become_courier(struct post *post, bool sandbox)
{
    if (dup2(post->fd, STDIN_FILENO) < 0)
        _exit(1);
    post->fd = STDIN_FILENO;
    close(STDOUT_FILENO);
    close_range(3, ~0u, 0);
    work(post, sandbox);
}

/* ---- the server's side ------------------------------------------------------------------------------------------- */

static enum ml_status read_token(const char *path, char *out, struct ml_error *err)
{
    struct mli_input *input = NULL;
    size_t len = 0, got = 1;
    enum ml_status status = mli_input_open(path, &input, err);

    while (status == ML_OK && got > 0 && len < TOKEN_MAX) {
        status = mli_input_read(input, out + len, TOKEN_MAX - len, &got, err);
        len += status == ML_OK ? got : 0;
    }
    mli_input_close(input);
    if (status != ML_OK)
        return status;
    while (len > 0 && (out[len - 1] == '\n' || out[len - 1] == '\r'))
        len--;
    out[len] = '\0';
    for (size_t i = 0; i < len; i++)
        len = out[i] > 0x20 && out[i] < 0x7F ? len : 0;
    if (len == 0)
        return ml_error_at(err, ML_EUSAGE, path, 0, 0, "expected a token on one line: printable ASCII without spaces");
    return ML_OK;
}

enum ml_status mli_courier_start(const struct mli_courier_config *config, struct mli_courier **out, struct ml_error *err)
{
    struct post post = { .url = config->url, .log = config->log };
    struct mli_courier *courier = NULL;
    enum ml_status status = ML_OK;
    int pair[2];

    if (mli_call_port(config->url) == 0)
        return ml_error_set(err, ML_EUSAGE, "--alert-webhook: that is not a URL like https://hooks.example/alerts");
    if (config->token)
        status = read_token(config->token, post.token, err);
    if (status != ML_OK)
        return status;
    if (!(courier = mli_calloc(1, sizeof(*courier))))
        return ml_error_set(err, ML_ENOMEM, "out of memory for the webhook");
    pid_t child = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
        signal(SIGCHLD, SIG_IGN); /* nobody waits for it */
        child = fork();
        if (child == 0) {
            post.fd = pair[1];
            become_courier(&post, config->sandbox);
        }
        close(pair[1]);
        if (child < 0)
            close(pair[0]);
    }
    mli_secret_wipe(post.token, sizeof(post.token));
    if (child < 0) {
        free(courier);
        return ml_error_set(err, ML_EIO, "cannot start the process for the webhook: %s", strerror(errno));
    }
    courier->fd = pair[0];
    *out = courier;
    return ML_OK;
}

bool mli_courier_send(struct mli_courier *courier, const char *text, size_t len)
{
    return len <= MLI_COURIER_MAX && send(courier->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

void mli_courier_stop(struct mli_courier *courier)
{
    if (!courier)
        return;
    close(courier->fd);
    free(courier);
}

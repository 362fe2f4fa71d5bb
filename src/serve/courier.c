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
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 10000    /* for one attempt */
#define PAUSE_MS 1000      /* before a process that died is started anew; twice as long before each that follows */
#define LONGEST_MS 60000   /* of the pauses, and what a process must live for them to begin anew */
#define TOKEN_MAX ((size_t)4096)

struct mli_courier {
    int fd;
};

/* Of the processes. */
struct post {
    int fd;
    const char *url;
    char token[TOKEN_MAX + 1]; /* "": none */
    bool sandbox;
    const struct ml_log *log;
};

/* What goes to the courier, and what it says: a text behind, without an end. */
struct parcel {
    uint64_t id;
    char text[MLI_COURIER_MAX];
};
struct answer {
    uint64_t id;
    enum mli_courier_word word;
    char why[MLI_COURIER_WHY - 1];
};

/* ---- the process that posts -------------------------------------------------------------------------------------- */

static enum mli_courier_word try_once(const struct post *post, const char *text, size_t len, struct ml_error *why)
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

    if (mli_call(&call, &answer, why) != ML_OK)
        return MLI_COURIER_MISSED;
    const int status = answer.status;
    if (status >= 200 && status < 300)
        return MLI_COURIER_DELIVERED;
    ml_error_set(why, ML_EIO, "the receiver answered %d", status);
    return status == 408 || status == 429 || status >= 500 ? MLI_COURIER_MISSED : MLI_COURIER_REFUSED;
}

static bool tell(const struct post *post, enum mli_courier_word word, uint64_t id, const char *why)
{
    struct answer answer = { .id = id, .word = word };
    size_t n = strnlen(why, sizeof(answer.why));

    memcpy(answer.why, why, n);
    return send(post->fd, &answer, offsetof(struct answer, why) + n, MSG_NOSIGNAL) > 0;
}

_Noreturn static void work(const struct post *post, bool anew)
{
    const size_t head = offsetof(struct parcel, text);
    struct addrinfo *list = NULL;
    struct parcel parcel;
    ssize_t n;

    prctl(PR_SET_NAME, "mlctl-courier");
    if (getaddrinfo("localhost", NULL, NULL, &list) == 0) /* which loads what looks up names */
        freeaddrinfo(list);
    if (post->sandbox)
        mli_sandbox_call(mli_call_port(post->url));
    bool listens = !anew || tell(post, MLI_COURIER_ANEW, 0, "its process has ended, and another was started");
    while (listens && ((n = recv(post->fd, &parcel, sizeof(parcel), 0)) > 0 || (n < 0 && errno == EINTR))) {
        struct ml_error why = ML_ERROR_INIT;
        if (n > (ssize_t)head)
            listens = tell(post, try_once(post, parcel.text, (size_t)n - head, &why), parcel.id, why.text);
    }
    _exit(0); /* the server has ended */
}

/* ---- the one that starts it -------------------------------------------------------------------------------------- */

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

/* Runs the courier to its end; false: that was because the server has ended. */
static bool run_once(const struct post *post, bool anew)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        work(post, anew);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return false;
    ml_log(post->log, ML_LOG_WARNING, "webhook: its process %s; another one is started",
           child < 0 ? "could not be started" : "has died");
    return true;
}

_Noreturn static void watch_over(const struct post *post)
{
    int wait = PAUSE_MS;
    time_t began = seconds();

    prctl(PR_SET_NAME, "mlctl-couriers");
    signal(SIGINT, SIG_IGN); /* the server says when it is over */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    if (post->sandbox)
        mli_sandbox_call_files(mli_call_port(post->url));
    for (bool anew = false; run_once(post, anew) && pause_for(post, wait); anew = true) {
        const bool lived = seconds() - began > LONGEST_MS / 1000;
        wait = lived ? PAUSE_MS : wait * 2 < LONGEST_MS ? wait * 2 : LONGEST_MS;
        began = seconds();
    }
    _exit(0);
}

/* Nothing of the server stays open in it but standard error. */
_Noreturn static void become_courier(struct post *post)
{
    if (dup2(post->fd, STDIN_FILENO) < 0)
        _exit(1);
    post->fd = STDIN_FILENO;
    close(STDOUT_FILENO);
    close_range(3, ~0u, 0);
    watch_over(post);
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
    struct post post = { .url = config->url, .sandbox = config->sandbox, .log = config->log };
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
            become_courier(&post);
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

bool mli_courier_send(struct mli_courier *courier, uint64_t id, const char *text, size_t len)
{
    struct parcel parcel = { .id = id };
    const size_t n = offsetof(struct parcel, text) + len;

    if (len > sizeof(parcel.text))
        return false;
    memcpy(parcel.text, text, len);
    return send(courier->fd, &parcel, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n;
}

void mli_courier_hear(struct mli_courier *courier, struct mli_courier_news *out)
{
    const ssize_t head = offsetof(struct answer, why);
    struct answer answer = { .word = MLI_COURIER_GONE };
    ssize_t n;

    do {
        n = recv(courier->fd, &answer, sizeof(answer), MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    *out = (struct mli_courier_news){ .word = n < 0 && errno == EAGAIN ? MLI_COURIER_NOTHING : answer.word, .id = answer.id };
    for (ssize_t i = head; i < n; i++) { /* it has heard from strangers */
        const char c = answer.why[i - head];
        out->why[i - head] = c >= 0x20 && c < 0x7F ? c : '?';
    }
}

int mli_courier_fd(const struct mli_courier *courier)
{
    return courier->fd;
}

void mli_courier_stop(struct mli_courier *courier)
{
    if (!courier)
        return;
    close(courier->fd);
    free(courier);
}

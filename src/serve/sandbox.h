/*
 * Sandbox: what the process gives up before it takes the first request, for the day on which somebody makes it run what
 * it should not. Landlock (Linux 5.13): no file is opened but in the folders of what is read again, none is written but in those of
 * logs, and no TCP connection is made or awaited beyond the one listening socket. seccomp: no system call but those that
 * serving takes; no new program, no new memory that can be executed, no new socket. Neither can be taken back.
 *
 * Landlock holds for the calling thread and those that it starts, so this is called before any is started; seccomp for all
 * there are. A kernel
 * without one or the other is no error: the log says so, and the rest holds.
 */
#ifndef SERVE_SANDBOX_H
#define SERVE_SANDBOX_H

#include <mlctl/log.h>
#include <stdbool.h>
#include <stddef.h>

/* A file that is opened again to be written, or made again where it has gone. */
struct mli_sandbox_log {
    const char *path;
    bool rotates; /* and renamed */
};

struct mli_sandbox_config {
    const char *const
        *readable; /* files that are read again, or folders; NULLs among them are passed over */
    size_t count;
    const struct mli_sandbox_log *log_file; /* with Landlock, which confines this to their folders; without, there is no opening again */
    size_t log_files;
    const struct ml_log *log;
};

/* What of it holds, for those who ask. */
struct mli_sandbox_state {
    int landlock; /* version of the kernel's interface, 0: none */
    int seccomp;  /* 1, 0: none */
};

struct mli_sandbox_state mli_sandbox_enter(const struct mli_sandbox_config *config);

/*
 * That of a process which only connects to one TCP port: files are read in /etc, /usr, /lib and /run/systemd/resolve, for
 * names and certificates; none is written, nobody is listened to and no program is started. What the C library loads to
 * look up names has to be there before.
 */
struct mli_sandbox_state mli_sandbox_call(unsigned port);
/* The files and the port of it alone, for a process that starts such ones. */
struct mli_sandbox_state mli_sandbox_call_files(unsigned port);

#endif

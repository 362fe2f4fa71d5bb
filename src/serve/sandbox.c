/*
 * By the system calls themselves: libseccomp would be one more library in an image that holds a handful of them, for a
 * filter of two dozen lines, and Debian 12's headers know the first version of Landlock only.
 */
#include <serve/sandbox.h>

#include <base/mem.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0 /* sanitizers read /proc and trace the process when it ends */
#endif

/* ---- Landlock (Documentation/userspace-api/landlock.rst) --------------------------------------------------------- */

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 }; /* on all processors */
enum { RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_FILE (UINT64_C(1) << 8)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define NET_BOTH UINT64_C(3)   /* bind and connect TCP */
#define NET_CONNECT UINT64_C(2)
#define SCOPE_BOTH UINT64_C(3) /* abstract Unix sockets and signals to others */

struct ruleset {
    uint64_t fs, net, scoped; /* older kernels take the zeros that they do not know */
};

struct __attribute__((packed)) path_rule {
    uint64_t allowed;
    int32_t folder;
};

/* Kinds of access to files that a version of the interface knows: 13 at first, then REFER, TRUNCATE, IOCTL_DEV. */
static uint64_t file_access(int version)
{
    static const unsigned kinds[] = { 0, 13, 14, 15, 15 };

    return (UINT64_C(1) << (version < 5 ? kinds[version] : 16)) - 1;
}

static bool allow_folder(int ruleset, int folder, uint64_t access)
{
    const struct path_rule rule = { .allowed = access, .folder = folder };

    return folder >= 0 && syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
}

/* The folder itself, or that of a file: what takes a file's place is another file. */
static bool allow_path(int ruleset, const char *path, uint64_t access)
{
    char *copy = mli_strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0 && copy) {
        if (slash)
            slash[slash == copy] = '\0';
        folder = open(slash ? copy : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    bool allowed = allow_folder(ruleset, folder, access);
    if (folder >= 0)
        close(folder);
    free(copy);
    return allowed;
}

/* A file, and what it points at when it is a link: the one may be replaced, and the other. */
static bool allow_both(int ruleset, const char *path, uint64_t access)
{
    char *real = realpath(path, NULL);
    bool allowed = allow_path(ruleset, path, access) && (!real || allow_path(ruleset, real, access));

    free(real);
    return allowed;
}

/* /metrics is about this process. The folder stays open: /proc makes a new one, unknown to the rule, when nobody has it. */
static bool allow_own_process(int ruleset)
{
    return allow_folder(ruleset, open("/proc/self/", O_PATH | O_DIRECTORY | O_CLOEXEC), FS_READ_FILE | FS_READ_DIR);
}

/* A pipe or a device is not opened again, and its folder is no place to write. */
static void allow_log(int ruleset, const struct mli_sandbox_log *log, const struct ml_log *say)
{
    const uint64_t access = FS_WRITE_FILE | FS_MAKE_FILE | (log->rotates ? FS_REMOVE_FILE : 0);
    struct stat is;

    if (stat(log->path, &is) == 0 && S_ISREG(is.st_mode) && !allow_both(ruleset, log->path, access))
        ml_log(say, ML_LOG_WARNING, "%s will not be opened again: %s", log->path, strerror(errno));
}

static int confine_files(const struct mli_sandbox_config *config)
{
    int version = (int)syscall(CREATE_RULESET, NULL, 0, 1);

    if (version < 1)
        return 0;
    const struct ruleset attributes = { .fs = file_access(version),
                                        .net = version >= 4 ? NET_BOTH : 0,
                                        .scoped = version >= 6 ? SCOPE_BOTH : 0 };
    int ruleset = (int)syscall(CREATE_RULESET, &attributes, sizeof(attributes), 0);
    if (ruleset < 0)
        return 0;
    if (!allow_own_process(ruleset))
        ml_log(config->log, ML_LOG_DEBUG, "there is no /proc, so /metrics lacks this process");
    for (size_t i = 0; i < config->count; i++) {
        if (config->readable[i] && !allow_both(ruleset, config->readable[i], FS_READ_FILE | FS_READ_DIR))
            ml_log(config->log, ML_LOG_WARNING, "%s will not be read again: %s",
                   config->readable[i], strerror(errno));
    }
    for (size_t i = 0; i < config->log_files; i++)
        allow_log(ruleset, &config->log_file[i], config->log);
    bool confined = syscall(RESTRICT_SELF, ruleset, 0) == 0;
    close(ruleset);
    return confined ? version : 0;
}

/* ---- seccomp (Documentation/userspace-api/seccomp_filter.rst) ---------------------------------------------------- */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0u
#endif

/* In the order in which the filter goes through them: those of every request first. */
static const int allowed[] = {
#ifdef __NR_epoll_wait
    __NR_epoll_wait,
    __NR_poll,
#endif
    __NR_epoll_pwait,
    __NR_recvfrom,
    __NR_sendto,
    __NR_sendmsg,
    __NR_read,
    __NR_write,
    __NR_futex,
    __NR_epoll_ctl,
    __NR_accept4,
    __NR_close,
    __NR_setsockopt,
    __NR_getsockopt,
    __NR_shutdown,
    __NR_fcntl,
    __NR_writev,
    __NR_readv,
    __NR_recvmsg,
    __NR_ppoll,
    __NR_pread64,
    __NR_lseek,
    __NR_clock_gettime,
    __NR_gettimeofday,
    __NR_clock_nanosleep,
    __NR_nanosleep,
    __NR_getrandom,
    __NR_munmap,
    __NR_mremap,
    __NR_madvise,
    __NR_brk,
    __NR_getpid,
    __NR_gettid,
    __NR_getuid,
    __NR_geteuid,
    __NR_getgid,
    __NR_getegid,
    __NR_rt_sigprocmask,
    __NR_rt_sigaction,
    __NR_rt_sigreturn,
    __NR_rt_sigtimedwait,
    __NR_sigaltstack,
    __NR_restart_syscall,
    __NR_exit,
    __NR_exit_group,
    __NR_set_robust_list,
    __NR_set_tid_address,
    __NR_rseq,
    __NR_membarrier,
    __NR_sched_yield,
    __NR_getpriority,
    __NR_fdatasync,   /* of the audit log */
    __NR_sched_getaffinity,
    __NR_fstat,
    __NR_newfstatat,
    __NR_statx,
    __NR_getdents64,
    __NR_readlinkat,
    __NR_faccessat,
    439 /* faccessat2, on all processors: by which realpath() looks at what is before ".." */,
    __NR_getcwd,
    __NR_fadvise64,
    __NR_getrusage,
    __NR_sysinfo,
    __NR_uname,
    __NR_getsockname,
    __NR_getpeername,
    __NR_dup,
    __NR_eventfd2,
    __NR_epoll_create1,
    __NR_pipe2,
    __NR_timerfd_create,
    __NR_timerfd_settime,
    __NR_inotify_init1,
    __NR_inotify_add_watch,
    __NR_inotify_rm_watch,
#ifdef __NR_stat
    __NR_stat,
    __NR_lstat,
    __NR_access,
    __NR_readlink,
    __NR_getdents,
    __NR_time,
    __NR_getrlimit,
    __NR_arch_prctl,
#endif
};

/* Nobody who serves ever asks for these: the process ends at once. Every other call fails as forbidden. */
static const int deadly[] = {
    __NR_execve,        __NR_execveat,
    __NR_ptrace,        __NR_process_vm_readv,
    __NR_mount,         __NR_process_vm_writev,
    __NR_umount2,       __NR_pivot_root,
    __NR_chroot,        __NR_unshare,
    __NR_setns,         __NR_bpf,
    __NR_init_module,   __NR_finit_module,
    __NR_delete_module, __NR_kexec_load,
    __NR_userfaultfd,   __NR_perf_event_open,
    __NR_keyctl,        __NR_add_key,
    __NR_request_key,   425 /* io_uring_setup, on all processors */,
};

enum { FILTER_MAX = 400, NAME_OF_MEMORY = 0x53564d41 /* PR_SET_VMA */ };
_Static_assert(2 * (sizeof(allowed) + sizeof(deadly)) / sizeof(int) + 64 < FILTER_MAX,
               "room for the filter");

struct filter {
    struct sock_filter step[FILTER_MAX];
    unsigned short n;
};

static void add(struct filter *f, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
    f->step[f->n++] = (struct sock_filter){ .code = code, .jt = yes, .jf = no, .k = k };
}

static void add_load(struct filter *f, size_t offset)
{
    add(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void add_answer(struct filter *f, uint32_t answer)
{
    add(f, BPF_RET | BPF_K, 0, 0, answer);
}

/* The call of that number gets that answer. */
static void add_call(struct filter *f, int number, uint32_t answer)
{
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)number);
    add_answer(f, answer);
}

/* The call of that number is allowed if its argument, of which the low half counts, has none of the bits. */
static void add_without(struct filter *f, int number, unsigned argument, uint32_t bits)
{
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (uint32_t)number);
    add_load(f, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
    add(f, BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits);
    add_answer(f, SECCOMP_RET_ERRNO | EPERM);
    add_answer(f, SECCOMP_RET_ALLOW);
}

/* New threads, but no new process; clone3 keeps its flags where a filter cannot look, and glibc does without it. */
static void add_threads(struct filter *f)
{
    add_call(f, 435 /* clone3, on all processors */, SECCOMP_RET_ERRNO | ENOSYS);
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, __NR_clone);
    add_load(f, offsetof(struct seccomp_data, args));
    add(f, BPF_JMP | BPF_JSET | BPF_K, 0, 1, CLONE_THREAD);
    add_answer(f, SECCOMP_RET_ALLOW);
    add_answer(f, SECCOMP_RET_ERRNO | EPERM);
}

/* The call of that number is allowed if the low half of its argument is one of two. */
static void add_either(struct filter *f, int number, unsigned argument, uint32_t one,
                       uint32_t other)
{
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, (uint32_t)number);
    add_load(f, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, one);
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, other);
    add_answer(f, SECCOMP_RET_ALLOW);
    add_answer(f, SECCOMP_RET_ERRNO | EPERM);
}

/* The call of that number with just that argument is allowed; with another one what follows decides. */
static void add_exactly(struct filter *f, int number, unsigned argument, uint32_t value)
{
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (uint32_t)number);
    add_load(f, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
    add_answer(f, SECCOMP_RET_ALLOW);
    add_load(f, offsetof(struct seccomp_data, nr));
}

/* A thread may take less of the processor, itself and nobody else: setpriority(PRIO_PROCESS, 0, ...). */
static void add_own_priority(struct filter *f)
{
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 6, __NR_setpriority);
    add_load(f, offsetof(struct seccomp_data, args));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, PRIO_PROCESS);
    add_load(f, offsetof(struct seccomp_data, args) + sizeof(uint64_t));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    add_answer(f, SECCOMP_RET_ALLOW);
    add_answer(f, SECCOMP_RET_ERRNO | EPERM);
}

/* What logs take: opening at the end, as logfile.c does, and renaming; Landlock says where. */
static void add_logs(struct filter *f)
{
    add_exactly(f, __NR_openat, 2, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC);
    add_call(f, __NR_renameat, SECCOMP_RET_ALLOW);
}

/* What connecting takes, and asking a name server by UDP. */
static void add_calls(struct filter *f)
{
    static const int calls[] = { __NR_socket, __NR_connect, __NR_sendmmsg };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        add_call(f, calls[i], SECCOMP_RET_ALLOW);
    add_exactly(f, __NR_ioctl, 1, FIONREAD);
}

static void make_filter(struct filter *f, bool logs, bool calls)
{
    const uint32_t writes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

    add_load(f, offsetof(struct seccomp_data, arch));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
    add_answer(f, SECCOMP_RET_KILL_PROCESS);
    add_load(f, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        add_call(f, allowed[i], SECCOMP_RET_ALLOW);
    if (logs)
        add_logs(f);
    if (calls)
        add_calls(f);
    add_without(f, __NR_mmap, 2, PROT_EXEC);
    add_without(f, __NR_mprotect, 2, PROT_EXEC);
    add_without(f, __NR_openat, 2, writes);
#ifdef __NR_open
    add_without(f, __NR_open, 1, writes);
#endif
    add_threads(f);
    add_own_priority(f);
    add_either(f, __NR_ioctl, 1, FIONBIO, TCGETS); /* not TIOCSTI, which types on the terminal */
    add_either(f, __NR_prctl, 0, PR_SET_NAME, NAME_OF_MEMORY);
    add_either(f, __NR_tgkill, 0, (uint32_t)getpid(), (uint32_t)getpid());
    add_either(f, __NR_prlimit64, 0, 0, (uint32_t)getpid());
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        add_call(f, deadly[i], SECCOMP_RET_KILL_PROCESS);
    add_answer(f, SECCOMP_RET_ERRNO | EPERM);
}

static int confine_calls(bool logs, bool calls)
{
    struct filter filter = { .n = 0 };

    if (ARCHITECTURE == 0u)
        return 0;
    make_filter(&filter, logs, calls);
    const struct sock_fprog program = { .len = filter.n, .filter = filter.step };
    return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

/* ---- of who calls ------------------------------------------------------------------------------------------------ */

struct port_rule {
    uint64_t allowed, port;
};

static int confine_to_port(unsigned port)
{
    static const char *const folders[] = { "/etc", "/usr", "/lib", "/run/systemd/resolve" };
    int version = (int)syscall(CREATE_RULESET, NULL, 0, 1);

    if (version < 1)
        return 0;
    const struct ruleset attributes = { .fs = file_access(version),
                                        .net = version >= 4 ? NET_BOTH : 0,
                                        .scoped = version >= 6 ? SCOPE_BOTH : 0 };
    const struct port_rule rule = { .allowed = NET_CONNECT, .port = port };
    int ruleset = (int)syscall(CREATE_RULESET, &attributes, sizeof(attributes), 0);
    if (ruleset < 0)
        return 0;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        (void)allow_both(ruleset, folders[i], FS_READ_FILE | FS_READ_DIR);
    bool confined = (version < 4 || syscall(ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0) == 0) &&
                    syscall(RESTRICT_SELF, ruleset, 0) == 0;
    close(ruleset);
    return confined ? version : 0;
}

struct mli_sandbox_state mli_sandbox_call_files(unsigned port)
{
    struct mli_sandbox_state state = { 0 };

    if (!SANITIZED && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        state.landlock = confine_to_port(port);
    return state;
}

struct mli_sandbox_state mli_sandbox_call(unsigned port)
{
    struct mli_sandbox_state state = mli_sandbox_call_files(port);

    if (!SANITIZED && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        state.seccomp = confine_calls(false, true);
    return state;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

struct mli_sandbox_state mli_sandbox_enter(const struct mli_sandbox_config *config)
{
    struct mli_sandbox_state state = { 0 };

    if (SANITIZED) {
        ml_log(config->log, ML_LOG_DEBUG, "no sandbox: this build is for sanitizers");
        return state;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        state.landlock = confine_files(config);
        state.seccomp = confine_calls(state.landlock && config->log_files > 0, false);
    }
    if (!state.landlock && state.seccomp && config->log_files > 0)
        ml_log(config->log, ML_LOG_WARNING, "without Landlock no log is opened again or rotated; --no-sandbox lets it");
    if (state.landlock && state.seccomp)
        ml_log(config->log, ML_LOG_DEBUG, "sandbox: Landlock, version %d, and seccomp",
               state.landlock);
    else
        ml_log(config->log, ML_LOG_WARNING,
               "the sandbox is not whole, because this kernel has %s; all else works",
               state.landlock  ? "no seccomp filters"
               : state.seccomp ? "no Landlock"
                               : "neither Landlock nor seccomp filters");
    return state;
}

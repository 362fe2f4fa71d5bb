/* The sandbox, each time in a child of its own: what serving takes goes on, what an intruder wants does not. */
#include <tests/unit/serve.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <serve/sandbox.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/mlctl-sandbox-XXXXXX";
static char file[64], log_folder[80], log_path[96];
static struct mli_sandbox_log log_file; /* path NULL: none */

enum { FINE = 0, NO_LANDLOCK = 101, NO_SECCOMP = 102 };

/* Whether the kernel has both, asked past the code under test; sanitizers and the sandbox exclude each other. */
static bool possible(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return false;
#endif
#endif
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1); /* LANDLOCK_CREATE_RULESET_VERSION */
    return version > 0 && prctl(PR_GET_SECCOMP) >= 0;
}

/* Runs it in a child behind the sandbox: what it returns, or 128 and the signal that ended it. */
static int behind(int (*attempt)(void))
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        const char *const readable[] = { NULL, file };
        const struct mli_sandbox_config config = { .readable = readable,
                                                   .count = 2,
                                                   .log_file = &log_file,
                                                   .log_files = log_file.path ? 1 : 0 };
        const struct mli_sandbox_state state = mli_sandbox_enter(&config);
        if (!state.landlock)
            _exit(NO_LANDLOCK);
        _exit(state.seccomp ? attempt() : NO_SECCOMP);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (code == NO_LANDLOCK || code == NO_SECCOMP) {
        assert_false(possible()); /* a sandbox that could be and is not is no reason to skip */
        print_message("not here: %s\n", code == NO_LANDLOCK ? "Landlock" : "seccomp");
        skip();
    }
    return code;
}

/* The error of a call that gives -1, 0 of one that succeeds. */
static int error_of(long result)
{
    return result < 0 ? errno : 0;
}

static int reads(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? errno : read(fd, &byte, 1) == 1 ? FINE : 100;
}

static int reads_what_is_listed(void)
{
    return reads(file);
}

static int reads_what_takes_its_place(void)
{
    char other[80];

    snprintf(other, sizeof(other), "%s/later", folder);
    return reads(other);
}

static int reads_itself(void)
{
    return reads("/proc/self/stat");
}

static int reads_passwords(void)
{
    return reads("/etc/passwd");
}

static int reads_its_parent(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)getppid());
    return reads(path);
}

static int writes(void)
{
    return error_of(open(file, O_WRONLY | O_CLOEXEC));
}

static int creates(void)
{
    char other[80];

    snprintf(other, sizeof(other), "%s/new", folder);
    return error_of(open(other, O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int removes(void)
{
    return error_of(unlink(file));
}

static int opens_socket(void)
{
    return error_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int forks(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return error_of(child);
}

static int makes_code(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? errno : 0;
}

static int turns_to_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? 100 : error_of(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int signals_others(void)
{
    return error_of(kill(getppid(), 0));
}

static int types_on_terminal(void)
{
    return error_of(ioctl(0, TIOCSTI, "x"));
}

static int takes_less(void)
{
    return error_of(setpriority(PRIO_PROCESS, 0, 10));
}

static int takes_less_of_parent(void)
{
    return error_of(setpriority(PRIO_PROCESS, (id_t)getppid(), 10));
}

static int takes_less_of_all(void)
{
    return error_of(setpriority(PRIO_USER, 0, 10));
}

/* "..", behind which realpath() asks whether what is before it is there */
static int resolves(void)
{
    char way[120];

    snprintf(way, sizeof(way), "%s/logs/../file", folder);
    char *real = realpath(way, NULL);
    int error = real ? strcmp(real, file) : errno;
    free(real);
    return error;
}

static int runs_program(void)
{
    char *const nothing[] = { NULL };

    execve("/bin/true", nothing, nothing);
    return errno;
}

static int traces(void)
{
    return error_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int appends_to(const char *path)
{
    return error_of(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
}

static int appends_to_log(void)
{
    return appends_to(log_path);
}

static int appends_elsewhere(void)
{
    return appends_to(file);
}

static int empties_log(void)
{
    return error_of(open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_TRUNC, 0640));
}

static int renames_log(void)
{
    char other[100];

    snprintf(other, sizeof(other), "%s.1", log_path);
    return error_of(renameat(AT_FDCWD, log_path, AT_FDCWD, other)) ? errno : appends_to_log();
}

static int takes_log_away(void)
{
    char other[80];

    snprintf(other, sizeof(other), "%s/taken", folder);
    return error_of(renameat(AT_FDCWD, log_path, AT_FDCWD, other));
}

static int thread_result;

static void *in_thread(void *unused)
{
    (void)unused;
    thread_result = reads_passwords();
    return NULL;
}

static int starts_thread(void)
{
    pthread_t thread;

    prctl(PR_SET_NAME, "name");
    if (pthread_create(&thread, NULL, in_thread, NULL) != 0)
        return 100;
    pthread_join(thread, NULL);
    free(malloc((size_t)64 << 20));
    return thread_result;
}

static void test_goes_on(void **state)
{
    (void)state;
    assert_int_equal(behind(reads_what_is_listed), FINE);
    assert_int_equal(behind(reads_what_takes_its_place), FINE);
    assert_int_equal(behind(reads_itself), FINE);
    assert_int_equal(behind(takes_less), FINE);
    assert_int_equal(behind(resolves), FINE);
}

static void test_files(void **state)
{
    (void)state;
    assert_int_equal(behind(reads_passwords), EACCES);
    assert_int_not_equal(behind(reads_its_parent), FINE); /* ENOENT where /proc hides others */
    assert_int_equal(behind(writes), EPERM);
    assert_int_equal(behind(creates), EPERM);
    assert_int_equal(behind(removes), EPERM);
    assert_int_equal(behind(starts_thread), EACCES);
}

/* A log is opened as logs are, in its folder, and nothing else is. */
static void test_log(void **state)
{
    (void)state;
    for (int rotates = 0; rotates < 2; rotates++) {
        log_file = (struct mli_sandbox_log){ log_path, rotates };
        assert_int_equal(behind(appends_to_log), FINE);
        assert_int_equal(behind(appends_elsewhere), EACCES);
        assert_int_equal(behind(empties_log), EPERM);
        assert_int_equal(behind(takes_log_away), EACCES);
        assert_int_equal(behind(renames_log), rotates ? FINE : EACCES);
        assert_int_equal(behind(creates), EPERM);
        assert_int_equal(behind(removes), EPERM);
    }
    log_file.path = NULL;
    assert_int_equal(behind(appends_to_log), EPERM);
    assert_int_equal(behind(renames_log), EPERM);
}

static void test_calls(void **state)
{
    (void)state;
    assert_int_equal(behind(opens_socket), EPERM);
    assert_int_equal(behind(forks), EPERM);
    assert_int_equal(behind(makes_code), EPERM);
    assert_int_equal(behind(turns_to_code), EPERM);
    assert_int_equal(behind(signals_others), EPERM);
    assert_int_equal(behind(takes_less_of_parent), EPERM);
    assert_int_equal(behind(takes_less_of_all), EPERM);
    assert_int_equal(behind(types_on_terminal), EPERM);
    assert_int_equal(behind(runs_program), 128 + SIGSYS);
    assert_int_equal(behind(traces), 128 + SIGSYS);
}

static void put(const char *path)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs("x", out);
    fclose(out);
}

static int make_files(void **state)
{
    char later[80];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/file", folder);
    snprintf(later, sizeof(later), "%s/later", folder);
    put(file);
    put(later);
    snprintf(log_folder, sizeof(log_folder), "%s/logs", folder);
    snprintf(log_path, sizeof(log_path), "%s/log", log_folder);
    assert_int_equal(mkdir(log_folder, 0700), 0);
    put(log_path);
    return 0;
}

static int remove_files(void **state)
{
    char later[80];

    (void)state;
    snprintf(later, sizeof(later), "%s/later", folder);
    unlink(file);
    unlink(later);
    unlink(log_path);
    snprintf(later, sizeof(later), "%s/logs/log.1", folder);
    unlink(later);
    rmdir(log_folder);
    return rmdir(folder);
}

int run_sandbox_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_calls),
    };

    return cmocka_run_group_tests_name("sandbox", tests, make_files, remove_files);
}

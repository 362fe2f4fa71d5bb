#include <serve/config.h>

#include <base/limits.h>
#include <serve/group.h>
#include <serve/keeper.h>
#include <string.h>
#include <sys/resource.h>

#define LOOPS_MAX ((size_t)8)
#define WORKERS_MAX ((size_t)4)
#define FILES_RESERVED 25u /* descriptors that are not connections, and 3 a loop */
#define LEAVING_SHARE 8u   /* connections for each that is seen off, where descriptors are few */

/* A path that can come in a request line as it is. */
static bool is_path(const char *path)
{
    size_t n = 0;

    while (path[n] > ' ' && path[n] < 0x7F && !strchr("?#%", path[n]))
        n++;
    return path[0] == '/' && path[n] == '\0' && n < 1024;
}

enum ml_status mli_server_check(const struct mli_server_config *config, struct ml_error *err)
{
    if (config->max_body == 0 || config->max_body > (size_t)1 << 30)
        return ml_error_set(err, ML_EUSAGE, "the body limit must be 1 byte to 1 GiB, found %zu",
                            config->max_body);
    if (config->max_header < 1024 || config->max_header > (size_t)1 << 20)
        return ml_error_set(err, ML_EUSAGE, "the header limit must be 1 KiB to 1 MiB, found %zu",
                            config->max_header);
    if (config->max_rows == 0 || config->max_depth == 0 || config->max_depth > 1000)
        return ml_error_set(err, ML_EUSAGE,
                            "at least 1 row and 1 to 1000 levels of JSON must be allowed");
    if (config->max_connections == 0 || config->max_connections > 1000000)
        return ml_error_set(err, ML_EUSAGE, "1 to 1000000 connections can be allowed, found %u",
                            config->max_connections);
    if (config->port > UINT16_MAX || config->metrics_port > UINT16_MAX)
        return ml_error_set(err, ML_EUSAGE, "a port must be 0 to 65535, found %u",
                            config->port > UINT16_MAX ? config->port : config->metrics_port);
    if ((config->predict_route && !is_path(config->predict_route)) ||
        (config->health_route && !is_path(config->health_route)))
        return ml_error_set(err, ML_EUSAGE,
                            "AIP_PREDICT_ROUTE and AIP_HEALTH_ROUTE must be paths like /predict");
    if (!(config->request_timeout >= 0 && config->request_timeout <= 86400))
        return ml_error_set(err, ML_EUSAGE, "--request-timeout must be 0 to 86400 seconds");
    if (config->header_timeout == 0 || config->body_timeout == 0 || config->idle_timeout == 0)
        return ml_error_set(err, ML_EUSAGE, "a time-out must be at least 1 second");
    return ML_OK;
}

/* Files that may be open, after as many have been asked for. */
static rlim_t ask_for_files(rlim_t wanted)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    if (files.rlim_cur < wanted && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0 && getrlimit(RLIMIT_NOFILE, &files) != 0)
            return wanted;
    }
    return files.rlim_cur;
}

enum ml_status mli_server_fit_files(struct mli_server_config *config, size_t loops,
                                    struct ml_error *err)
{
    const rlim_t reserved = FILES_RESERVED + 3 * loops;
    const rlim_t files = ask_for_files(reserved + config->max_connections + MLI_KEEPER_LEAVING);

    config->leaving = MLI_KEEPER_LEAVING;
    if (files >= reserved + config->max_connections + MLI_KEEPER_LEAVING)
        return ML_OK;
    if (files <= reserved)
        return ml_error_set(err, ML_ELIMIT,
                            "at most %llu open files leave no room for connections (ulimit -n)",
                            (unsigned long long)files);
    const rlim_t room = files - reserved, least = room / LEAVING_SHARE; /* of which one that is seen off is in reserve */
    config->leaving = 1 + (unsigned)(room - least > config->max_connections ? room - config->max_connections : least);
    if (config->leaving > MLI_KEEPER_LEAVING)
        config->leaving = MLI_KEEPER_LEAVING;
    if (room - least >= config->max_connections)
        return ML_OK;
    ml_log(config->log, ML_LOG_WARNING,
           "at most %llu open files leave room for %llu connections, not %u (ulimit -n)",
           (unsigned long long)files, (unsigned long long)(room - least), config->max_connections);
    config->max_connections = (unsigned)(room - least);
    return ML_OK;
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

static size_t count_threads(unsigned said, size_t most)
{
    size_t processors = mli_processors();

    if (said)
        return said;
    return processors < most ? processors : most;
}

size_t mli_server_loops(const struct mli_server_config *config)
{
    return count_threads(config->threads, LOOPS_MAX) + config->metrics_apart;
}

size_t mli_server_workers(const struct mli_server_config *config)
{
    return count_threads(config->workers, WORKERS_MAX);
}

size_t mli_server_seats(const struct mli_server_config *config)
{
    return config->batch_window ? MLI_GROUP_SEATS : 0;
}

/* One, where somebody may ask for changes: the catalog makes one at a time. */
size_t mli_server_clerks(const struct mli_server_config *config)
{
    return config->tokens || config->multi_model;
}

size_t mli_server_threads(const struct mli_server_config *config)
{
    return mli_server_loops(config) + mli_server_workers(config) + mli_server_seats(config) + mli_server_clerks(config);
}

/* What may be asked of a server, and what the system lets it have. */
#ifndef SERVE_CONFIG_H
#define SERVE_CONFIG_H

#include <serve/server.h>

/* ML_EUSAGE: a limit that is out of range. */
ML_NODISCARD enum ml_status mli_server_check(const struct mli_server_config *config,
                                             struct ml_error *err);
/*
 * Asks for as many open files as all connections take, with those that are seen off and what the server has itself. Where the
 * system does not let it have them (ulimit -Hn) fewer connections are allowed: a limit that the system would reach first is
 * no limit that can be answered, and keys, certificates, models and logs must be opened however many clients there are.
 * ML_ELIMIT: no room at all.
 */
ML_NODISCARD enum ml_status mli_server_fit_files(struct mli_server_config *config, size_t loops,
                                                 struct ml_error *err);

/* Threads: of the loops, for large requests, in seats (group.h), and for changes of models. mli_server_threads() is all of them. */
size_t mli_server_loops(const struct mli_server_config *config);
size_t mli_server_workers(const struct mli_server_config *config);
size_t mli_server_seats(const struct mli_server_config *config);
size_t mli_server_clerks(const struct mli_server_config *config);

#endif

/* What the kernel says of this process, for the standard process_ metrics. */
#ifndef SERVE_PROCESS_H
#define SERVE_PROCESS_H

#include <stdbool.h>

struct mli_process {
    double cpu_seconds, open_fds, max_fds, virtual_bytes, resident_bytes, start_seconds, threads;
};

/* False when /proc is not there. */
bool mli_process_read(struct mli_process *out);

#endif

/*
 * Disk: where models lie. A source is a file, a folder of versions (VERSION/model.safetensors), or a folder of models
 * (NAME/VERSION/model.safetensors); what a folder holds can change at any time. Entries whose name could not stand in a
 * URL, and folders without a model in them, are passed over: that is what a version looks like that is being copied.
 */
#ifndef SERVE_DISK_H
#define SERVE_DISK_H

#include <base/mem.h>
#include <mlctl/status.h>
#include <stdint.h>
#include <sys/types.h>

#define MLI_DISK_FILE "model.safetensors"
#define MLI_DISK_MODELS ((size_t)4096) /* versions in all, at most */

struct mli_source {
    const char *name; /* of the model; NULL: a folder of models, which have their own */
    const char *path;
    const char *version; /* of a file */
};

/* A model file of a source. */
struct mli_found {
    char *name, *version, *path;
};

struct mli_finds {
    struct mli_found *found; /* by name, and of a name the newest version first */
    size_t count, capacity;
};

/* What tells that a file is another one, or was written to; all 0: there is none. */
struct mli_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

bool mli_source_is_folder(const struct mli_source *source);
/*
 * Adds what the source has. ML_EIO: its folder cannot be read; ML_EUSAGE: a name or version that is none; ML_ELIMIT,
 * ML_ENOMEM. A file is added whether it is there or not.
 */
ML_NODISCARD enum ml_status mli_source_list(const struct mli_source *source, struct mli_finds *finds,
                                            struct ml_error *err);
void mli_finds_release(struct mli_finds *finds);

/* Versions as people count: 10 comes after 9, 1.10 after 1.9. Like strcmp(). */
int mli_version_compare(const char *a, const char *b);
struct mli_stamp mli_stamp_of(const char *path);
bool mli_stamp_equals(const struct mli_stamp *a, const struct mli_stamp *b);

#endif

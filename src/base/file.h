/*
 * Files: input streams that are unpacked on the way, and output that is replaced whole.
 *
 * Output is written to a temporary file in the same directory, then fsync, rename over the target, fsync of the
 * directory: a kill at any moment leaves the old file or the new one [order: POSIX.1-2017 rename, fsync].
 * An fsync that fails is never repeated: the data may be gone, so the write fails as a whole.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <base/buf.h>
#include <base/sha256.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Input stream: a path, or "-" for standard input; gzip and zstd, told by their first bytes, are unpacked as they are read, of as
 * many members or frames as there are. The SHA-256 of the bytes as stored (before unpacking) is computed on the way. A directory is refused.
 */
struct mli_input;
ML_NODISCARD enum ml_status mli_input_open(const char *path, struct mli_input **out, struct ml_error *err);
/* A stream over memory that the caller keeps alive; `name` is used in errors. */
ML_NODISCARD enum ml_status mli_input_memory(const char *name, const void *bytes, size_t n, struct mli_input **out,
                                             struct ml_error *err);
/* Reads up to n bytes; *got is 0 at the end only. ML_EIO on read errors, ML_EDATA on a damaged packed stream. */
ML_NODISCARD enum ml_status mli_input_read(struct mli_input *in, void *bytes, size_t n, size_t *got,
                                           struct ml_error *err);
/*
 * What the next _read gives first, without taking it: up to MLI_INPUT_PEEK bytes, valid until then; none at the end only. Errors
 * as _read.
 */
#define MLI_INPUT_PEEK ((size_t)256)
ML_NODISCARD enum ml_status mli_input_peek(struct mli_input *in, const char **bytes, size_t *n, struct ml_error *err);
/*
 * Whether nothing more has come for so many milliseconds, so that the next _read would wait for whoever writes to the
 * pipe. False for files and memory, and at the end.
 */
bool mli_input_waits(const struct mli_input *in, int milliseconds);
/* How bytes that begin a file are packed: "gzip", "zstd"; NULL: not. */
const char *mli_input_packing(const void *bytes, size_t n);
const char *mli_input_name(const struct mli_input *in); /* the path, "standard input" for "-" */
uint64_t mli_input_size(const struct mli_input *in);    /* bytes as stored, 0 when not known (pipe) */
uint64_t mli_input_taken(const struct mli_input *in);   /* stored bytes consumed so far, for progress */
/* Before the first _read: the digest is of the bytes of `before`, which has been read to its end, and then of these. */
void mli_input_follow(struct mli_input *in, const struct mli_input *before);
/* Spares the digest, which is about a sixth of the time that a table takes. Before the first _read. */
void mli_input_undigested(struct mli_input *in);
/* A number that a regular file keeps while nobody writes to it (inode, size, time of change); 0 for what is none. */
uint64_t mli_input_version(const struct mli_input *in);
/* Digest of all stored bytes, "" for a spared one; call after _read has reported the end. */
void mli_input_sha256(struct mli_input *in, char hex[MLI_SHA256_HEX]);
void mli_input_close(struct mli_input *in); /* NULL is fine */

/*
 * Appends a whole regular file to buf (its limit bounds the size). Not gzip. What is read whole are our own documents,
 * so something that is no regular file, or a loop of links, is ML_EARTIFACT. Else ML_EIO, ML_ELIMIT, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_file_read(const char *path, struct mli_buf *buf, struct ml_error *err);
/* Digest of files as stored, one after the other; and of one. */
ML_NODISCARD enum ml_status mli_files_sha256(const char *const *paths, size_t n, char hex[MLI_SHA256_HEX],
                                             struct ml_error *err);
ML_NODISCARD enum ml_status mli_file_sha256(const char *path, char hex[MLI_SHA256_HEX], struct ml_error *err);

/*
 * Output: "-" is standard output (written through, no rename). Otherwise nothing appears under `path` before _commit.
 * _write may be called any number of times; it is not buffered, so collect small pieces in a mli_buf. _commit and
 * _abort end and free it; _abort(NULL) is fine. A missing directory, a full disk and an unwritable place are ML_EIO
 * with the path and the reason in the text. The final file keeps the mode of the file it replaces, else 0666 less the
 * umask. A symbolic link stays, what it points at is replaced. Writing to something that is not a regular file (a
 * device, a FIFO) goes straight through.
 */
struct mli_output;
ML_NODISCARD enum ml_status mli_output_open(const char *path, struct mli_output **out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_output_write(struct mli_output *out, const void *bytes, size_t n, struct ml_error *err);
ML_NODISCARD enum ml_status mli_output_commit(struct mli_output *out, struct ml_error *err);
void mli_output_abort(struct mli_output *out);
/* The same as _open; a name that ends in .gz or .zst makes a file packed so. For what mlctl reads packed, too. */
ML_NODISCARD enum ml_status mli_output_open_packed(const char *path, struct mli_output **out, struct ml_error *err);
/* The bytes that come from now on, as they are stored, go through `sha` as well; complete after _commit. */
void mli_output_digest(struct mli_output *out, struct mli_sha256 *sha);
/*
 * Removes the temporary file of every output that is open. For a signal handler that then ends the process: it is
 * async-signal-safe, and nothing may be written or committed after it. Only SIGKILL and a crash of the machine leave a
 * file .mlctl-* behind (16 hexadecimal digits follow); it may be removed by hand and is never read.
 */
void mli_output_remove_all(void);
/* Permission bits of the final file: of those it would have, the ones in `keep`, and those in `add`. */
void mli_output_mode(struct mli_output *out, mode_t keep, mode_t add);

/* Open, write all, commit. `executable` adds the x bits. */
ML_NODISCARD enum ml_status mli_file_write(const char *path, const void *bytes, size_t n, bool executable,
                                           struct ml_error *err);
/* mkdir -p. */
ML_NODISCARD enum ml_status mli_file_mkdirs(const char *path, struct ml_error *err);
/* Copies a file's bytes to `to` by way of mli_output; mode 0755 when executable. */
ML_NODISCARD enum ml_status mli_file_copy(const char *from, const char *to, bool executable, struct ml_error *err);

#endif

/*
 * Checkpoints: the state of a training in a file, replaced whole every so often, so that a run that was killed goes on
 * where it last stood and ends with the bytes of one that was not. DIRECTORY/checkpoint.safetensors is a sealed file
 * (model/sealed.h): its tensors are the state (train/state.h), its document is the identity of the run: all that the result
 * depends on, so that no run goes on from another one's state.
 */
#ifndef FIT_CHECKPOINT_H
#define FIT_CHECKPOINT_H

#include <base/json.h>
#include <base/tensors.h>
#include <mlctl/status.h>
#include <stdbool.h>

struct mli_checkpoint;

/*
 * Makes the directory, and reads what is there if `resume`; there may be nothing. identity is borrowed. ML_EUSAGE: a
 * checkpoint is there and the run is not to be resumed, or it is one of another run; ML_EARTIFACT: it is damaged or no
 * checkpoint; ML_EIO, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_checkpoint_open(const char *directory, double every, bool resume,
                                                const json_t *identity, struct mli_checkpoint **out,
                                                struct ml_error *err);
/* The state found, borrowed; NULL: there was none. */
struct mli_tensors *mli_checkpoint_found(struct mli_checkpoint *checkpoint);
const char *mli_checkpoint_path(const struct mli_checkpoint *checkpoint);
/* Whether `every` seconds have passed since the last _write, or since _open. */
bool mli_checkpoint_due(const struct mli_checkpoint *checkpoint);
ML_NODISCARD enum ml_status mli_checkpoint_write(struct mli_checkpoint *checkpoint, const struct mli_tensors *state,
                                                 struct ml_error *err);
void mli_checkpoint_close(struct mli_checkpoint *checkpoint); /* the file stays; NULL is fine */

#endif

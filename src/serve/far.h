/*
 * Far: which cell it is when a block cannot be predicted because a number lies so far from those of training that what is made of it
 * is no finite number. Looked for when that has happened, one row after the other, so that no request pays for it beforehand.
 */
#ifndef SERVE_FAR_H
#define SERVE_FAR_H

#include <serve/intake.h>

/* The rows of the block are as they were refused; each that is at fault becomes one ("too_far"). False: none was found. */
bool mli_far_note(struct mli_intake *intake);

#endif

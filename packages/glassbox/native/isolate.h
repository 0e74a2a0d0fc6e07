/*
 * The messages between isolate's server and its client, over a stream socket. The client sends one
 * `call`, with its descriptors 0, 1, 2 and its working directory attached to the first byte, and
 * then `length` bytes: `words` arguments (with argv[0]) and `variables` of the environment, each
 * with a NUL at its end. After that, each byte that it sends is the number of a signal.
 *
 * The server sends answers, and ends with ANSWER_EXIT or ANSWER_ORDINARY. If the stream ends
 * before, the server is lost: with ANSWER_BEGUN in mid-run, and without it before it has done
 * anything. src/isolate/server/ is the other side.
 */
#ifndef GLASSBOX_ISOLATE_H
#define GLASSBOX_ISOLATE_H

#include "sys.h"

#define CALL_MAGIC 1768714035 /* "isli", and the version of these messages */
#define CALL_DESCRIPTORS 4
/* More than Linux lets arguments and environment have together. */
#define CALL_MAX_LENGTH 8388608

struct call {
  u32 magic, length, words, variables, umask;
};

enum answer_kind {
  ANSWER_EXIT = 1,     /* end with the exit code `value` */
  ANSWER_ORDINARY = 2, /* execute the ordinary command: nothing was done */
  ANSWER_OUT = 3,      /* `length` bytes for the standard output */
  ANSWER_ERR = 4,      /* `length` bytes for the standard error output */
  ANSWER_META = 5,     /* a descriptor of the meta file is attached */
  ANSWER_BEGUN = 6,    /* from now on, the call changes something */
};

struct answer {
  u32 kind, value, length;
};

#endif

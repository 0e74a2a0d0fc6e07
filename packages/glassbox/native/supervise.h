/*
 * What a supervisor's step knows about paths, so that it can let a call pass without JavaScript.
 * src/supervisor/paths/passing.ts writes these structs; the layouts are generated from this
 * header.
 */
#ifndef GLASSBOX_SUPERVISE_H
#define GLASSBOX_SUPERVISE_H

#include "record.h"

#define PASSED_CALLS 512    /* numbers of x86-64 */
#define PASSED_KINDS 32
#define MOST_PREFIXES 64
#define PREFIX_TEXT 3000
#define MOST_TABLES 64
#define TASK_SLOTS 4096     /* a power of two */
#define SEEN_PATHS 256      /* a power of two */
#define NO_ARGUMENT 255
#define USE_BY_FLAGS 0      /* read or write, by the flags of the call */

/* How a call names its file. `use` is USE_BY_FLAGS or a bit of ACCESS (src/policy/resolved.ts). */
struct passed_kind {
  u8 path, dirfd, flags, use, nofollow, unused[3];
};

/* The kind of each call, or PASSED_KINDS for none. */
struct passed_calls {
  u8 kind[PASSED_CALLS];
  struct passed_kind kinds[PASSED_KINDS];
};

enum prefix_scope {
  SCOPE_EXACT, /* this name only */
  SCOPE_LEVEL, /* what is directly in this directory */
  SCOPE_TREE,  /* everything below this directory */
};

/*
 * A granted name. `fd` is the directory that it leads to. `fixed`: the program cannot change what
 * the names below it mean.
 */
struct prefix {
  s32 fd;
  u16 at, length; /* its text, without a final slash */
  u8 access, scope, fixed, unused;
};

/*
 * The granted names of one program. `action`: the data of the stops that they are for. `seen`:
 * hashes of calls that were found to pass; pass.c writes them.
 */
struct prefixes {
  u32 count, action;
  struct prefix list[MOST_PREFIXES];
  u8 text[PREFIX_TEXT];
  u64 seen[SEEN_PATHS];
};

/* By the low bits of a thread's id: the thread, and the number of its program's table. */
struct task_slot {
  s32 tid, table;
};

_Static_assert(sizeof(struct passed_kind) == 8 && sizeof(struct passed_calls) == 768, "passing.ts writes it");
_Static_assert(sizeof(struct prefix) == 12 && offsetof(struct prefixes, text) == 776, "so are these");
_Static_assert(sizeof(struct prefixes) == 5824 && sizeof(struct task_slot) == 8, "and these");

#endif

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
#define ALL_PASS (-2)       /* for a table: the thread has not executed its program yet */
#define USE_BY_FLAGS 0      /* read or write, by the flags of the call */

/* Who makes a call, and which one the supervisor makes itself. */
enum make {
  MAKE_BY_KERNEL,
  MAKE_STAT, /* stat, lstat, newfstatat */
  MAKE_STATX,
  MAKE_ACCESS,
  MAKE_READLINK,
};

/*
 * How a call names its file, by indexes of arguments: the path, its directory, O_* flags and AT_*
 * flags. `use` is USE_BY_FLAGS or a bit of ACCESS (src/policy/resolved.ts).
 */
struct passed_kind {
  u8 path, dirfd, flags, use, nofollow, make, at_flags, unused;
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
  SCOPE_GLOB,  /* what matches a pattern */
};

/*
 * A granted name. `fd` is the directory that it leads to. `fixed`: the program cannot change what
 * the names below it mean. `real`: its text contains no link. The text of a pattern goes on after
 * its first names, which are `length` bytes, and ends with NUL.
 */
struct prefix {
  s32 fd;
  u16 at, length; /* its text, without a final slash */
  u8 access, scope, fixed, real;
};

/*
 * The power of a program, for what the supervisor does in its place: the ids for files, and the
 * sets of capabilities, as capset(2) takes them, with and without the effective ones.
 */
struct power {
  u32 changes_ids, changes_capabilities, dumpable;
  u32 uid, gid, own_uid;
  u32 before[6], without[6];
};

/*
 * The granted names of one program. `action`: the data of the stops that they are for. `stat_all`:
 * the attributes of every file may be asked for. `seen`: hashes of calls that were found to pass;
 * pass.c writes them.
 */
struct prefixes {
  u32 count, action, stat_all;
  struct power power;
  struct prefix list[MOST_PREFIXES];
  u8 text[PREFIX_TEXT];
  u64 seen[SEEN_PATHS];
};

/*
 * By the low bits of a thread's id: the thread, and the number of its program's table, or
 * ALL_PASS.
 */
struct task_slot {
  s32 tid, table;
};

_Static_assert(sizeof(struct passed_kind) == 8 && sizeof(struct passed_calls) == 768, "passing.ts writes it");
_Static_assert(sizeof(struct prefix) == 12 && offsetof(struct prefixes, text) == 852, "so are these");
_Static_assert(sizeof(struct prefixes) == 5904 && sizeof(struct task_slot) == 8, "and these");

#endif

/*
 * What the platform of the kernel exchanges with guest.c and stub.c. src/kernel/platform/ptrace
 * reads it, with the layouts that scripts/native/layouts.mjs reads from this header.
 */
#ifndef GLASSBOX_GUEST_H
#define GLASSBOX_GUEST_H

#include "sys.h"

/*
 * The stub's part of an address space, all that is not a guest's: its code, and the page of
 * commands, which it cannot write. The code begins with a list of three jumps, so that its
 * addresses are known without reading the program.
 */
#define STUB_CODE 0x7f0000000000
#define STUB_PAGE 0x7f0010000000
#define STUB_PAGE_BYTES 16384
/* The descriptors of a stub: the page of commands, the memory of the world, the page cache. */
#define STUB_PAGE_FD 3
#define STUB_WORLD_FD 4
#define STUB_CACHE_FD 5

/* Kinds of stops. */
enum guest_stop { GUEST_CALL, GUEST_SIGNAL, GUEST_INTERRUPTED, GUEST_GONE, GUEST_OTHER };

/* How a thread is resumed: as it is, or with another rax. */
enum guest_mode { GUEST_AS_IS, GUEST_RESULT };

/* One thread to resume. */
struct guest_resume {
  s32 tid, mode;
  s64 rax;
};

/* A system call that a stub makes for the platform. */
struct guest_command {
  u64 nr, args[6], unused;
};

/* One stop. `arch` to `args` are those of a call, the rest is the siginfo of a signal. */
struct guest_record {
  s32 tid, status, kind;
  u32 arch;
  u64 ip, sp, nr;
  u64 args[6];
  s32 signal, code;
  u64 address;
};

/* The result of a batch. */
struct guest_batch {
  s64 left;        /* commands that did not succeed; 0: all did */
  s64 result;      /* of the command that failed: -errno */
  s32 thread;      /* the thread that a clone made, stopped; 0: none */
  s32 interrupted; /* a requested interrupt came during the batch */
};

_Static_assert(sizeof(struct guest_resume) == 16 && sizeof(struct guest_command) == 64, "src/kernel writes them");
_Static_assert(sizeof(struct guest_record) == 104 && sizeof(struct guest_batch) == 24, "and reads these");

#endif

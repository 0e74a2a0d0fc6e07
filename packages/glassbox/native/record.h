/*
 * What one step of the tracer takes and gives. trace.c fills it; src/gate/ptrace.ts and
 * src/ptrace/record.ts read it, with the layouts that scripts/native/layouts.mjs reads from this
 * header.
 */
#ifndef GLASSBOX_RECORD_H
#define GLASSBOX_RECORD_H

#include "sys.h"
#include <linux/ptrace.h>

#define WAKE_SIGNAL 40 /* a real-time signal that neither the libcs (32 to 34) nor Node use */
#define SIGINFO_BYTES 128
#define CALL_SET_BYTES 64 /* a bit for each of the first 512 calls of x86-64 */

/* One tracee to restart; `error` is the result, 0 or -errno. */
struct restart {
  s32 tid;
  u32 request;
  s32 signal;
  s32 error;
};

/*
 * The calls that a step skips or defers while only one tracee runs: see take_past_calls in
 * trace.c.
 */
struct call_sets {
  u8 skipped[CALL_SET_BYTES];
  u8 deferred[CALL_SET_BYTES];
};

/* One answer of wait4, with what only a stopped tracee can be asked. */
struct stop_record {
  s32 tid, status;
  u64 time;           /* CLOCK_MONOTONIC, ns */
  u64 message;        /* PTRACE_GETEVENTMSG */
  u64 user, system;   /* the rusage of wait4, in microseconds */
  s32 info_length;    /* of PTRACE_GET_SYSCALL_INFO, or -errno */
  s32 siginfo_error;  /* 0: `siginfo` is there */
  struct ptrace_syscall_info info;
  u8 siginfo[SIGINFO_BYTES];
  u32 deferred;       /* the step has restarted this tracee already */
  u32 unused;
};

_Static_assert(sizeof(struct restart) == 16, "src/gate/ptrace.ts writes it");
_Static_assert(sizeof(struct call_sets) == 2 * CALL_SET_BYTES, "so does src/ptrace/deferred-calls.ts");
_Static_assert(sizeof(struct ptrace_syscall_info) == 88, "as the kernel has it since Linux 5.11");
_Static_assert(sizeof(struct stop_record) == 272 && offsetof(struct stop_record, info) == 48,
               "src/ptrace/record.ts reads it");
_Static_assert(offsetof(struct stop_record, siginfo) == 136, "so is this");

#endif

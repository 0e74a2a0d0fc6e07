/*
 * What one step of the tracer takes and gives. stop.c fills it; src/gate/ptrace.ts and
 * src/ptrace/record.ts read it, with the layouts that scripts/native/layouts.mjs reads from this
 * header.
 */
#ifndef GLASSBOX_RECORD_H
#define GLASSBOX_RECORD_H

#include "sys.h"
#include <linux/ptrace.h>

#define WAKE_SIGNAL 40 /* a real-time signal that neither the libcs (32 to 34) nor Node use */
#define SIGINFO_BYTES 128

/* One tracee to restart; `error` is the result, 0 or -errno. */
struct restart {
  s32 tid;
  u32 request;
  s32 signal;
  s32 error;
};

/*
 * One answer of wait4, with what only a stopped tracee can be asked. Or, with `lane` LANE_LINES,
 * lines: `message` is where their text ends in the buffer of the step, `user` is the number of
 * whole lines or events, `system` the value of `last` (lanes.h) behind them, and `status` is not
 * zero if the thread is in a call then.
 */
struct stop_record {
  s32 tid, status;
  u64 time;           /* CLOCK_MONOTONIC, ns */
  u64 message;        /* PTRACE_GETEVENTMSG */
  u64 user, system;   /* the rusage of wait4, in microseconds */
  s32 info_length;    /* of PTRACE_GET_SYSCALL_INFO, or -errno */
  s32 siginfo_error;  /* 0: `siginfo` is there */
  struct ptrace_syscall_info info;
  u8 siginfo[SIGINFO_BYTES];
  u32 lane;           /* enum lane: unless it is LANE_STOP, the tracee has been restarted */
  u32 captured;       /* where its chunks end in the captures of the step */
};

_Static_assert(sizeof(struct restart) == 16, "src/gate/ptrace.ts writes it");
_Static_assert(sizeof(struct ptrace_syscall_info) == 88, "as the kernel has it since Linux 5.11");
_Static_assert(sizeof(struct stop_record) == 272 && offsetof(struct stop_record, info) == 48,
               "src/ptrace/record.ts reads it");
_Static_assert(offsetof(struct stop_record, siginfo) == 136, "so is this");

#endif

/*
 * What the two steps share: traceStep (trace.c), which serves a trace, and superviseStep
 * (supervise.c), which serves supervised programs. wake.c, stop.c and trace.c define it.
 */
#ifndef GLASSBOX_TRACE_H
#define GLASSBOX_TRACE_H

#include "gate.h"
#include "record.h"

#define SYSCALL_STOP 0x85 /* SIGTRAP | 0x80, by PTRACE_O_TRACESYSGOOD */

struct __kernel_old_timeval;

/*
 * Makes a system call of five arguments. Returns -EINTR if `*wake` is not zero or a signal with an
 * installed wake has come, before or during the call.
 */
long interruptible_call(volatile s32 *wake, long number, long a, long b, long c, long d, long e);

/* Whether the thread of a step was woken: there are commands for it, or signals. */
int is_woken(const struct bytes *wake);

/* Waits for a stop, and fills what need not be asked of the tracee. Returns its tid, or -errno. */
long wait_for_stop(struct stop_record *record, const struct bytes *wake, long options);

/* CLOCK_MONOTONIC in ns, if possible without a system call. */
u64 stop_time(void);
u64 microseconds(const struct __kernel_old_timeval *time);

/*
 * Asks what only a stopped tracee can be asked. It may be killed between two questions, so each
 * has its own result. Returns 0 if the tracee has left the stop: then the record has no message,
 * and a stop of the filter has no call.
 */
int describe_stop(struct stop_record *record);

/*
 * Reads word by word through ptrace, which checks no rights after the attach. Returns how many
 * bytes could be read, or -errno if none.
 */
long peek(s64 tid, u64 address, u8 *to, u64 length);

/* The records of a step: children that have ended are reaped. Returns `count`. */
napi_value step_result(napi_env env, const struct stop_record *record, s64 count);

/* It is not an error if a tracee has ended before its restart: its end is among the next stops. */
void restart_tracees(struct restart *restart, s64 count);

#endif

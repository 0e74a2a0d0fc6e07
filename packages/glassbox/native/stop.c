/*
 * Takes a stop of a tracee from the kernel, with everything that must be asked while the tracee
 * stands still. What it means is decided elsewhere: src/ptrace, past.c, supervise.c.
 */
#include "lanes.h"
#include "trace.h"
#include <asm/ptrace-abi.h>
#include <linux/resource.h>
#include <linux/wait.h>

/*
 * The function of Node's libc, which reads the clock without a system call. It is a weak symbol:
 * if it is missing, a system call reads the clock.
 */
__attribute__((weak)) extern int clock_gettime(int clock, struct time *time);

u64 stop_time(void) {
  struct time t;
  if (!clock_gettime || clock_gettime(CLOCK_MONOTONIC, &t)) return now_ns();
  return (u64)t.seconds * 1000000000u + (u64)t.nanoseconds;
}

u64 microseconds(const struct __kernel_old_timeval *time) {
  return (u64)time->tv_sec * 1000000u + (u64)time->tv_usec;
}

/* siginfo_t up to the code, which for a stop of an event is the event. */
struct event_info {
  s32 signal, error, code;
};

/*
 * Asks for the message of an event. Returns 0 if the tracee no longer stands there: if it was
 * killed, the message may be that of its next stop. That is its exit status, which the program
 * chooses, and which could be mistaken for the id of a new process.
 */
static int ask_event(struct stop_record *record) {
  const struct event_info *info = (const struct event_info *)record->siginfo;
  if (sys(ptrace, PTRACE_GETEVENTMSG, record->tid, 0, &record->message) == 0 &&
      sys(ptrace, PTRACE_GETSIGINFO, record->tid, 0, record->siginfo) == 0 && info->code == record->status >> 8)
    return 1;
  record->message = 0;
  return 0;
}

int describe_stop(struct stop_record *record) {
  record->info_length = record->siginfo_error = -ESRCH;
  record->message = 0;
  /* What the kernel does not write must not be that of another stop. */
  record->info = (struct ptrace_syscall_info){.op = PTRACE_SYSCALL_INFO_NONE};
  if ((record->status & 0xff) != 0x7f) return 1; /* it ended */
  int event = record->status >> 16, signal = (record->status >> 8) & 0xff;
  record->info_length =
      (s32)sys(ptrace, PTRACE_GET_SYSCALL_INFO, record->tid, sizeof record->info, &record->info);
  int is_filters = record->info_length > 0 && record->info.op == PTRACE_SYSCALL_INFO_SECCOMP;
  if (event == PTRACE_EVENT_SECCOMP) {
    if (is_filters) record->message = record->info.seccomp.ret_data;
    return is_filters;
  }
  if (event) return ask_event(record);
  if (signal == SYSCALL_STOP) return record->info_length > 0;
  record->siginfo_error = (s32)sys(ptrace, PTRACE_GETSIGINFO, record->tid, 0, record->siginfo);
  return record->siginfo_error == 0;
}

void restart_tracees(struct restart *restart, s64 count) {
  for (s64 i = 0; i < count; i++, restart++)
    restart->error = (s32)sys(ptrace, restart->request, restart->tid, 0, (long)restart->signal);
}

long wait_for_stop(struct stop_record *record, const struct bytes *wake, long options) {
  struct rusage usage;
  long tid = interruptible_call((volatile s32 *)wake->data, __NR_wait4, -1, (long)&record->status, options,
                                (long)&usage, 0);
  if (tid <= 0) return tid;
  record->tid = (s32)tid;
  record->time = stop_time();
  record->user = microseconds(&usage.ru_utime);
  record->system = microseconds(&usage.ru_stime);
  record->lane = LANE_STOP;
  record->captured = 0;
  return tid;
}

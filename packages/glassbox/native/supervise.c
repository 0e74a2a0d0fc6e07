/*
 * The native half of the supervisor: one step of its loop. Unlike traceStep it looks at a process
 * that has ended before the process is reaped, because only then its CPU clock can still be read.
 * That clock counts every thread, and what the kernel does to take the memory of the process down.
 */
#include "gate.h"
#include "pass.h"
#include "trace.h"
#include <linux/ptrace.h>
#include <linux/resource.h>
#include <linux/wait.h>

#define ANY_CHILD (__WALL | __WNOTHREAD)
#define SIGKILL 9
#define MOST_PASSED 64
#define PASSED (-4096l) /* no errno */
#define SHARE 4 /* A sweep gets this part of the records. */
#define SECCOMP_STOP (PTRACE_EVENT_SECCOMP << 8 | 5) /* SIGTRAP */
#define CLD_DUMPED 3 /* and CLD_EXITED 1, CLD_KILLED 2: it has ended */

/* siginfo_t of waitid(2), up to the fields that are needed. */
struct child_info {
  s32 signal, error, code, pad;
  s32 pid;
  u32 uid;
  s32 status;
  u8 rest[SIGINFO_BYTES - 28];
};

/* The CPU time of a process, living or not reaped, in ns; 0 for a thread that is not a leader. */
static u64 process_clock(s32 pid) {
  struct time t;
  if (sys(clock_gettime, (s32)(~(u32)pid << 3 | 2), &t) < 0) return 0;
  return (u64)t.seconds * 1000000000u + (u64)t.nanoseconds;
}

/* Takes the end of a process or a thread. */
static void take_end(struct stop_record *record) {
  struct rusage usage;
  record->message = process_clock(record->tid);
  sys(wait4, record->tid, &record->status, ANY_CHILD | WNOHANG, &usage);
  record->user = microseconds(&usage.ru_utime);
  record->system = microseconds(&usage.ru_stime);
  record->info_length = record->siginfo_error = -ESRCH;
}

/* Whether a stop with this status is about something that only the stopped tracee can tell. */
static int needs_tracee(s32 status) {
  int event = status >> 16;
  return event == PTRACE_EVENT_SECCOMP || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
         event == PTRACE_EVENT_CLONE;
}

/*
 * Takes a stop. Returns 0 if the tracee was killed before it was taken, or before it could tell
 * what the stop is about. Its next stop, or its end, is still to come.
 */
static int take_stop(struct stop_record *record) {
  struct child_info found = {.pid = 0};
  sys(waitid, P_PID, record->tid, &found, WSTOPPED | WNOHANG | ANY_CHILD, 0);
  if (!found.pid) return 0;
  record->status = found.status << 8 | 0x7f;
  record->user = record->system = 0;
  return describe_stop(record) || !needs_tracee(record->status);
}

/* Restarts the tracee and returns 1 if it stopped before a call that is decided here. */
static int pass(s32 tid, const struct passing *passing) {
  struct ptrace_syscall_info info;
  if (sys(ptrace, PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0 || !decide(passing, tid, &info)) return 0;
  /* The stop was not taken from the kernel: it ends with the restart. */
  sys(ptrace, PTRACE_CONT, tid, 0, 0);
  return 1;
}

/*
 * Looks for a stop or an end of one task, or with P_ALL of any. Returns its thread if it makes a
 * record, 0 for none, -errno, or PASSED.
 */
static long look(int which, s32 id, struct stop_record *record, volatile s32 *wake, long options,
                 const struct passing *passing) {
  struct child_info found = {.pid = 0};
  long error =
      interruptible_call(wake, __NR_waitid, which, id, (long)&found, WEXITED | WSTOPPED | WNOWAIT | ANY_CHILD | options, 0);
  if (error < 0) return error;
  if (!found.pid) return 0;
  int has_ended = found.code <= CLD_DUMPED;
  if (!has_ended && found.status == SECCOMP_STOP && pass(found.pid, passing)) return PASSED;
  record->tid = found.pid;
  record->time = stop_time();
  record->lane = record->captured = 0;
  if (has_ended)
    take_end(record);
  else if (!take_stop(record))
    return PASSED;
  return record->tid;
}

/*
 * Takes one stop or end that does not pass. Returns its thread, -errno, 0 for none (with WNOHANG),
 * or PASSED after MOST_PASSED calls, so that no alarm is missed and no other task.
 */
static long take_one(struct stop_record *record, volatile s32 *wake, long options, const struct passing *passing) {
  for (int passed = 0; passed < MOST_PASSED; passed++) {
    long tid = look(P_ALL, 0, record, wake, options, passing);
    if (tid != PASSED) return tid;
  }
  return PASSED;
}

/*
 * The kernel looks for stops in the same order every time, so tasks that stop all the time could
 * keep others waiting forever. A sweep looks at each task by itself, from where the last ended.
 */
static s64 sweep(struct stop_record *records, s64 room, volatile s32 *wake, const struct passing *passing) {
  static u32 next; /* supervisors share it: it does not matter where a sweep begins */
  u32 first = next;
  s64 taken = 0;
  for (u32 i = 0; i < TASK_SLOTS && taken < room; i++) {
    u32 at = (first + i) & (TASK_SLOTS - 1);
    s32 tid = passing->tasks[at].tid;
    next = at + 1;
    if (tid && look(P_PID, tid, &records[taken], wake, WNOHANG, passing) > 0) taken++;
  }
  return taken;
}

/*
 * superviseStep(restarts: Int32Array, count, records: Uint8Array, maximum, wake: Int32Array,
 * calls: Uint8Array, tables: Uint8Array, tasks: Int32Array): restarts `count` tracees, waits for
 * one stop, takes up to `maximum` that are there, and returns how many, which may be 0; -EINTR if
 * it was woken first, -ECHILD if there is no tracee. The message of a process that has ended is
 * its CPU time in ns. The last three say which calls pass (supervise.h); they make no record.
 */
napi_value gate_supervise_step(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes restarts, records, wake, calls, tables, tasks;
  s64 count, maximum;
  if (!get_arguments(env, info, 8, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &restarts) || !get_integer(env, arguments[1], &count) || count < 0 ||
      (u64)count * sizeof(struct restart) > restarts.length)
    return throw_type(env, "superviseStep() takes an Int32Array of restarts, and how many there are");
  if (!get_bytes(env, arguments[2], &records) || !get_integer(env, arguments[3], &maximum) || maximum < 1 ||
      (u64)maximum * sizeof(struct stop_record) > records.length || ((u64)records.data & 7))
    return throw_type(env, "superviseStep() takes room for records, and how many fit");
  if (!get_bytes(env, arguments[4], &wake) || wake.length < 4)
    return throw_type(env, "superviseStep() takes the word that wakes it");
  if (!get_bytes(env, arguments[5], &calls) || calls.length != sizeof(struct passed_calls) ||
      !get_bytes(env, arguments[6], &tables) || tables.length != MOST_TABLES * sizeof(struct prefixes) ||
      !get_bytes(env, arguments[7], &tasks) || tasks.length != TASK_SLOTS * sizeof(struct task_slot))
    return throw_type(env, "superviseStep() takes the calls that pass, the granted names and the tasks");

  struct passing passing = {(void *)calls.data, (void *)tables.data, (void *)tasks.data};
  restart_tracees((struct restart *)restarts.data, count);
  struct stop_record *record = (struct stop_record *)records.data;
  volatile s32 *word = (volatile s32 *)wake.data;
  s64 taken = 0, most = maximum - maximum / SHARE;
  for (long options = 0; taken < most; taken++, options = WNOHANG) {
    long tid = take_one(&record[taken], word, options, &passing);
    if (tid == PASSED) break;
    if (tid <= 0) return step_result(env, record, taken ? taken : tid);
  }
  /* There are more stops than this step takes. */
  return step_result(env, record, taken + sweep(&record[taken], maximum - taken, word, &passing));
}

#define ROOTS 1024           /* gate/ptrace.ts is the other side */
#define REAP_PAUSE_NS 500000
#define MOST_PAUSES 4000

/* Kills a tracee that is a child of this process, and reaps it. Gives up after two seconds. */
static void kill_and_reap(s32 pid) {
  struct time pause = {0, REAP_PAUSE_NS};
  sys(kill, pid, SIGKILL);
  for (int pauses = 0; pauses < MOST_PAUSES;) {
    s32 status = 0;
    long got = sys(wait4, pid, &status, ANY_CHILD | WNOHANG, 0);
    if (got < 0) return;
    if (got == 0) {
      sys(nanosleep, &pause, 0);
      pauses++;
    } else if ((status & 0xff) != 0x7f)
      return;
    else
      sys(ptrace, PTRACE_CONT, pid, 0, 0); /* its stop before the end */
  }
}

static void end_roots(void *roots) {
  for (int i = 0; i < ROOTS; i++)
    if (((s32 *)roots)[i]) kill_and_reap(((s32 *)roots)[i]);
}

/*
 * endAtExit(roots: Int32Array(1024)): at the end of this environment, which may come without
 * JavaScript running again (worker.terminate()), kills and reaps the processes that are listed
 * there. The kernel kills all other tracees when the thread ends, but a child of this process
 * would stay a zombie.
 */
napi_value gate_end_at_exit(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes roots;
  napi_ref kept;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &roots) || roots.length != ROOTS * sizeof(s32))
    return throw_type(env, "endAtExit() takes an Int32Array of 1024 process ids");
  if (napi_create_reference(env, arguments[0], 1, &kept) != napi_ok ||
      napi_add_env_cleanup_hook(env, end_roots, roots.data) != napi_ok)
    return throw_type(env, "endAtExit() cannot be registered");
  return number(env, 0);
}

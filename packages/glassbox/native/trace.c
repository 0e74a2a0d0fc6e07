/*
 * The native half of the tracer: one step of its loop, and the memory of a tracee. src/ptrace
 * decides what a stop means; here it is only taken from the kernel, with everything that must be
 * asked while the tracee stands still.
 *
 * A step blocks its thread in wait4, and neither an event loop nor worker.terminate() reaches it
 * there. A signal to that thread wakes it, and the word `wake` says that there is something to
 * look at. The signal may come between the look at the word and the system call. So that it is not
 * lost, its handler moves a thread that is between the two past the system call. The handler
 * stays installed, so the gate is linked to stay in memory (-z nodelete).
 */
#include "trace.h"
#include "past.h"
#include <asm/ptrace-abi.h>
#include <asm/sigcontext.h>
#include <linux/resource.h>
#include <linux/wait.h>

#define SA_SIGINFO_RESTORER 0x04000004 /* SA_SIGINFO | SA_RESTORER, without SA_RESTART */
#define SI_TIMER -2

/* struct ucontext up to the registers: the kernel's header for it wants a libc's types. */
struct interrupted {
  u64 flags, link, stack[3];
  struct sigcontext registers;
};

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

/*
 * Signals other than WAKE_SIGNAL that arrived since takeSignals, one bit each. Signals belong to
 * the process, and so does this word.
 */
__attribute__((used)) static volatile u64 caught_signals;

int is_woken(const struct bytes *wake) { return *(volatile s32 *)wake->data || caught_signals; }

/* See trace.h. */
__asm__(".text\n"
        ".globl interruptible_call\n"
        ".hidden interruptible_call\n"
        "interruptible_call:\n"
        "  mov %rdi, %r11\n"
        "  mov %rsi, %rax\n"
        "  mov %rdx, %rdi\n"
        "  mov %rcx, %rsi\n"
        "  mov %r8, %rdx\n"
        "  mov %r9, %r10\n"
        "  mov 8(%rsp), %r8\n"
        "interruptible_look:\n"
        "  cmpl $0, (%r11)\n"
        "  jne interruptible_woken\n"
        "  cmpq $0, caught_signals(%rip)\n"
        "  jne interruptible_woken\n"
        "interruptible_syscall:\n"
        "  syscall\n"
        "  ret\n"
        "interruptible_woken:\n"
        "  mov $-4, %rax\n" /* -EINTR */
        "  ret\n"
        "wake_restorer:\n"
        "  mov $15, %eax\n" /* rt_sigreturn */
        "  syscall\n");
extern const u8 interruptible_look[], interruptible_syscall[], interruptible_woken[];
void wake_restorer(void);

/* siginfo_t of a timer. */
struct timer_info {
  s32 signal, error, code, timer, overrun, pad;
  volatile s32 *word;
};

static void wake_handler(int signal, const struct timer_info *info, struct interrupted *context) {
  /* A timer of guestTimer(): if it comes while JavaScript runs, the next step must know. */
  if (info->code == SI_TIMER && signal == WAKE_SIGNAL && info->word) *info->word = 1;
  if (signal < WAKE_SIGNAL) __atomic_fetch_or(&caught_signals, 1ul << (signal - 1), __ATOMIC_SEQ_CST);
  u64 at = context->registers.rip;
  if (at >= (u64)interruptible_look && at <= (u64)interruptible_syscall)
    context->registers.rip = (u64)interruptible_woken;
}

/*
 * installWake(signal): from now on the signal ends the traceStep of the thread that gets it.
 * WAKE_SIGNAL does nothing else; any other signal is kept for takeSignals.
 */
napi_value gate_install_wake(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  s64 signal;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &signal)) return throw_type(env, "installWake() takes a signal");
  struct {
    void (*handler)(int, const struct timer_info *, struct interrupted *);
    u64 flags;
    void (*restorer)(void);
    u64 mask;
  } action = {wake_handler, SA_SIGINFO_RESTORER, wake_restorer, 0};
  return number(env, sys(rt_sigaction, signal, &action, NULL, 8));
}

/* takeSignals(): the signals that came since the last call, signal n as bit n - 1. */
napi_value gate_take_signals(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, (s64)__atomic_exchange_n(&caught_signals, 0, __ATOMIC_SEQ_CST));
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

napi_value step_result(napi_env env, const struct stop_record *record, s64 count) {
  for (s64 i = 0; i < count; i++)
    if ((record[i].status & 0xff) != 0x7f) disown_child(env, record[i].tid);
  return number(env, count);
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

/* A thread whose stop is told is in no call that was gone past. */
static void close_call(struct lane_tables *tables, long tid) {
  struct open_call *open = &tables->open[tid & (OPEN_CALLS - 1)];
  if (open->tid == tid) open->tid = 0;
}

/* Waits for one stop, and takes all others that are pending. */
static long take_stops(struct stop_record *records, s64 maximum, const struct bytes *wake, struct lane_tables *tables) {
  long options = __WALL | __WNOTHREAD;
  for (s64 taken = 0; taken < maximum; taken++, options |= WNOHANG) {
    long tid = wait_for_stop(&records[taken], wake, options);
    if (tid <= 0) return taken ? taken : tid;
    close_call(tables, tid);
    describe_stop(&records[taken]);
  }
  return maximum;
}

/*
 * traceStep(restarts: Int32Array, count, records: Uint8Array, maximum, wake: Int32Array, tables:
 * Uint8Array, captures: Uint8Array, text: Uint8Array): restarts `count` tracees, waits for one
 * stop, takes up to `maximum` stops that are there, and returns how many records there are; -EINTR
 * if it was woken first, -ECHILD if there is no tracee. It is not an error if a tracee has ended
 * before its restart: its end is among the stops.
 *
 * The last three are the buffers of lanes.h. If the tables say so, the step goes past calls that
 * need no JavaScript at their stops.
 */
napi_value gate_trace_step(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes restarts, records, wake, tables, captures, text;
  s64 count, maximum;
  if (!get_arguments(env, info, 8, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &restarts) || !get_integer(env, arguments[1], &count) || count < 0 ||
      (u64)count * sizeof(struct restart) > restarts.length)
    return throw_type(env, "traceStep() takes an Int32Array of restarts, and how many there are");
  if (!get_bytes(env, arguments[2], &records) || !get_integer(env, arguments[3], &maximum) || maximum < 1 ||
      (u64)maximum * sizeof(struct stop_record) > records.length || ((u64)records.data & 7))
    return throw_type(env, "traceStep() takes room for records, and how many fit");
  if (!get_bytes(env, arguments[4], &wake) || wake.length < 4)
    return throw_type(env, "traceStep() takes the word that wakes it");
  if (!get_bytes(env, arguments[5], &tables) || tables.length < sizeof(struct lane_tables) ||
      !get_bytes(env, arguments[6], &captures) || !get_bytes(env, arguments[7], &text) ||
      (((u64)tables.data | (u64)captures.data) & 7))
    return throw_type(env, "traceStep() takes the buffers of the lanes");

  restart_tracees((struct restart *)restarts.data, count);
  struct stop_record *record = (struct stop_record *)records.data;
  struct lanes lanes = {
      (struct lane_tables *)tables.data, {captures.data, captures.length, 0}, {text.data, text.length, 0}, 0, 0};
  return step_result(env, record, lanes.tables->active ? take_past_calls(record, maximum, &wake, &lanes)
                                                       : take_stops(record, maximum, &wake, lanes.tables));
}

long peek(s64 tid, u64 address, u8 *to, u64 length) {
  u64 done = 0;
  while (done < length) {
    u64 word, at = (address + done) & ~7ul, skip = address + done - at;
    u64 part = 8 - skip < length - done ? 8 - skip : length - done;
    long result = sys(ptrace, PTRACE_PEEKDATA, tid, at, &word);
    if (result < 0) return done ? (long)done : result;
    memcpy(to + done, (u8 *)&word + skip, part);
    done += part;
  }
  return (long)done;
}

/* Memory of this process, and as much of a tracee. */
struct span {
  s64 tid;
  struct iovec local, remote;
};

/*
 * The arguments tid, address, bytes. Returns 0 if they are something else: `expected` is thrown.
 */
static int get_span(napi_env env, napi_callback_info info, const char *expected, struct span *span) {
  napi_value arguments[MAX_ARGUMENTS];
  s64 address;
  struct bytes bytes;
  if (!get_arguments(env, info, 3, arguments)) return 0;
  if (!get_integer(env, arguments[0], &span->tid) || !get_integer(env, arguments[1], &address) ||
      !get_bytes(env, arguments[2], &bytes)) {
    throw_type(env, expected);
    return 0;
  }
  span->local = (struct iovec){bytes.data, bytes.length};
  span->remote = (struct iovec){(void *)address, bytes.length};
  return 1;
}

/*
 * readMemory(tid, address, bytes): how many bytes could be read from there, or -errno if none.
 * Page protections hold.
 */
napi_value gate_read_memory(napi_env env, napi_callback_info info) {
  struct span span;
  if (!get_span(env, info, "readMemory() takes a thread, an address and a typed array", &span)) return NULL;
  long got = sys(process_vm_readv, span.tid, &span.local, 1, &span.remote, 1, 0);
  if (got == -EPERM || got == -ENOSYS)
    got = peek(span.tid, (u64)span.remote.iov_base, span.local.iov_base, span.local.iov_len);
  return number(env, got);
}

/*
 * writeMemory(tid, address, bytes): how many bytes could be written there, or -errno if none. Page
 * protections hold.
 */
napi_value gate_write_memory(napi_env env, napi_callback_info info) {
  struct span span;
  if (!get_span(env, info, "writeMemory() takes a thread, an address and a typed array", &span)) return NULL;
  return number(env, sys(process_vm_writev, span.tid, &span.local, 1, &span.remote, 1, 0));
}

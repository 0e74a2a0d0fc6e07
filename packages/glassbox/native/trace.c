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
#include "gate.h"
#include "lanes.h"
#include "trace.h"
#include <asm/ptrace-abi.h>
#include <asm/sigcontext.h>
#include <linux/audit.h>
#include <linux/resource.h>
#include <linux/wait.h>

#define SA_SIGINFO_RESTORER 0x04000004 /* SA_SIGINFO | SA_RESTORER, without SA_RESTART */
#define SI_TIMER -2
#define MOST_SKIPPED 64
#define SIGTRAP_STOP 5
/*
 * The most time, in ns, that a step keeps what it has gone past. It is checked at the end of each
 * call, counted from the first kept record: of a call that were told half, JavaScript would make
 * the line.
 */
#define MOST_NS 4000000
/* A step ends when less room than this is left for captures: a record has more only if it fits. */
#define LEAST_CAPTURES 16384

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

static long wait_for(struct stop_record *record, const struct bytes *wake, long options) {
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
    long tid = wait_for(&records[taken], wake, options);
    if (tid <= 0) return taken ? taken : tid;
    close_call(tables, tid);
    describe_stop(&records[taken]);
  }
  return maximum;
}

/* What the lanes of a step use. */
struct lanes {
  struct lane_tables *tables;
  struct room captures, text;
  s64 taken; /* records */
  int over;  /* the step ends here */
};

static int is_call_stop(const struct stop_record *record, u32 op) {
  u32 event = op == PTRACE_SYSCALL_INFO_SECCOMP ? SIGTRAP_STOP | PTRACE_EVENT_SECCOMP << 8 : SYSCALL_STOP;
  return record->info_length > 0 && record->info.op == op && record->status >> 8 == (s32)event;
}

/* The number of the call that is entered, if it is one of x86-64 that can have a plan; else -1. */
static s64 entered_call(const struct stop_record *record) {
  u64 nr = record->info.entry.nr;
  int enters = is_call_stop(record, PTRACE_SYSCALL_INFO_ENTRY) || is_call_stop(record, PTRACE_SYSCALL_INFO_SECCOMP);
  return enters && record->info.arch == AUDIT_ARCH_X86_64 && nr < PLANNED_CALLS ? (s64)nr : -1;
}

/* The offset of the plan for this call with these arguments; 0: none. */
static u32 plan_for(const struct lane_tables *tables, s64 nr, const u64 *args) {
  u32 at = tables->plans[nr];
  if (!at) return 0;
  const struct plan_choice *choice = (const struct plan_choice *)((const u8 *)tables + at);
  if (choice->argument == NO_SELECTOR) return choice->otherwise;
  const struct plan_entry *entry = (const struct plan_entry *)(choice + 1);
  u32 value = (u32)args[choice->argument] & choice->mask;
  for (u32 i = 0; i < choice->count && entry->value <= value; i++, entry++)
    if (entry->value == value) return entry->plan;
  return choice->otherwise;
}

static int capture_list(struct lanes *lanes, u32 list, const struct stop_record *record, const u64 *args) {
  const struct ptrace_syscall_info *info = &record->info;
  int leaves = info->op == PTRACE_SYSCALL_INFO_EXIT;
  return capture_all(&lanes->captures, (const u8 *)lanes->tables, list, record->tid, args,
                     leaves ? info->exit.rval : 0, leaves && info->exit.is_error);
}

/* The chunks of the last record. */
static struct chunks last_chunks(const struct lanes *lanes, const struct stop_record *records) {
  u64 last = (u64)lanes->taken - 1;
  return (struct chunks){lanes->captures.data, last ? records[last - 1].captured : 0, records[last].captured};
}

static int is_passed_entry(const struct stop_record *record) {
  return record->lane == LANE_CAPTURED && record->info.op != PTRACE_SYSCALL_INFO_EXIT;
}

/*
 * Puts a record of text in the place of the next one. Text of one thread that follows its other
 * text shares its record; if only one thread runs, all text does.
 */
static void add_text(struct lanes *lanes, struct stop_record *records, s32 tid, u64 time, int whole, int inside) {
  struct stop_record *last = lanes->taken > 0 ? &records[lanes->taken - 1] : NULL;
  if (!last || last->lane != LANE_LINES || (lanes->tables->several && last->tid != tid)) {
    last = &records[lanes->taken++];
    last->tid = tid;
    last->lane = LANE_LINES;
    last->user = 0;
    last->captured = (u32)lanes->captures.used;
  }
  last->time = time;
  last->status = inside;
  last->user += (u64)whole;
  last->system = lanes->tables->last;
  last->message = lanes->text.used;
}

/*
 * The stop of another thread is about to be told: if the last record is an entry, the first part
 * of its line takes its place. If that cannot be made, JavaScript makes it from the record.
 */
static void interrupt_entry(struct lanes *lanes, struct stop_record *records, s32 tid) {
  struct lane_tables *tables = lanes->tables;
  if (!tables->lines || tables->json || tables->staged || lanes->taken < 1) return;
  struct stop_record *entry = &records[lanes->taken - 1];
  struct open_call *open = &tables->open[entry->tid & (OPEN_CALLS - 1)];
  if (!is_passed_entry(entry) || entry->tid == tid || open->tid != entry->tid) return;
  const struct call_plan *plan = (const struct call_plan *)((const u8 *)tables + open->plan);
  struct whole_call call = {.tid = open->tid,
                            .number = open->number,
                            .pointer = entry->info.instruction_pointer,
                            .args = open->args,
                            .entered = open->entered,
                            .at_entry = last_chunks(lanes, records)};
  if (!plan->line || !write_entry(&lanes->text, (u8 *)tables, plan->line, &call, open)) {
    tables->last = open->entered;
    return;
  }
  open->told = TOLD_LINE;
  tables->inside++;
  lanes->captures.used = call.at_entry.start;
  lanes->taken--;
  add_text(lanes, records, open->tid, open->entered, 0, 1);
}

/* Notes the call and copies what its plan says. Returns 0 if the thread must wait. */
static int pass_entry(struct lanes *lanes, struct stop_record *records, struct stop_record **place,
                      struct open_call *open, u32 at) {
  struct stop_record *record = *place;
  const struct call_plan *plan = (const struct call_plan *)((const u8 *)lanes->tables + at);
  interrupt_entry(lanes, records, record->tid);
  /* Text may have taken fewer records than the entry. */
  if (record != &records[lanes->taken]) {
    records[lanes->taken] = *record;
    *place = record = &records[lanes->taken];
  }
  const u64 *args = (const u64 *)record->info.entry.args;
  record->captured = (u32)lanes->captures.used;
  if (!capture_list(lanes, plan->enter, record, args)) return 0;
  if (open->tid && open->told == TOLD_LINE) lanes->tables->inside--;
  *open = (struct open_call){.tid = record->tid,
                             .plan = at,
                             .entered = record->time,
                             .number = (u32)record->info.entry.nr,
                             .index = (u32)lanes->taken,
                             .step = lanes->tables->step};
  memcpy(open->args, args, sizeof open->args);
  record->lane = LANE_CAPTURED;
  record->captured = (u32)lanes->captures.used;
  lanes->taken++;
  return 1;
}

static int write_call(struct lanes *lanes, const struct call_plan *plan, const struct whole_call *call) {
  u8 *tables = (u8 *)lanes->tables;
  if (lanes->tables->json) return write_event(&lanes->text, tables, plan, call);
  return plan->line && write_line(&lanes->text, tables, plan->line, call);
}

/* Whether calls that end like this one are shown. */
static int is_shown(const struct lane_tables *tables, const struct whole_call *call) {
  return tables->outcomes & (call->failed ? SHOWN_FAILED : SHOWN_SUCCESSFUL);
}

/* The chunks of the entry of this call, if its record is in this step. Removes the record. */
static struct stop_record *entry_of(const struct lanes *lanes, struct stop_record *records,
                                    const struct open_call *open) {
  if (open->step != lanes->tables->step || open->index >= (u64)lanes->taken) return NULL;
  struct stop_record *entry = &records[open->index];
  return is_passed_entry(entry) && entry->tid == open->tid ? entry : NULL;
}

/*
 * Makes the text of a call that was left, or its second part. Returns 0 if it is told as a record.
 */
static int tell_call(struct lanes *lanes, struct stop_record *records, const struct stop_record *exit,
                     struct open_call *open, u64 captures_before) {
  struct lane_tables *tables = lanes->tables;
  if (!tables->lines) return 0;
  const struct call_plan *plan = (const struct call_plan *)((const u8 *)tables + open->plan);
  struct whole_call call = {.tid = exit->tid,
                            .number = open->number,
                            .pointer = exit->info.instruction_pointer,
                            .args = open->args,
                            .result = exit->info.exit.rval,
                            .failed = exit->info.exit.is_error,
                            .entered = open->entered,
                            .left = exit->time,
                            .at_exit = {lanes->captures.data, captures_before, lanes->captures.used}};
  if (open->told == TOLD_LINE) {
    if (!write_exit(&lanes->text, (u8 *)tables, plan->line, &call, open)) return 0;
    tables->inside--;
    lanes->captures.used = captures_before;
    add_text(lanes, records, call.tid, call.left, 1, 0);
    return 1;
  }
  struct stop_record *entry = entry_of(lanes, records, open);
  int is_last = entry == &records[lanes->taken - 1];
  if (!entry || (!is_last && !tables->json && !tables->staged) || (!is_last && tables->relative)) return 0;
  u64 at = open->index, start = at ? records[at - 1].captured : 0, before = lanes->text.used;
  call.pointer = entry->info.instruction_pointer;
  call.at_entry = (struct chunks){lanes->captures.data, start, entry->captured};
  if (call.failed && call.result <= -FIRST_RESTART) return 0;
  if (is_shown(tables, &call) ? !write_call(lanes, plan, &call) : !plan->line) return 0;
  if (tables->relative) tables->last = call.entered;
  if (is_last) {
    lanes->captures.used = start;
    lanes->taken--;
  } else {
    entry->lane = LANE_NOTHING;
    lanes->captures.used = captures_before;
  }
  add_text(lanes, records, call.tid, call.left, lanes->text.used > before, 0);
  return 1;
}

static int pass_exit(struct lanes *lanes, struct stop_record *records, struct stop_record **place,
                     struct open_call *open) {
  struct lane_tables *tables = lanes->tables;
  struct stop_record *record = *place;
  const struct call_plan *plan = (const struct call_plan *)((const u8 *)tables + open->plan);
  interrupt_entry(lanes, records, record->tid);
  struct stop_record exit = *record;
  u64 captures_before = lanes->captures.used;
  if (capture_list(lanes, plan->leave, &exit, open->args)) {
    if (tell_call(lanes, records, &exit, open, captures_before)) {
      open->tid = 0;
      return 1;
    }
    exit.lane = LANE_CAPTURED;
  }
  exit.captured = (u32)lanes->captures.used;
  *place = record = &records[lanes->taken];
  *record = exit;
  if (exit.lane == LANE_STOP) return 0;
  /*
   * JavaScript numbers its event, or learns of the call only now: then what follows must know the
   * number, or must wait.
   */
  lanes->over = tables->json || tables->relative || open->told == TOLD_LINE;
  if (open->told != TOLD_LINE) open->tid = 0;
  lanes->taken++;
  return 1;
}

static int is_skipped(const struct lane_tables *tables, s64 nr) { return tables->skipped[nr >> 3] >> (nr & 7) & 1; }

static int has_room(const struct lanes *lanes) {
  return lanes->text.size - lanes->text.used >= MOST_LINE_BYTES &&
         lanes->captures.size - lanes->captures.used >= LEAST_CAPTURES;
}

/*
 * Like take_stops, but goes past the stops of calls that are skipped or have a plan: it restarts
 * their threads at once. It ends behind the first stop that is neither.
 */
static long take_past_calls(struct stop_record *records, s64 maximum, const struct bytes *wake, struct lanes *lanes) {
  struct lane_tables *tables = lanes->tables;
  tables->step++;
  long at_exit = tables->filtered ? PTRACE_CONT : PTRACE_SYSCALL;
  u64 first = 0;
  for (int skipped = 0; lanes->taken < maximum;) {
    struct stop_record *record = &records[lanes->taken];
    long tid = wait_for(record, wake, __WALL | __WNOTHREAD);
    if (tid <= 0) return lanes->taken ? lanes->taken : tid;
    record->captured = (u32)lanes->captures.used;
    if (!first) first = record->time;
    struct open_call *open = &tables->open[tid & (OPEN_CALLS - 1)];
    int is_open = open->tid == tid;
    if (is_open && open->plan == SKIPPED_PLAN && record->status == (SYSCALL_STOP << 8 | 0x7f)) {
      open->tid = 0;
      sys(ptrace, at_exit, tid, 0, 0);
      continue;
    }
    describe_stop(record);
    s64 nr = entered_call(record);
    if (nr >= 0 && (!open->tid || is_open)) {
      if (tables->skips && skipped < MOST_SKIPPED && is_skipped(tables, nr)) {
        skipped++;
        open->tid = (s32)tid;
        open->plan = SKIPPED_PLAN;
        open->told = TOLD_RECORD;
        sys(ptrace, PTRACE_SYSCALL, tid, 0, 0);
        continue;
      }
      u32 plan = plan_for(tables, nr, (const u64 *)record->info.entry.args);
      if (plan && pass_entry(lanes, records, &record, open, plan)) sys(ptrace, PTRACE_SYSCALL, tid, 0, 0);
    } else if (is_open && open->plan != SKIPPED_PLAN && is_call_stop(record, PTRACE_SYSCALL_INFO_EXIT)) {
      u64 time = record->time;
      if (pass_exit(lanes, records, &record, open)) {
        sys(ptrace, at_exit, tid, 0, 0);
        if (lanes->over || time - first > MOST_NS || !has_room(lanes)) return lanes->taken;
        continue;
      }
    }
    if (record->lane == LANE_STOP) {
      /* JavaScript must know a call of which the first part of the line was told. */
      if (is_open && open->told != TOLD_LINE) open->tid = 0;
      return lanes->taken + 1;
    }
    /* Whatever the time: the exit of this call comes next, or the alarm ends the step. */
    if (!has_room(lanes)) return lanes->taken;
  }
  return lanes->taken;
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

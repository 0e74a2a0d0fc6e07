/*
 * The step of a trace that goes past calls: of a skipped call no record is kept, of a deferred one
 * a record, or the text of its line (lanes.h). It ends behind the first stop at which JavaScript
 * must look at the thread, and when what it keeps has to be told.
 */
#include "past.h"
#include "trace.h"
#include <asm/ptrace-abi.h>
#include <linux/audit.h>
#include <linux/wait.h>

#define MOST_SKIPPED 64
#define SIGTRAP_STOP 5
/*
 * The most time, in ns, that a step keeps what it has gone past. It is checked at the end of each
 * call, counted from the first kept record: of a call that were told half, JavaScript would make
 * the line.
 */
#define MOST_NS 4000000
/* The interval at which the tracer's timer fires, as in src/ptrace/time/alarm.ts. */
#define AGAIN_NS 5000000
/*
 * If the timer ends a step while a thread is in a call, JavaScript must print the beginning of its
 * line. If the call is younger than this, the step waits for the timer once more.
 */
#define YOUNG_NS 4000000
/* A step ends when less room than this is left for captures: a record has more only if it fits. */
#define LEAST_CAPTURES 16384

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

/*
 * What a step keeps must be told soon. The tracer's timer, which ends its wait, is off while the
 * tracer is idle.
 */
static void arm_timer(struct lane_tables *tables) {
  const struct time times[2] = {{0, AGAIN_NS}, {0, MOST_NS}};
  if (tables->timer) sys(timer_settime, tables->timer - 1, 0, times, 0);
  tables->timer = 0;
}

/* Whether only the timer ended the wait, and the last record is of a call just entered. */
static int waits_on(const struct lanes *lanes, const struct stop_record *records, const struct bytes *wake) {
  if (is_woken(wake) || lanes->taken < 1) return 0;
  const struct stop_record *last = &records[lanes->taken - 1];
  return is_passed_entry(last) && stop_time() - last->time < YOUNG_NS;
}

static int has_room(const struct lanes *lanes) {
  return lanes->text.size - lanes->text.used >= MOST_LINE_BYTES &&
         lanes->captures.size - lanes->captures.used >= LEAST_CAPTURES;
}

long take_past_calls(struct stop_record *records, s64 maximum, const struct bytes *wake, struct lanes *lanes) {
  struct lane_tables *tables = lanes->tables;
  tables->step++;
  long at_exit = tables->filtered ? PTRACE_CONT : PTRACE_SYSCALL;
  u64 first = 0;
  for (int skipped = 0; lanes->taken < maximum;) {
    struct stop_record *record = &records[lanes->taken];
    long tid = wait_for_stop(record, wake, __WALL | __WNOTHREAD);
    if (tid == -EINTR && waits_on(lanes, records, wake)) continue;
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
      if (plan && pass_entry(lanes, records, &record, open, plan)) {
        arm_timer(tables);
        sys(ptrace, PTRACE_SYSCALL, tid, 0, 0);
      }
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

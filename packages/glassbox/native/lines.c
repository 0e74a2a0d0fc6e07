/*
 * Makes the line of a whole call, or of its part before and after the lines of other threads: the
 * prefix, the text by the program of its plan, the result, and the time that it took.
 *
 * The first time that a value is seen which has a name, the call is told as records, JavaScript
 * makes its line, and teaches the table. A line that is given up leaves nothing behind.
 */
#include "line.h"

static void put_tid(struct line *line, const struct lane_tables *tables, s32 tid) {
  if (tables->prefix == PREFIX_TID) {
    put_decimal(line, (u64)tid);
    put_spaces(line, 5);
    put(line, " ", 1);
  } else if (tables->prefix == PREFIX_BRACKETS) {
    put(line, "[pid ", 5);
    put_right(line, (u64)tid, 5);
    put(line, "] ", 2);
  }
}

static void put_clock(struct line *line, const struct lane_tables *tables, u64 time) {
  u64 ns = time + tables->offset, seconds = ns / NS_IN_SECOND;
  if (tables->clock == CLOCK_UNIX) put_decimal(line, seconds);
  else {
    u64 day = (seconds + (u64)(s64)tables->zone) % SECONDS_IN_DAY;
    put_digits(line, day / 3600, 10, 2);
    put(line, ":", 1);
    put_digits(line, day / 60 % 60, 10, 2);
    put(line, ":", 1);
    put_digits(line, day % 60, 10, 2);
  }
  put_fraction(line, ns, tables->clock_digits);
  put(line, " ", 1);
}

/* What src/strace/text/prefix.ts writes, for the stop of this time. */
static void put_prefix(struct line *line, struct lane_tables *tables, const struct whole_call *call, u64 time) {
  put_tid(line, tables, call->tid);
  if (tables->clock) put_clock(line, tables, time);
  if (tables->relative) {
    u64 ns = tables->last ? time - tables->last : 0;
    if (tables->clock) put(line, "(+", 2);
    put_right(line, ns / NS_IN_SECOND, 6);
    put_fraction(line, ns, tables->relative_digits);
    put(line, ") ", tables->clock ? 2 : 0);
    if (!tables->clock) put(line, " ", 1);
  }
  if (tables->numbered) {
    put(line, "[", 1);
    put_right(line, call->number, 4);
    put(line, "] ", 2);
  }
  if (tables->pointed) {
    put(line, "[", 1);
    put_digits(line, call->pointer, 16, 16);
    put(line, "] ", 2);
  }
}

static int put_result(struct line *line, const u8 *tables, const struct line_step_record *step,
                      const struct whole_call *call) {
  put(line, ") ", 2);
  put_spaces(line, line->columns);
  put(line, "= ", 2);
  if (call->failed) {
    if (!put_name(line, tables, ERROR_NAMES, (u64)-call->result)) return 0;
  } else if (step->format == NUMBER_NAMED) {
    if (!put_name(line, tables, step->a, (u64)call->result)) return 0;
  } else put_number(line, step->format, (u64)call->result);
  return 1;
}

int finish_line(struct line *line, const u8 *tables, u32 program, const struct whole_call *call) {
  if (call->failed && call->result <= -FIRST_RESTART) return 0;
  const struct line_step_record *end = make_steps(line, tables, program, call, 0);
  return end && put_result(line, tables, end, call) && !line->full;
}

/* From its steps to the line feed. */
static int end_line(struct line *line, const struct lane_tables *head, u32 program, const struct whole_call *call) {
  if (!finish_line(line, (const u8 *)head, program, call)) return 0;
  if (head->timed) {
    u64 took = call->left - call->entered;
    put(line, " <", 2);
    put_decimal(line, took / NS_IN_SECOND);
    put_fraction(line, took, head->timed_digits);
    put(line, ">", 1);
  }
  put(line, "\n", 1);
  return !line->full;
}

/* Takes the line back if it could not be made. Else the next one counts its time from this one. */
static int keep(struct line *line, struct lane_tables *head, int made, u64 time) {
  if (!made || line->full) {
    line->to->used = line->begin;
    return 0;
  }
  if (time) head->last = time;
  return 1;
}

int write_line(struct room *to, u8 *tables, u32 program, const struct whole_call *call) {
  struct lane_tables *head = (struct lane_tables *)tables;
  struct line line = {to, to->used, head->columns, 0, 0};
  put_prefix(&line, head, call, call->entered);
  return keep(&line, head, end_line(&line, head, program, call), call->entered);
}

int write_entry(struct room *to, u8 *tables, u32 program, const struct whole_call *call, struct open_call *open) {
  struct lane_tables *head = (struct lane_tables *)tables;
  struct line line = {to, to->used, 0, 0, 0};
  put_prefix(&line, head, call, call->entered);
  const struct line_step_record *next = make_steps(&line, tables, program, call, 1);
  open->column = head->separate ? (u32)(to->used - line.begin) : 0;
  if (!head->separate) put(&line, " <unfinished ...>\n", 18);
  if (next) open->next = (u32)((const u8 *)next - tables);
  return keep(&line, head, next != NULL, call->entered);
}

int write_exit(struct room *to, u8 *tables, u32 program, const struct whole_call *call, const struct open_call *open) {
  struct lane_tables *head = (struct lane_tables *)tables;
  struct line line = {to, to->used, head->columns, open->column, 0};
  if (!head->separate) {
    /* The first step is the name with its bracket. */
    const struct line_step_record *name = (const struct line_step_record *)(tables + program);
    put_prefix(&line, head, call, call->left);
    put(&line, "<... ", 5);
    put(&line, tables + name->a, name->b - 1);
    put(&line, " resumed>", 9);
  }
  return keep(&line, head, end_line(&line, head, open->next, call), head->separate ? 0 : call->left);
}

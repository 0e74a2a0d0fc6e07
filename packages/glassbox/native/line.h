/*
 * A line that grows in the text of a step, and who writes what: put.c the smallest parts, steps.c
 * the program of a line with values.c for JSON, lines.c whole lines, events.c whole events.
 *
 * Text is appended only after its room was asked for. If something does not fit, the line is
 * `full`, and the function that began it takes it back.
 */
#ifndef GLASSBOX_LINE_H
#define GLASSBOX_LINE_H

#include "lanes.h"

struct line {
  struct room *to;
  u64 begin;
  u32 columns; /* where `= result` begins at the earliest */
  u32 column;  /* of the part of the line that was written before */
  int full;
};

#define NS_IN_SECOND 1000000000ul
#define SECONDS_IN_DAY 86400ul
#define ENTRY_HEAD 19 /* struct linux_dirent64 up to its name */

#define PUT(line, literal) put(line, literal, sizeof(literal) - 1)

/* put.c */
u8 *room_for(struct line *line, u64 length);
void put(struct line *line, const void *bytes, u64 length);
void put_decimal(struct line *line, u64 value);
void put_signed(struct line *line, s64 value);
/* As in strace, zero has no `0x`. */
void put_hex(struct line *line, u64 value);
void put_address(struct line *line, u64 value);
/* Spaces up to this column. */
void put_spaces(struct line *line, u64 until);
/* At least so many digits. */
void put_digits(struct line *line, u64 value, u64 base, int digits);
/* Digits of the fraction of a second. */
void put_fraction(struct line *line, u64 ns, u32 digits);
/* With spaces before it, so that it has at least so many columns. */
void put_right(struct line *line, u64 value, u64 columns);
/* By an `enum number_format`. */
void put_number(struct line *line, u8 format, u64 value);
/* In quotes, and with `...` behind them if it was `cut`. By an `enum string_style`. */
void put_quoted(struct line *line, const u8 *bytes, u64 length, int cut, u8 style);
/* Returns 0 if the table does not have this value yet. */
int put_name(struct line *line, const u8 *tables, u32 kind, u64 value);

/* values.c */
/* The size of a directory entry, of which `left` bytes are there; 0 if it is not whole. */
u16 entry_size(const u8 *entry, u64 left);
/* A string of JSON. The bytes are UTF-8. */
void put_json_string(struct line *line, const u8 *bytes, u64 length);
/* Returns 0 if the step could not be made. */
int put_json_step(struct line *line, const u8 *tables, const struct line_step_record *step, const struct chunks *in,
                  u64 value, const struct whole_call *call);

/* steps.c */
/*
 * Returns the LINE_END of the program, or with `waits` the step behind its LINE_WAIT; NULL if a
 * step could not be made.
 */
const struct line_step_record *make_steps(struct line *line, const u8 *tables, u32 program,
                                          const struct whole_call *call, int waits);

/* lines.c */
/* The call as text, without a prefix and a line feed. Returns 0 if that cannot be made. */
int finish_line(struct line *line, const u8 *tables, u32 program, const struct whole_call *call);

#endif

/*
 * What lines.c and events.c share: a line that grows in the text of a step. Text is appended only
 * after its room was asked for. If something does not fit, the line is `full`, and the function
 * that began it takes it back.
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

/* lines.c */
u8 *room_for(struct line *line, u64 length);
void put(struct line *line, const void *bytes, u64 length);
void put_decimal(struct line *line, u64 value);
void put_signed(struct line *line, s64 value);
void put_hex(struct line *line, u64 value);
void put_number(struct line *line, u8 format, u64 value);
int put_name(struct line *line, const u8 *tables, u32 kind, u64 value);
const struct chunk *chunk_at(const struct chunks *in, u64 address);
/*
 * Returns the LINE_END of the program, or with `waits` the step behind its LINE_WAIT; NULL if a
 * step could not be made.
 */
const struct line_step_record *make_steps(struct line *line, const u8 *tables, u32 program,
                                          const struct whole_call *call, int waits);
/* The call as text, without a prefix and a line feed. Returns 0 if that cannot be made. */
int finish_line(struct line *line, const u8 *tables, u32 program, const struct whole_call *call);

/* events.c */
void put_json_number(struct line *line, u8 format, u64 value);
int put_json_step(struct line *line, const u8 *tables, const struct line_step_record *step, const struct chunks *in,
                  u64 value, const struct whole_call *call);

#endif

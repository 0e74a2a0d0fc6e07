/*
 * Makes the event of a whole call as a line of JSON, as src/strace/formats/json.ts does: a head,
 * the arguments by a program of steps (see lanes.h), the result, and the text as a string.
 */
#include "line.h"

#define MOST_TEXT 8192 /* of the text of a call */
#define US_IN_SECOND 1000000ul

/* Seconds with up to six digits behind the point, and none that is a zero at the end. */
static void put_event_time(struct line *line, u64 us) {
  u64 fraction = us % US_IN_SECOND;
  put_decimal(line, us / US_IN_SECOND);
  if (!fraction) return;
  u8 digits[7] = {'.'};
  int length = 7;
  for (int i = 6; i > 0; i--, fraction /= 10) digits[i] = (u8)('0' + fraction % 10);
  while (digits[length - 1] == '0') length--;
  put(line, digits, (u64)length);
}

static int put_head(struct line *line, const struct lane_tables *head, const struct whole_call *call) {
  const struct known_thread *thread = &head->threads[call->tid & (OPEN_CALLS - 1)];
  if (thread->tid != call->tid || call->entered < head->first) return 0;
  PUT(line, "{\"v\":1,\"seq\":");
  put_decimal(line, head->sequence);
  PUT(line, ",\"type\":\"syscall\",\"pid\":");
  put_signed(line, thread->pid);
  PUT(line, ",\"tid\":");
  put_signed(line, call->tid);
  PUT(line, ",\"time\":");
  put_event_time(line, (call->entered + head->offset) / 1000);
  PUT(line, ",\"atNs\":");
  put_decimal(line, call->entered - head->first);
  return 1;
}

static int put_outcome(struct line *line, const u8 *tables, const struct whole_call *call) {
  PUT(line, "},\"result\":");
  if (call->failed) {
    PUT(line, "-1,\"errno\":");
    if (!put_name(line, tables, ERRNO_NAMES, (u64)-call->result)) return 0;
  } else put_number(line, NUMBER_JSON_SIGNED, (u64)call->result);
  PUT(line, ",\"durationNs\":");
  put_decimal(line, call->left - call->entered);
  return 1;
}

/* The text of the call is ASCII. */
static int put_call_text(struct line *line, const u8 *tables, u32 program, const struct whole_call *call) {
  u8 bytes[MOST_TEXT];
  struct room room = {bytes, sizeof bytes, 0};
  struct line text = {&room, 0, 0, 0, 0};
  if (!finish_line(&text, tables, program, call)) return 0;
  PUT(line, ",\"text\":");
  put_json_string(line, bytes, room.used);
  PUT(line, "}\n");
  return 1;
}

int write_event(struct room *to, u8 *tables, const struct call_plan *plan, const struct whole_call *call) {
  struct lane_tables *head = (struct lane_tables *)tables;
  struct line line = {to, to->used, 0, 0, 0};
  if (plan->line && plan->json && put_head(&line, head, call) && make_steps(&line, tables, plan->json, call, 0) &&
      put_outcome(&line, tables, call) && put_call_text(&line, tables, plan->line, call) && !line.full) {
    head->sequence++;
    return 1;
  }
  to->used = line.begin;
  return 0;
}

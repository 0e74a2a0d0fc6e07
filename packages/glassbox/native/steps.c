/*
 * Runs the program of a line: its steps (see lanes.h), until its end or until what is known at the
 * entry of the call is printed.
 *
 * Every byte of memory comes from a chunk, within its length. What a step cannot print, it gives
 * up: the call is told as records, and JavaScript makes its line.
 */
#include "line.h"

/* The string behind a pointer: whole, or cut at `most` bytes. */
static int put_string(struct line *line, const struct chunks *in, u64 address, u64 most, u8 style) {
  if (!address) {
    put(line, "NULL", 4);
    return 1;
  }
  const struct chunk *chunk = chunk_at(in, address);
  if (!chunk || !chunk->length || chunk->length < chunk->wanted) return 0;
  const u8 *text = (const u8 *)(chunk + 1);
  u64 length = chunk->length - 1u;
  /* More may have been copied than a line shows. */
  if (length > most) {
    put_quoted(line, text, most, 1, style);
    return 1;
  }
  int ends = !text[length];
  if (!ends && length != most) return 0;
  put_quoted(line, text, length, !ends, style);
  return 1;
}

/* As in strace, the byte behind the last one that is shown must be readable too. */
static int put_bytes(struct line *line, const struct chunks *in, u64 address, u64 length, u64 most, u8 style) {
  if (!address) {
    put(line, "NULL", 4);
    return 1;
  }
  u64 needed = length > most ? most + 1 : length;
  const struct chunk *chunk = chunk_at(in, address);
  if (needed && (!chunk || chunk->length < needed)) return 0;
  put_quoted(line, needed ? (const u8 *)(chunk + 1) : NULL, length > most ? most : length, length > most,
             style);
  return 1;
}

/* An array of iovec, of which so many bytes were transferred. */
static int put_vectors(struct line *line, const struct chunks *in, u64 address, const struct line_step_record *step,
                       u64 count, u64 left) {
  const struct chunk *chunk = chunk_at(in, address);
  if (!address || count > step->b || (count && (!chunk || chunk->length < count * sizeof(struct iovec)))) return 0;
  put(line, "[", 1);
  for (u64 i = 0; i < count && !line->full; i++) {
    struct iovec vector;
    memcpy(&vector, (const u8 *)(chunk + 1) + i * sizeof vector, sizeof vector);
    u64 length = vector.iov_len < left ? vector.iov_len : left;
    left -= length;
    put(line, i ? ", {iov_base=" : "{iov_base=", i ? 12 : 10);
    if (!put_bytes(line, in, (u64)vector.iov_base, length, step->a, step->format)) return 0;
    put(line, ", iov_len=", 10);
    put_decimal(line, vector.iov_len);
    put(line, "}", 1);
  }
  put(line, "]", 1);
  return 1;
}

static int put_entries(struct line *line, const struct chunks *in, u64 address, s64 result) {
  u64 length = (u64)result, count = 0;
  const struct chunk *chunk = chunk_at(in, address);
  if (result < 0 || (length && (!chunk || chunk->length < length))) return 0;
  for (u64 at = 0, size; (size = entry_size((const u8 *)(chunk + 1) + at, length - at)); at += size) count++;
  put_address(line, address);
  put(line, " /* ", 4);
  put_decimal(line, count);
  if (count == 1) put(line, " entry */", 9);
  else put(line, " entries */", 11);
  return 1;
}

static u64 field(const u8 *at, u16 width, int is_signed) {
  u64 value = 0;
  memcpy(&value, at, width < 8 ? width : 8);
  if (!is_signed || width >= 8) return value;
  int unused = 64 - width * 8;
  return (u64)((s64)(value << unused) >> unused);
}

static int put_named(struct line *line, const u8 *tables, const struct line_step_record *step, u64 value) {
  if (step->format == UNLESS_NUMBER && (s32)value >= 0) put_decimal(line, (u32)value);
  else if (step->format == UNLESS_ADDRESS && value >= 4096 && (s64)value > 0) put_hex(line, value);
  else return put_name(line, tables, step->a, value);
  return 1;
}

/*
 * Seconds since the epoch, with the date as a comment; src/decode/files/files.ts. Only times of
 * which the zone is certain: before 2038.
 */
static int put_date(struct line *line, s64 seconds, u64 ns, s32 zone) {
  static const u8 lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (seconds < 0 || seconds > 0x7fffffff || ns >= NS_IN_SECOND) return 0;
  put_signed(line, seconds);
  if (!seconds && !ns) return 1;
  u64 local = (u64)(seconds + zone), days = local / SECONDS_IN_DAY, day = local % SECONDS_IN_DAY, year = 1970;
  if (seconds + zone < 0) return 0;
  for (u64 length; days >= (length = year % 4 ? 365 : 366); days -= length) year++;
  u64 month = 0;
  for (u64 length; days >= (length = lengths[month] + (month == 1 && year % 4 == 0)); days -= length) month++;
  u64 ahead = (u64)(zone < 0 ? -zone : zone) / 60;
  const struct {
    u64 value;
    u8 digits, before;
  } parts[] = {{year, 4, ' '},         {month + 1, 2, '-'}, {days + 1, 2, '-'}, {day / 3600, 2, 'T'},
               {day / 60 % 60, 2, ':'}, {day % 60, 2, ':'}};
  put(line, " /*", 3);
  for (u64 i = 0; i < sizeof parts / sizeof *parts; i++) {
    put(line, &parts[i].before, 1);
    put_digits(line, parts[i].value, 10, parts[i].digits);
  }
  if (ns) put_fraction(line, ns, 9);
  put(line, zone < 0 ? "-" : "+", 1);
  put_digits(line, ahead / 60, 10, 2);
  put_digits(line, ahead % 60, 10, 2);
  put(line, " */", 3);
  return 1;
}

/* One step; `*skip` is the number of steps to leave out behind it. */
static int make_step(struct line *line, const u8 *tables, const struct line_step_record *step,
                const struct whole_call *call, const u8 **structure, u32 *skip) {
  const struct chunks *in = step->flags & LINE_LATE ? &call->at_exit : &call->at_entry;
  u64 value = step->flags & LINE_FIELD ? field(*structure + step->c, step->width, step->flags & LINE_SIGNED)
                                       : call->args[step->argument];
  switch (step->step) {
  case LINE_TEXT: put(line, tables + step->a, step->b); return 1;
  case LINE_NUMBER: put_number(line, step->format, value); return 1;
  case LINE_WAIT: return 1;
  case LINE_OPTIONAL:
    if (!(step->a ? value & step->a : value)) *skip = step->b;
    return 1;
  case LINE_TIME: return put_date(line, (s64)value, field(*structure + step->c + 8, 8, 0), (s32)step->a);
  case LINE_NAME:
    return put_named(line, tables, step, value);
  case LINE_STRING: return put_string(line, in, value, step->a, step->format);
  case LINE_BYTES: {
    u64 said = call->args[step->width], result = (u64)call->result;
    return put_bytes(line, in, value, step->flags & LINE_RESULT && result < said ? result : said, step->a,
                     step->format);
  }
  case LINE_VECTORS: {
    int is_out = step->flags & LINE_RESULT;
    if (is_out && call->failed) return 0;
    return put_vectors(line, in, value, step, call->args[step->width], is_out ? (u64)call->result : ~0ul);
  }
  case LINE_ENTRIES:
    if (!call->failed) return value && put_entries(line, in, value, call->result);
    put_address(line, value);
    return value != 0;
  case LINE_REQUIRE: return (u32)value == step->a;
  case LINE_RAW:
  case LINE_JSON_STRING:
  case LINE_JSON_BYTES:
  case LINE_JSON_ENTRIES: return put_json_step(line, tables, step, in, value, call);
  case LINE_POINTER: {
    if (!value || (step->flags & LINE_OUT && call->failed)) {
      put_number(line, step->flags & LINE_JSON ? NUMBER_JSON_ADDRESS : NUMBER_ADDRESS, value);
      *skip = step->b;
      return 1;
    }
    if (!step->a) return 1; /* what follows looks for its own chunk */
    const struct chunk *chunk = chunk_at(in, value);
    if (!chunk || chunk->length < step->a) return 0;
    *structure = (const u8 *)(chunk + 1);
    return 1;
  }
  }
  return 0;
}

const struct line_step_record *make_steps(struct line *line, const u8 *tables, u32 program,
                                          const struct whole_call *call, int waits) {
  const struct line_step_record *step = (const struct line_step_record *)(tables + program);
  const u8 *structure = NULL;
  for (; !line->full && step->step != LINE_END; step++) {
    u32 skip = 0;
    if (step->step == LINE_WAIT && waits) return step + 1;
    if (!make_step(line, tables, step, call, &structure, &skip)) return NULL;
    step += skip;
  }
  return line->full ? NULL : step;
}

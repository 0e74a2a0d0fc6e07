/*
 * Makes the line of a whole call by a program of small steps; see lanes.h. There are no names
 * here: whatever has a name is looked up by its kind and value in a table that JavaScript fills.
 * The first time that a value is seen, the call is told as records, JavaScript makes its line, and
 * teaches the table.
 *
 * Every byte of memory comes from a chunk, within its length. Text is appended only after its room
 * was asked for, and a line that is given up leaves nothing behind.
 */
#include "line.h"

/* The restart codes of the kernel, which only a tracer sees: they are told as records. */
#define FIRST_RESTART 512
#define NS_IN_SECOND 1000000000ul
#define SECONDS_IN_DAY 86400ul

u8 *room_for(struct line *line, u64 length) {
  struct room *to = line->to;
  if (line->full || length > to->size - to->used || to->used + length - line->begin > MOST_LINE_BYTES) {
    line->full = 1;
    return NULL;
  }
  u8 *at = to->data + to->used;
  to->used += length;
  return at;
}

void put(struct line *line, const void *bytes, u64 length) {
  u8 *at = room_for(line, length);
  if (at) memcpy(at, bytes, length);
}

void put_decimal(struct line *line, u64 value) {
  u8 digits[20];
  int first = 20;
  do digits[--first] = (u8)('0' + value % 10);
  while (value /= 10);
  put(line, digits + first, (u64)(20 - first));
}

void put_signed(struct line *line, s64 value) {
  if (value < 0) put(line, "-", 1);
  put_decimal(line, value < 0 ? -(u64)value : (u64)value);
}

/* As in strace, zero has no `0x`. */
void put_hex(struct line *line, u64 value) {
  u8 digits[18];
  int first = 18;
  if (!value) {
    put(line, "0", 1);
    return;
  }
  for (; value; value >>= 4) digits[--first] = (u8)"0123456789abcdef"[value & 15];
  digits[--first] = 'x';
  digits[--first] = '0';
  put(line, digits + first, (u64)(18 - first));
}

static void put_address(struct line *line, u64 value) {
  if (value) put_hex(line, value);
  else put(line, "NULL", 4);
}

static void put_spaces(struct line *line, u64 until) {
  while (!line->full && line->column + line->to->used - line->begin < until) put(line, " ", 1);
}

/* At least so many digits. */
static void put_digits(struct line *line, u64 value, u64 base, int digits) {
  u8 text[20];
  for (int i = digits; i > 0; i--, value /= base) text[i - 1] = (u8)"0123456789abcdef"[value % base];
  put(line, text, (u64)digits);
}

/* Digits of the fraction of a second. */
static void put_fraction(struct line *line, u64 ns, u32 digits) {
  u64 fraction = ns % NS_IN_SECOND;
  if (!digits) return;
  for (u32 i = digits; i < 9; i++) fraction /= 10;
  put(line, ".", 1);
  put_digits(line, fraction, 10, (int)digits);
}

/* With spaces before it, so that it has at least so many columns. */
static void put_right(struct line *line, u64 value, u64 columns) {
  u64 length = 1;
  for (u64 rest = value; rest >= 10; rest /= 10) length++;
  for (; length < columns; length++) put(line, " ", 1);
  put_decimal(line, value);
}

void put_number(struct line *line, u8 format, u64 value) {
  switch (format) {
  case NUMBER_SIGNED: put_signed(line, (s64)value); break;
  case NUMBER_INT: put_signed(line, (s32)value); break;
  case NUMBER_UINT: put_decimal(line, (u32)value); break;
  case NUMBER_HEX: put_hex(line, value); break;
  case NUMBER_HALF_HEX: put_hex(line, (u32)value); break;
  case NUMBER_ADDRESS: put_address(line, value); break;
  case NUMBER_JSON_SIGNED:
  case NUMBER_JSON_UNSIGNED:
  case NUMBER_JSON_ADDRESS:
  case NUMBER_JSON_USER: put_json_number(line, format, value); break;
  default: put_decimal(line, value);
  }
}

static u64 escape_hex(u8 *to, u8 byte) {
  const u8 text[] = {'\\', 'x', (u8)"0123456789abcdef"[byte >> 4], (u8)"0123456789abcdef"[byte & 15]};
  memcpy(to, text, sizeof text);
  return sizeof text;
}

/* One byte of a string, in at most four. A digit behind it must not be read as part of it. */
static u64 escape(u8 *to, u8 byte, u8 next, int in_hex) {
  if (byte >= 32 && byte < 127 && byte != '"' && byte != '\\') {
    *to = byte;
    return 1;
  }
  if (in_hex && byte != '"' && byte != '\\' && !(byte >= 9 && byte <= 13)) return escape_hex(to, byte);
  *to++ = '\\';
  if (byte == '"' || byte == '\\' || (byte >= 9 && byte <= 13)) {
    *to = byte <= 13 ? (u8)"tnvfr"[byte - 9] : byte;
    return 2;
  }
  int all = next >= '0' && next <= '7';
  u64 length = 1;
  if (all || byte >= 64) to[length++ - 1] = (u8)('0' + (byte >> 6));
  if (all || byte >= 8) to[length++ - 1] = (u8)('0' + (byte >> 3 & 7));
  to[length++ - 1] = (u8)('0' + (byte & 7));
  return length;
}

static int is_printed(const u8 *bytes, u64 length) {
  for (u64 i = 0; i < length; i++)
    if (bytes[i] >= 127 || (bytes[i] < 32 && !(bytes[i] >= 9 && bytes[i] <= 13))) return 0;
  return 1;
}

static void put_quoted(struct line *line, const u8 *bytes, u64 length, int cut, u8 style) {
  int all = style == STYLE_ALL || (style == STYLE_NON_ASCII && !is_printed(bytes, length));
  put(line, "\"", 1);
  for (u64 i = 0; i < length && !line->full; i++) {
    u8 text[4];
    put(line, text,
        all ? escape_hex(text, bytes[i])
            : escape(text, bytes[i], i + 1 < length ? bytes[i + 1] : 0, style == STYLE_NON_ASCII_CHARS));
  }
  put(line, "\"...", cut ? 4 : 1);
}

const struct chunk *chunk_at(const struct chunks *in, u64 address) {
  for (u64 at = in->start; at < in->end;) {
    const struct chunk *chunk = (const struct chunk *)(in->data + at);
    if (chunk->address == address) return chunk;
    at += sizeof *chunk + ((chunk->length + 7ul) & ~7ul);
  }
  return NULL;
}

int put_name(struct line *line, const u8 *tables, u32 kind, u64 value) {
  const struct lane_tables *head = (const struct lane_tables *)tables;
  const struct name_entry *names = (const struct name_entry *)(tables + head->names_at);
  u32 mask = head->names - 1, at = ((u32)value ^ (u32)(value >> 32) ^ kind << 16) * 2654435761u >> 8;
  for (u32 looked = 0; looked < head->names; looked++, at++) {
    const struct name_entry *entry = &names[at & mask];
    if (!entry->used) return 0;
    if (entry->kind != kind || entry->value != value) continue;
    put(line, tables + entry->at, entry->length);
    return 1;
  }
  return 0;
}

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

/* Counts struct linux_dirent64: their size is at 16, their name at 19. */
static int put_entries(struct line *line, const struct chunks *in, u64 address, s64 result) {
  u64 length = (u64)result, at = 0, count = 0;
  const struct chunk *chunk = chunk_at(in, address);
  if (result < 0 || (length && (!chunk || chunk->length < length))) return 0;
  while (at + 19 <= length) {
    u16 size;
    memcpy(&size, (const u8 *)(chunk + 1) + at + 16, sizeof size);
    if (size <= 19 || at + size > length) break;
    at += size;
    count++;
  }
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

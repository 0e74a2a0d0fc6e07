/*
 * Appends to a line: bytes, numbers, quoted strings, and names. There are no names here: whatever
 * has a name is looked up by its kind and value in a table that JavaScript fills.
 *
 * Text is appended only after its room was asked for.
 */
#include "line.h"

#define MOST_SAFE ((1ul << 53) - 1)

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

void put_address(struct line *line, u64 value) {
  if (value) put_hex(line, value);
  else put(line, "NULL", 4);
}

void put_spaces(struct line *line, u64 until) {
  while (!line->full && line->column + line->to->used - line->begin < until) put(line, " ", 1);
}

void put_digits(struct line *line, u64 value, u64 base, int digits) {
  u8 text[20];
  for (int i = digits; i > 0; i--, value /= base) text[i - 1] = (u8)"0123456789abcdef"[value % base];
  put(line, text, (u64)digits);
}

void put_fraction(struct line *line, u64 ns, u32 digits) {
  u64 fraction = ns % NS_IN_SECOND;
  if (!digits) return;
  for (u32 i = digits; i < 9; i++) fraction /= 10;
  put(line, ".", 1);
  put_digits(line, fraction, 10, (int)digits);
}

void put_right(struct line *line, u64 value, u64 columns) {
  u64 length = 1;
  for (u64 rest = value; rest >= 10; rest /= 10) length++;
  for (; length < columns; length++) put(line, " ", 1);
  put_decimal(line, value);
}

static void put_json_number(struct line *line, u8 format, u64 value) {
  if (format == NUMBER_JSON_USER) {
    put_signed(line, (u32)value == UINT32_MAX ? -1 : (s64)(u32)value);
    return;
  }
  if (format == NUMBER_JSON_ADDRESS && !value) {
    put(line, "null", 4);
    return;
  }
  int negative = format == NUMBER_JSON_SIGNED && (s64)value < 0;
  int quoted = (negative ? -value : value) > MOST_SAFE;
  if (quoted) put(line, "\"", 1);
  if (negative) put_signed(line, (s64)value);
  else put_decimal(line, value);
  if (quoted) put(line, "\"", 1);
}

/* As modeText of src/decode/basic/modes.ts. */
static void put_mode(struct line *line, u16 mode) {
  int digits = 3;
  while (mode >> digits * 3) digits++;
  if (mode >> 6) PUT(line, "0");
  put_digits(line, mode, 8, digits);
}

void put_number(struct line *line, u8 format, u64 value) {
  switch (format) {
  case NUMBER_SIGNED: put_signed(line, (s64)value); break;
  case NUMBER_INT: put_signed(line, (s32)value); break;
  case NUMBER_UINT: put_decimal(line, (u32)value); break;
  case NUMBER_HEX: put_hex(line, value); break;
  case NUMBER_HALF_HEX: put_hex(line, (u32)value); break;
  case NUMBER_ADDRESS: put_address(line, value); break;
  case NUMBER_MODE: put_mode(line, (u16)value); break;
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

void put_quoted(struct line *line, const u8 *bytes, u64 length, int cut, u8 style) {
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

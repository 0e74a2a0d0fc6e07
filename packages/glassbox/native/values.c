/*
 * Makes the values of a call's event as JSON: one step of its program (see lanes.h).
 *
 * JSON is UTF-8. A string whose bytes are not, is not made here: JavaScript has replacement
 * characters for it. Bytes of a buffer that are not UTF-8 are written in base64.
 */
#include "line.h"

/* The length of the UTF-8 character that begins here; 0 if none does. */
static u64 character(const u8 *at, u64 left) {
  u8 first = at[0];
  if (first < 0x80) return 1;
  u64 length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || length > left) return 0;
  for (u64 i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  /* The shortest form, no surrogate, and not above U+10FFFF. */
  if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
      (first == 0xf4 && at[1] > 0x8f))
    return 0;
  return length;
}

static int is_text(const u8 *bytes, u64 length) {
  for (u64 at = 0; at < length;) {
    u64 one = character(bytes + at, length - at);
    if (!one) return 0;
    at += one;
  }
  return 1;
}

static int needs_escape(u8 byte) { return byte < 32 || byte == '"' || byte == '\\'; }

static void put_escape(struct line *line, u8 byte) {
  static const u8 letters[] = {8, 'b', 9, 't', 10, 'n', 12, 'f', 13, 'r', '"', '"', '\\', '\\'};
  for (u64 i = 0; i < sizeof letters; i += 2)
    if (letters[i] == byte) {
      PUT(line, "\\");
      put(line, letters + i + 1, 1);
      return;
    }
  u8 code[] = {'\\', 'u', '0', '0', (u8)('0' + (byte >> 4)), (u8)"0123456789abcdef"[byte & 15]};
  put(line, code, sizeof code);
}

void put_json_string(struct line *line, const u8 *bytes, u64 length) {
  PUT(line, "\"");
  for (u64 at = 0; at < length && !line->full;) {
    u64 end = at;
    while (end < length && !needs_escape(bytes[end])) end++;
    put(line, bytes + at, end - at);
    if (end < length) put_escape(line, bytes[end++]);
    at = end;
  }
  PUT(line, "\"");
}

static void put_base64(struct line *line, const u8 *bytes, u64 length) {
  static const u8 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  PUT(line, "{\"base64\":\"");
  for (u64 at = 0; at < length && !line->full; at += 3) {
    u64 left = length - at;
    u32 three = (u32)bytes[at] << 16 | (left > 1 ? (u32)bytes[at + 1] << 8 : 0) | (left > 2 ? bytes[at + 2] : 0);
    u8 four[] = {digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=',
                 left > 2 ? digits[three & 63] : '='};
    put(line, four, sizeof four);
  }
  PUT(line, "\"}");
}

/* A byte order mark, which JavaScript leaves out at the beginning of a text. */
static int has_mark(const u8 *text, u64 length) {
  return length >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf;
}

static int put_text(struct line *line, const struct chunks *in, u64 address, u64 most) {
  const struct chunk *chunk = chunk_at(in, address);
  if (!chunk || !chunk->length || chunk->length < chunk->wanted) return 0;
  const u8 *text = (const u8 *)(chunk + 1);
  u64 length = chunk->length - 1u;
  if (length > most || (text[length] && length != most)) return 0;
  if (!is_text(text, length) || has_mark(text, length)) return 0;
  put_json_string(line, text, length);
  return 1;
}

static int put_buffer(struct line *line, const struct chunks *in, u64 address, u64 length, u64 most) {
  u64 needed = length > most ? most + 1 : length;
  const struct chunk *chunk = chunk_at(in, address);
  if (needed && (!chunk || chunk->length < needed)) return 0;
  const u8 *bytes = needed ? (const u8 *)(chunk + 1) : NULL;
  u64 shown = length > most ? most : length;
  if (is_text(bytes, shown)) put_json_string(line, bytes, shown);
  else put_base64(line, bytes, shown);
  return 1;
}

#define PUT_MEMBER(line, name, format, type, at) \
  do { \
    type number; \
    memcpy(&number, at, sizeof number); \
    PUT(line, name); \
    put_number(line, format, (u64)number); \
  } while (0)

u16 entry_size(const u8 *entry, u64 left) {
  u16 size;
  if (left < ENTRY_HEAD) return 0;
  memcpy(&size, entry + 16, sizeof size);
  return size > ENTRY_HEAD && size <= left ? size : 0;
}

static int put_entry(struct line *line, const u8 *tables, u32 types, const u8 *entry, u16 size) {
  const u8 *name = entry + ENTRY_HEAD;
  u64 length = 0;
  while (length < (u64)size - ENTRY_HEAD && name[length]) length++;
  if (!is_text(name, length) || has_mark(name, length)) return 0;
  PUT_MEMBER(line, "{\"d_ino\":", NUMBER_JSON_UNSIGNED, u64, entry);
  PUT_MEMBER(line, ",\"d_off\":", NUMBER_JSON_SIGNED, s64, entry + 8);
  PUT_MEMBER(line, ",\"d_reclen\":", NUMBER_JSON_UNSIGNED, u16, entry + 16);
  PUT(line, ",\"d_type\":");
  if (!put_name(line, tables, types, entry[18])) return 0;
  PUT(line, ",\"d_name\":");
  put_json_string(line, name, length);
  PUT(line, "}");
  return 1;
}

static int put_entries(struct line *line, const u8 *tables, u32 types, const struct chunks *in, u64 address,
                       u64 length) {
  const struct chunk *chunk = chunk_at(in, address);
  if (length && (!chunk || chunk->length < length)) return 0;
  PUT(line, "[");
  for (u64 at = 0, size; !line->full; at += size) {
    const u8 *entry = (const u8 *)(chunk + 1) + at;
    if (!(size = entry_size(entry, length - at))) break;
    if (at) PUT(line, ",");
    if (!put_entry(line, tables, types, entry, (u16)size)) return 0;
  }
  PUT(line, "]");
  return 1;
}

int put_json_step(struct line *line, const u8 *tables, const struct line_step_record *step, const struct chunks *in,
                  u64 value, const struct whole_call *call) {
  if (step->step == LINE_RAW) {
    for (int i = 0; i < LANE_ARGUMENTS; i++) {
      put(line, i ? ",\"" : "[\"", 2);
      if (call->args[i]) put_hex(line, call->args[i]);
      else PUT(line, "0x0");
      PUT(line, "\"");
    }
    PUT(line, "]");
    return 1;
  }
  if (!value || (step->flags & LINE_OUT && call->failed)) {
    put_number(line, NUMBER_JSON_ADDRESS, value);
    return 1;
  }
  if (step->step == LINE_JSON_ENTRIES) return put_entries(line, tables, step->a, in, value, (u64)call->result);
  if (step->step == LINE_JSON_STRING) return put_text(line, in, value, step->a);
  u64 said = call->args[step->width], result = (u64)call->result;
  return put_buffer(line, in, value, step->flags & LINE_RESULT && result < said ? result : said, step->a);
}

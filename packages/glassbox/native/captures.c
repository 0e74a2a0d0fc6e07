/*
 * Copies memory of a stopped thread as the plan of its call says; see lanes.h.
 *
 * Another thread may change that memory at any time. So every byte is read once, and each length,
 * count and pointer that comes from the memory is taken from the copy, and bounded by the plan.
 * Addresses and lengths are those of a hostile program: sums of them are not computed before they
 * are bounded. process_vm_readv copies up to the first page that is missing.
 */
#include "lanes.h"
#include "line.h"

#define PAGE 4096ul
#define STRING_PART 256ul

/* Where in the room the chunks are that one operation has copied. */
struct copied {
  u64 start, end;
};

static u64 rounded(u64 length) { return (length + 7) & ~7ul; }

static long read_there(s32 tid, u8 *to, u64 address, u64 length) {
  struct iovec local = {to, length}, there = {(void *)address, length};
  return sys(process_vm_readv, tid, &local, 1, &there, 1, 0);
}

/* The place for a chunk of at most `most` bytes, or NULL. */
static struct chunk *next_chunk(const struct room *to, u64 most) {
  u64 needed = sizeof(struct chunk) + rounded(most);
  return needed <= to->size - to->used ? (struct chunk *)(to->data + to->used) : NULL;
}

static void close_chunk(struct room *to, struct chunk *chunk, u64 address, u64 length, u64 wanted) {
  chunk->address = address;
  chunk->length = (u32)length;
  chunk->wanted = (u32)wanted;
  to->used += sizeof *chunk + rounded(length);
}

static int copy_bytes(struct room *to, s32 tid, u64 address, u64 length) {
  struct chunk *chunk = next_chunk(to, length);
  if (!chunk) return 0;
  long got = length ? read_there(tid, (u8 *)(chunk + 1), address, length) : 0;
  if (got < 0 && got != -EFAULT) return 0;
  close_chunk(to, chunk, address, got < 0 ? 0 : (u64)got, length);
  return 1;
}

static int ends_in_status(const u8 *text, u64 length) {
  static const u8 word[] = {'s', 't', 'a', 't', 'u', 's'};
  if (length < sizeof word) return 0;
  for (u64 i = 0; i < sizeof word; i++)
    if (text[length - sizeof word + i] != word[i]) return 0;
  return 1;
}

/* Reads in parts that do not cross a page: nearly all strings end in the first one. */
static int copy_string(struct room *to, s32 tid, u64 address, u64 most, u8 flags) {
  struct chunk *chunk = next_chunk(to, most + 1);
  if (!chunk) return 0;
  u8 *text = (u8 *)(chunk + 1);
  u64 done = 0;
  while (done <= most) {
    u64 at = address + done, part = PAGE - (at & (PAGE - 1));
    if (part > STRING_PART) part = STRING_PART;
    if (part > most + 1 - done) part = most + 1 - done;
    long got = read_there(tid, text + done, at, part);
    if (got < 0 && got != -EFAULT) return 0;
    for (long i = 0; i < got; i++)
      if (!text[done + (u64)i]) {
        u64 length = done + (u64)i;
        close_chunk(to, chunk, address, length + 1, length + 1);
        return !(flags & CAPTURE_STATUS && ends_in_status(text, length));
      }
    if (got <= 0) break;
    done += (u64)got;
    if ((u64)got < part) break;
  }
  close_chunk(to, chunk, address, done, most + 1);
  return 1;
}

#define AF_NETLINK 16

/* Whether bytes are a socket address of netlink. */
static int is_for_netlink(const struct chunk *chunk) {
  u16 family;
  if (chunk->length < sizeof family) return 0;
  memcpy(&family, chunk + 1, sizeof family);
  return family == AF_NETLINK;
}

static int begins_with(const u8 *text, long length, const char *word, long size) {
  if (length < size) return 0;
  for (long i = 0; i < size; i++)
    if (text[i] != (u8)word[i]) return 0;
  return 1;
}

/*
 * Whether a descriptor of a stopped thread is a netlink socket: its messages have a text of their
 * own, so it is looked up at each call. Nothing is remembered, because another thread may close it
 * and open another file in its place. A file that is no socket is not asked for its attributes:
 * the file system may be that of a tracee, which would have to answer.
 */
static int is_netlink(const struct lane_tables *tables, s32 tid, s32 fd) {
  u8 link[48], found[16];
  struct room room = {link, sizeof link, 0};
  struct line path = {&room, 0, 0, 0, 0};
  if (fd < 0) return 0;
  if (tables->foreign) return 1;
  put(&path, "/proc/", 6);
  put_decimal(&path, (u64)tid);
  put(&path, "/fd/", 4);
  put_decimal(&path, (u64)fd);
  put(&path, "", 1);
  if (path.full) return 1;
  long length = sys(readlink, link, found, sizeof found);
  if (!begins_with(found, length, "socket:[", 8)) return 0;
  length = sys(getxattr, link, "system.sockprotoname", found, sizeof found);
  return begins_with(found, length, "NETLINK", 8);
}

/* The number of bytes that an operation copies; 0 if it must fit and does not. */
static int length_of(const struct capture *op, u64 count, u64 *length) {
  u64 most = op->most;
  if (op->counted == COUNT_FIXED) *length = most;
  else if (op->element && count > most / op->element) {
    if (op->flags & CAPTURE_MUST_FIT) return 0;
    *length = most;
  } else *length = count * op->element;
  return 1;
}

static u64 word_at(const u8 *element, u8 at, int half) {
  u64 word = 0;
  memcpy(&word, element + at, half ? 4 : 8);
  return word;
}

static int copy_one(struct room *to, const struct capture *op, s32 tid, u64 address, u64 count) {
  u64 length;
  if (!address) return 1;
  if (op->operation == CAPTURE_STRING) return copy_string(to, tid, address, op->most, op->flags);
  if (op->flags & CAPTURE_HALF) count = (u32)count;
  const struct chunk *chunk = (const struct chunk *)(to->data + to->used);
  if (!length_of(op, count, &length) || !copy_bytes(to, tid, address, length)) return 0;
  return !(op->flags & CAPTURE_ADDRESS && is_for_netlink(chunk));
}

/* Copies what each whole element of a chunk points to. */
static int copy_elements(struct room *to, const struct capture *op, s32 tid, const struct chunk *from) {
  for (u64 at = 0; at + op->stride <= from->length; at += op->stride) {
    const u8 *element = (const u8 *)(from + 1) + at;
    u64 count = op->counted == COUNT_ARGUMENT ? word_at(element, op->count_at, op->flags & CAPTURE_HALF) : 0;
    if (!copy_one(to, op, tid, word_at(element, op->address, 0), count)) return 0;
  }
  return 1;
}

/* The same for all chunks of an earlier operation. The room does not move, and only grows. */
static int copy_pointed(struct room *to, const struct capture *op, s32 tid, struct copied from) {
  while (from.start < from.end) {
    const struct chunk *chunk = (const struct chunk *)(to->data + from.start);
    if (!copy_elements(to, op, tid, chunk)) return 0;
    from.start += sizeof *chunk + rounded(chunk->length);
  }
  return 1;
}

int capture_all(struct room *to, const u8 *tables, u32 list, s32 tid, const u64 *args, s64 result, int failed) {
  struct copied copied[MOST_CAPTURES];
  u64 before = to->used;
  if (!list) return 1;
  const struct capture *op = (const struct capture *)(tables + list);
  for (int i = 0; i < MOST_CAPTURES && op->operation != CAPTURE_END; i++, op++) {
    copied[i] = (struct copied){to->used, to->used};
    if (op->flags & CAPTURE_SUCCEEDED && failed) continue;
    u64 count = op->counted == COUNT_RESULT ? (result > 0 ? (u64)result : 0) : args[op->count_at];
    int done = op->operation == CAPTURE_SOCKET
                   ? !is_netlink((const struct lane_tables *)tables, tid, (s32)args[op->address])
               : op->source ? copy_pointed(to, op, tid, copied[op->source - 1])
                            : copy_one(to, op, tid, args[op->address], count);
    if (!done) {
      to->used = before;
      return 0;
    }
    copied[i].end = to->used;
  }
  return 1;
}

const struct chunk *chunk_at(const struct chunks *in, u64 address) {
  for (u64 at = in->start; at < in->end;) {
    const struct chunk *chunk = (const struct chunk *)(in->data + at);
    if (chunk->address == address) return chunk;
    at += sizeof *chunk + ((chunk->length + 7ul) & ~7ul);
  }
  return NULL;
}

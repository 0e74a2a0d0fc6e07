/*
 * Names of files, as the rules of a policy have them. See names.h. The names are chosen by
 * programs, so comparing one takes at most time by its length times that of the rule.
 */
#include "names.h"
#include "trace.h"
#include <asm/fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>

#define PAGE 4096ul
#define PEEKED 64
#define AT_FDCWD -100
#define MOST_TRIES 3

/*
 * Reads up to the end of a page, and beyond it only if the string goes on there, because the next
 * page may not exist. Returns how many bytes could be read.
 */
static u64 read_part(s32 tid, u64 address, char *text, u64 length) {
  struct iovec local = {text, length}, remote = {(void *)address, length};
  long got = sys(process_vm_readv, tid, &local, 1, &remote, 1, 0);
  if (got == -EPERM || got == -ENOSYS) got = peek(tid, address, (u8 *)text, length < PEEKED ? length : PEEKED);
  return got < 0 ? 0 : (u64)got;
}

/* Reads a string. Returns its length, or -1 if it is too long or cannot be read. */
static int read_string(s32 tid, u64 address, char *text) {
  for (u64 done = 0; done < LONGEST;) {
    u64 part = PAGE - ((address + done) & (PAGE - 1));
    if (part > LONGEST - done) part = LONGEST - done;
    u64 got = read_part(tid, address + done, text + done, part);
    for (u64 i = done; i < done + got; i++)
      if (!text[i]) return (int)i;
    if (!got) return -1;
    done += got;
  }
  return -1;
}

static char *append(char *to, const char *text) {
  while (*text) *to++ = *text++;
  *to = 0;
  return to;
}

static char *append_number(char *to, u32 number) {
  char digits[11];
  int at = 10;
  digits[at] = 0;
  do digits[--at] = (char)('0' + number % 10);
  while (number /= 10);
  return append(to, digits + at);
}

void descriptor_link(char *to, u32 tid, u32 fd) {
  append_number(append(append_number(append(to, "/proc/"), tid), "/fd/"), fd);
}

/*
 * Puts the directory that a relative path starts at, and a slash, before the end of `text`'s room.
 * Returns its length; 0 if the thread may not be looked at, or if that is not a directory.
 */
static int read_start(s32 tid, s32 dirfd, char *text) {
  char link[48];
  if (dirfd == AT_FDCWD)
    append(append_number(append(link, "/proc/"), (u32)tid), "/cwd");
  else if (dirfd < 0)
    return 0;
  else
    descriptor_link(link, (u32)tid, (u32)dirfd);
  long length = sys(readlink, link, text, LONGEST);
  if (length < 1 || length >= LONGEST - 1 || text[0] != '/') return 0;
  text[length] = '/';
  return (int)length + 1;
}

int read_path(s32 tid, u64 address, s32 dirfd, char *path) {
  int length = read_string(tid, address, path);
  if (length < 1) return length;
  if (path[0] == '/') return 1;
  char *relative = path + LONGEST;
  memcpy(relative, path, LONGEST);
  int start = read_start(tid, dirfd, path);
  if (!start) return -1;
  append(path + start, relative);
  return 1;
}

int is_plain(const char *path) {
  if (*path != '/') return 0;
  for (; *path; path++)
    if (*path == '/' && (path[1] == '/' || path[1] == '.' || !path[1])) return 0;
  return 1;
}

int starts_with(const char *text, const u8 *prefix, u32 length) {
  for (u32 i = 0; i < length; i++)
    if ((u8)text[i] != prefix[i]) return 0;
  return 1;
}

static u32 length_of_part(const char *at) {
  u32 length = 0;
  while (at[length] && at[length] != '/') length++;
  return length;
}

static const char *next_part(const char *at) {
  at += length_of_part(at);
  return *at ? at + 1 : at;
}

/*
 * One name and one part of a pattern: `*` stands for any characters, `?` for one. A character of
 * several bytes is left to JavaScript. After a star that matched too little, only the last star is
 * tried with more: the earlier ones need not match more than they do.
 */
static int fits(const char *part, u32 part_length, const char *name, u32 length) {
  u32 p = 0, n = 0, star = part_length, resume = 0;
  int has_star = 0;
  while (n < length) {
    if (p < part_length && part[p] == '*')
      star = ++p, resume = n, has_star = 1;
    else if (p < part_length && (part[p] == '?' ? (u8)name[n] < 0x80 : part[p] == name[n]))
      p++, n++;
    else if (has_star)
      p = star, n = ++resume;
    else
      return 0;
  }
  while (p < part_length && part[p] == '*') p++;
  return p == part_length;
}

static int is_any_directories(const char *part) {
  return part[0] == '*' && part[1] == '*' && length_of_part(part) == 2;
}

/* The same for a path and its names. The part `**` stands for any number of names. */
static int matches(const char *pattern, const char *path) {
  const char *star = 0, *resume = 0;
  while (*path) {
    if (*pattern && is_any_directories(pattern))
      star = pattern = next_part(pattern), resume = path;
    else if (*pattern && fits(pattern, length_of_part(pattern), path, length_of_part(path)))
      pattern = next_part(pattern), path = next_part(path);
    else if (star)
      pattern = star, path = resume = next_part(resume);
    else
      return 0;
  }
  while (*pattern && is_any_directories(pattern)) pattern = next_part(pattern);
  return !*pattern;
}

int covers(const struct prefixes *table, const struct prefix *prefix, const char *name) {
  const u8 *text = table->text + prefix->at;
  if (prefix->scope == SCOPE_GLOB) return matches((const char *)text + 1, name + 1);
  if (!starts_with(name, text, prefix->length)) return 0;
  const char *rest = name + prefix->length;
  if (prefix->scope == SCOPE_EXACT) return !*rest;
  if (prefix->scope == SCOPE_TREE) return !*rest || *rest == '/';
  return *rest == '/' && rest[1] && !*next_part(rest + 1);
}

int is_above(const struct prefixes *table, const struct prefix *prefix, const char *name) {
  const u8 *text = table->text + prefix->at;
  u32 length = 0;
  while (name[length]) length++;
  if (length == 1) return 1; /* the root */
  if (length > prefix->length || !starts_with(name, text, length)) return 0;
  return length == prefix->length || text[length] == '/';
}

int is_of_proc(long fd) {
  u64 found[15]; /* struct statfs */
  return sys(fstatfs, fd, found) == 0 && found[0] == PROC_SUPER_MAGIC;
}

long open_object(s32 directory, const char *path, u64 nofollow, u64 resolve) {
  struct open_how how = {.flags = O_PATH | O_CLOEXEC | nofollow, .resolve = resolve | RESOLVE_NO_MAGICLINKS};
  long fd = -EAGAIN;
  /* The kernel gives up if something is renamed or mounted anywhere while it passes "..". */
  for (int tries = 0; tries < MOST_TRIES && fd == -EAGAIN; tries++) fd = sys(openat2, directory, path, &how, sizeof how);
  return fd;
}

int read_name(long fd, char *name) {
  static const char DELETED[] = " (deleted)";
  char link[48];
  descriptor_link(link, (u32)sys(getpid), (u32)fd);
  long length = sys(readlink, link, name, LONGEST), end = sizeof DELETED - 1;
  if (length < 1 || length >= LONGEST || name[0] != '/') return 0;
  name[length] = 0;
  return length < end || !starts_with(name + length - end, (const u8 *)DELETED, (u32)end);
}

/*
 * Lets calls pass that name a file below a granted directory, without JavaScript. The directory
 * is known by a descriptor, and the rest of the path is resolved below it without leaving it, a
 * mount or a link of /proc. A path that leads anywhere else, or that cannot be read, is not
 * decided here.
 *
 * The kernel resolves the path again for the program, which may have changed it since. So a
 * call passes only if something behind the tracer (Landlock) judges the object too.
 */
#include "pass.h"
#include "trace.h"
#include <asm/fcntl.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <linux/ptrace.h>

#define PAGE 4096ul
#define LONGEST 512 /* with the NUL */
#define PEEKED 64
#define AT_FDCWD -100

/* Bits of ACCESS in src/policy/resolved.ts. */
#define ACCESS_READ 1
#define ACCESS_WRITE 2
#define ACCESS_STAT 16

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

/*
 * Puts the directory that a relative path starts at, and a slash, before the end of `text`'s room.
 * Returns its length; 0 if the thread may not be looked at, or if that is not a directory.
 */
static int read_start(s32 tid, s32 dirfd, char *text) {
  char link[48];
  char *end = append(append_number(append(link, "/proc/"), (u32)tid), dirfd == AT_FDCWD ? "/cwd" : "/fd/");
  if (dirfd < 0 && dirfd != AT_FDCWD) return 0;
  if (dirfd != AT_FDCWD) append_number(end, (u32)dirfd);
  long length = sys(readlink, link, text, LONGEST);
  if (length < 1 || length >= LONGEST - 1 || text[0] != '/') return 0;
  text[length] = '/';
  return (int)length + 1;
}

/* Reads the path of a call as an absolute one. Returns 0 if that is not possible. */
static int read_path(s32 tid, u64 address, s32 dirfd, char *path) {
  if (read_string(tid, address, path) < 1) return 0;
  if (path[0] == '/') return 1;
  char *relative = path + LONGEST;
  memcpy(relative, path, LONGEST);
  int start = read_start(tid, dirfd, path);
  if (start) append(path + start, relative);
  return start;
}

static u8 needed_access(const struct passed_kind *kind, u64 flags) {
  if (kind->use != USE_BY_FLAGS) return kind->use;
  if (flags & O_PATH) return ACCESS_STAT;
  int changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_TRUNC | __O_TMPFILE));
  return changes ? ACCESS_WRITE : ACCESS_READ;
}

static int starts_with(const char *text, const u8 *prefix, u32 length) {
  for (u32 i = 0; i < length; i++)
    if ((u8)text[i] != prefix[i]) return 0;
  return 1;
}

static int has_slash(const char *text) {
  for (; *text; text++)
    if (*text == '/') return 1;
  return 0;
}

/* A path, and how a call uses it. */
struct use {
  const char *path;
  u8 access;
  int nofollow, creates;
};

/* FNV-1a. If two uses have one hash, a call may pass that Landlock then refuses. */
static u64 hash_of(const struct use *use) {
  u64 hash = 0xcbf29ce484222325u ^ (u64)(use->access | use->nofollow << 8 | use->creates << 9);
  for (const char *at = use->path; *at; at++) hash = (hash ^ (u8)*at) * 0x100000001b3u;
  return hash;
}

/* Whether the rest of a path leads to something below the directory (1), or to nothing (2). */
static int is_below(const struct prefix *prefix, const char *rest, const struct use *use) {
  struct open_how how = {
      .flags = O_PATH | O_CLOEXEC | (use->nofollow ? O_NOFOLLOW : 0),
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV |
                 (prefix->scope == SCOPE_LEVEL ? RESOLVE_NO_SYMLINKS : 0),
  };
  long fd = -EAGAIN;
  /* The kernel gives up if something is renamed or mounted anywhere while it passes "..". */
  for (int tries = 0; tries < 3 && fd == -EAGAIN; tries++) fd = sys(openat2, prefix->fd, rest, &how, sizeof how);
  if (fd >= 0) sys(close, fd);
  if (fd >= 0) return 1;
  return fd == -ENOENT && (!use->creates || (prefix->access & ACCESS_WRITE)) ? 2 : 0;
}

static int is_granted(struct prefixes *table, const struct use *use) {
  u64 hash = hash_of(use), *seen = &table->seen[hash & (SEEN_PATHS - 1)];
  if (*seen == hash) return 1;
  for (u32 i = 0; i < table->count; i++) {
    const struct prefix *prefix = &table->list[i];
    int is_missing_made = use->creates && !(prefix->access & ACCESS_WRITE);
    if (!(prefix->access & use->access) || !starts_with(use->path, table->text + prefix->at, prefix->length)) continue;
    const char *rest = use->path + prefix->length;
    if (!*rest && prefix->scope != SCOPE_LEVEL && !is_missing_made) return 1;
    if (*rest != '/' || prefix->scope == SCOPE_EXACT) continue;
    while (*rest == '/') rest++;
    if (!*rest || (prefix->scope == SCOPE_LEVEL && has_slash(rest))) continue;
    int below = is_below(prefix, rest, use);
    if (below == 1 && prefix->fixed) *seen = hash;
    return below;
  }
  return 0;
}

static struct prefixes *table_of(const struct passing *passing, s32 tid) {
  const struct task_slot *slot = &passing->tasks[tid & (TASK_SLOTS - 1)];
  return slot->tid == tid && (u32)slot->table < MOST_TABLES ? &passing->tables[slot->table] : 0;
}

int passes(const struct passing *passing, s32 tid, const struct ptrace_syscall_info *info) {
  struct prefixes *table = table_of(passing, tid);
  u64 nr = info->seccomp.nr;
  char path[2 * LONGEST]; /* two that are as long as possible */
  if (!table || !table->count || info->op != PTRACE_SYSCALL_INFO_SECCOMP || info->arch != AUDIT_ARCH_X86_64 ||
      info->seccomp.ret_data != table->action || nr >= PASSED_CALLS)
    return 0;
  u8 index = passing->calls->kind[nr];
  if (index >= PASSED_KINDS) return 0;
  const struct passed_kind *kind = &passing->calls->kinds[index];
  u64 flags = kind->flags < 6 ? info->seccomp.args[kind->flags] : 0;
  s32 dirfd = kind->dirfd < 6 ? (s32)info->seccomp.args[kind->dirfd] : AT_FDCWD;
  if (kind->path >= 6 || !read_path(tid, info->seccomp.args[kind->path], dirfd, path)) return 0;
  int exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  struct use use = {path, needed_access(kind, flags), kind->nofollow || (flags & O_NOFOLLOW) || exclusive,
                    (flags & O_CREAT) != 0};
  return is_granted(table, &use);
}

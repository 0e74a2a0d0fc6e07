/*
 * Lets calls pass that name a file below a granted directory, without JavaScript. The directory
 * is known by a descriptor, and the rest of the path is resolved below it without leaving it, a
 * mount or a link of /proc. A path that leads anywhere else, or that cannot be read, is not
 * decided here.
 *
 * The kernel resolves the path again for the program, which may have changed it meanwhile. So a
 * call passes only if something behind the tracer (Landlock) judges the object too.
 */
#include "pass.h"
#include <asm/fcntl.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <linux/ptrace.h>

#define PAGE 4096ul
#define LONGEST 512 /* with the NUL */

/* Bits of ACCESS in src/policy/resolved.ts. */
#define ACCESS_READ 1
#define ACCESS_WRITE 2
#define ACCESS_STAT 16

/* Reads a string. Returns its length, or -1 if it does not end in time or cannot be read. */
static int read_string(s32 tid, u64 address, char *text) {
  u64 first = PAGE - (address & (PAGE - 1));
  if (first > LONGEST) first = LONGEST;
  struct iovec local = {text, LONGEST};
  struct iovec remote[2] = {{(void *)address, first}, {(void *)(address + first), LONGEST - first}};
  /* The next page is read only if it is needed: it may not exist. */
  for (int parts = 1; parts <= 2; parts++) {
    long got = sys(process_vm_readv, tid, &local, 1, remote, parts, 0);
    for (int i = 0; i < got; i++)
      if (!text[i]) return i;
    if (got < (long)first || first == LONGEST) return -1;
  }
  return -1;
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

/* Whether the rest of a path leads to something below the directory, or to nothing. */
static int is_below(const struct prefix *prefix, const char *rest, int nofollow, int creates) {
  struct open_how how = {
      .flags = O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0),
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV |
                 (prefix->scope == SCOPE_LEVEL ? RESOLVE_NO_SYMLINKS : 0),
  };
  long fd = sys(openat2, prefix->fd, rest, &how, sizeof how);
  if (fd >= 0) sys(close, fd);
  return fd >= 0 || (fd == -ENOENT && (!creates || (prefix->access & ACCESS_WRITE)));
}

static int is_granted(const struct prefixes *table, const char *path, u8 access, int nofollow, int creates) {
  for (u32 i = 0; i < table->count; i++) {
    const struct prefix *prefix = &table->list[i];
    if (!(prefix->access & access) || !starts_with(path, table->text + prefix->at, prefix->length)) continue;
    const char *rest = path + prefix->length;
    if (prefix->scope == SCOPE_EXACT) {
      if (!*rest && (!creates || (prefix->access & ACCESS_WRITE))) return 1;
      continue;
    }
    if (*rest != '/') continue;
    while (*rest == '/') rest++;
    if (!*rest || (prefix->scope == SCOPE_LEVEL && has_slash(rest))) continue;
    return is_below(prefix, rest, nofollow, creates);
  }
  return 0;
}

static const struct prefixes *table_of(const struct passing *passing, s32 tid) {
  const struct task_slot *slot = &passing->tasks[tid & (TASK_SLOTS - 1)];
  return slot->tid == tid && (u32)slot->table < MOST_TABLES ? &passing->tables[slot->table] : 0;
}

int passes(const struct passing *passing, s32 tid, const struct ptrace_syscall_info *info) {
  const struct prefixes *table = table_of(passing, tid);
  u64 nr = info->seccomp.nr;
  char path[LONGEST];
  if (!table || !table->count || info->op != PTRACE_SYSCALL_INFO_SECCOMP || info->arch != AUDIT_ARCH_X86_64 ||
      info->seccomp.ret_data != table->action || nr >= PASSED_CALLS)
    return 0;
  u8 index = passing->calls->kind[nr];
  if (index >= PASSED_KINDS) return 0;
  const struct passed_kind *kind = &passing->calls->kinds[index];
  u64 flags = kind->flags < 6 ? info->seccomp.args[kind->flags] : 0;
  if (kind->path >= 6 || read_string(tid, info->seccomp.args[kind->path], path) < 1) return 0;
  int exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  int nofollow = kind->nofollow || (flags & O_NOFOLLOW) || exclusive;
  return is_granted(table, path, needed_access(kind, flags), nofollow, (flags & O_CREAT) != 0);
}

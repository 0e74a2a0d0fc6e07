/*
 * Lets calls pass that name a granted file, without JavaScript. A granted directory is known by a
 * descriptor, and the rest of the path is resolved below it without leaving it, a mount or a link
 * of /proc. A pattern is compared with the path, which must contain no link then. If a path leads
 * anywhere else, the name of what it leads to is compared with the rules. What no rule grants,
 * what lies in /proc, and what cannot be read, is not decided here.
 *
 * The kernel resolves the path again for the program, which may have changed it since. So a
 * call passes only if something behind the tracer (Landlock) judges the object too.
 */
#include "pass.h"
#include "names.h"
#include <asm/fcntl.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <linux/ptrace.h>

#define AT_FDCWD -100

static u8 needed_access(const struct passed_kind *kind, u64 flags) {
  if (kind->use != USE_BY_FLAGS) return kind->use;
  if (flags & O_PATH) return ACCESS_STAT;
  int changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_TRUNC | __O_TMPFILE));
  return changes ? ACCESS_WRITE : ACCESS_READ;
}

/* Whether that is one name: "." would be the directory itself. */
static int is_entry(const char *text) {
  if (!*text || (text[0] == '.' && !text[1])) return 0;
  for (; *text; text++)
    if (*text == '/') return 0;
  return 1;
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

/*
 * Whether a path leads to an object (1), or to nothing (2) and the call does not make it. 0: that
 * is not known.
 */
static int leads_to(s32 directory, const char *path, u64 resolve, const struct prefix *prefix, const struct use *use) {
  long fd = open_object(directory, path, use->nofollow ? O_NOFOLLOW : 0, resolve);
  if (fd < 0) return fd == -ENOENT && (!use->creates || (prefix->access & ACCESS_WRITE)) ? 2 : 0;
  int is_known = prefix->scope != SCOPE_GLOB || !is_of_proc(fd);
  sys(close, fd);
  return is_known;
}

static int is_in_proc(const char *path) { return starts_with(path, (const u8 *)"/proc", 5); }

/*
 * 1: a rule grants the object that the path leads to, in any directory. 2: the path leads to no
 * object, and the program may know that.
 */
static int grants_object(const struct prefixes *table, const struct use *use) {
  char found[LONGEST];
  const char *name = use->path;
  u64 nofollow = use->nofollow ? O_NOFOLLOW : 0;
  int is_named = is_plain(name) && !is_in_proc(name);
  long fd = is_named ? open_object(AT_FDCWD, name, nofollow, RESOLVE_NO_SYMLINKS) : -ELOOP;
  /* A call that changes something may be about to make it. */
  if (fd == -ENOENT) return table->stat_all && use->access == ACCESS_READ && !use->creates ? 2 : 0;
  if (fd == -ELOOP) {
    name = found;
    fd = open_object(AT_FDCWD, use->path, nofollow, 0);
  }
  if (fd < 0) return 0;
  int is_granted = 0, has_name = !is_of_proc(fd) && (name == use->path || read_name(fd, found));
  for (u32 i = 0; has_name && !is_granted && i < table->count; i++) {
    const struct prefix *prefix = &table->list[i];
    is_granted = (prefix->access & use->access) && prefix->real && covers(table, prefix, name);
  }
  sys(close, fd);
  return is_granted;
}

/*
 * Whether a rule grants the use: 1, 2 if nothing is there, 0 if that is not known, -1 if it is
 * about other files.
 */
static int grants(const struct prefixes *table, const struct prefix *prefix, const struct use *use) {
  if (prefix->scope == SCOPE_GLOB)
    return is_plain(use->path) && covers(table, prefix, use->path)
               ? leads_to(AT_FDCWD, use->path, RESOLVE_NO_SYMLINKS, prefix, use)
               : -1;
  if (!starts_with(use->path, table->text + prefix->at, prefix->length)) return -1;
  const char *rest = use->path + prefix->length;
  int is_missing_made = use->creates && !(prefix->access & ACCESS_WRITE);
  if (!*rest && prefix->scope != SCOPE_LEVEL && !is_missing_made) return 1;
  if (*rest != '/' || prefix->scope == SCOPE_EXACT) return -1;
  while (*rest == '/') rest++;
  if (!*rest || (prefix->scope == SCOPE_LEVEL && !is_entry(rest))) return -1;
  u64 plain = prefix->scope == SCOPE_LEVEL ? RESOLVE_NO_SYMLINKS : 0;
  return leads_to(prefix->fd, rest, RESOLVE_BENEATH | RESOLVE_NO_XDEV | plain, prefix, use);
}

static int is_granted(struct prefixes *table, const struct use *use) {
  u64 hash = hash_of(use), *seen = &table->seen[hash & (SEEN_PATHS - 1)];
  if (*seen == hash) return 1;
  for (u32 i = 0; i < table->count; i++) {
    const struct prefix *prefix = &table->list[i];
    int granted = prefix->access & use->access ? grants(table, prefix, use) : -1;
    if (granted == 1 && prefix->fixed) *seen = hash;
    if (granted > 0) return granted;
  }
  return grants_object(table, use);
}

/* The table of a thread, or ALL_PASS; another negative number for none. */
static s32 table_of(const struct passing *passing, s32 tid) {
  const struct task_slot *slot = &passing->tasks[tid & (TASK_SLOTS - 1)];
  return slot->tid == tid && slot->table < MOST_TABLES ? slot->table : -1;
}

static int passes(struct prefixes *table, const struct passed_kind *kind, s32 tid, const u64 *args) {
  char path[2 * LONGEST]; /* two that are as long as possible */
  u64 flags = kind->flags < 6 ? args[kind->flags] : 0;
  s32 dirfd = kind->dirfd < 6 ? (s32)args[kind->dirfd] : AT_FDCWD;
  int exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  struct use use = {path, needed_access(kind, flags), kind->nofollow || (flags & O_NOFOLLOW) || exclusive,
                    (flags & O_CREAT) != 0};
  /* Landlock does not judge calls that only ask for attributes, such as an open with O_PATH. */
  if (use.access == ACCESS_STAT && !table->stat_all) return 0;
  return read_path(tid, args[kind->path], dirfd, path) > 0 && is_granted(table, &use);
}

int decide(const struct passing *passing, s32 tid, const struct ptrace_syscall_info *info) {
  s32 number = table_of(passing, tid);
  if (number < 0) return number == ALL_PASS;
  struct prefixes *table = &passing->tables[number];
  u64 nr = info->seccomp.nr;
  if (!table->count || info->op != PTRACE_SYSCALL_INFO_SECCOMP || info->arch != AUDIT_ARCH_X86_64 ||
      info->seccomp.ret_data != table->action || nr >= PASSED_CALLS)
    return 0;
  u8 index = passing->calls->kind[nr];
  if (index >= PASSED_KINDS) return 0;
  const struct passed_kind *kind = &passing->calls->kinds[index];
  if (kind->path >= 6) return 0;
  /* uapi has unsigned long long. */
  const u64 *args = (const u64 *)info->seccomp.args;
  return kind->make == MAKE_BY_KERNEL ? passes(table, kind, tid, args) : perform(table, kind, tid, args);
}

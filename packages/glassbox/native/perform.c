/*
 * Makes calls for a program that ask for the attributes of a file: the object is taken as a
 * descriptor, and what is judged is its name. So nothing that the program changes after that has
 * an effect. src/supervisor/paths/decide-call.ts does the same for everything that is not decided
 * here: what no rule grants, what lies in /proc, and what fails other than for lack of the file.
 *
 * The object is looked up, and asked, with no more power than the program has: see
 * src/supervisor/paths/as-program.ts.
 */
#define __FRAME_OFFSETS /* for the offsets of registers */
#include "names.h"
#include "pass.h"
#include <asm/fcntl.h>
#include <asm/ptrace-abi.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/stat.h>

#define STAT_BYTES 144
#define STATX_BYTES 256
#define LONGEST_LINK 4096
#define ASK -1l /* not an id: setfsuid(2) changes nothing and returns the current one */

/* AT_* flags that each kind of call may have to be made here. */
static const u32 KNOWN_FLAGS[] = {
    [MAKE_STAT] = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH,
    [MAKE_STATX] = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE,
    [MAKE_ACCESS] = AT_SYMLINK_NOFOLLOW | AT_EACCESS,
    [MAKE_READLINK] = 0,
};

/* What the program gets: `length` bytes of `bytes` at `address` of its memory, and the result. */
struct answer {
  long result;
  u64 address, length;
  u8 bytes[LONGEST_LINK];
};

struct user_cap {
  u32 version;
  s32 pid;
};

static int set_capabilities(const u32 *sets) {
  struct user_cap header = {_LINUX_CAPABILITY_VERSION_3, 0};
  return sys(capset, &header, sets) == 0;
}

/* Gives the thread the power that it had. `gid`: what become() has returned. */
static void restore(const struct power *power, long gid) {
  if (power->changes_capabilities) set_capabilities(power->before);
  if (power->changes_ids) {
    sys(setfsuid, power->own_uid);
    if ((u32)gid != power->gid) sys(setfsgid, gid);
  }
  /* A change of ids makes the process undumpable, and its files in /proc belong to root. */
  if (power->dumpable && (power->changes_ids || power->changes_capabilities)) sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* Takes the power of the program. Returns the group id before, or -1 if that is not possible. */
static long become(const struct power *power) {
  long gid = 0;
  if (power->changes_ids) {
    gid = sys(setfsgid, ASK);
    if ((u32)gid != power->gid) sys(setfsgid, power->gid);
    sys(setfsuid, power->uid);
  }
  int has_ids = !power->changes_ids ||
                ((u32)sys(setfsuid, ASK) == power->uid && (u32)sys(setfsgid, ASK) == power->gid);
  if (has_ids && (!power->changes_capabilities || set_capabilities(power->without))) return gid;
  restore(power, gid);
  return -1;
}

/* Asks an object. The arguments of all these calls follow their path in one order. */
static void ask(long fd, const struct passed_kind *kind, u32 flags, const u64 *args, struct answer *answer) {
  const u64 *after = args + kind->path + 1;
  u64 size;
  switch (kind->make) {
  case MAKE_STAT:
    answer->result = sys(newfstatat, fd, "", answer->bytes, AT_EMPTY_PATH);
    answer->address = after[0];
    answer->length = STAT_BYTES;
    break;
  case MAKE_STATX:
    answer->result = sys(statx, fd, "", (flags & AT_STATX_SYNC_TYPE) | AT_EMPTY_PATH, (u32)after[1], answer->bytes);
    answer->address = after[2];
    answer->length = STATX_BYTES;
    break;
  case MAKE_ACCESS:
    answer->result = sys(faccessat2, fd, "", (s32)after[0], AT_EMPTY_PATH | AT_EACCESS);
    break;
  case MAKE_READLINK:
    size = (s32)after[1] < 0 ? 0 : (u32)after[1];
    answer->result = sys(readlinkat, fd, "", answer->bytes, size < LONGEST_LINK ? size : LONGEST_LINK);
    /* It is no link. The kernel says that of a path by EINVAL, and of a descriptor by ENOENT. */
    if (answer->result == -ENOENT) answer->result = -EINVAL;
    answer->address = after[0];
    answer->length = answer->result > 0 ? (u64)answer->result : 0;
  }
}

/* Whether a rule grants the attributes of the object with that name. */
static int is_granted(const struct prefixes *table, const char *name) {
  for (u32 i = 0; i < table->count; i++) {
    const struct prefix *prefix = &table->list[i];
    if (!(prefix->access & ACCESS_STAT) || !prefix->real) continue;
    if (covers(table, prefix, name) || is_above(table, prefix, name)) return 1;
  }
  return 0;
}

/* Finds, judges and asks what a path leads to. Returns whether that was possible. */
static int answer_path(const struct prefixes *table, const struct passed_kind *kind, u32 flags, const u64 *args,
                       char *path, struct answer *answer) {
  u64 nofollow = kind->nofollow || (flags & AT_SYMLINK_NOFOLLOW) ? O_NOFOLLOW : 0;
  long gid = become(&table->power);
  if (gid < 0) return 0;
  int is_named = is_plain(path);
  long fd = is_named ? open_object(AT_FDCWD, path, nofollow, RESOLVE_NO_SYMLINKS) : -ELOOP;
  if (fd == -ELOOP) {
    is_named = 0;
    fd = open_object(AT_FDCWD, path, nofollow, 0);
  }
  if (fd >= 0) ask(fd, kind, flags, args, answer);
  restore(&table->power, gid);
  if (fd < 0) {
    answer->result = fd;
    return fd == -ENOENT && is_named && is_granted(table, path);
  }
  int granted = !is_of_proc(fd) && (is_named || read_name(fd, path)) && is_granted(table, path);
  sys(close, fd);
  return granted;
}

/* The program may know all about what it has open. */
static int answer_descriptor(s32 tid, s32 descriptor, const struct passed_kind *kind, u32 flags, const u64 *args,
                             struct answer *answer) {
  char link[48];
  descriptor_link(link, (u32)tid, (u32)descriptor);
  long fd = sys(open, link, O_PATH | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  ask(fd, kind, flags, args, answer);
  sys(close, fd);
  return 1;
}

/* Gives the program its answer in place of the call. Returns whether that was possible. */
static int give(s32 tid, struct answer *answer) {
  if (answer->result == -ENOSYS) return 0;
  if (answer->result >= 0 && answer->length) {
    struct iovec local = {answer->bytes, answer->length}, remote = {(void *)answer->address, answer->length};
    long written = sys(process_vm_writev, tid, &local, 1, &remote, 1, 0);
    if (written < 0 && written != -EFAULT) return 0;
    if ((u64)written != answer->length) answer->result = -EFAULT;
  }
  /* Without a number no call is made. */
  return sys(ptrace, PTRACE_POKEUSR, tid, ORIG_RAX, -1l) == 0 &&
         sys(ptrace, PTRACE_POKEUSR, tid, RAX, answer->result) == 0;
}

int perform(const struct prefixes *table, const struct passed_kind *kind, s32 tid, const u64 *args) {
  char path[2 * LONGEST];
  struct answer answer;
  u32 flags = kind->at_flags < 6 ? (u32)args[kind->at_flags] : 0;
  s32 dirfd = kind->dirfd < 6 ? (s32)args[kind->dirfd] : AT_FDCWD;
  if (kind->path > 2 || kind->make > MAKE_READLINK || (flags & ~KNOWN_FLAGS[kind->make])) return 0;
  int length = read_path(tid, args[kind->path], dirfd, path);
  if (length < 0) return 0;
  answer.length = 0;
  if (length > 0) {
    if (starts_with(path, (const u8 *)"/proc", 5) || !answer_path(table, kind, flags, args, path, &answer)) return 0;
  } else if (dirfd < 0 || !(flags & AT_EMPTY_PATH) || !answer_descriptor(tid, dirfd, kind, flags, args, &answer))
    return 0;
  return give(tid, &answer);
}

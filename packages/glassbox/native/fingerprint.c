/*
 * Detects what a program left in its box beyond the end of its processes. init takes a fingerprint
 * of each part while the box is clean and compares it later. It repairs nothing: the host makes
 * new scratch directories, or discards the box.
 *
 * - scratch: every change in a directory or to it changes its times, and no program can set the
 *   change time. A change further down needs a subdirectory, and making one is such a change.
 * - network: the kernel counts every packet, sent or refused, by interface and by protocol. A
 *   connection that outlives its process has sent packets. A socket that was passed to a process
 *   outside is counted as in use (proc_pid_net(5); sockstat counts by namespace since Linux
 *   4.16). Flow labels of IPv6 stay for up to a minute, and the next program could read them.
 * - init: a program that has init's user id (in a user namespace) may change what init's children
 *   inherit.
 */
#include "init.h"
#include <linux/fcntl.h>
#include <linux/stat.h>

#define RLIMITS 16
#define IOPRIO_WHO_PROCESS 1

static struct { u64 scratch, network, init; } clean; /* digests */

/* FNV-1a. It need not resist collision attacks, because no program sees a digest. */
static u64 digest(u64 hash, const void *bytes, long length) {
  const u8 *at = bytes;
  for (long i = 0; i < length; i++) hash = (hash ^ at[i]) * 0x100000001b3u;
  return hash;
}

static u64 look_at_scratch(void) {
  static const char *const places[] = {"/box", "/tmp", "/dev/shm"};
  u64 hash = 0;
  for (u32 i = 0; i < sizeof places / sizeof *places; i++) {
    struct { u64 type, block_size, blocks, free, available, files, files_free, rest[8]; } space;
    struct statx status;
    memset(&space, 0, sizeof space);
    memset(&status, 0, sizeof status);
    sys(statfs, places[i], &space);
    sys(statx, AT_FDCWD, places[i], AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status);
    hash = digest(digest(hash, &space, sizeof space), &status, sizeof status);
  }
  return hash;
}

static u64 digest_file(u64 hash, const char *path) {
  u8 text[4096];
  long length, fd = sys(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  while ((length = sys(read, fd, text, sizeof text)) > 0) hash = digest(hash, text, length);
  sys(close, fd);
  return hash;
}

/* "sockets: used N", the first line; the other lines count for the whole host. */
static u64 digest_sockets(u64 hash) {
  u8 text[64];
  long end = 0, fd = sys(openat, AT_FDCWD, "/proc/self/net/sockstat", O_RDONLY | O_CLOEXEC, 0);
  long length = sys(read, fd, text, sizeof text);
  while (end < length && text[end] != '\n') end++;
  sys(close, fd);
  return digest(hash, text, end);
}

static u64 look_at_network(void) {
  static const char *const tables[] = {"/proc/self/net/dev", "/proc/self/net/snmp", "/proc/self/net/snmp6",
                                       "/proc/self/net/netstat", "/proc/self/net/ip6_flowlabel"};
  u64 hash = digest_sockets(0);
  for (u32 i = 0; i < sizeof tables / sizeof *tables; i++) hash = digest_file(hash, tables[i]);
  return hash;
}

static u64 look_at_init(void) {
  struct { long priority, policy, io_priority; u64 limits[RLIMITS][2]; u8 processors[128]; } now;
  memset(&now, 0, sizeof now);
  now.priority = sys(getpriority, 0, 0);
  now.policy = sys(sched_getscheduler, 0);
  now.io_priority = sys(ioprio_get, IOPRIO_WHO_PROCESS, 0);
  sys(sched_getaffinity, 0, sizeof now.processors, now.processors);
  for (int i = 0; i < RLIMITS; i++) sys(prlimit64, 0, i, 0, now.limits[i]);
  return digest(0, &now, sizeof now);
}

/* Takes a new fingerprint of the part, or says whether the part differs from the one before. */
static u32 compare(u32 part, u32 renewed, u64 *before, u64 now) {
  if (renewed & part) *before = now;
  return *before == now ? 0 : part;
}

u32 fingerprint(u32 renewed) {
  return compare(DIRTY_SCRATCH, renewed, &clean.scratch, look_at_scratch()) |
         compare(DIRTY_NETWORK, renewed, &clean.network, look_at_network()) |
         compare(DIRTY_INIT, renewed, &clean.init, look_at_init());
}

/*
 * What a worker thread of Node has made by raw calls and must not leave when it ends: descriptors,
 * children and a timer. worker.terminate() stops JavaScript between any two calls, so what is made
 * is noted before the native call returns, and closed or reaped by a hook of the environment.
 *
 * The descriptors of the main thread end with the process, so nothing is noted there. What Node's
 * own modules open is Node's.
 *
 * Who owns what: each environment has its own `struct owned`, which no other thread reads. The
 * hook closes the descriptors first. That ends the boxes, and then their inits are reaped.
 */
#include "gate.h"
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/nsfs.h>
#include <linux/stat.h>

#define F_DUPFD 0
#define WNOHANG 1
#define WAIT_ALL 0x40000000 /* __WALL */
#define SIGKILL 9

#define DESCRIPTORS (1ul << 20) /* fs.nr_open, above which a limit of descriptors is rare */
#define PIDS (1ul << 22)        /* PID_MAX_LIMIT of the kernel */
#define BITS 64

/* How long children may take to end, in all: by themselves, and after SIGKILL. */
#define PATIENCE_MS 1000
#define KILLED_PATIENCE_MS 1000

/* A descriptor that Node is about to take over, and the file that it refers to. */
struct handed {
  s64 fd; /* -1: none */
  u64 device, inode;
};

struct owned {
  struct handed handed;
  s64 timer; /* -1: none */
  u64 descriptors[DESCRIPTORS / BITS];
  u64 pids[PIDS / BITS];
};

static struct owned *owned_of(napi_env env) {
  void *owned = NULL;
  return napi_get_instance_data(env, &owned) == napi_ok ? owned : NULL;
}

static void note(u64 *set, u64 limit, s64 value) {
  if (value >= 0 && (u64)value < limit) set[value / BITS] |= 1ul << value % BITS;
}

static void forget(u64 *set, u64 limit, s64 value) {
  if (value >= 0 && (u64)value < limit) set[value / BITS] &= ~(1ul << value % BITS);
}

/* Calls `use` for each member; those for which it returns 1 leave the set. Returns the rest. */
static u64 each(u64 *set, u64 limit, int (*use)(s64 value)) {
  u64 left = 0;
  for (u64 word = 0; word < limit / BITS; word++)
    for (u64 rest = set[word]; rest; rest &= rest - 1) {
      int bit = __builtin_ctzl(rest);
      if (use((s64)(word * BITS) + bit)) set[word] &= ~(1ul << bit);
      else left++;
    }
  return left;
}

void own_descriptor(napi_env env, s64 fd) {
  struct owned *owned = owned_of(env);
  if (owned) note(owned->descriptors, DESCRIPTORS, fd);
}

void own_child(napi_env env, s64 pid) {
  struct owned *owned = owned_of(env);
  if (owned) note(owned->pids, PIDS, pid);
}

/* The child is reaped, so its id may become another's. */
void disown_child(napi_env env, s64 pid) {
  struct owned *owned = owned_of(env);
  if (owned) forget(owned->pids, PIDS, pid);
}

void own_timer(napi_env env, s64 timer) {
  struct owned *owned = owned_of(env);
  if (owned) owned->timer = timer;
}

void before_call(napi_env env, s64 number, const s64 *arguments) {
  if (number != __NR_close && number != __NR_timer_delete) return;
  struct owned *owned = owned_of(env);
  if (!owned) return;
  if (number == __NR_close) forget(owned->descriptors, DESCRIPTORS, arguments[0]);
  else if (owned->timer == arguments[0]) owned->timer = -1;
}

static void own_pair(napi_env env, s64 address) {
  const s32 *pair = (const s32 *)address;
  own_descriptor(env, pair[0]);
  own_descriptor(env, pair[1]);
}

/* The calls that src/ makes and that open a descriptor; test/gate/owned.test.ts compares. */
void after_call(napi_env env, s64 number, const s64 *arguments, s64 result) {
  struct owned *owned = owned_of(env);
  if (!owned) return;
  switch (number) {
  case __NR_wait4:
    if (result > 0) forget(owned->pids, PIDS, result);
    return;
  case __NR_pipe2:
    if (result == 0) own_pair(env, arguments[0]);
    return;
  case __NR_socketpair:
    if (result == 0) own_pair(env, arguments[3]);
    return;
  case __NR_fcntl:
    if (arguments[1] != F_DUPFD && arguments[1] != F_DUPFD_CLOEXEC) return;
    break;
  case __NR_ioctl:
    if (arguments[1] != NS_GET_PARENT) return;
    break;
  case __NR_openat:
  case __NR_openat2:
  case __NR_open_tree:
  case __NR_socket:
  case __NR_landlock_create_ruleset:
  case __NR_memfd_create:
  case __NR_pidfd_open:
  case __NR_pidfd_getfd:
    break;
  default:
    return;
  }
  own_descriptor(env, result);
}

/* Notes which file `fd` refers to. Returns 0 if it refers to none. */
static int identify(s64 fd, struct handed *handed) {
  struct statx file;
  if (sys(statx, fd, "", AT_EMPTY_PATH, STATX_INO, &file) < 0) return 0;
  *handed = (struct handed){fd, (u64)file.stx_dev_major << 32 | file.stx_dev_minor, file.stx_ino};
  return 1;
}

/*
 * handOver(fd): Node is about to take over the descriptor, and from now on either may have to
 * close it. handOver(-1): Node has taken it.
 *
 * If the thread ends in between, the descriptor is closed only if it still refers to the same
 * file. Node has closed it by then if it had taken it: handles are closed before hooks run.
 */
napi_value gate_hand_over(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  s64 fd;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &fd)) return throw_type(env, "handOver() takes a descriptor");
  struct owned *owned = owned_of(env);
  if (!owned) return number(env, 0);
  if (fd < 0) forget(owned->descriptors, DESCRIPTORS, owned->handed.fd);
  if (fd < 0 || !identify(fd, &owned->handed)) owned->handed.fd = -1;
  return number(env, 0);
}

static int close_it(s64 fd) {
  sys(close, fd);
  return 1;
}

static int kill_it(s64 pid) {
  sys(kill, pid, SIGKILL);
  return 0;
}

/* A pid that is not a child any more is gone as well. */
static int reap_it(s64 pid) {
  return sys(wait4, pid, 0, WNOHANG | WAIT_ALL, 0) != 0;
}

/* Returns how many children have not ended after `patience` milliseconds. */
static u64 reap(struct owned *owned, int patience) {
  struct time pause = {0, 1000000};
  u64 left;
  while ((left = each(owned->pids, PIDS, reap_it)) && patience-- > 0) sys(nanosleep, &pause, 0);
  return left;
}

static void release(void *data) {
  struct owned *owned = data;
  struct handed now;
  s64 handed = owned->handed.fd;
  if (handed >= 0 && (!identify(handed, &now) || now.device != owned->handed.device || now.inode != owned->handed.inode))
    forget(owned->descriptors, DESCRIPTORS, handed);
  each(owned->descriptors, DESCRIPTORS, close_it);
  if (owned->timer >= 0) sys(timer_delete, owned->timer);
  if (reap(owned, PATIENCE_MS)) {
    each(owned->pids, PIDS, kill_it);
    reap(owned, KILLED_PATIENCE_MS);
  }
  sys(munmap, owned, sizeof *owned);
}

int own_from_now_on(napi_env env) {
  if (sys(gettid) == sys(getpid)) return 1;
  long at = sys(mmap, 0, sizeof(struct owned), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at < 0 && at >= -4095) return 0;
  struct owned *owned = (struct owned *)at;
  owned->handed.fd = owned->timer = -1;
  return napi_set_instance_data(env, owned, NULL, NULL) == napi_ok &&
         napi_add_env_cleanup_hook(env, release, owned) == napi_ok;
}

/*
 * The clocks of the program. If the program has a cgroup, init reads its CPU time at the earliest
 * moment at which the limit could be reached: after the remaining time, divided by the number of
 * CPUs that the program may use at once. Without a cgroup, init looks at every process of its PID
 * namespace in /proc, every few milliseconds. It looks less often while all of them sleep, so that
 * many sleepers cost little. If the box has only the /proc around it, init looks at its own
 * descendants there.
 */
#include "init.h"
#include <linux/fcntl.h>
#include <linux/magic.h>

#define EARLIEST_NS 1000000u /* the shortest time between two looks */
#define SCAN_NS 5000000u
/*
 * Limits for looks while all processes sleep: they take at most this fraction of the time, and are
 * never further apart than this.
 */
#define IDLE_SHARE 64
#define LATEST_SCAN_NS 40000000u
#define TICK_NS 10000000u /* USER_HZ is 100, also on a kernel with another CONFIG_HZ */
#define PAGE 4096u
#define FIRST_LOOK_NS 10000000u

static u32 processors;

/* The number of CPUs that the program may use at once. */
static u32 count_processors(void) {
  u64 mask[16];
  u32 count = 0;
  long bytes = sys(sched_getaffinity, 0, sizeof mask, mask);
  for (long i = 0; i < bytes / 8; i++)
    for (u64 bits = mask[i]; bits; bits &= bits - 1) count++;
  return count ? count : 1;
}

/*
 * Whether /proc is that of the PID namespace around the box (src/rootfs/fallbacks.ts). Then it has
 * other numbers, and processes that are not the box's.
 */
static int outer;

static long read_text(int directory, const char *name, char *text, long size) {
  long fd = sys(openat, directory, name, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  long length = sys(read, fd, text, size - 1);
  sys(close, fd);
  text[length > 0 ? length : 0] = 0;
  return length;
}

/* The fields of /proc/PID/stat that follow the command name: state is field 3. */
static void add_stat(struct watched *sum, const char *text) {
  const char *c = text, *after = 0;
  for (; *c; c++)
    if (*c == ')') after = c; /* the name itself may contain brackets */
  if (!after) return;
  c = after + 4;
  u64 value = 0;
  for (int field = 4; field <= 24 && *c; field++) {
    if (*c == '-') c++;
    if (!parse_number(&c, &value)) return;
    int is_time = field == 16 || field == 17;        /* of its children */
    if (field == 14 || field == 15) is_time = outer; /* its own, in ticks; or its clock is read */
    if (is_time) sum->cpu_ns += value * TICK_NS;
    if (field == 20) sum->processes += (u32)value;                  /* threads */
    if (field == 24) sum->memory += value * PAGE;
    if (*c == ' ') c++;
  }
}

/* Writes a number and a text to `to`, which has room for both. */
static void join(char *to, u64 number, const char *text) {
  char digits[20];
  int length = 0;
  do digits[length++] = (char)('0' + number % 10);
  while (number /= 10);
  while (length) *to++ = digits[--length];
  while ((*to++ = *text++)) {
  }
}

static void add_process(struct watched *sum, u64 number) {
  char name[32], text[1024];
  join(name, number, "/stat");
  if (read_text(INIT_PROC, name, text, sizeof text) <= 0) return;
  add_stat(sum, text);
  struct time used;
  /* The CPU clock of a process, see clock_getcpuclockid(3). */
  s32 clock = (s32)(~(u32)number << 3 | 2);
  if (!outer && sys(clock_gettime, clock, &used) == 0)
    sum->cpu_ns += (u64)used.seconds * 1000000000u + (u64)used.nanoseconds;
}

struct entry {
  u64 inode, offset;
  u16 length;
  u8 type;
  char name[];
};

/* Files in the box's tmpfs are memory too, and belong to no process. */
static u64 scratch_bytes(void) {
  static const char *const places[] = {"/box", "/tmp", "/dev/shm"};
  struct { u64 type, block_size, blocks, free, rest[11]; } info;
  u64 sum = 0;
  for (u32 i = 0; i < sizeof places / sizeof *places; i++)
    if (sys(statfs, places[i], &info) == 0 && info.type == TMPFS_MAGIC)
      sum += (info.blocks - info.free) * info.block_size;
  return sum;
}

/*
 * Does not count what was in the tmpfs before the program: as in a cgroup, the process that writes
 * a page is charged.
 */
static u64 written_bytes(struct program *program) {
  u64 now = scratch_bytes();
  if (now < program->scratch) program->scratch = now;
  return now - program->scratch;
}

/*
 * Calls `found` with the number of each entry of a directory that is a number. `directory` stays
 * the caller's.
 */
static void each_number(int directory, void (*found)(void *context, u64 number), void *context) {
  u8 entries[4096];
  long length;
  while ((length = sys(getdents64, directory, entries, sizeof entries)) > 0)
    for (long at = 0; at < length; at += ((struct entry *)(entries + at))->length) {
      const char *name = ((struct entry *)(entries + at))->name;
      u64 number;
      if (parse_number(&name, &number) && !*name) found(context, number);
    }
}

/* All descendants of init, which are all processes of the box, from parents to children. */
#define MOST_IN_TREE 16384
static struct { u32 count, pids[MOST_IN_TREE]; } tree;

/* A process may get another parent while they are read, but it counts once. */
static void add_to_tree(u32 pid) {
  for (u32 i = 0; i < tree.count; i++)
    if (tree.pids[i] == pid) return;
  if (tree.count < MOST_IN_TREE) tree.pids[tree.count++] = pid;
}

/* Adds the children of one thread. `task`: the directory of the threads of its process. */
static void add_children(void *task, u64 thread) {
  char name[32], text[4096];
  long fd, length, kept = 0;
  join(name, thread, "/children");
  fd = sys(openat, *(int *)task, name, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return;
  while ((length = sys(read, fd, text + kept, sizeof text - 1 - kept)) > 0) {
    const char *at = text, *number = text; /* a number ends with a space; the rest is kept */
    u64 pid;
    length += kept;
    text[length] = 0;
    while (parse_number(&at, &pid) && *at == ' ') {
      add_to_tree((u32)pid);
      number = ++at;
    }
    kept = text + length - number;
    for (long i = 0; i < kept; i++) text[i] = number[i];
    if (kept >= 20) break; /* this is not a number */
  }
  sys(close, fd);
}

static void grow_tree(u32 pid) {
  char name[32];
  join(name, pid, "/task");
  int task = (int)sys(openat, INIT_PROC, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (task < 0) return; /* it has ended */
  each_number(task, add_children, &task);
  sys(close, task);
}

/* The number of init in the outer /proc; 0 in its own, where it is 1. */
static u32 outer_number(void) {
  char text[32];
  const char *at = text;
  u64 number = 0;
  long length = sys(readlinkat, INIT_PROC, "self", text, sizeof text - 1);
  text[length > 0 ? length : 0] = 0;
  return parse_number(&at, &number) && number != 1 ? (u32)number : 0;
}

static void add_to_sum(void *sum, u64 number) {
  if (number != 1) add_process(sum, number);
}

static void add_tree(struct watched *sum) {
  tree.count = 0;
  grow_tree(outer_number());
  for (u32 i = 0; i < tree.count; i++) {
    add_process(sum, tree.pids[i]);
    grow_tree(tree.pids[i]);
  }
}

static struct watched scan(struct program *program) {
  struct watched sum = {0, 0, 0};
  sum.memory = written_bytes(program);
  if (outer) add_tree(&sum);
  else {
    sys(lseek, INIT_PROC, 0, 0);
    each_number(INIT_PROC, add_to_sum, &sum);
  }
  return sum;
}

static struct watched before;
/* Whether the last look found the same as the one before it, and how long it took. */
static int idle;
static u64 look_ns;

static void update(struct program *program) {
  u64 began = now_ns();
  struct watched now = scan(program);
  struct ended *ended = &program->ended;
  look_ns = now_ns() - began;
  idle = now.cpu_ns == before.cpu_ns && now.memory == before.memory && now.processes == before.processes;
  before = now;
  now.cpu_ns += (ended->user_us + ended->system_us) * 1000;
  if (program->how) now.processes++; /* the program itself, which has just ended */
  if (now.cpu_ns > ended->watched_cpu_ns) ended->watched_cpu_ns = now.cpu_ns;
  if (now.memory > ended->watched_memory) ended->watched_memory = now.memory;
  if (now.processes > ended->watched_processes) ended->watched_processes = now.processes;
}

static u64 read_cpu_file(u8 cpu, enum cpu_source source) {
  char text[256];
  const char *c = text;
  u64 value = 0;
  long length = sys(pread64, INIT_FIRST_KEPT + cpu, text, sizeof text - 1, 0);
  if (length <= 0) return 0;
  text[length] = 0;
  while (source == CPU_STAT && *c && *c != ' ') c++; /* "usage_usec N" is the first line */
  if (*c == ' ') c++;
  parse_number(&c, &value);
  return source == CPU_STAT ? value * 1000 : value;
}

u64 watch_cpu(struct program *program) {
  const struct launch *launch = &program->launch;
  if (launch->watch || launch->cpu_source == CPU_SCAN) update(program);
  if (launch->cpu_source == CPU_SCAN) return program->ended.watched_cpu_ns;
  return launch->cpu_source == CPU_NONE ? 0 : read_cpu_file(program->prepare.cpu, launch->cpu_source);
}

static u64 next_scan(void) {
  if (!idle || look_ns * IDLE_SHARE < SCAN_NS) return SCAN_NS;
  return look_ns * IDLE_SHARE < LATEST_SCAN_NS ? look_ns * IDLE_SHARE : LATEST_SCAN_NS;
}

static u64 earlier(u64 a, u64 b) { return a && a < b ? a : b; }

/* When to look at the page cache next, or 0: never. A program that has just begun has none. */
static u64 next_look(struct program *program, u64 now) {
  if (program->prepare.memory == PLAN_NO_SLOT) return 0;
  u64 wait = now > program->ended.started_ns ? page_cache_look(program) : FIRST_LOOK_NS;
  return wait ? now + wait : 0;
}

void watch_check(struct program *program, u64 now) {
  const struct launch *launch = &program->launch;
  u64 next = 0, wall_end = program->ended.started_ns + launch->wall_limit_ns;
  if (program->next_check == 0 || now < program->next_check) return;

  u64 cpu = watch_cpu(program);
  if (launch->cpu_limit_ns && cpu >= launch->cpu_limit_ns) program->cause = CAUSE_CPU;
  else if (launch->memory_limit && program->ended.watched_memory > launch->memory_limit) program->cause = CAUSE_MEMORY;
  else if (launch->wall_limit_ns && now >= wall_end) program->cause = CAUSE_WALL;

  if (launch->wall_limit_ns) next = wall_end;
  if (launch->cpu_limit_ns && cpu < launch->cpu_limit_ns) {
    u64 left = (launch->cpu_limit_ns - cpu) / processors;
    next = earlier(next, now + (left > EARLIEST_NS ? left : EARLIEST_NS));
  }
  if (launch->watch) next = earlier(next, now + next_scan());
  u64 look = next_look(program, now);
  program->next_check = look ? earlier(next, look) : next;
}

/* Opens /proc, unless a plan put a proc of init's own there: /proc of the box may be anything. */
static void open_proc(void) {
  if (sys(fcntl, INIT_PROC, F_GETFD) >= 0) return;
  long fd = sys(openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd >= 0 && fd != INIT_PROC) {
    sys(dup3, fd, INIT_PROC, O_CLOEXEC);
    sys(close, fd);
  }
}

void watch_start(struct program *program) {
  if (!processors) processors = count_processors();
  if (program->launch.watch || program->launch.cpu_source == CPU_SCAN) {
    open_proc();
    outer = outer_number() != 0;
  }
  program->next_check = 1;
  if (program->launch.watch) program->scratch = scratch_bytes();
  watch_check(program, program->ended.started_ns);
}

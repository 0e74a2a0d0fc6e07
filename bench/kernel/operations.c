/*
 * operations KIND BURSTS COUNT [PROGRAM [ARGUMENT ...]]: does one operation COUNT times a
 * burst, and prints the time of one in ns: the minimum, the median and the 90th percentile of the
 * bursts. Everything runs on one CPU, but `compute`. The same program runs natively, in the kernel
 * of glassbox and in runsc.
 *
 * `threads` is different: COUNT is how many threads compute at the same time, and a burst is the
 * time of all. `spawn` starts the program that is named, with its output thrown away.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define LONG (64 * 1024)
#define MOST_PAGES 4096

static char bytes[LONG];
static int file, to_child[2], from_child[2];
static int turn;
static pid_t self;
static char *pages;
static char **program;
static posix_spawn_file_actions_t silent;

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void stay_here(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void open_file(void) {
  file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  if (file < 0 || write(file, bytes, LONG) != LONG) fail("a file in /tmp");
}

/* The other side of a pipe: a process that answers each byte with one. */
static void start_echo(void) {
  char byte;
  if (pipe(to_child) || pipe(from_child)) fail("pipe");
  if (fork()) {
    close(to_child[0]);
    return;
  }
  close(to_child[1]);
  while (read(to_child[0], &byte, 1) == 1) write(from_child[1], &byte, 1);
  _exit(0);
}

static void wait_for_turn(int mine) {
  while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != mine)
    syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL);
}

static void give_turn(int to) {
  __atomic_store_n(&turn, to, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
}

static void *answer_turns(void *unused) {
  (void)unused;
  for (;;) wait_for_turn(1), give_turn(0);
  return unused;
}

static void start_answering(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, answer_turns, NULL)) fail("pthread_create");
}

static void ignore(int signal) { (void)signal; }

static void catch_signal(void) {
  self = getpid();
  signal(SIGUSR1, ignore);
}

static void open_null(void) {
  posix_spawn_file_actions_init(&silent);
  posix_spawn_file_actions_addopen(&silent, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&silent, 2, "/dev/null", O_WRONLY, 0);
}

static void map_anonymous(int count) {
  pages = mmap(NULL, (size_t)count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(pages, (size_t)count * PAGE, MADV_NOHUGEPAGE);
}

static void map_file(int count) {
  static int sized;
  if (!sized && ftruncate(file, MOST_PAGES * PAGE)) fail("ftruncate");
  for (int i = 0; !sized && i < MOST_PAGES; i++) pwrite(file, "x", 1, (off_t)i * PAGE);
  sized = 1;
  pages = mmap(NULL, (size_t)count * PAGE, PROT_READ, MAP_SHARED, file, 0);
}

/* Pages that a child which waits shares: each write is a copy. */
static void share_pages(int count) {
  map_anonymous(count);
  memset(pages, 1, (size_t)count * PAGE);
  if (pipe(to_child)) fail("pipe");
  char byte;
  if (fork() == 0) {
    close(to_child[1]);
    _exit(read(to_child[0], &byte, 1) < 0);
  }
  close(to_child[0]);
  /* The child waits when the parent goes on. */
  usleep(5000);
}

static void unmap(int count) { munmap(pages, (size_t)count * PAGE); }

static void unshare_pages(int count) {
  unmap(count);
  close(to_child[1]);
  wait(NULL);
}

static int get_pid(int i) { (void)i; return syscall(SYS_getpid) > 0; }
static int read_byte(int i) { (void)i; return pread(file, bytes, 1, 0) == 1; }
static int read_long(int i) { (void)i; return pread(file, bytes, LONG, 0) == LONG; }
static int write_byte(int i) { (void)i; return pwrite(file, bytes, 1, 0) == 1; }
static int write_long(int i) { (void)i; return pwrite(file, bytes, LONG, 0) == LONG; }

static int open_and_close(int i) {
  (void)i;
  int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  return fd >= 0 && close(fd) == 0;
}

static int stat_file(int i) {
  struct stat found;
  (void)i;
  return stat("/etc/passwd", &found) == 0;
}

static int ping_pong(int i) {
  (void)i;
  return write(to_child[1], bytes, 1) == 1 && read(from_child[0], bytes, 1) == 1;
}

static int take_turns(int i) {
  (void)i;
  give_turn(1);
  wait_for_turn(0);
  return 1;
}

static int kill_self(int i) { (void)i; return kill(self, SIGUSR1) == 0; }

static int touch_page(int i) {
  ((volatile char *)pages)[(size_t)i * PAGE] = 2;
  return 1;
}

static int look_at_page(int i) { return ((volatile char *)pages)[(size_t)i * PAGE] != 2; }

static int fork_and_exit(int i) {
  int status = 1;
  (void)i;
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  return waitpid(pid, &status, 0) == pid && status == 0;
}

static int fork_and_execute(int i) {
  int status = 1;
  (void)i;
  pid_t pid = fork();
  if (pid == 0) {
    execl("/bin/true", "true", (char *)NULL);
    _exit(127);
  }
  return waitpid(pid, &status, 0) == pid && status == 0;
}

static int spawn(int i) {
  int status = 1;
  pid_t pid;
  (void)i;
  return posix_spawnp(&pid, program[0], &silent, NULL, program, environ) == 0 &&
         waitpid(pid, &status, 0) == pid && status == 0;
}

/* One operation. `before` and `after` are done once a burst, outside its time. */
static const struct kind {
  const char *name;
  int (*once)(int i);
  void (*start)(void);
  void (*before)(int count);
  void (*after)(int count);
} kinds[] = {
    {"getpid", get_pid, 0, 0, 0},
    {"read-1", read_byte, open_file, 0, 0},
    {"read-64k", read_long, open_file, 0, 0},
    {"write-1", write_byte, open_file, 0, 0},
    {"write-64k", write_long, open_file, 0, 0},
    {"open", open_and_close, 0, 0, 0},
    {"stat", stat_file, 0, 0, 0},
    {"pipe", ping_pong, start_echo, 0, 0},
    {"futex", take_turns, start_answering, 0, 0},
    {"signal", kill_self, catch_signal, 0, 0},
    {"fault-anonymous", touch_page, 0, map_anonymous, unmap},
    {"fault-file", look_at_page, open_file, map_file, unmap},
    {"fault-copy", touch_page, 0, share_pages, unshare_pages},
    {"fork", fork_and_exit, 0, 0, 0},
    {"fork-exec", fork_and_execute, 0, 0, 0},
    {"spawn", spawn, open_null, 0, 0},
};

static void *compute(void *unused) {
  volatile unsigned long sum = 0;
  for (unsigned long i = 0; i < 150000000; i++) sum += i * i;
  return unused;
}

static void compute_together(int count) {
  pthread_t threads[8];
  for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, compute, NULL);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static void measure(const struct kind *kind, int count, double *time) {
  if (!kind) {
    long start = now();
    compute_together(count);
    *time = (double)(now() - start);
    return;
  }
  if (kind->before) kind->before(count);
  long start = now();
  for (int i = 0; i < count; i++)
    if (!kind->once(i)) fail(kind->name);
  *time = (double)(now() - start) / count;
  if (kind->after) kind->after(count);
}

int main(int words, char **word) {
  if (words < 4) return 2;
  const struct kind *kind = NULL;
  int bursts = atoi(word[2]), count = atoi(word[3]);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(word[1], kinds[i].name) == 0) kind = &kinds[i];
  if (bursts < 1 || count < 1 || count > (kind ? MOST_PAGES : 8)) return 2;
  if (!kind && strcmp(word[1], "threads") != 0) return 2;
  program = word + 4;
  if (kind) stay_here();
  if (kind && kind->start) kind->start();
  double *times = calloc((size_t)bursts, sizeof *times);
  for (int burst = 0; burst < bursts; burst++) measure(kind, count, &times[burst]);
  qsort(times, (size_t)bursts, sizeof *times, compare);
  printf("%.0f %.0f %.0f\n", times[0], times[bursts / 2], times[bursts * 9 / 10]);
  fflush(stdout);
  _exit(0);
}

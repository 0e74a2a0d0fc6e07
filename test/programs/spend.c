/* spend KIND MS: uses MS of CPU time in a way that is easily missed. Prints what it knows of it
 * itself, in microseconds: by getrusage(2) for kinds of one process. KIND: burn, system (in the
 * kernel), dodge (sleeps over each tick), yields (MS thousand of them), orphan (a grandchild that
 * nobody waits for), unwaited, ignored (SIGCHLD ignored), chain (waited children of 20 ms each),
 * lost (children of 20 ms each, SIGCHLD ignored), reexec (executes itself every 20 ms), threadexec
 * (the same by another thread), xcpu (handles SIGXCPU and goes on), nice (lowest priority), edge
 * (ends the moment that it has used MS), late (ends MS of wall time after its start), pause,
 * stdin, select (no CPU time at all), then-KIND (first MS of CPU time and 16 MiB, then: wait,
 * flood, memory, socket, spin). */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PART 20

static double clock_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double used(void) { return clock_ms(CLOCK_PROCESS_CPUTIME_ID); }

static void spin(double ms) {
  double end = used() + ms;
  while (used() < end)
    for (volatile int i = 0; i < 2000; i++) {
    }
}

static int tell(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%ld\n", (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  return 0;
}

static int in_kernel(double ms) {
  static char buffer[1 << 20];
  FILE *random = fopen("/dev/urandom", "r");
  while (used() < ms)
    if (fread(buffer, 1, sizeof buffer, random) == 0) return 3;
  return tell();
}

/* Ticks come every 1 to 10 ms of the clock: it works between them and sleeps over each. */
static int dodge(double ms) {
  while (used() < ms) {
    double now = clock_ms(CLOCK_MONOTONIC), tick = (double)((long)(now / 4) + 1) * 4;
    while (clock_ms(CLOCK_MONOTONIC) < tick - 0.3) {
    }
    struct timespec until = {(long)((tick + 0.3) / 1e3), 0};
    until.tv_nsec = (long)((tick + 0.3 - until.tv_sec * 1e3) * 1e6);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  }
  return tell();
}

static void *yield(void *count) {
  for (long i = *(long *)count; i > 0; i--) sched_yield();
  return NULL;
}

static int yields(long thousand) {
  long half = thousand * 500;
  pthread_t other;
  if (pthread_create(&other, NULL, yield, &half)) return 3;
  yield(&half);
  pthread_join(other, NULL);
  return tell();
}

/* The children that work hold the writing end: its end is theirs, without any wait(2). */
static int ends[2];
static void await_end(void) {
  char byte;
  close(ends[1]);
  while (read(ends[0], &byte, 1) > 0) {
  }
}

static void child(double ms, int depth) {
  if (fork()) return;
  if (depth > 0) {
    child(ms, depth - 1);
    _exit(0);
  }
  spin(ms);
  _exit(0);
}

static int by_children(double ms, int depth, int ignore) {
  if (ignore) signal(SIGCHLD, SIG_IGN);
  if (pipe(ends)) return 3;
  child(ms / 2, depth);
  child(ms / 2, depth);
  await_end();
  return 0;
}

static int one_by_one(double ms, int ignore) {
  if (ignore) signal(SIGCHLD, SIG_IGN);
  for (double done = 0; done < ms; done += PART) {
    if (pipe(ends)) return 3;
    child(PART, 0);
    await_end();
    close(ends[0]);
    if (!ignore) wait(NULL);
  }
  return 0;
}

static char **again;
static void *execute(void *unused) {
  execv("/proc/self/exe", again);
  return unused;
}

/* Each image uses a part and counts what is left down in its argument. */
static int reexec(char **argv, int by_thread) {
  long left = atol(argv[2]);
  double end = used() + PART;
  while (used() < end) {
  }
  if (left <= PART) return tell();
  char rest[32];
  snprintf(rest, sizeof rest, "%ld", left - PART);
  argv[2] = rest;
  again = argv;
  if (!by_thread) execute(NULL);
  pthread_t thread;
  if (pthread_create(&thread, NULL, execute, NULL)) return 3;
  pthread_join(thread, NULL);
  return 4;
}

static void ignore_it(int signal) { (void)signal; }

static int despite_xcpu(double ms) {
  struct rlimit own = {1, RLIM_INFINITY};
  signal(SIGXCPU, ignore_it);
  setrlimit(RLIMIT_CPU, &own);
  raise(SIGXCPU);
  spin(ms);
  return 0;
}

static int lowest(double ms) {
  struct sched_param none = {0};
  setpriority(PRIO_PROCESS, 0, 19);
  sched_setscheduler(0, SCHED_IDLE, &none);
  spin(ms);
  return 0;
}

static int edge(double ms) {
  while (used() < ms) {
  }
  _exit(0);
}

static int late(long ms) {
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
  _exit(0);
}

static void touch(size_t mib) {
  char *at = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (size_t i = 0; i < mib << 20; i += 4096) at[i] = 1;
}

static int then(const char *what, double ms) {
  static char block[65536];
  touch(16);
  while (used() < ms) {
  }
  write(1, "spent\n", 6);
  if (!strcmp(what, "wait")) for (;;) pause();
  if (!strcmp(what, "flood")) for (;;) write(1, block, sizeof block);
  if (!strcmp(what, "memory")) touch(1000);
  if (!strcmp(what, "socket")) socket(AF_INET, SOCK_STREAM, 0);
  if (!strcmp(what, "spin")) for (;;) {}
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const char *kind = argv[1];
  double ms = atof(argv[2]);
  char byte;
  if (!strcmp(kind, "burn")) return spin(ms), tell();
  if (!strcmp(kind, "system")) return in_kernel(ms);
  if (!strcmp(kind, "dodge")) return dodge(ms);
  if (!strcmp(kind, "yields")) return yields((long)ms);
  if (!strcmp(kind, "orphan")) return by_children(ms, 1, 0);
  if (!strcmp(kind, "unwaited")) return by_children(ms, 0, 0);
  if (!strcmp(kind, "ignored")) return by_children(ms, 0, 1);
  if (!strcmp(kind, "chain")) return one_by_one(ms, 0);
  if (!strcmp(kind, "lost")) return one_by_one(ms, 1);
  if (!strcmp(kind, "reexec")) return reexec(argv, 0);
  if (!strcmp(kind, "threadexec")) return reexec(argv, 1);
  if (!strcmp(kind, "xcpu")) return despite_xcpu(ms);
  if (!strcmp(kind, "nice")) return lowest(ms);
  if (!strcmp(kind, "edge")) return edge(ms);
  if (!strcmp(kind, "late")) return late((long)ms);
  if (!strcmp(kind, "pause")) return pause();
  if (!strcmp(kind, "stdin")) return read(0, &byte, 1) < 0;
  if (!strcmp(kind, "select")) return select(0, NULL, NULL, NULL, NULL);
  if (!strncmp(kind, "then-", 5)) return then(kind + 5, ms);
  return 99;
}

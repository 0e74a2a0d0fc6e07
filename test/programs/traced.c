/*
 * What a tracer must tell rightly: traced CASE [ARGUMENT]. Each case says in its comment what
 * happens, in which order.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *self;
static char *argument;

/* A call that nothing else makes: a mark between the parts of a case. */
static void mark(long n) { syscall(SYS_umask, n); }

static void *exec_in_thread(void *unused) {
  for (int i = 0; i < 200; i++) getppid();
  if (strcmp(argument, "0")) execl(self, self, argument, NULL);
  execl("/bin/true", "true", NULL);
  return unused;
}

/*
 * Another thread than the leader executes /bin/true, or the case ARGUMENT, while a third sleeps.
 */
static void *sleep_long(void *unused) {
  sleep(100);
  return unused;
}
static int thread_exec(void) {
  pthread_t a, b;
  pthread_create(&a, NULL, sleep_long, NULL);
  pthread_create(&b, NULL, exec_in_thread, NULL);
  pause();
  return 1;
}

/* A vfork child makes getppid and ends with 3; the parent ends with 4. */
static int vforks(void) {
  pid_t child = vfork();
  if (child == 0) {
    syscall(SYS_getppid);
    _exit(3);
  }
  int status;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status) + 1;
}

/* A grandchild that lives on when its parent is dead, and ends with 7. */
static int orphan(void) {
  if (fork() == 0) {
    if (fork() == 0) {
      usleep(50000);
      _exit(7);
    }
    _exit(0);
  }
  wait(NULL);
  return 0;
}

/* Signals to itself, with a value, and by int3; all are handled. */
static void on_signal(int signal) { (void)signal; }
static int signals(void) {
  signal(SIGUSR1, on_signal);
  signal(SIGTRAP, on_signal);
  union sigval value = {.sival_int = 1234};
  sigqueue(getpid(), SIGUSR1, value);
  raise(SIGTRAP);
  __asm__ volatile("int3");
  return 0;
}

/* Stops itself, and ends with 5 when it is continued. */
static int stops(void) {
  raise(SIGSTOP);
  mark(1);
  return 5;
}

/* Sleeps for a second, in pieces where it is stopped meanwhile. */
static int sleeps(void) {
  struct timespec second = {0, 600000000};
  return nanosleep(&second, NULL) != 0;
}

/* getpid by the number of x32. */
static int faces(void) {
  mark(1);
  syscall(0x40000000 | SYS_getpid);
  mark(2);
  return 0;
}

/* getpid by int 0x80. */
static int narrow(void) {
  long result;
  mark(1);
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20), "b"(1), "c"(2) : "memory");
  mark(2);
  return result != getpid();
}

/*
 * F_GETOWN of a process group gives a negative number that is no error, where the number is above
 * 4095.
 */
static int negative(void) {
  int fd[2];
  pipe(fd);
  fcntl(fd[0], F_SETOWN, -getpgrp());
  syscall(SYS_fcntl, fd[0], F_GETOWN);
  return 0;
}

/*
 * Opens a path that ends with a page, behind which there is nothing; and one that crosses two
 * pages.
 */
static int edges(void) {
  char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(pages + 2 * 4096, 4096);
  char *last = pages + 2 * 4096 - sizeof "/at/the/end";
  memcpy(last, "/at/the/end", sizeof "/at/the/end");
  syscall(SYS_openat, AT_FDCWD, last, O_RDONLY, 0);
  char *across = pages + 4096 - 4;
  memcpy(across, "/acr/oss", sizeof "/acr/oss");
  syscall(SYS_openat, AT_FDCWD, across, O_RDONLY, 0);
  syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY, 0);
  syscall(SYS_openat, AT_FDCWD, pages + 2 * 4096, O_RDONLY, 0);
  mprotect(pages, 4096, PROT_NONE);
  syscall(SYS_openat, AT_FDCWD, pages, O_RDONLY, 0);
  return 0;
}

/* Twenty pieces with one writev. */
static int vectors(void) {
  struct iovec parts[20];
  for (int i = 0; i < 20; i++) parts[i] = (struct iovec){"0123456789abcdefghij" + i, 1};
  int fd = open("/dev/null", O_WRONLY);
  return writev(fd, parts, 20) != 20;
}

/* What tampering makes of it: prints the results as the program sees them. */
static int sees(void) {
  char text[16] = "as it was";
  printf("%d ", getppid() == 4242);
  errno = 0;
  printf("%d ", open("/etc/hostname", O_RDONLY) == -1 && errno == EPERM);
  printf("%d ", (int)syscall(SYS_umask, 022) == 77);
  mark(5);
  printf("%s ", text);
  syscall(SYS_pwrite64, -1, text, 4, 0);
  printf("%s ", text);
  fflush(stdout);
  return 0;
}

/*
 * The mask as the program sees it: number of CPUs by sched_getaffinity, and by /proc/self/status,
 * itself and in a child.
 */
static void show_mask(void) {
  char line[256];
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  FILE *status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status))
    if (!strncmp(line, "Cpus_allowed:", 13)) printf("%d %d\n", CPU_COUNT(&set), __builtin_popcountl(strtoul(line + 14, NULL, 16)));
  fclose(status);
  fflush(stdout);
}
static int masks(void) {
  for (int i = 0; i < 200; i++) getppid();
  show_mask();
  if (fork() == 0) {
    for (int i = 0; i < 200; i++) getppid();
    show_mask();
    _exit(0);
  }
  wait(NULL);
  if (syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0) == 0) {
    show_mask();
    _exit(0);
  }
  wait(NULL);
  return 0;
}

/*
 * Ten thousand calls; prints how often it stood still by itself: each stop of a tracer's is one of
 * these.
 */
static int switches(void) {
  char line[256];
  for (int i = 0; i < 10000; i++) syscall(SYS_getppid);
  FILE *status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status))
    if (!strncmp(line, "voluntary_ctxt_switches:", 24)) printf("%d", atoi(line + 24));
  return 0;
}

/* ARGUMENT threads that sleep until the last is there; then all end. */
static pthread_barrier_t barrier;
static void *meet(void *unused) {
  pthread_barrier_wait(&barrier);
  return unused;
}
static int threads(void) {
  int count = atoi(argument);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  pthread_t *all = calloc(count, sizeof *all);
  pthread_barrier_init(&barrier, NULL, count + 1);
  for (int i = 0; i < count; i++)
    if (pthread_create(&all[i], &small, meet, NULL)) return 1;
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < count; i++) pthread_join(all[i], NULL);
  return 0;
}

/* The leader ends; another thread goes on, and ends all with 7. */
static void *after_leader(void *unused) {
  usleep(50000);
  exit(7);
  return unused;
}
static int leader_ends(void) {
  pthread_t other;
  pthread_create(&other, NULL, after_leader, NULL);
  syscall(SYS_exit, 0);
  return 0;
}

/*
 * Four threads make calls without end; after ARGUMENT microseconds the leader ends all of them
 * with 6. With the argument "traced" that is some time after somebody has become the leader's
 * tracer.
 */
static void *busy(void *unused) {
  for (;;) syscall(SYS_getppid);
  return unused;
}
/* 32 processes of one group send each other signals without end. */
static void nothing(int signal) {}
static int bombard(void) {
  signal(SIGUSR1, nothing);
  setpgid(0, 0);
  for (int i = 0; i < 31; i++)
    if (fork() == 0) break;
  for (;;) kill(0, SIGUSR1);
}

static int is_traced(void) {
  char text[2048];
  int fd = open("/proc/self/status", O_RDONLY);
  long length = read(fd, text, sizeof text - 1);
  close(fd);
  text[length > 0 ? length : 0] = 0;
  char *tracer = strstr(text, "TracerPid:");
  return tracer && atoi(tracer + 10);
}
static int busy_end(void) {
  pthread_t other;
  for (int i = 0; i < 4; i++) pthread_create(&other, NULL, busy, NULL);
  for (int tries = 0; !strcmp(argument, "traced") && !is_traced() && tries < 3000; tries++) usleep(10000);
  usleep(atoi(argument) ? atoi(argument) : 30000);
  return 6;
}

/* ARGUMENT children, one after another. */
static int children(void) {
  for (int i = 0; i < atoi(argument); i++) {
    pid_t child = fork();
    if (child == 0) _exit(i & 127);
    waitpid(child, NULL, 0);
  }
  return 0;
}

/*
 * Two processes compute for ARGUMENT ms each, at the same time; exit 0 where they had two CPUs
 * (wall time well below the sum).
 */
static double now(clockid_t clock) {
  struct timespec time;
  syscall(SYS_clock_gettime, clock, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}
static void compute(double ms) {
  volatile unsigned long n = 0;
  do
    /* a millisecond at least: a call in between is seldom on any machine */
    for (int i = 0; i < 4000000; i++) n += i;
  while (now(CLOCK_PROCESS_CPUTIME_ID) < ms);
}
static int parallel(void) {
  double start = now(CLOCK_MONOTONIC), ms = atof(argument);
  if (fork() == 0) {
    compute(ms);
    _exit(0);
  }
  compute(ms);
  wait(NULL);
  printf("%.0f\n", now(CLOCK_MONOTONIC) - start);
  return 0;
}

/* A vfork child that never executes anything. */
static int vfork_hangs(void) {
  if (vfork() == 0) {
    mark(1);
    for (;;) pause();
  }
  return 0;
}

/* Kills itself with SIGKILL inside a call. */
static int kills_itself(void) {
  kill(getpid(), SIGKILL);
  return 0;
}

/* Makes calls without end, for whoever kills or lets it go. */
static int loops(void) {
  for (;;) {
    syscall(SYS_getppid);
    usleep(1000);
  }
}

/*
 * A child in a session of its own, and its child in a group of its own, make calls without end;
 * the first parent is dead by then.
 */
static int leaves_group(void) {
  if (fork()) return 0;
  setsid();
  if (fork() == 0) setpgid(0, 0);
  alarm(20);
  return loops();
}

/* Forks and makes calls without end, eight processes at most. */
static int storm(void) {
  for (int i = 0; i < 7; i++)
    if (fork() == 0) break;
  for (;;) {
    if (fork() == 0) {
      syscall(SYS_getppid);
      _exit(0);
    }
    wait(NULL);
  }
}

/*
 * A chain of ARGUMENT processes: each forks the next, one that ends at once, and a thread, and
 * waits. All are over after 20 s.
 */
static int brood(void) {
  for (int left = atoi(argument); left > 0; left--) {
    pid_t child = fork();
    if (child < 0) break;
    alarm(20);
    if (child == 0) continue;
    if (fork() == 0) _exit(0);
    pthread_t thread;
    pthread_create(&thread, NULL, sleep_long, NULL);
    break;
  }
  for (;;) pause();
}

/*
 * Opens a file by a path in a page that a descriptor of userfaultfd is to provide, which never
 * happens: blocked for 20 s, unless it is killed. Meanwhile a child makes getppid without end.
 * ARGUMENT: "device" asks /dev/userfaultfd; "later" waits for a tracer before the path; "probe"
 * and "probe-device" end before the path. 77: there is no userfaultfd.
 */
static int user_fault(void) {
  int by_device = strstr(argument, "device") != NULL;
  int fd = by_device ? ioctl(open("/dev/userfaultfd", O_RDWR | O_CLOEXEC), USERFAULTFD_IOC_NEW, O_CLOEXEC)
                     : syscall(SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = {.api = UFFD_API};
  if (fd < 0 || ioctl(fd, UFFDIO_API, &api)) return 77;
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register missing = {.range = {(uint64_t)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(fd, UFFDIO_REGISTER, &missing)) return 77;
  if (!strncmp(argument, "probe", 5)) return 0;
  alarm(20);
  if (fork() == 0) {
    alarm(20);
    return loops();
  }
  if (!strcmp(argument, "later")) {
    sigset_t told;
    sigemptyset(&told);
    sigaddset(&told, SIGUSR1);
    sigprocmask(SIG_BLOCK, &told, NULL);
    while (sigwaitinfo(&told, NULL) < 0) {}
  }
  open("/etc/hostname", O_RDONLY);
  syscall(SYS_openat, AT_FDCWD, page, O_RDONLY);
  return 0;
}

static const struct {
  const char *name;
  int (*run)(void);
} cases[] = {
    {"thread-exec", thread_exec}, {"vforks", vforks},           {"orphan", orphan},
    {"signals", signals},         {"stops", stops},             {"sleeps", sleeps},
    {"faces", faces},             {"negative", negative},       {"edges", edges},
    {"narrow", narrow},
    {"vectors", vectors},         {"sees", sees},               {"masks", masks},
    {"threads", threads},         {"leader-ends", leader_ends}, {"busy-end", busy_end},
    {"children", children},       {"parallel", parallel},       {"vfork-hangs", vfork_hangs},
    {"kills-itself", kills_itself}, {"loops", loops},           {"storm", storm},
    {"switches", switches},         {"brood", brood},
    {"bombard", bombard},           {"leaves-group", leaves_group},
    {"user-fault", user_fault},
};

int main(int count, char **values) {
  self = values[0];
  argument = count > 2 ? values[2] : "0";
  for (size_t i = 0; count > 1 && i < sizeof cases / sizeof *cases; i++)
    if (!strcmp(cases[i].name, values[1])) return cases[i].run();
  return 125;
}

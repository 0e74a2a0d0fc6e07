/* Clocks, sleeps, timers of all kinds, and futexes. */
#define _GNU_SOURCE
#include "task-report.h"
#include "asleep.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>

static volatile int ticks, value, overrun;
static int words[4];

static void tick(int signal) { ticks++; }
static void timed(int signal, siginfo_t *info, void *context) {
  ticks++;
  value = info->si_code == SI_TIMER ? info->si_value.sival_int : -1;
  if (info->si_overrun > overrun) overrun = info->si_overrun;
}

static void clocks(void) {
  struct timespec one, two;
  for (int id = 0; id < 12; id++) {
    char name[32];
    snprintf(name, sizeof name, "clock %d", id);
    long result = syscall(SYS_clock_gettime, id, &one);
    if (id == 8 || id == 9 || id == 10) continue;
    report(name, result);
    report("its resolution", syscall(SYS_clock_getres, id, 0));
  }
  report("clock 99", syscall(SYS_clock_gettime, 99, &one));
  report("clock at a bad address", syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 16));
  clock_gettime(CLOCK_MONOTONIC, &one);
  clock_gettime(CLOCK_MONOTONIC, &two);
  fact("time goes on", two.tv_sec * 1e9 + two.tv_nsec >= one.tv_sec * 1e9 + one.tv_nsec);
  for (volatile int i = 0; i < 3000000; i++);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &one);
  fact("CPU time", one.tv_sec > 0 || one.tv_nsec > 500000);
  clockid_t id;
  report("clock of a process", clock_getcpuclockid(getpid(), &id));
  report("read", clock_gettime(id, &one));
  struct tms used;
  fact("times", times(&used) != -1 && used.tms_utime >= 0);
}

static void sleeps(void) {
  struct timespec time = {0, 1000000000}, now;
  report("nanosleep of too many nanoseconds", nanosleep(&time, 0));
  time.tv_nsec = 5000000;
  report("nanosleep", nanosleep(&time, 0));
  report("clock that is none", -syscall(SYS_clock_nanosleep, 99, 0, &time, 0) ? -1 : 0);
  clock_gettime(CLOCK_REALTIME, &now);
  report("until a time that was", syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &now, 0));
  clock_gettime(CLOCK_MONOTONIC, &now);
  now.tv_nsec += 5000000;
  if (now.tv_nsec >= 1000000000) now.tv_sec++, now.tv_nsec -= 1000000000;
  report("until a time to come", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &now, 0));
  report("bad address", nanosleep((void *)16, 0));
}

static void set(int signal, void *handler, int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = (void (*)(int, siginfo_t *, void *))handler;
  action.sa_flags = flags;
  sigaction(signal, &action, 0);
}

static void timers(void) {
  set(SIGALRM, tick, SA_RESTART);
  struct itimerval interval = {{0, 5000}, {0, 5000}}, old;
  report("setitimer", setitimer(ITIMER_REAL, &interval, 0));
  while (ticks < 3);
  memset(&interval, 0, sizeof interval);
  report("off", setitimer(ITIMER_REAL, &interval, &old));
  printf("its interval %ld\n", (long)old.it_interval.tv_usec);
  report("setitimer of none", setitimer(9, &interval, 0));
  interval.it_value.tv_usec = 1000000;
  report("too many microseconds", setitimer(ITIMER_REAL, &interval, 0));
  printf("alarm %d", alarm(100));
  printf(" %d", alarm(50));
  printf(" %d\n", alarm(0));
  ticks = 0;
  set(SIGVTALRM, tick, 0);
  set(SIGPROF, tick, 0);
  interval = (struct itimerval){{0, 0}, {0, 10000}};
  setitimer(ITIMER_VIRTUAL, &interval, 0);
  while (ticks < 1);
  setitimer(ITIMER_PROF, &interval, 0);
  while (ticks < 2);
  printf("CPU timers %d\n", ticks);

  timer_t id;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value = {.sival_int = 77}};
  struct itimerspec spec = {{0, 0}, {0, 5000000}}, got;
  set(SIGUSR1, timed, SA_SIGINFO);
  ticks = 0;
  report("timer_create", timer_create(CLOCK_MONOTONIC, &event, &id));
  report("timer_settime", timer_settime(id, 0, &spec, 0));
  while (ticks < 1) usleep(1000);
  printf("value %d\n", value);
  timer_gettime(id, &got);
  printf("left %ld\n", (long)got.it_value.tv_nsec);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigprocmask(SIG_BLOCK, &mask, 0);
  spec = (struct itimerspec){{0, 1000000}, {0, 1000000}};
  timer_settime(id, 0, &spec, 0);
  usleep(30000);
  sigprocmask(SIG_UNBLOCK, &mask, 0);
  fact("overruns", overrun > 5);
  fact("timer_getoverrun", timer_getoverrun(id) >= 0);
  report("timer_delete", timer_delete(id));
  report("again", syscall(SYS_timer_delete, 12345));
  event.sigev_signo = 99;
  report("no signal", timer_create(CLOCK_MONOTONIC, &event, &id));

  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  uint64_t expired = 0;
  report("timerfd, not set", read(fd, &expired, 8));
  spec = (struct itimerspec){{0, 2000000}, {0, 2000000}};
  report("timerfd_settime", timerfd_settime(fd, 0, &spec, 0));
  struct pollfd file = {.fd = fd, .events = POLLIN};
  report("poll", poll(&file, 1, 2000));
  usleep(20000);
  report("read", read(fd, &expired, 8));
  fact("expired several times", expired >= 3);
  report("too short", read(fd, &expired, 4));
  timerfd_gettime(fd, &got);
  printf("interval %ld\n", (long)got.it_interval.tv_nsec);
  report("timerfd of another clock", timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
  report("settime of no timer", timerfd_settime(1, 0, &spec, 0));
}

static long futex(int *word, int operation, int number, void *time, int *other, int third) {
  return syscall(SYS_futex, word, operation, number, time, other, third);
}

static volatile pid_t sleepers[3];

static void *sleeper(void *argument) {
  *(volatile pid_t *)argument = gettid();
  return (void *)futex(words, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
}

/* Wakes until somebody sleeps there. */
static void *later(void *argument) {
  while (futex(argument, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0) == 0) usleep(1000);
  return 0;
}

static void futexes(void) {
  struct timespec time = {0, 5000000};
  report("wait for another value", futex(words, FUTEX_WAIT, 1, 0, 0, 0));
  report("wait with a timeout", futex(words, FUTEX_WAIT, 0, &time, 0, 0));
  report("misaligned", futex((int *)((char *)words + 1), FUTEX_WAIT, 0, &time, 0, 0));
  report("bad address", futex((int *)16, FUTEX_WAIT, 0, &time, 0, 0));
  report("no bits", futex(words, FUTEX_WAIT_BITSET, 0, &time, 0, 0));
  report("no such operation", futex(words, 99, 0, 0, 0, 0));
  report("wake without sleepers", futex(words, FUTEX_WAKE, 1, 0, 0, 0));
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, sleeper, (void *)&sleepers[i]);
  long moved = 0;
  for (int i = 0; i < 3; i++) {
    while (sleepers[i] == 0) nap();
    until_asleep(sleepers[i]);
  }
  report("compare and requeue, another value", futex(words, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)9, words + 1, 5));
  moved = futex(words, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)9, words + 1, 0);
  printf("woken and moved %ld\n", moved);
  report("nobody is left", futex(words, FUTEX_WAKE_PRIVATE, 9, 0, 0, 0));
  /* The second word becomes 4, and its old value 0 is compared with 0. */
  report("wake by operation", futex(words + 2, FUTEX_WAKE_OP_PRIVATE, 1, (void *)9, words + 1,
                                    FUTEX_OP(FUTEX_OP_SET, 4, FUTEX_OP_CMP_EQ, 0)));
  printf("word %d\n", words[1]);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  /* Shared by two processes. */
  int status, *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child = fork();
  if (child == 0) {
    while (__atomic_load_n(shared, __ATOMIC_SEQ_CST) == 0) futex(shared, FUTEX_WAIT, 0, 0, 0, 0);
    _exit(__atomic_load_n(shared, __ATOMIC_SEQ_CST));
  }
  until_asleep(child);
  __atomic_store_n(shared, 9, __ATOMIC_SEQ_CST);
  report("wake of another process", futex(shared, FUTEX_WAKE, 1, 0, 0, 0));
  wait(&status);
  printf("it saw %d\n", WEXITSTATUS(status));
  report("priority lock", futex(words + 3, FUTEX_LOCK_PI, 0, 0, 0, 0));
  report("of its owner", futex(words + 3, FUTEX_LOCK_PI, 0, 0, 0, 0));
  fact("has the owner", words[3] == getpid());
  report("unlock", futex(words + 3, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
  report("unlock again", futex(words + 3, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
  struct futex_waitv two[2] = {{.uaddr = (uintptr_t)words, .flags = 2 | 128}, {.uaddr = (uintptr_t)(words + 2), .flags = 2 | 128}};
  struct timespec soon;
  clock_gettime(CLOCK_MONOTONIC, &soon);
  report("waitv until now", syscall(SYS_futex_waitv, two, 2, 0, &soon, CLOCK_MONOTONIC));
  pthread_create(&threads[0], 0, later, words + 2);
  report("waitv", syscall(SYS_futex_waitv, two, 2, 0, 0, 0));
  pthread_join(threads[0], 0);
  two[0].val = 5;
  report("waitv for another value", syscall(SYS_futex_waitv, two, 2, 0, 0, 0));
  two[0].flags = 3;
  report("waitv of another size", syscall(SYS_futex_waitv, two, 2, 0, 0, 0));
  report("waitv of nothing", syscall(SYS_futex_waitv, two, 0, 0, 0, 0));
  report("robust list of a wrong size", syscall(SYS_set_robust_list, words, 8));
}

int main(void) {
  clocks();
  sleeps();
  timers();
  futexes();
  return 0;
}

/* What each resource limit refuses: at it and beyond it. "alone": nobody else has this user id. */
#define _GNU_SOURCE
#include "task-report.h"
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#define W(call) report(#call, (long)(call) < 0 ? -1 : 0)
#define MIB (1 << 20)

static void limit(int resource, rlim_t soft) {
  struct rlimit both;
  getrlimit(resource, &both);
  both.rlim_cur = soft;
  if (setrlimit(resource, &both) != 0) perror("setrlimit");
}

static void in_child(const char *name, void (*body)(void)) {
  printf("# %s\n", name);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    body();
    exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  printf("status %x\n", status);
  fflush(stdout);
}

static void *mapped(size_t length, int protection, int flags) {
  return mmap(0, length, protection, flags | MAP_ANONYMOUS, -1, 0);
}

#define M(length, protection, flags) \
  report("map " #length " " #protection " " #flags, mapped(length, protection, flags) == MAP_FAILED ? -1 : 0)

static void descriptors(void) {
  int base = dup(0), pair[2];
  limit(RLIMIT_NOFILE, base + 1);
  W(open("/dev/null", O_RDONLY));
  W(dup(0));
  W(dup2(0, base + 1));
  W(dup2(0, base));
  W(fcntl(0, F_DUPFD, base));
  W(fcntl(0, F_DUPFD, base + 1));
  W(fcntl(0, F_DUPFD, base + 5));
  W(pipe(pair));
  W(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  W(epoll_create1(0));
  W(eventfd(0, 0));
  W(timerfd_create(CLOCK_MONOTONIC, 0));
  W(inotify_init1(0));
  sigset_t none;
  sigemptyset(&none);
  W(signalfd(-1, &none, 0));
  W(memfd_create("x", 0));
  W(syscall(SYS_pidfd_open, getpid(), 0));
  struct pollfd polled[16] = {{0}};
  W(poll(polled, base + 2, 0));
  W(poll(polled, base + 1, 0));
  limit(RLIMIT_NOFILE, 0);
  W(poll(polled, 1, 0));
  W(poll(polled, 0, 0));
  W(open("/dev/null", O_RDONLY));
  fd_set set;
  FD_ZERO(&set);
  struct timeval now = {0, 0};
  W(select(64, &set, 0, 0, &now));
  close(0);
  W(dup(1));
}

static void addresses(void) {
  limit(RLIMIT_AS, 40 * MIB);
  M(64 * MIB, PROT_READ, MAP_PRIVATE);
  M(4096, PROT_READ, MAP_PRIVATE);
  char *kept = mapped(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  W(mremap(kept, MIB, 100 * MIB, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
  W(malloc(100 * MIB) ? 0 : -1);
  int segment = shmget(IPC_PRIVATE, 64 * MIB, IPC_CREAT | 0600);
  W(shmat(segment, 0, 0) == (void *)-1 ? -1 : 0);
  shmctl(segment, IPC_RMID, 0);
  char *large = mapped(24 * MIB, PROT_READ, MAP_PRIVATE);
  W(large == MAP_FAILED ? -1 : 0);
  W(mmap(large, 24 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0);
}

static void data(void) {
  limit(RLIMIT_DATA, 2 * MIB);
  M(4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  M(4 * MIB, PROT_READ, MAP_PRIVATE);
  M(4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED);
  M(4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN);
  char *read_only = mapped(4 * MIB, PROT_READ, MAP_PRIVATE);
  W(mprotect(read_only, 4 * MIB, PROT_READ | PROT_WRITE));
  W(mprotect(read_only, MIB, PROT_READ | PROT_WRITE));
  W(mprotect(read_only, MIB, PROT_READ | PROT_WRITE | PROT_EXEC));
  W(mprotect(read_only + MIB, MIB, PROT_READ | PROT_WRITE));
  W(mremap(read_only, MIB, 2 * MIB, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
  W(munmap(read_only, MIB));
  W(mprotect(read_only + MIB, MIB, PROT_READ | PROT_WRITE));
  W(sbrk(8 * MIB) == (void *)-1 ? -1 : 0);
  limit(RLIMIT_DATA, 0);
  M(4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static int deep(int left) {
  volatile char frame[4096];
  frame[0] = left;
  return left ? deep(left - 1) + frame[0] : 0;
}

static void stack(void) {
  limit(RLIMIT_STACK, 256 << 10);
  W(deep(20));
  deep(2000);
}

static void locked(void) {
  limit(RLIMIT_MEMLOCK, 8192);
  char *memory = mapped(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  W(mlock(memory, 4096));
  W(mlock(memory, MIB));
  W(mlock(memory, 8192));
  W(mlock(memory + 4096, 8192));
  W(mlockall(MCL_CURRENT));
  M(MIB, PROT_READ, MAP_PRIVATE | MAP_LOCKED);
  W(munlock(memory, MIB));
  limit(RLIMIT_MEMLOCK, 0);
  W(mlock(memory, 4096));
  W(mlockall(MCL_FUTURE));
  W(munlockall());
}

static void *nothing(void *argument) { return argument; }

static void processes(void) {
  limit(RLIMIT_NPROC, 3);
  pid_t children[5];
  for (int i = 0; i < 5; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      pause();
      _exit(0);
    }
    report("fork", children[i] < 0 ? -1 : 0);
  }
  pthread_t thread;
  report("a thread", -pthread_create(&thread, 0, nothing, 0));
  for (int i = 0; i < 5; i++)
    if (children[i] > 0) kill(children[i], SIGKILL), waitpid(children[i], 0, 0);
  report("a thread", -pthread_create(&thread, 0, nothing, 0));
}

static void waiting_signals(void) {
  limit(RLIMIT_SIGPENDING, 3);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, 0);
  union sigval value = {.sival_int = 7};
  for (int i = 0; i < 5; i++) W(sigqueue(getpid(), SIGRTMIN, value));
  W(kill(getpid(), SIGUSR1));
  W(kill(getpid(), SIGRTMIN + 1));
  W(kill(getpid(), SIGRTMIN + 1));
  W(sigqueue(getpid(), SIGUSR2, value));
  W(syscall(SYS_tgkill, getpid(), gettid(), SIGHUP));
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
  W(timer_create(CLOCK_MONOTONIC, &event, &timer));
  siginfo_t info;
  struct timespec now = {0, 0};
  for (int taken; (taken = sigtimedwait(&all, &info, &now)) > 0;)
    printf("%d %d %d %d\n", taken, info.si_code, info.si_pid == getpid(), info.si_value.sival_int == 7);
  W(timer_create(CLOCK_MONOTONIC, &event, &timer));
  for (int i = 0; i < 3; i++) W(sigqueue(getpid(), SIGRTMIN, value));
  W(timer_delete(timer));
  W(sigqueue(getpid(), SIGRTMIN, value));
}

static void queues(void) {
  limit(RLIMIT_MSGQUEUE, 4096);
  struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};
  W(mq_open("/glassbox-limits", O_CREAT | O_RDWR, 0600, &attributes));
  limit(RLIMIT_MSGQUEUE, 0);
  attributes.mq_maxmsg = 1, attributes.mq_msgsize = 16;
  W(mq_open("/glassbox-limits", O_CREAT | O_RDWR, 0600, &attributes));
}

static void priorities(void) {
  limit(RLIMIT_NICE, 0);
  W(nice(5));
  W(nice(-1));
  limit(RLIMIT_RTPRIO, 0);
  struct sched_param first = {1};
  W(sched_setscheduler(0, SCHED_FIFO, &first));
}

static void cpu(void) {
  limit(RLIMIT_CPU, 1);
  for (;;) __asm__ volatile("");
}

static void wrong(void) {
  struct rlimit both = {10, 5};
  W(setrlimit(RLIMIT_NOFILE, &both));
  W(getrlimit(99, &both));
  W(setrlimit(-1, &both));
  W(prlimit(0, RLIMIT_NOFILE, 0, (void *)1));
  W(prlimit(1 << 22, RLIMIT_NOFILE, 0, &both));
  both.rlim_cur = both.rlim_max = 1L << 40;
  W(setrlimit(RLIMIT_NOFILE, &both));
}

int main(int argc, char **argv) {
  in_child("descriptors", descriptors);
  in_child("addresses", addresses);
  in_child("data", data);
  in_child("stack", stack);
  in_child("locked memory", locked);
  in_child("queues", queues);
  in_child("priorities", priorities);
  in_child("CPU time", cpu);
  in_child("wrong arguments", wrong);
  if (argc < 2) return 0;
  in_child("processes", processes);
  in_child("waiting signals", waiting_signals);
  return 0;
}

/*
 * endings KIND [N]: ends in an unusual way; see the table of test/honesty/endings-on-runners.
 * Without a limit of its runner each of them ends by the signal or the code that its row says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB 1048576

static const char *kind;
static char *self;
static long number;

static int is(const char *name) { return !strcmp(kind, name); }

static void *from_thread(void *unused) {
  if (is("thread-exit")) exit(5);
  if (is("thread-group")) syscall(SYS_exit_group, 6);
  if (is("thread-null")) *(volatile int *)0 = 1;
  if (is("thread-exec")) execl(self, self, "code", "7", NULL);
  return unused;
}

static int in_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, from_thread, NULL)) return 90;
  if (is("thread-exit")) pthread_exit(NULL);
  for (;;) pause();
}

static void lower(int resource, rlim_t soft, rlim_t hard) {
  struct rlimit limit = {soft, hard};
  if (setrlimit(resource, &limit)) _exit(91);
}

static void burn(void) {
  for (volatile long i = 0;; i++) {
  }
}

/* Writes until a write fails. */
static int fill(int fd) {
  static char block[65536];
  while (fd >= 0)
    if (write(fd, block, sizeof block) < 0) return errno == EFBIG ? 0 : 92;
  return 93;
}

static int unnamed(void) {
  int fd = open("unnamed", O_CREAT | O_RDWR, 0600);
  unlink("unnamed");
  return fd;
}

static void on_signal(int signal) { _exit(signal == SIGSEGV ? 4 : 5); }

static int overflow(volatile char *above) {
  volatile char block[4096];
  block[0] = above ? above[0] : 0;
  return overflow(block) + block[0];
}

/* A stack overflow that is handled on another stack. */
static int on_other_stack(void) {
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
  sigaltstack(&stack, NULL);
  sigaction(SIGSEGV, &action, NULL);
  struct rlimit limit;
  getrlimit(RLIMIT_STACK, &limit);
  lower(RLIMIT_STACK, MIB, limit.rlim_max);
  return overflow(NULL);
}

static int by_child(void) {
  pid_t parent = getpid(), child = fork();
  if (child < 0) return 94;
  if (child == 0) {
    if (is("stopped")) {
      kill(parent, SIGSTOP);
      usleep(20000);
      kill(parent, SIGCONT);
      _exit(0);
    }
    kill(parent, SIGKILL);
    _exit(0);
  }
  if (is("stopped")) return waitpid(child, NULL, 0) == child ? 0 : 95;
  for (;;) pause();
}

/* Forks until that is refused, and forgets about it. */
static void fork_many(void) {
  for (long i = 0; i < number; i++)
    if (fork() == 0) {
      usleep(300000);
      _exit(0);
    }
}

static int too_long(void) {
  char *words[260] = {self, "code", "0"};
  char *word = malloc(100001);
  memset(word, 'x', 100000);
  word[100000] = 0;
  for (int i = 3; i < 259; i++) words[i] = word;
  execv(self, words);
  return errno == E2BIG ? 0 : 96;
}

static int hang_in_vfork(void) {
  if (vfork() == 0)
    for (;;) pause();
  return 97;
}

int main(int argc, char **argv) {
  self = argv[0];
  kind = argc > 1 ? argv[1] : "";
  number = argc > 2 ? atol(argv[2]) : 0;
  if (is("code")) return (int)number;
  if (!strncmp(kind, "thread-", 7)) return in_thread();
  if (is("group")) kill(0, SIGKILL);
  if (is("child") || is("stopped")) return by_child();
  if (is("own-cpu")) lower(RLIMIT_CPU, 1, 10), burn();
  if (is("own-cpu-hard")) lower(RLIMIT_CPU, 1, 1), signal(SIGXCPU, SIG_IGN), burn();
  if (is("own-memory")) {
    lower(RLIMIT_AS, 64 * MIB, 64 * MIB);
    return malloc(256 * MIB) ? 98 : 0;
  }
  if (is("own-size")) lower(RLIMIT_FSIZE, 4096, 4096), fill(unnamed());
  if (is("size-ignored")) {
    signal(SIGXFSZ, SIG_IGN);
    return fill(unnamed());
  }
  if (is("size-unnamed")) return fill(unnamed());
  if (is("size-memfd")) return fill(memfd_create("memory", 0));
  if (is("size-forged")) {
    if (ftruncate(open("sparse", O_CREAT | O_RDWR, 0600), number)) return 99;
    raise(SIGXFSZ);
  }
  if (is("forks-code")) return fork_many(), 1;
  if (is("forks-fine")) return fork_many(), 0;
  if (is("forks-null")) fork_many(), *(volatile int *)0 = 1;
  if (is("too-long")) return too_long();
  if (is("closed")) return close(1) || write(1, "x", 1) != -1;
  if (is("handled")) return signal(SIGSEGV, on_signal), *(volatile int *)0 = 1;
  if (is("other-stack")) return on_other_stack();
  if (is("vfork")) return hang_in_vfork();
  if (is("real-time")) kill(getpid(), 40);
  if (is("child-output")) {
    if (fork() == 0) {
      usleep(20000);
      _exit(write(1, "child\n", 6) != 6);
    }
    return wait(NULL) < 0;
  }
  return 89;
}

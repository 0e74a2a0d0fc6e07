/*
 * withdraw CALLS: makes a denied call that many times, beside a thread that sends signals to the
 * caller all the time: a signal withdraws what a filter has reported and nobody has received.
 * "own": lays a filter of its own over it first. Prints "survived".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t self;

static void nothing(int unused) {}

static void *disturb(void *unused) {
  for (;;) syscall(SYS_tgkill, self, self, SIGUSR1);
  return unused;
}

/* An error for ptrace outranks a report of it. By either call that lays on a filter. */
static int own_filter(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  int laid = !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
  printf("seccomp %d\n", laid ? 0 : errno);
  laid = !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
  printf("prctl %d\n", laid ? 0 : errno);
  fflush(stdout);
  return 1;
}

int main(int argc, char **argv) {
  int own = !strcmp(argv[1], "own"), calls = own ? own_filter() : atoi(argv[1]);
  self = getpid();
  struct sigaction action = {.sa_handler = nothing}; /* without SA_RESTART */
  sigaction(SIGUSR1, &action, NULL);
  pthread_t thread;
  if (!own) {
    pthread_create(&thread, NULL, disturb, NULL);
    usleep(1000);
  }
  for (int i = 0; i < calls; i++) syscall(SYS_ptrace, 99, 0, 0, 0);
  puts("survived");
  fflush(stdout);
  _exit(0);
}

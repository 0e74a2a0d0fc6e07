/*
 * sysemu BURSTS COUNT: the least that a kernel over PTRACE_SYSEMU pays for a system call of its
 * guest, in C: the guest calls getppid in a loop, and each stop is answered with a number. Both
 * processes run on one CPU. Prints the time of one call in ns, three numbers (minimum, median and
 * 90th percentile of the bursts) for each of two loops:
 *
 *   full   wait4, PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_SYSEMU
 *   lean   wait4, PTRACE_GET_SYSCALL_INFO, PTRACE_POKEUSER of rax, PTRACE_SYSEMU
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t guest;

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void stay_here(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void start_guest(void) {
  int status;
  guest = fork();
  if (guest == 0) {
    raise(SIGSTOP);
    for (;;) syscall(SYS_getppid);
  }
  waitpid(guest, &status, WUNTRACED);
  ptrace(PTRACE_SEIZE, guest, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  kill(guest, SIGCONT);
}

/* Resumes the guest until its next call. */
static void next_call(void) {
  int status;
  do {
    if (ptrace(PTRACE_SYSEMU, guest, 0, 0) || waitpid(guest, &status, __WALL) != guest) exit(1);
  } while (status >> 8 != (SIGTRAP | 0x80));
}

static void answer_full(void) {
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, guest, 0, &registers);
  registers.rax = 1;
  ptrace(PTRACE_SETREGS, guest, 0, &registers);
}

static void answer_lean(void) {
  struct __ptrace_syscall_info info;
  syscall(SYS_ptrace, PTRACE_GET_SYSCALL_INFO, guest, sizeof info, &info);
  ptrace(PTRACE_POKEUSER, guest, offsetof(struct user_regs_struct, rax), 1);
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static void measure(void (*answer)(void), int bursts, int count, double *times) {
  for (int burst = 0; burst < bursts; burst++) {
    long start = now();
    for (int i = 0; i < count; i++) answer(), next_call();
    times[burst] = (double)(now() - start) / count;
  }
  qsort(times, (size_t)bursts, sizeof *times, compare);
  printf("%.0f %.0f %.0f\n", times[0], times[bursts / 2], times[bursts * 9 / 10]);
}

int main(int words, char **word) {
  if (words != 3) return 2;
  int bursts = atoi(word[1]), count = atoi(word[2]), status;
  stay_here();
  start_guest();
  while (waitpid(guest, &status, __WALL) != guest || status >> 16 == 0) ptrace(PTRACE_CONT, guest, 0, 0);
  next_call();
  double *times = calloc((size_t)bursts, sizeof *times);
  measure(answer_full, bursts, count, times);
  measure(answer_lean, bursts, count, times);
  kill(guest, SIGKILL);
  return 0;
}

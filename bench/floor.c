/*
 * The least that a tracer pays for all system calls of one thread: at each stop wait4,
 * PTRACE_GET_SYSCALL_INFO and PTRACE_SYSCALL, both processes on one CPU, nothing printed. The
 * difference between this and a tracer is the tracer's own cost; the cost of this is the
 * kernel's.
 *
 *   floor PROGRAM [ARGUMENT ...]
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void stay_here(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
}

int main(int count, char **words) {
  if (count < 2) return 2;
  stay_here();
  pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    execvp(words[1], words + 1);
    _exit(127);
  }
  int status;
  waitpid(child, &status, WUNTRACED);
  ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  kill(child, SIGCONT);
  while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status)) {
    struct __ptrace_syscall_info info;
    int signal = WSTOPSIG(status), delivered = 0;
    if (signal == (SIGTRAP | 0x80))
      syscall(SYS_ptrace, PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
    else if (status >> 16 == 0)
      delivered = signal;
    ptrace(PTRACE_SYSCALL, child, 0, delivered);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

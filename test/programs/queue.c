// queue SIGNAL: queues a signal to itself with the origin that the kernel gives to its own signals
// (SI_KERNEL, or SYS_SECCOMP for SIGSYS). Exits with the errno if that is refused.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int number = atoi(argv[1]);
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = number;
  info.si_code = number == SIGSYS ? 1 /* SYS_SECCOMP */ : 128 /* SI_KERNEL */;
  if (syscall(SYS_rt_sigqueueinfo, getpid(), number, &info)) return errno;
  return 77;
}

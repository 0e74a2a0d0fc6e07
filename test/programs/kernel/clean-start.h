/*
 * What a program inherits differs from machine to machine, and in the kernel: descriptors, ignored
 * and blocked signals, umask, limits. So before main() it becomes the same everywhere. A program
 * that executes itself with arguments keeps what it has then.
 */
#ifndef CLEAN_START_H
#define CLEAN_START_H
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The soft limit, as far as the hard one permits. */
static inline void limit_to(int resource, rlim_t most) {
  struct rlimit limit;
  getrlimit(resource, &limit);
  limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
  setrlimit(resource, &limit);
}

__attribute__((constructor)) static void clean_start(int count) {
  if (count > 1) return;
  sigset_t none;
  for (int number = 1; number <= SIGRTMAX; number++) signal(number, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, 0);
  syscall(SYS_close_range, 3, ~0U, 0);
  umask(022);
  limit_to(RLIMIT_NOFILE, 256);
  limit_to(RLIMIT_STACK, 8 << 20);
  limit_to(RLIMIT_AS, RLIM_INFINITY);
  limit_to(RLIMIT_CORE, 0);
}
#endif

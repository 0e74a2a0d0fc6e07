/* The clocks of the C library (vDSO) lie between two of the kernel (calls). */
#define _GNU_SOURCE
#include "clean-start.h"
#include <link.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long nanoseconds(struct timespec time) {
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* How far a clock may be out: a coarse one stands still for a tick. */
#define ALLOWED 20000000LL

int main(void) {
  int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME,
                  CLOCK_MONOTONIC_COARSE, CLOCK_REALTIME_COARSE};
  printf("vDSO: %s\n", getauxval(AT_SYSINFO_EHDR) ? "there" : "missing");
  for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
    int wrong = 0;
    for (int round = 0; round < 50; round++) {
      struct timespec before, between, after;
      syscall(SYS_clock_gettime, clocks[i], &before);
      clock_gettime(clocks[i], &between);
      syscall(SYS_clock_gettime, clocks[i], &after);
      wrong += nanoseconds(between) + ALLOWED < nanoseconds(before) || nanoseconds(after) + ALLOWED < nanoseconds(between);
    }
    printf("clock %d: %d wrong\n", clocks[i], wrong);
  }
  int backwards = 0;
  struct timespec last = {0}, now;
  for (int round = 0; round < 300000; round++, last = now) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    backwards += nanoseconds(now) < nanoseconds(last);
  }
  printf("backwards: %d\n", backwards);
  struct timeval day;
  gettimeofday(&day, NULL);
  printf("time: %d\n", labs(time(NULL) - day.tv_sec) <= 1);
  printf("bad clock: %d\n", clock_gettime(1234, &now));
  return 0;
}

/*
 * opens PATH BATCHES CALLS: opens and closes a file, on one CPU, and prints the time of one call,
 * in ns: the minimum and the median of the batches.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

int main(int count, char **words) {
  if (count != 4) return 2;
  int batches = atoi(words[2]), calls = atoi(words[3]);
  double *times = calloc((size_t)batches, sizeof *times);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
  for (int batch = 0; batch < batches; batch++) {
    long start = now();
    for (int i = 0; i < calls; i++) {
      int fd = open(words[1], O_RDONLY | O_CLOEXEC);
      if (fd < 0) return 1;
      close(fd);
    }
    times[batch] = (double)(now() - start) / calls;
  }
  qsort(times, (size_t)batches, sizeof *times, compare);
  printf("%.1f %.1f\n", times[0], times[batches / 2]);
  return 0;
}

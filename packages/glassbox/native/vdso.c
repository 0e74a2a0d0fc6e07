/*
 * The vDSO of the kernel runner's guests: clocks without a call. It reads a page of parameters
 * that the kernel shows just below this image (vdso.h), and makes the real call whenever that page
 * does not say how: then the kernel's own handler answers.
 *
 * It is linked by vdso.lds as one segment that is only read and executed.
 */
#include "vdso.h"
#include <linux/time.h>
#include <linux/time_types.h>

#define EXPORT __attribute__((visibility("default")))
#define NANO 1000000000UL

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* 0: the page does not say. */
static int read_clock(int is_real, struct __kernel_timespec *time) {
  const char *image = __ehdr_start;
  /* The compiler must not see that the page is no part of the image. */
  __asm__("" : "+r"(image));
  const volatile struct vdso_parameters *page = (const void *)(image - VDSO_PAGE);
  u64 seconds, nanoseconds;
  u32 sequence;
  do {
    sequence = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
    if (sequence & 1) return 0;
    if (!page->is_on) return 0;
    u64 passed = cycles() - page->cycles;
    /* Another CPU may be a little behind: time does not run backwards then. */
    if ((s64)passed < 0) passed = 0;
    seconds = is_real ? page->real_seconds : page->monotonic_seconds;
    nanoseconds = is_real ? page->real_nanoseconds : page->monotonic_nanoseconds;
    nanoseconds += (u64)(((unsigned __int128)passed * page->multiplier) >> VDSO_SHIFT);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
  } while (__atomic_load_n(&page->sequence, __ATOMIC_RELAXED) != sequence);
  time->tv_sec = (s64)(seconds + nanoseconds / NANO);
  time->tv_nsec = (s64)(nanoseconds % NANO);
  return 1;
}

EXPORT int __vdso_clock_gettime(int clock, struct __kernel_timespec *time) {
  int is_real = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  int is_monotonic = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW ||
                     clock == CLOCK_BOOTTIME;
  if ((is_real || is_monotonic) && read_clock(is_real, time)) return 0;
  return (int)sys(clock_gettime, clock, time);
}

EXPORT int __vdso_gettimeofday(struct __kernel_old_timeval *time, void *zone) {
  struct __kernel_timespec now;
  if (zone || !time || !read_clock(1, &now)) return (int)sys(gettimeofday, time, zone);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

EXPORT long __vdso_time(long *seconds) {
  struct __kernel_timespec now;
  if (!read_clock(1, &now)) return sys(time, seconds);
  if (seconds) *seconds = now.tv_sec;
  return now.tv_sec;
}

/*
 * Raw system calls, and the few helpers that C without a libc needs. Every call returns the
 * kernel's result: a value, or -errno. This is for x86-64; another CPU needs its own raw_syscall
 * and its own start code.
 */
#ifndef GLASSBOX_SYS_H
#define GLASSBOX_SYS_H

#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/uio.h>
#include <stdint.h>
#include <stddef.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#if !defined(__x86_64__)
#error "glassbox's native code knows x86-64 only"
#endif

static inline long raw_syscall(long nr, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#define SYS_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define SYS0(n) raw_syscall(n, 0, 0, 0, 0, 0, 0)
#define SYS1(n, a) raw_syscall(n, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) raw_syscall(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) raw_syscall(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) raw_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(n, a, b, c, d, e) raw_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define SYS6(n, a, b, c, d, e, f) raw_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* sys(mount, a, b, ...): the system call of that name. */
#define sys(name, ...) SYS_PICK(_0, ##__VA_ARGS__, SYS6, SYS5, SYS4, SYS3, SYS2, SYS1, SYS0)(__NR_##name, ##__VA_ARGS__)

/* memory.c. The compiler calls these by name for its own copies. */
void *memcpy(void *to, const void *from, size_t length);
void *memset(void *at, int byte, size_t length);

/* struct msghdr as the kernel has it; see sendmsg(2). */
struct message {
  void *name;
  u32 name_length, pad;
  struct iovec *parts;
  u64 part_count;
  void *control;
  u64 control_length;
  u32 flags, pad2;
};

#define CLOCK_MONOTONIC 1
struct time {
  s64 seconds, nanoseconds;
};

static inline u64 now_ns(void) {
  struct time t;
  sys(clock_gettime, CLOCK_MONOTONIC, &t);
  return (u64)t.seconds * 1000000000u + (u64)t.nanoseconds;
}

/* The CPU's cycle counter, read when all instructions before it are done. */
static inline u64 cycles(void) {
  u32 low, high;
  __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
  return (u64)high << 32 | low;
}

#endif

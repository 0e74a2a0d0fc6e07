/* mmap, munmap, mprotect and brk: results, errors, contents. Prints the same on every Linux. */
#define _GNU_SOURCE
#include "clean-start.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

static sigjmp_buf back;
static volatile int seen, code;
static void *volatile where;

static void caught(int signal, siginfo_t *info, void *context) {
  seen = signal;
  code = info->si_code;
  where = info->si_addr;
  siglongjmp(back, 1);
}

static void touch(const char *name, volatile char *at, int write) {
  seen = 0;
  if (!sigsetjmp(back, 1)) {
    if (write) *at = 5;
    else (void)*at;
  }
  if (seen) printf("%s: signal %d code %d %s\n", name, seen, code, where == at ? "there" : "elsewhere");
  else printf("%s: works\n", name);
}

static void *map(const char *name, void *at, size_t length, int protection, int flags, int fd, long offset) {
  void *result = (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
  if (result == MAP_FAILED) printf("mmap %s: %s\n", name, strerrorname_np(errno));
  else printf("mmap %s: ok%s\n", name, at ? (result == at ? " there" : " elsewhere") : "");
  return result;
}

static void say(const char *name, long result) {
  printf("%s: %s\n", name, result < 0 ? strerrorname_np(errno) : "ok");
}

int main(void) {
  struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  int rights = PROT_READ | PROT_WRITE;

  map("length 0", NULL, 0, rights, anonymous, -1, 0);
  map("length -1", NULL, -1L, rights, anonymous, -1, 0);
  map("length 2^47", NULL, 1UL << 47, rights, anonymous, -1, 0);
  map("no type", NULL, PAGE, rights, MAP_ANONYMOUS, -1, 0);
  map("both types", NULL, PAGE, rights, MAP_ANONYMOUS | 0x0b, -1, 0);
  map("bad descriptor", NULL, PAGE, rights, MAP_PRIVATE, 999, 0);
  map("offset 1", NULL, PAGE, rights, anonymous, -1, 1);
  map("fixed, not aligned", (void *)0x10000001, PAGE, rights, anonymous | MAP_FIXED, -1, 0);
  map("fixed, too high", (void *)(1UL << 47), PAGE, rights, anonymous | MAP_FIXED, -1, 0);
  map("shared and growing down", NULL, PAGE, rights, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
  map("unknown flags", NULL, PAGE, rights, anonymous | 0x40000000, -1, 0);

  char *area = map("16 pages", NULL, 16 * PAGE, rights, anonymous, -1, 0);
  memset(area, 1, 16 * PAGE);
  say("munmap in the middle", munmap(area + 4 * PAGE, 2 * PAGE));
  touch("hole", area + 4 * PAGE, 0);
  touch("before the hole", area + 4 * PAGE - 1, 1);
  touch("behind the hole", area + 6 * PAGE, 1);
  map("hint in the hole", area + 4 * PAGE, PAGE, rights, anonymous, -1, 0);
  map("hint in use", area + 4 * PAGE, PAGE, rights, anonymous, -1, 0);
  map("no replace, in use", area + 4 * PAGE, PAGE, rights, anonymous | MAP_FIXED_NOREPLACE, -1, 0);
  map("no replace, free", area + 5 * PAGE, PAGE, rights, anonymous | MAP_FIXED_NOREPLACE, -1, 0);
  map("fixed, in use", area + 4 * PAGE, PAGE, PROT_READ, anonymous | MAP_FIXED, -1, 0);
  printf("replaced page: %d\n", area[4 * PAGE]);
  touch("read-only page", area + 4 * PAGE, 1);
  say("munmap length 0", munmap(area, 0));
  say("munmap not aligned", munmap(area + 1, PAGE));
  say("munmap of nothing", munmap(area + 1024 * 1024 * 64, PAGE));
  say("munmap too high", munmap((void *)(1UL << 47), PAGE));

  say("mprotect none", mprotect(area, PAGE, PROT_NONE));
  touch("no rights", area, 0);
  say("mprotect read", mprotect(area, PAGE, PROT_READ));
  touch("read", area, 0);
  touch("write of read-only", area, 1);
  printf("kept: %d\n", area[1]);
  say("mprotect length 0", mprotect(area, 0, rights));
  say("mprotect not aligned", mprotect(area + 1, PAGE, rights));
  say("mprotect bad rights", syscall(SYS_mprotect, area, PAGE, 0x100));
  munmap(area + 2 * PAGE, PAGE);
  say("mprotect over a hole", mprotect(area, 4 * PAGE, rights));
  touch("before that hole", area + PAGE, 1);
  say("mprotect of nothing", mprotect(area + 2 * PAGE, PAGE, rights));
  say("mprotect grows down", syscall(SYS_mprotect, area, PAGE, rights | PROT_GROWSDOWN));
  say("mprotect both ways", syscall(SYS_mprotect, area, PAGE, rights | PROT_GROWSDOWN | PROT_GROWSUP));

  char *reserved = map("reserved terabyte", NULL, 1UL << 40, PROT_NONE, anonymous | MAP_NORESERVE, -1, 0);
  say("rights within", mprotect(reserved + (1UL << 39), 4 * PAGE, rights));
  reserved[(1UL << 39) + PAGE] = 3;
  printf("within: %d %d\n", reserved[1UL << 39], reserved[(1UL << 39) + PAGE]);
  touch("beside", reserved + (1UL << 39) + 4 * PAGE, 0);
  say("munmap terabyte", munmap(reserved, 1UL << 40));

  char *low = map("32 bits", NULL, PAGE, rights, anonymous | MAP_32BIT, -1, 0);
  printf("below 2 GiB: %d\n", (uintptr_t)low < 1UL << 31);
  char *populated = map("populated", NULL, 8 * PAGE, rights, anonymous | MAP_POPULATE, -1, 0);
  unsigned char resident[8];
  say("mincore", mincore(populated, 8 * PAGE, resident));
  printf("resident: %d %d\n", resident[0] & 1, resident[7] & 1);
  say("mincore not aligned", mincore(populated + 1, PAGE, resident));
  say("mincore of nothing", mincore((void *)0x20000000, PAGE, resident));
  say("mincore bad vector", mincore(populated, PAGE, (void *)16));

  char *end = sbrk(0);
  say("sbrk", (long)sbrk(10 * PAGE) == -1 ? -1 : 0);
  memset(end, 9, 10 * PAGE);
  printf("heap: %d\n", end[10 * PAGE - 1]);
  sbrk(-5 * PAGE);
  touch("kept heap", (char *)((uintptr_t)(end + 4 * PAGE) & -PAGE), 1);
  touch("freed heap", end + 9 * PAGE, 0);
  sbrk(5 * PAGE);
  printf("heap again: %d\n", end[9 * PAGE]);
  printf("brk below: %d\n", (void *)syscall(SYS_brk, 4096) == sbrk(0));

  char name[] = "/tmp/memory-map-XXXXXX";
  int fd = mkstemp(name);
  unlink(name);
  say("write", write(fd, "0123456789", 10));
  ftruncate(fd, 3 * PAGE);
  char *shared = map("shared file", NULL, 4 * PAGE, rights, MAP_SHARED, fd, 0);
  char *copy = map("private file", NULL, 4 * PAGE, rights, MAP_PRIVATE, fd, 0);
  shared[0] = 'A';
  copy[1] = 'B';
  char text[4] = "";
  pread(fd, text, 3, 0);
  printf("file %s shared %.3s private %.3s\n", text, shared, copy);
  pwrite(fd, "xyz", 3, 4);
  printf("written %.10s\n", shared);
  touch("beyond the end", shared + 3 * PAGE, 0);
  touch("private beyond the end", copy + 3 * PAGE, 1);
  ftruncate(fd, PAGE + 1);
  touch("cut", shared + 2 * PAGE, 0);
  touch("last page", shared + PAGE + 5, 1);
  ftruncate(fd, 3 * PAGE);
  printf("grown: %d %d\n", shared[PAGE + 5], shared[2 * PAGE]);
  say("msync", msync(shared, 3 * PAGE, MS_SYNC));
  say("msync both", msync(shared, PAGE, MS_SYNC | MS_ASYNC));
  say("msync not aligned", msync(shared + 1, PAGE, MS_SYNC));
  say("msync of nothing", msync((void *)0x20000000, PAGE, MS_SYNC));
  char path[32];
  sprintf(path, "/proc/self/fd/%d", fd);
  int reading = open("/bin/sh", O_RDONLY);
  map("shared writable of read-only", NULL, PAGE, rights, MAP_SHARED, reading, 0);
  char *program = map("shared read-only", NULL, PAGE, PROT_READ, MAP_SHARED, reading, 0);
  say("mprotect to writable", mprotect(program, PAGE, rights));
  printf("program: %.3s\n", program + 1);
  char *own = map("private writable of read-only", NULL, PAGE, rights, MAP_PRIVATE, reading, 0);
  own[0] = 1;
  printf("own copy: %d %d\n", own[0], program[0]);
  int ends[2];
  pipe(ends);
  map("pipe", NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0);
  int writing = open("/dev/null", O_WRONLY);
  map("write-only", NULL, PAGE, PROT_READ, MAP_PRIVATE, writing, 0);
  int zero = open("/dev/zero", O_RDWR);
  char *zeros = map("/dev/zero", NULL, PAGE, rights, MAP_PRIVATE, zero, 0);
  if (zeros != MAP_FAILED) printf("zeros: %d\n", zeros[5]++);
  char *stack = map("growing down", NULL, PAGE, rights, anonymous | MAP_GROWSDOWN, -1, 0);
  touch("below it", stack - PAGE, 1);
  void *code = map("executable", NULL, PAGE, rights | PROT_EXEC, anonymous, -1, 0);
  memcpy(code, "\xb8\x2a\x00\x00\x00\xc3", 6);
  printf("code: %d\n", ((int (*)(void))code)());
  return 0;
}

/* What the calls on ranges say to those that nothing can be in, or that wrap around. */
#define _GNU_SOURCE
#include "clean-start.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
/* Addresses end at 2^47 or 2^56, as the machine can; the last page below is of no use. */
#define LOW_END (1UL << 47)
#define BEYOND (1UL << 57)

static const struct {
  unsigned long start, length;
} ranges[] = {
  {LOW_END - 2 * PAGE, PAGE}, {BEYOND, PAGE},    {BEYOND, 0},          {1UL << 62, 1UL << 62},
  {1UL << 63, PAGE},          {-PAGE, PAGE},     {PAGE, BEYOND},       {PAGE, 1UL << 63},
  {PAGE, -1UL},               {-PAGE, -1UL},     {2 * PAGE, -2 * PAGE}, {PAGE, -2 * PAGE},
  {0, 0},                     {LOW_END + 1, PAGE}, {-1UL, 1},
};

/* mincore has no place for its answer, and needs none. */
static const struct {
  const char *name;
  long number, argument;
} calls[] = {
  {"munmap", SYS_munmap, 0},
  {"mprotect", SYS_mprotect, PROT_READ},
  {"mprotect of a stack", SYS_mprotect, PROT_READ | PROT_GROWSDOWN},
  {"madvise", SYS_madvise, MADV_NORMAL},
  {"madvise populate", SYS_madvise, MADV_POPULATE_READ},
  {"msync", SYS_msync, MS_ASYNC},
  {"mlock", SYS_mlock, 0},
  {"munlock", SYS_munlock, 0},
  {"mincore", SYS_mincore, 0},
};

int main(void) {
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
      long result = syscall(calls[k].number, ranges[i].start, ranges[i].length, calls[k].argument);
      printf("%s %lx + %lx: %s\n", calls[k].name, ranges[i].start, ranges[i].length,
             result < 0 ? strerrorname_np(errno) : "ok");
    }
  return 0;
}

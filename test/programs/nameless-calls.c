/*
 * Calls without a name, of which none does anything: numbers that x86-64 leaves out, numbers
 * beyond its table, and one of x32. Then chdir() with paths at the end of what is mapped, in
 * memory that is not writable, and at no memory.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  syscall(400, 1L, 2L, 3L, 4L, 5L, 6L);
  syscall(500, 1L, 2L, 3L, 4L, 5L, 6L);
  syscall(1000, 1L, 2L, 3L, 4L, 5L, 6L);
  syscall(0xbadf, 1L, 2L, 3L, 4L, 5L, 6L);
  syscall(0x40000258, 1L, 2L, 3L, 4L, 5L, 6L);
  syscall(-1, 1L, 2L, 3L, 4L, 5L, 6L);
  syscall(SYS_getpgid, 0);
  char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *fixed = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (edge == MAP_FAILED || fixed == MAP_FAILED || munmap(edge + 4096, 4096) != 0) return 1;
  syscall(SYS_chdir, edge + 4095);
  syscall(SYS_chdir, fixed);
  syscall(SYS_chdir, 16);
  syscall(SYS_chdir, 0);
  return 0;
}

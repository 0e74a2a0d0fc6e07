/* The functions of a libc that the compiler calls even in freestanding code. */
#include "sys.h"

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memcpy(void *to, const void *from, size_t length) {
  u8 *t = to;
  const u8 *f = from;
  while (length--) *t++ = *f++;
  return to;
}

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memset(void *at, int byte, size_t length) {
  u8 *t = at;
  while (length--) *t++ = (u8)byte;
  return at;
}

/*
 * Calls of Linux 6.2 and newer, each on descriptors, files and memory that are not there: they
 * fail on every kernel, or do nothing.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  unsigned long long range[2] = {0x1000, 5};
  unsigned long long request[4] = {24, 1, 3, 0};
  unsigned long long list[4] = {32, -1, 7, 9};
  unsigned long long context[4] = {104, 1, 32, 0};
  struct {
    const char *value;
    unsigned size, flags;
  } attribute = {"text", 4, 1};
  struct {
    unsigned long long flags;
    unsigned extsize, nextents, projid, cowextsize;
  } file = {2, 3, 4, 5, 6};
  unsigned long long mount[4] = {1, 0, 0, 0};
  syscall(451, -1, range, 0, 0);
  syscall(453, 0, 4096, 7);
  syscall(462, 1, 4096, 1);
  syscall(457, request, 0, 0, 1);
  syscall(458, list, 0, 0, 3);
  syscall(460, 100, context, 32, 1);
  syscall(461, 0, 0, 3);
  syscall(463, -1, "x", 0x100, "user.a", &attribute, 16);
  syscall(465, -1, "x", 0x1100, 0, 0);
  syscall(466, -1, "x", 0, "user.a");
  syscall(467, -1, "x", 1, mount, 32);
  syscall(468, -1, "x", 0, 24, 0x100);
  syscall(469, -1, "x", &file, 24, 0);
  syscall(469, -1, "x", &file, 16, 0);
  return 0;
}

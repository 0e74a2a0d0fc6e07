/*
 * requests FILE PATTERN: ioctl(-1, REQUEST, memory) for each number of the file. The memory is
 * filled by the pattern: 0 to 4; 8: it ends after two bytes; 9: there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define ROOM 65536

static unsigned char filled(int pattern, int at) {
  switch (pattern) {
    case 1: return 1 + at % 251;
    case 2: return at % 4 ? 0 : at / 4 % 7 + 1;
    case 3: return at % 8 ? 0 : at / 8 % 5 + 1;
    case 4: return at % 16 < 15 ? 'a' + at % 26 : 0;
    default: return 0;
  }
}

int main(int count, char **words) {
  char line[64];
  FILE *file = fopen(words[1], "r");
  int pattern = atoi(words[2]);
  unsigned char *memory = mmap((void *)0x20000000, 2 * ROOM, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  for (int at = 0; at < ROOM; at++) memory[at] = filled(pattern, at);
  mprotect(memory + ROOM, ROOM, PROT_NONE);
  while (fgets(line, sizeof line, file)) {
    void *argument = pattern == 9 ? 0 : pattern == 8 ? memory + ROOM - 2 : memory;
    ioctl(-1, strtoul(line, 0, 0), argument);
  }
  return 0;
}

/* hold KIND MIB [FILE]: holds memory in a way whose peak is easily missed or wrongly charged.
 * KIND: self, pair (two processes with MIB each at a time), exec (touches it, then executes a tiny
 * image), read FILE (reads MIB of a file, keeping nothing), leave FILE (writes a file of MIB),
 * limit (touches until it is ended), quick (touches it and ends at once), child (a child touches
 * until it is ended; exits 0), bad (touches it, then writes through a null pointer), deep (a stack
 * without end). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void touch(size_t mib) {
  char *at = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (size_t i = 0; i < mib << 20; i += 4096) at[i] = 1;
}

/* Each says when it has its part, and both keep it until the other has. */
static int pair(size_t mib) {
  int told[2], go[2];
  char byte = 0;
  if (pipe(told) || pipe(go)) return 3;
  for (int i = 0; i < 2; i++)
    if (fork() == 0) {
      close(go[1]);
      touch(mib);
      write(told[1], &byte, 1);
      read(go[0], &byte, 1);
      _exit(0);
    }
  for (int i = 0; i < 2; i++) read(told[0], &byte, 1);
  usleep(20000); /* where init has to look for it */
  close(go[1]);
  while (wait(NULL) > 0) {
  }
  return 0;
}

static int pass(const char *path, size_t mib, int flags) {
  static char block[1 << 20];
  memset(block, 1, sizeof block);
  int fd = open(path, flags, 0600);
  if (fd < 0) return 5;
  for (size_t i = 0; i < mib; i++) {
    ssize_t done = flags == O_RDONLY ? read(fd, block, sizeof block) : write(fd, block, sizeof block);
    if (done != sizeof block) return 6;
  }
  return 0;
}

static int deepen(int level) {
  volatile char frame[4096];
  frame[0] = (char)level;
  return deepen(level + 1) + frame[0];
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const char *kind = argv[1], *path = argc > 3 ? argv[3] : "";
  size_t mib = (size_t)atol(argv[2]);
  if (!strcmp(kind, "self") || !strcmp(kind, "quick")) touch(mib);
  if (!strcmp(kind, "pair")) return pair(mib);
  if (!strcmp(kind, "exec")) {
    touch(mib);
    execl("/proc/self/exe", argv[0], "self", "1", NULL);
    return 4;
  }
  if (!strcmp(kind, "read")) return pass(path, mib, O_RDONLY);
  if (!strcmp(kind, "leave")) return pass(path, mib, O_WRONLY | O_CREAT | O_TRUNC);
  if (!strcmp(kind, "limit")) touch(mib);
  if (!strcmp(kind, "child")) {
    if (fork() == 0) {
      touch(mib);
      _exit(0);
    }
    while (wait(NULL) > 0) {
    }
  }
  if (!strcmp(kind, "bad")) {
    touch(mib);
    *(volatile int *)0 = 1;
  }
  if (!strcmp(kind, "deep")) return deepen(0);
  return 0;
}

/*
 * allocate KIND MIB: touches memory. KIND: malloc, grow, reserve, private, stack, shared, memfd,
 * tmpfs, children.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void touch(char *at, size_t size) {
  for (size_t i = 0; i < size; i += 4096) at[i] = 1;
}

static int map(int flags, int fd, size_t size, int touched) {
  char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (at == MAP_FAILED) return 7;
  if (touched) touch(at, size);
  return 0;
}

/* One MiB of stack a call. */
static int deepen(size_t mib) {
  volatile char frame[1 << 20];
  for (size_t i = 0; i < sizeof frame; i += 4096) frame[i] = 1;
  return mib > 1 ? deepen(mib - 1) + frame[0] : frame[0];
}

static int fill_file(const char *path, size_t size) {
  static char block[1 << 20];
  memset(block, 1, sizeof block);
  int fd = open(path, O_CREAT | O_WRONLY, 0600);
  if (fd < 0) return 5;
  for (size_t done = 0; done < size; done += sizeof block)
    if (write(fd, block, sizeof block) < 0) return 6;
  return 0;
}

/* Eight children hold a part each, at the same time. */
static int share_out(size_t size) {
  int worst = 0, status;
  for (int i = 0; i < 8; i++)
    if (fork() == 0) {
      int failed = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, size / 8, 1);
      usleep(300000);
      _exit(failed);
    }
  while (wait(&status) > 0)
    if (status) worst = 9;
  return worst;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const char *kind = argv[1];
  size_t size = (size_t)atol(argv[2]) << 20;
  if (!strcmp(kind, "malloc")) {
    char *at = malloc(size);
    if (!at) return 7;
    touch(at, size);
    return at[0] != 1;
  }
  if (!strcmp(kind, "grow")) {
    for (size_t done = 0; done < size; done += 1 << 20) {
      char *at = malloc(1 << 20);
      if (!at) return 7;
      touch(at, 1 << 20);
    }
    return 0;
  }
  if (!strcmp(kind, "reserve")) return map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, size, 0);
  if (!strcmp(kind, "private")) return map(MAP_PRIVATE | MAP_ANONYMOUS, -1, size, 1);
  if (!strcmp(kind, "shared")) return map(MAP_SHARED | MAP_ANONYMOUS, -1, size, 1);
  if (!strcmp(kind, "stack")) return deepen((size_t)atol(argv[2])) == 0;
  if (!strcmp(kind, "tmpfs")) return fill_file(getenv("FILL") ? getenv("FILL") : "/tmp/fill", size);
  if (!strcmp(kind, "children")) return share_out(size);
  if (!strcmp(kind, "memfd")) {
    int fd = memfd_create("fill", 0);
    if (fd < 0 || ftruncate(fd, size)) return 5;
    return map(MAP_SHARED, fd, size, 1);
  }
  return 2;
}

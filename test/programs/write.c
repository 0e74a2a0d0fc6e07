/*
 * write KIND BYTES: writes so many bytes. KIND: stdout, stderr, flood (without end), or a file's
 * name.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[65536];

static int put(int fd, long bytes, int endless) {
  while (endless || bytes > 0) {
    size_t part = endless || bytes > (long)sizeof block ? sizeof block : (size_t)bytes;
    ssize_t written = write(fd, block, part);
    if (written < 0) return 8;
    bytes -= written;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  memset(block, 'x', sizeof block);
  long bytes = atol(argv[2]);
  if (!strcmp(argv[1], "stdout")) return put(1, bytes, 0);
  if (!strcmp(argv[1], "stderr")) return put(2, bytes, 0);
  if (!strcmp(argv[1], "flood")) return put(1, bytes, 1);
  int fd = open(argv[1], O_CREAT | O_WRONLY | O_TRUNC, 0600);
  return fd < 0 ? 5 : put(fd, bytes, 0);
}

/* limits KIND: meets a limit, says so on stderr as perror(3) does, and exits with 1. KIND: files
 * (opens 100), bytes (writes 2 MiB to a file), names (makes 100 files), size (the same as bytes,
 * SIGXFSZ is ignored), stack (needs 4 MiB of it), null (reads through a null pointer). Without the
 * limit it exits with 0. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int failed(const char *what) {
  perror(what);
  return 1;
}

static int open_files(void) {
  for (int i = 0; i < 100; i++)
    if (open("/dev/null", O_RDONLY) < 0) return failed("open");
  return 0;
}

static int write_bytes(void) {
  static char block[65536];
  int fd = open("limits-file", O_CREAT | O_WRONLY, 0600);
  for (int i = 0; i < 32; i++)
    if (write(fd, block, sizeof block) < (long)sizeof block && write(fd, block, 1) < 0) return failed("write");
  return 0;
}

static int make_names(void) {
  char name[32];
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "limits-%d", i);
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    if (fd < 0) return failed("open");
    close(fd);
  }
  return 0;
}

static int descend(int depth) {
  volatile char frame[4096];
  memset((char *)frame, depth, sizeof frame);
  return depth ? descend(depth - 1) + (frame[5] != (char)depth) : 0;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "";
  if (!strcmp(kind, "files")) return open_files();
  if (!strcmp(kind, "size")) signal(SIGXFSZ, SIG_IGN);
  if (!strcmp(kind, "bytes") || !strcmp(kind, "size")) return write_bytes();
  if (!strcmp(kind, "names")) return make_names();
  if (!strcmp(kind, "stack")) return descend(1000);
  if (!strcmp(kind, "null")) return *(volatile int *)0;
  return 99;
}

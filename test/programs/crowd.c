/*
 * crowd KIND: fills the writable places with as many files as there may be. KIND: flat (in three
 * directories), deep (in directories of one file each), code (flat, then ends with code 25, which
 * is the number of SIGXFSZ), limit (flat, then reaches a limit of its own on the size of files).
 * flat and deep end by a real SIGXFSZ that nothing explains.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static const char *places[] = {"/box", "/tmp", "/dev/shm"};
  const char *kind = argv[1];
  int deep = !strcmp(kind, "deep");
  char path[64];
  for (int place = 0; place < 3; place++)
    for (int i = 0;; i++) {
      snprintf(path, sizeof path, "%s/d%d", places[place], i);
      if (deep && mkdir(path, 0755)) break;
      if (deep) snprintf(path, sizeof path, "%s/d%d/f", places[place], i);
      int fd = open(path, O_CREAT | O_WRONLY, 0644);
      if (fd < 0) break;
      close(fd);
    }
  if (!strcmp(kind, "code")) _exit(25);
  raise(SIGXFSZ);
  return 1;
}

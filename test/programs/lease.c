/*
 * lease FILE SECONDS: takes a write lease on the file (it need not be able to write it), says so,
 * and holds it against whoever asks for it. Ends with the errno where it gets none. notify
 * DIRECTORY 0: asks for F_NOTIFY instead.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int fd = open(argv[1], O_RDONLY), directory = argc > 3;
  if (fd < 0) return 99;
  signal(SIGIO, SIG_IGN);
  if (fcntl(fd, directory ? F_NOTIFY : F_SETLEASE, directory ? DN_ACCESS : F_WRLCK)) return errno;
  puts("held");
  fflush(stdout);
  sleep(atoi(argv[2]));
  return 0;
}

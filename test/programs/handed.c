/*
 * handed KIND [ARG]: what a program does with descriptors that it was handed. Exit: errno, or 0.
 *
 * reopen, truncate (/proc/self/fd/0 for writing) · chmod (fd 0) · up FD PATH (PATH from the
 * directory FD) · setuid (writes to stdout and makes it set-user-ID) · skip N (reads N bytes) ·
 * drip N (N bytes, one at a time, each when the last one is read), then waits for the end of stdin
 * · fifo, link TARGET NAME
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int reopen(int flags) {
  int fd = open("/proc/self/fd/0", O_WRONLY | flags);
  if (fd < 0) return errno;
  return write(fd, "changed", 7) == 7 ? 0 : errno;
}

static int up(int directory, const char *path) {
  char text[256];
  int fd = openat(directory, path, O_RDONLY);
  if (fd < 0) return errno;
  long length = read(fd, text, sizeof text);
  return length < 0 ? errno : write(2, text, length) != length;
}

static int drip(long count) {
  char byte;
  for (int left; count > 0; count--) {
    if (write(1, "x", 1) != 1) return errno;
    do sched_yield();
    while (!ioctl(1, FIONREAD, &left) && left > 0);
  }
  return read(0, &byte, 1) < 0 ? errno : 0;
}

int main(int count, char **words) {
  const char *kind = words[1];
  char byte;
  if (!strcmp(kind, "reopen")) return reopen(0);
  if (!strcmp(kind, "truncate")) return reopen(O_TRUNC);
  if (!strcmp(kind, "chmod")) return fchmod(0, 0666) ? errno : 0;
  if (!strcmp(kind, "up")) return up(atoi(words[2]), words[3]);
  if (!strcmp(kind, "setuid")) return write(1, "own words", 9) != 9 || fchmod(1, 04777) ? errno : 0;
  if (!strcmp(kind, "drip")) return drip(atol(words[2]));
  if (!strcmp(kind, "fifo")) return mkfifo(words[2], 0666) ? errno : 0;
  if (!strcmp(kind, "link")) return symlink(words[2], words[3]) ? errno : 0;
  if (!strcmp(kind, "skip")) {
    for (long left = atol(words[2]); left > 0; left--)
      if (read(0, &byte, 1) != 1) return 99;
    return 0;
  }
  return 98;
}

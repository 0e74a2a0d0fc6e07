/*
 * leave KIND [TARGET]: leaves something odd in its working directory, for whoever collects its
 * files. Exit: errno, or 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static int put(const char *path, const char *text) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (fd < 0) return -1;
  ssize_t written = write(fd, text, strlen(text));
  close(fd);
  return written < 0 ? -1 : 0;
}

static int make_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "out"};
  return bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
}

static int make_sparse(void) {
  int fd = open("out", O_CREAT | O_WRONLY, 0644);
  return fd < 0 ? -1 : ftruncate(fd, 1L << 40);
}

/* A survivor that goes on changing the file: as a child in a session of its own. */
static int survive(void (*change)(const char *), const char *target) {
  if (put("out", "regular")) return -1;
  if (fork() == 0) {
    setsid();
    for (;;) change(target);
  }
  usleep(20000);
  return 0;
}

static void flip(const char *target) {
  symlink(target, "new");
  rename("new", "out");
  put("new", "regular");
  rename("new", "out");
}

static void grow(const char *target) {
  int fd = open("out", O_WRONLY | O_APPEND);
  write(fd, "more", 4);
  close(fd);
}

static int make_deep(int levels) {
  for (int i = 0; i < levels; i++)
    if (mkdir("directory", 0755) || chdir("directory")) return -1;
  return 0;
}

static int make_many(int count) {
  char name[32];
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "file%d", i);
    if (put(name, "")) return -1;
  }
  return 0;
}

static int make_barred(void) {
  if (mkdir("barred", 0755) || put("barred/file", "inside") || mkdir("barred/deeper", 0)) return -1;
  return chmod("barred", 0);
}

static int make_loop(void) {
  mkdir("tree", 0755);
  if (symlink(".", "tree/self") || symlink("loop", "loop")) return -1;
  return symlink("..", "tree/up");
}

/* Mode bits that mean privilege. */
static int make_setuid(void) {
  if (put("out", "#!/bin/sh\n")) return -1;
  return chmod("out", 06755);
}

static int make_capable(void) {
  static const unsigned capability[5] = {0x02000001, 0xffffffff, 0, 0, 0};
  if (put("out", "")) return -1;
  return setxattr("out", "security.capability", capability, sizeof capability, 0);
}

/* Makes a file of another mount the output. */
static int hard_link(const char *target) { return linkat(AT_FDCWD, target, AT_FDCWD, "out", AT_SYMLINK_FOLLOW); }

static int tamper(void) {
  if (put("input", "tampered") || rename("input", "gone") || unlink("gone")) return -1;
  return 0;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "";
  const char *target = argc > 2 ? argv[2] : "";
  int result = -1;
  umask(0);
  errno = EINVAL;
  if (!strcmp(kind, "file")) result = put("out", target);
  if (!strcmp(kind, "nothing")) result = 0;
  if (!strcmp(kind, "symlink")) result = symlink(target, "out");
  if (!strcmp(kind, "directory")) result = symlink(target, "dir");
  if (!strcmp(kind, "hardlink")) result = hard_link(target);
  if (!strcmp(kind, "fifo")) result = mkfifo("out", 0666);
  if (!strcmp(kind, "socket")) result = make_socket();
  if (!strcmp(kind, "device")) result = mknod("out", S_IFCHR | 0666, makedev(1, 5));
  if (!strcmp(kind, "sparse")) result = make_sparse();
  if (!strcmp(kind, "flip")) result = survive(flip, target);
  if (!strcmp(kind, "grow")) result = survive(grow, target);
  if (!strcmp(kind, "deep")) result = make_deep(atoi(target));
  if (!strcmp(kind, "many")) result = make_many(atoi(target));
  if (!strcmp(kind, "barred")) result = make_barred();
  if (!strcmp(kind, "loop")) result = make_loop();
  if (!strcmp(kind, "setuid")) result = make_setuid();
  if (!strcmp(kind, "capable")) result = make_capable();
  if (!strcmp(kind, "tamper")) result = tamper();
  return result ? errno : 0;
}

/*
 * paths OP,PATH[,PATH] ...: makes one call on a path for each argument, and prints its errno, or 0
 * if it worked, one per line.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int opened(int fd) {
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

static int result(int value) { return value < 0 ? errno : 0; }

/* Reads a byte too, so that an open that grants nothing does not count. */
static int reads(const char *path) {
  char byte;
  int fd = open(path, O_RDONLY);
  if (fd < 0) return errno;
  int error = result((int)read(fd, &byte, 1));
  close(fd);
  return error;
}

static int lists(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) return errno;
  int error = readdir(directory) ? 0 : ENODATA;
  closedir(directory);
  return error;
}

/* The error of execve; 0 if it executed something. */
static int executes(const char *path) {
  int report[2], error = 0;
  if (pipe2(report, O_CLOEXEC)) return errno;
  pid_t pid = fork();
  if (pid == 0) {
    char *argv[] = {(char *)path, 0}, *envp[] = {0};
    int null = open("/dev/null", O_WRONLY);
    if (null >= 0) dup2(null, 1);
    execve(path, argv, envp);
    error = errno;
    if (write(report[1], &error, sizeof error) < 0) _exit(2);
    _exit(1);
  }
  close(report[1]);
  if (read(report[0], &error, sizeof error) < 0) error = errno;
  close(report[0]);
  waitpid(pid, 0, 0);
  return error;
}

/* `padded`: an abstract name ends with the structure, as some versions of Node bind it. */
static int calls_socket(const char *path, int padded, int (*call)(int, const struct sockaddr *, socklen_t)) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  socklen_t length = sizeof to;
  strcpy(to.sun_path, path);
  if (*path == '@') {
    *to.sun_path = 0;
    if (!padded) length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  }
  int fd = socket(AF_UNIX, SOCK_STREAM, 0), error = result(call(fd, (struct sockaddr *)&to, length));
  close(fd);
  return error;
}

static int sockets(const char *path, int (*call)(int, const struct sockaddr *, socklen_t)) {
  int error = calls_socket(path, 0, call);
  return error == ECONNREFUSED ? calls_socket(path, 1, call) : error;
}

/* A request that every device answers with ENOTTY, and so does the kernel for files. */
static int asks(const char *path) {
  int fd = open(path, O_RDONLY), value;
  if (fd < 0) return errno;
  int error = result(ioctl(fd, TIOCGPGRP, &value));
  close(fd);
  return error;
}

static int run(const char *op, const char *a, const char *b) {
  if (!strcmp(op, "read")) return reads(a);
  if (!strcmp(op, "inherited")) return result((int)read(0, (char[1]){0}, 1));
  if (!strcmp(op, "write")) return opened(open(a, O_WRONLY));
  if (!strcmp(op, "both")) return opened(open(a, O_RDWR));
  if (!strcmp(op, "create")) return opened(open(a, O_WRONLY | O_CREAT | O_EXCL, 0600));
  if (!strcmp(op, "unnamed")) return opened(open(a, O_TMPFILE | O_RDWR, 0600));
  if (!strcmp(op, "list")) return lists(a);
  if (!strcmp(op, "truncate")) return result(truncate(a, 0));
  if (!strcmp(op, "read-truncate")) return opened(open(a, O_RDONLY | O_TRUNC));
  if (!strcmp(op, "ask-truncate")) return opened(open(a, O_ACCMODE | O_TRUNC));
  if (!strcmp(op, "write-truncate")) return opened(open(a, O_WRONLY | O_TRUNC));
  if (!strcmp(op, "execute")) return executes(a);
  if (!strcmp(op, "mkdir")) return result(mkdir(a, 0700));
  if (!strcmp(op, "rmdir")) return result(rmdir(a));
  if (!strcmp(op, "unlink")) return result(unlink(a));
  if (!strcmp(op, "symlink")) return result(symlink("target", a));
  if (!strcmp(op, "fifo")) return result(mknod(a, S_IFIFO | 0600, 0));
  if (!strcmp(op, "whiteout")) return result(mknod(a, S_IFCHR | 0600, makedev(0, 0)));
  if (!strcmp(op, "bind")) return sockets(a, bind);
  if (!strcmp(op, "connect")) return sockets(a, connect);
  if (!strcmp(op, "link")) return result(link(a, b));
  if (!strcmp(op, "rename")) return result(rename(a, b));
  if (!strcmp(op, "exchange")) return result((int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2));
  if (!strcmp(op, "ioctl")) return asks(a);
  if (!strcmp(op, "path")) return opened(open(a, O_PATH));
  if (!strcmp(op, "stat")) {
    struct stat attributes;
    return result(stat(a, &attributes));
  }
  if (!strcmp(op, "chdir")) return result(chdir(a));
  if (!strcmp(op, "signal")) return result(kill(atoi(a), 0));
  fprintf(stderr, "paths: no such call: %s\n", op);
  exit(2);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char *op = strtok(argv[i], ","), *a = strtok(0, ","), *b = strtok(0, ",");
    printf("%d\n", run(op, a ? a : "", b ? b : ""));
    fflush(stdout);
  }
  return 0;
}

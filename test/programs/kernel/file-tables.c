/*
 * The room that a process has for descriptors: 64 at first, doubled when one is used beyond it,
 * and in a child just what the open ones need. select() looks at nothing beyond it. The program's
 * own room is that of its parent, so all is done in children that have only 0, 1 and 2.
 */
#include "file-report.h"

static void status(const char *name) {
  char line[256];
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, name, strlen(name))) fputs(line, stdout);
  if (file) fclose(file);
  fflush(stdout);
}

/* What select() and pselect() say of a descriptor that is closed. */
static void closed(int fd) {
  fd_set set;
  struct timeval none = {0, 0};
  struct timespec nothing = {0, 0};
  printf("descriptor %d\n", fd);
  FD_ZERO(&set);
  FD_SET(fd, &set);
  R(select(fd + 1, &set, 0, 0, &none));
  printf("set %d\n", FD_ISSET(fd, &set) != 0);
  FD_ZERO(&set);
  FD_SET(fd, &set);
  R(select(fd + 1, 0, 0, &set, &none));
  R(pselect(fd + 1, 0, &set, 0, &nothing, 0));
  R(select(fd, &set, 0, 0, &none));
}

static void all(const char *what) {
  printf("# %s\n", what);
  status("FDSize");
  closed(63);
  closed(64);
  closed(99);
  closed(127);
  closed(128);
  closed(255);
  closed(256);
  closed(1000);
}

static void child(const char *what, void (*run)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  if (!pid) {
    all(what);
    if (run) run();
    _exit(0);
  }
  waitpid(pid, 0, 0);
}

static void grown(void) {
  close(dup2(1, 63));
  status("FDSize");
  close(dup2(1, 64));
  all("after 64");
  R(dup3(99, 129, 1));
  R(dup2(99, 256));
  R(dup2(99, 99));
  status("FDSize");
  R(dup2(99, 128));
  status("FDSize");
  R(fcntl(1, F_DUPFD, 200));
  all("after 200");
  child("a child with 200", 0);
  close(200);
  all("after close");
  child("a child without", 0);
  dup2(1, 70);
  child("a child with 70", 0);
  close(70);
  dup2(1, 130);
  child("a child with 130", 0);
  close(130);
  limit_to(RLIMIT_NOFILE, 20);
  all("with a lower limit");
  R(dup2(1, 20));
  R(dup2(99, 20));
}

static void replaced(void) {
  close(dup2(1, 200));
  fflush(stdout);
  execl("/proc/self/exe", "tables", "executed", (char *)0);
}

int main(int count, char **arguments) {
  if (count > 1) {
    all("after execve");
    return 0;
  }
  child("a child", grown);
  child("another child", replaced);
  return 0;
}

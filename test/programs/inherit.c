/*
 * inherit PROGRAM [ARGUMENT...]: blocks HUP, USR1 and TERM, ignores INT, PIPE and USR2, opens
 * /etc/passwd as 9 and a pipe as 11 and 12, and executes the program.
 *
 * inherit: prints its own masks and descriptors above 2, by number and what they are.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print(void) {
  char line[256], link[256], path[64];
  FILE *status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status))
    if (!strncmp(line, "SigBlk", 6) || !strncmp(line, "SigIgn", 6)) fputs(line, stdout);
  fclose(status);
  for (int fd = 3; fd < 64; fd++) {
    sprintf(path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 0) continue;
    link[strncmp(link, "pipe", 4) ? length : 4] = 0;
    printf("%d %s\n", fd, link);
  }
}

int main(int count, char **words) {
  if (count == 1) {
    print();
    return 0;
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_SETMASK, &set, 0);
  signal(SIGINT, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGUSR2, SIG_IGN);
  int ends[2], file = open("/etc/passwd", O_RDONLY);
  dup2(file, 9);
  if (pipe(ends)) return 1;
  dup2(ends[0], 11);
  dup2(ends[1], 12);
  close(file);
  close(ends[0]);
  close(ends[1]);
  execvp(words[1], words + 1);
  return 1;
}

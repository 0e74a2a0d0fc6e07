/* flood KIND PROCESSES: that many processes do something that stops them, until they are killed.
 * flood patient CALLS: a child opens a file that often, half a second later; prints how long the
 * longest call took, in ms. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char file[] = "/usr/lib/os-release";

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void ignore(int signal) {}

static int patient(int calls) {
  if (fork()) return wait(0) < 0;
  double longest = 0;
  usleep(500000);
  for (int i = 0; i < calls; i++) {
    double start = now();
    close(open(file, O_RDONLY));
    if (now() - start > longest) longest = now() - start;
  }
  dprintf(1, "%.1f\n", longest);
  return 0;
}

int main(int count, char **words) {
  const char *kind = words[1];
  char deep[4000] = "";
  if (!strcmp(kind, "patient")) return patient(atoi(words[2]));
  close(open("file", O_CREAT | O_WRONLY, 0600));
  mkdir("a", 0700);
  strcpy(deep, "/proc/self/cwd/");
  while (strlen(deep) < sizeof deep - 16) strcat(deep, "a/../");
  strcat(deep, "file");
  signal(SIGURG, ignore);
  for (int i = 1; i < atoi(words[2]); i++)
    if (!fork()) break;
  for (;;) {
    if (!strcmp(kind, "open")) close(open(file, O_RDONLY));
    if (!strcmp(kind, "deep")) chmod(deep, 0600);
    if (!strcmp(kind, "signal")) raise(SIGURG);
    if (!strcmp(kind, "once")) return 0;
  }
}

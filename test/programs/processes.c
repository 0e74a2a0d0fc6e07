/*
 * processes KIND N: starts processes. KIND: fork (N at a time, then waits), bomb (until it is
 * ended), daemon, thread.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *idle(void *unused) {
  usleep(300000);
  return unused;
}

static int start(int count, int threads) {
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    if (threads) {
      if (pthread_create(&thread, NULL, idle, NULL)) return 3;
      continue;
    }
    pid_t child = fork();
    if (child < 0) return 3;
    if (child == 0) {
      idle(NULL);
      _exit(0);
    }
  }
  while (wait(NULL) > 0) {
  }
  if (threads) idle(NULL);
  return 0;
}

/* Two sessions away from its parent, it would go on for a minute. */
static int leave_daemon(void) {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      sleep(60);
      _exit(0);
    }
    _exit(0);
  }
  usleep(50000);
  puts("left");
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int count = atoi(argv[2]);
  if (!strcmp(argv[1], "fork")) return start(count, 0);
  if (!strcmp(argv[1], "thread")) return start(count, 1);
  if (!strcmp(argv[1], "daemon")) return leave_daemon();
  if (!strcmp(argv[1], "bomb"))
    for (;;) fork();
  return 2;
}

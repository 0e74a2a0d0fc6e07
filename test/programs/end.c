/* end KIND [N]: ends in a way of its own. KIND: exit, signal, null, abort, exec, thread, stop. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *outlive(void *unused) {
  usleep(100000);
  exit(7);
  return unused;
}

int main(int argc, char **argv) {
  int number = argc > 2 ? atoi(argv[2]) : 0;
  const char *kind = argc > 1 ? argv[1] : "exit";
  if (!strcmp(kind, "exit")) return number;
  if (!strcmp(kind, "signal")) kill(getpid(), number);
  if (!strcmp(kind, "null")) *(volatile int *)0 = 1;
  if (!strcmp(kind, "abort")) abort();
  if (!strcmp(kind, "exec")) execlp("true", "true", NULL);
  if (!strcmp(kind, "stop")) raise(SIGSTOP);
  if (!strcmp(kind, "thread")) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, outlive, NULL)) return 3;
    pthread_exit(NULL);
  }
  return 0;
}

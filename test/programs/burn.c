/* burn KIND MS: uses CPU time. KIND: one, system, threads, children, unwaited, ignored, chain. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long budget_ms;

static double used(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void spin(clockid_t clock) {
  double start = used(clock);
  while (used(clock) - start < budget_ms)
    for (volatile int i = 0; i < 10000; i++) {
    }
}

static void *spin_thread(void *unused) {
  spin(CLOCK_THREAD_CPUTIME_ID);
  return unused;
}

static void spin_system(void) {
  char buffer[65536];
  double start = used(CLOCK_PROCESS_CPUTIME_ID);
  FILE *random = fopen("/dev/urandom", "r");
  while (random && used(CLOCK_PROCESS_CPUTIME_ID) - start < budget_ms)
    if (fread(buffer, 1, sizeof buffer, random) == 0) break;
}

/* Two children share the work; whether anyone waits is the question. */
static void spin_children(int wait_for_them, int ignore) {
  if (ignore) signal(SIGCHLD, SIG_IGN);
  for (int i = 0; i < 2; i++)
    if (fork() == 0) {
      spin(CLOCK_PROCESS_CPUTIME_ID);
      _exit(0);
    }
  if (wait_for_them)
    while (wait(NULL) > 0) {
    }
  else
    usleep(budget_ms * 3000);
}

/* Each child uses a little and is replaced by the next: no single process comes near a limit. */
static void spin_chain(void) {
  long total = budget_ms;
  budget_ms = 50;
  for (long done = 0; done < total; done += 50) {
    pid_t child = fork();
    if (child == 0) {
      spin(CLOCK_PROCESS_CPUTIME_ID);
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  budget_ms = atol(argv[2]);
  if (!strcmp(argv[1], "one")) spin(CLOCK_PROCESS_CPUTIME_ID);
  if (!strcmp(argv[1], "system")) spin_system();
  if (!strcmp(argv[1], "children")) spin_children(1, 0);
  if (!strcmp(argv[1], "unwaited")) spin_children(0, 0);
  if (!strcmp(argv[1], "ignored")) spin_children(0, 1);
  if (!strcmp(argv[1], "chain")) spin_chain();
  if (!strcmp(argv[1], "threads")) {
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
      if (pthread_create(&threads[i], NULL, spin_thread, NULL)) return 3;
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  }
  return 0;
}

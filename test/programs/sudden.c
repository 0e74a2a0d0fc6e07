/*
 * sudden KIND ROUNDS: makes processes, one after the other, that end while their threads are in
 * calls at which a tracer stops them. Exits with 11 after the last one.
 *
 * KINDS: births: threads make threads until another one ends the process; execs: a thread executes
 * this program, and the parent kills the process when the files are closed that an execve closes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8
#define MOST_US 2000

static char **words;

static void *do_nothing(void *unused) { return unused; }

static void *make_threads(void *unused) {
  pthread_t thread;
  for (;;)
    if (pthread_create(&thread, 0, do_nothing, 0) == 0) pthread_join(thread, 0);
}

static void *execute(void *unused) {
  execl(words[0], words[0], "wait", "0", (char *)0);
  _exit(12);
}

int main(int count, char **arguments) {
  pthread_t thread;
  int status;
  if (strcmp(arguments[1], "wait") == 0)
    for (;;) pause();
  int births = strcmp(arguments[1], "births") == 0;
  words = arguments;
  srand(1);
  for (int rounds = atoi(arguments[2]); rounds > 0; rounds--) {
    int microseconds = rand() % MOST_US;
    int closed[2];
    if (pipe2(closed, O_CLOEXEC) < 0) return 14;
    pid_t pid = fork();
    if (pid < 0) return 13;
    if (pid == 0) {
      for (int i = births ? THREADS : 1; i > 0; i--) pthread_create(&thread, 0, births ? make_threads : execute, 0);
      usleep(microseconds);
      /* The status could be mistaken for the id of a process: 0 is the group of the tracer. */
      if (births) _exit(0);
      for (;;) pause();
    }
    close(closed[1]);
    if (!births) {
      read(closed[0], &status, 1);
      kill(pid, SIGKILL);
    }
    close(closed[0]);
    waitpid(pid, &status, 0);
  }
  return 11;
}

/*
 * execs ROUNDS THREADS [all]: so many threads open a file that may be denied, and at the same time
 * another thread executes the program again, with one round less. Exits with 11 after the last
 * one. With `all`, every thread opens 50 files, and then all of them execute it at once.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char **words;
static pthread_barrier_t ready;

static void *open_file(void *unused) {
  for (;;) {
    int fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) close(fd);
  }
}

static void *execute(void *unused) {
  usleep(1000 + rand() % 4000);
  execv(words[0], words);
  _exit(12);
}

static void *open_and_execute(void *unused) {
  for (int i = 0; i < 50; i++) {
    int fd = open(i % 2 ? "/etc/shadow" : "/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) close(fd);
  }
  pthread_barrier_wait(&ready);
  execv(words[0], words);
  _exit(12);
}

int main(int count, char **arguments) {
  static char rest[16];
  pthread_t thread;
  int rounds = atoi(arguments[1]);
  if (rounds == 0) return 11;
  snprintf(rest, sizeof rest, "%d", rounds - 1);
  words = arguments;
  words[1] = rest;
  int all = count > 3, threads = atoi(arguments[2]);
  pthread_barrier_init(&ready, 0, threads);
  for (int i = 0; i < threads; i++) pthread_create(&thread, 0, all ? open_and_execute : open_file, 0);
  if (!all) pthread_create(&thread, 0, execute, 0);
  for (;;) pause();
}

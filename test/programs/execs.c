/* execs ROUNDS THREADS: so many threads open a file that may be denied, and at the same time
 * another thread executes the program again, with one round less. Exits with 11 after the last
 * one. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char **words;

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

int main(int count, char **arguments) {
  static char rest[16];
  pthread_t thread;
  int rounds = atoi(arguments[1]);
  if (rounds == 0) return 11;
  snprintf(rest, sizeof rest, "%d", rounds - 1);
  words = arguments;
  words[1] = rest;
  for (int i = 0; i < atoi(arguments[2]); i++) pthread_create(&thread, 0, open_file, 0);
  pthread_create(&thread, 0, execute, 0);
  for (;;) pause();
}

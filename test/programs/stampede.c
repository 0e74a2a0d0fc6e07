/*
 * stampede THREADS PATH: all threads open the file, again and again, and at the same moment each
 * executes this program anew, which then opens the file and exits. Exit: 0, or the errno of the
 * open.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **words;
static pthread_barrier_t ready;

static int try_open(void) {
  int fd = open(words[2], O_RDONLY);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

static void *run(void *unused) {
  int failed = 0;
  for (int i = 0; i < 20; i++) failed |= try_open();
  pthread_barrier_wait(&ready);
  if (failed) _exit(failed);
  char *again[] = {words[0], "1", words[2], NULL};
  execv(words[0], again);
  return unused;
}

int main(int argc, char **argv) {
  words = argv;
  int count = atoi(argv[1]);
  if (count == 1) return try_open();
  pthread_barrier_init(&ready, NULL, count);
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, NULL)) return 99;
  }
  for (;;) pause();
}

/* Threads that map and unmap, and processes that end or execute while their threads run. */
#include "clean-start.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LENGTH 65536
#define PAGE 4096

/* Each thread finds only its own number in memory that it has just mapped. */
static void *work(void *number) {
  for (int round = 0; round < 100; round++) {
    char *area = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area[LENGTH - 1]) exit(2);
    memset(area, (int)(long)number, LENGTH);
    for (int at = 0; at < LENGTH; at += PAGE)
      if (area[at] != (char)(long)number) exit(1);
    munmap(area, LENGTH);
  }
  return NULL;
}

static void *spin(void *unused) {
  for (volatile long count = 0;; count++) {
  }
  return unused;
}

static int ended(pid_t child) {
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void) {
  pthread_t threads[8], other;
  for (long i = 0; i < 8; i++) pthread_create(&threads[i], NULL, work, (void *)(i + 1));
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  puts("each thread saw its own memory");
  fflush(stdout);
  for (int round = 0; round < 4; round++) {
    pid_t child = fork();
    if (child == 0) {
      pthread_create(&other, NULL, spin, NULL);
      pthread_create(&other, NULL, spin, NULL);
      usleep(2000);
      if (round & 1) execl("/bin/true", "true", NULL);
      _exit(round + 10);
    }
    printf("its threads ran: %d\n", ended(child));
    fflush(stdout);
  }
  pthread_create(&other, NULL, work, (void *)9L);
  for (int round = 0; round < 4; round++) {
    pid_t child = fork();
    if (child == 0) _exit(7);
    printf("forked beside a thread: %d\n", ended(child));
    fflush(stdout);
  }
  pthread_join(other, NULL);
  return 0;
}

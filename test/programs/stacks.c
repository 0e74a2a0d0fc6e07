// Calls at the end of a chain of functions whose names are known: main, alpha, beta, gamma_.
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT __attribute__((noipa))

// Nothing is left to do after a call, so that it would be a jump: but this.
#define STAY __asm__ volatile("" ::: "memory")

KEPT static void gamma_(const char *mark) {
  char room[64];
  memset(room, 0, sizeof room);
  __asm__ volatile("" ::"r"(room) : "memory");
  write(1, mark, 1);
  STAY;
}

KEPT static void beta(const char *mark, int size) {
  // A frame whose size only the frame pointer, or a note, knows.
  char room[size];
  memset(room, 0, size);
  __asm__ volatile("" ::"r"(room) : "memory");
  gamma_(mark);
  STAY;
}

KEPT static void alpha(const char *mark) {
  beta(mark, (int)getpid() % 7 + 40);
  STAY;
}

KEPT static void deep(int left) {
  if (left == 0) gamma_("r");
  else deep(left - 1);
  STAY;
}

static void handler(int signal) {
  (void)signal;
  gamma_("s");
  STAY;
}

KEPT static void raiser(void) {
  raise(SIGUSR1);
  STAY;
}

static void *runner(void *argument) {
  alpha("t");
  return argument;
}

KEPT static void parent(void) {
  if (vfork() == 0) {
    gamma_("v");
    _exit(0);
  }
  wait(0);
  STAY;
}

int main(int count, char **words) {
  const char *mode = count > 1 ? words[1] : "chain";
  if (strcmp(mode, "chain") == 0) alpha("c");
  if (strcmp(mode, "deep") == 0) deep(300);
  if (strcmp(mode, "signal") == 0) {
    signal(SIGUSR1, handler);
    raiser();
  }
  if (strcmp(mode, "thread") == 0) {
    pthread_t thread;
    pthread_create(&thread, 0, runner, 0);
    pthread_join(thread, 0);
  }
  if (strcmp(mode, "vfork") == 0) parent();
  if (strcmp(mode, "unlink") == 0) {
    unlink(words[0]);
    alpha("u");
  }
  if (strcmp(mode, "exec") == 0) {
    char *again[] = {words[0], "chain", 0};
    execve(words[0], again, 0);
  }
  return 0;
}

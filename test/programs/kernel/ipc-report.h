/*
 * How the programs of System V IPC report, and how they remove what they have made however they
 * end: the objects outlive a process. Only the process that made them removes them.
 */
#include "task-report.h"
#include "asleep.h"
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>

enum { SEGMENT, SET, QUEUE, MOST_MADE = 64 };

static struct { int kind, id; } made[MOST_MADE];
static int made_count;
static pid_t maker;

static void remove_all(void) {
  if (getpid() != maker) return;
  for (int i = 0; i < made_count; i++) {
    if (made[i].kind == SEGMENT) shmctl(made[i].id, IPC_RMID, 0);
    if (made[i].kind == SET) semctl(made[i].id, 0, IPC_RMID);
    if (made[i].kind == QUEUE) msgctl(made[i].id, IPC_RMID, 0);
  }
}

static void give_up(int signal) {
  remove_all();
  _exit(100 + signal);
}

/* Before anything is made. A program that hangs ends by itself, with nothing left behind. */
static inline void begin(void) {
  maker = getpid();
  atexit(remove_all);
  signal(SIGALRM, give_up);
  signal(SIGTERM, give_up);
  alarm(25);
}

static inline int keep(int kind, int id) {
  if (id >= 0 && made_count < MOST_MADE) {
    made[made_count].kind = kind;
    made[made_count++].id = id;
  }
  return id;
}

/* Runs it in a child, and waits for its end. */
static inline void in_child(void (*act)(int), int id) {
  int status;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    act(id);
    fflush(stdout);
    _exit(0);
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (WIFSIGNALED(status)) printf("killed by %d\n", WTERMSIG(status));
}

/* Starts it in a child. */
static inline pid_t beside(void (*act)(int), int id) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGALRM, SIG_DFL);
    alarm(20);
    act(id);
    fflush(stdout);
    _exit(0);
  }
  return child;
}

static inline void finish(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (WIFSIGNALED(status)) printf("killed by %d\n", WTERMSIG(status));
  fflush(stdout);
}

/* Reports what the call has answered after the child has ended: so lines keep their order. */
static inline void report_after(pid_t child, const char *name, long result) {
  int error = errno;
  finish(child);
  errno = error;
  report(name, result);
}

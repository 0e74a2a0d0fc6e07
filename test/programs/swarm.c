/*
 * swarm KIND [N]: processes that are hard to end. Most go on for ever: only for boxes that limit
 * processes and time.
 *
 * sessions, comets, reexec, zombies, busy, racers (N at a time) · deaf (ignores and blocks all
 * signals) · reaper (subreaper, no parent-death signal) · holder (its child keeps stdout) · vfork
 * · ids · one (kills PID 1) · dump · start What it prints says how far it got: a number, or a
 * letter a generation.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void idle(void) {
  for (;;) pause();
}

static void say(int number) {
  char text[16];
  write(1, text, sprintf(text, "%d\n", number));
}

/* As many children as there may be, each in a session of its own, each doing the same. */
static void sessions(void) {
  for (;;)
    if (fork() == 0) setsid();
}

/* Each process lives just long enough to start the next: no list of processes is ever right. */
static void comet(void) {
  for (;;) {
    pid_t child = fork();
    if (child > 0) _exit(0);
    if (child == 0) {
      setsid();
      write(1, "x", 1);
    }
  }
}

static void comets(int count) {
  for (int i = 0; i < count; i++)
    if (fork() == 0) comet();
}

/* Executes itself as fast as it can, counting down; a count below zero never ends. */
static void reexec(int left) {
  char text[16];
  if (left == 0) _exit(0);
  write(1, "x", 1);
  sprintf(text, "%d", left < 0 ? -1 : left - 1);
  execl("/proc/self/exe", "swarm", "reexec", text, NULL);
  _exit(errno);
}

/* Children that nobody waits for; how many there can be at a time. */
static void zombies(int count) {
  int made = 0;
  for (pid_t child; made < count && (child = fork()) >= 0; made++)
    if (child == 0) _exit(0);
  say(made);
}

static void *idle_thread(void *unused) {
  idle();
  return unused;
}

static void threads(int count) {
  int made = 0;
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  while (made < count && !pthread_create(&thread, &small, idle_thread, NULL)) made++;
  usleep(50000);
  say(made);
  _exit(made < count ? 3 : 0);
}

static void busy(int count) {
  for (int i = 1; i < count; i++)
    if (fork() == 0) break;
  for (;;) {
  }
}

/* Leaves a child behind with every fork, so that some fork is under way whenever the end comes. */
static void racer(void) {
  for (;;) {
    pid_t child = fork();
    if (child < 0) waitpid(-1, NULL, WNOHANG);
    if (child == 0 && fork() == 0) usleep(1000);
    if (child == 0) _exit(0);
  }
}

static void racers(int count) {
  for (int i = 1; i < count; i++)
    if (fork() == 0) break;
  racer();
}

/* `told` gets a byte once it ignores all signals; -1: there is none. */
static void deaf(int told) {
  sigset_t all;
  sigfillset(&all);
  for (int i = 1; i <= 64; i++) signal(i, SIG_IGN);
  sigprocmask(SIG_SETMASK, &all, NULL);
  say(0);
  if (told >= 0) write(told, "", 1);
  for (;;) sleep(1);
}

/* Orphans come to it instead of to init, and would outlive it. */
static void reaper(void) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, 0);
  int told[2];
  char byte;
  pipe(told);
  for (int i = 0; i < 5; i++)
    if (fork() == 0) {
      setsid();
      if (fork() == 0) deaf(told[1]);
      _exit(0);
    }
  for (int i = 0; i < 5; i++) read(told[0], &byte, 1);
  say(getpid());
}

static void holder(int seconds) {
  if (fork() == 0) {
    setsid();
    sleep(seconds);
    write(1, "late\n", 5);
    _exit(0);
  }
  say(0);
}

/* The parent sleeps in the kernel until its child is gone. */
static void hang_in_vfork(void) {
  say(0);
  if (vfork() == 0)
    for (;;) pause();
}

/* Another user, where it may be: a kill by user id would miss it. */
static int ids(void) {
  errno = 0;
  if (setresgid(12345, 12345, 12345) || setresuid(12345, 12345, 12345)) return errno;
  return getuid() == 12345 ? 0 : 1;
}

/* A crash with so many MiB mapped, with a core file that is larger still where one is made. */
static void dump(int mib) {
  size_t size = (size_t)mib << 20;
  char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) _exit(7);
  for (size_t i = 0; i < size; i += 1 << 21) at[i] = 1;
  abort();
}

/*
 * What it began with: ignored and caught signals, the mask, umask, descriptors beyond 2, working
 * directory.
 */
static void start(void) {
  struct sigaction action;
  sigset_t mask;
  char cwd[4096];
  sigprocmask(SIG_BLOCK, NULL, &mask);
  for (int i = 1; i <= 64; i++)
    if (i != 32 && i != 33 && (sigaction(i, NULL, &action) || action.sa_handler != SIG_DFL || sigismember(&mask, i)))
      printf("signal %d ", i);
  for (int fd = 0; fd < 256; fd++)
    if ((fcntl(fd, F_GETFD) >= 0) != (fd < 3)) printf("descriptor %d ", fd);
  printf("%o %s\n", umask(0), getcwd(cwd, sizeof cwd) ? cwd : "nowhere");
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  const char *kind = argv[1];
  int count = argc > 2 ? atoi(argv[2]) : 1;
  if (!strcmp(kind, "sessions")) sessions();
  if (!strcmp(kind, "comet")) comet();
  if (!strcmp(kind, "comets")) {
    comets(count);
    idle();
  }
  if (!strcmp(kind, "reexec")) reexec(count);
  if (!strcmp(kind, "zombies")) zombies(count);
  if (!strcmp(kind, "threads")) threads(count);
  if (!strcmp(kind, "busy")) busy(count);
  if (!strcmp(kind, "racers")) racers(count);
  if (!strcmp(kind, "deaf")) deaf(-1);
  if (!strcmp(kind, "reaper")) reaper();
  if (!strcmp(kind, "holder")) holder(count);
  if (!strcmp(kind, "vfork")) hang_in_vfork();
  if (!strcmp(kind, "ids")) return ids();
  if (!strcmp(kind, "one")) return kill(1, SIGKILL) | kill(1, SIGSEGV) ? errno : 0;
  if (!strcmp(kind, "dump")) dump(count);
  if (!strcmp(kind, "start")) start();
  return 0;
}

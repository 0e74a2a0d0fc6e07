/* What strace's layout is compared on: straced CASE [ARGUMENT]. Each case makes its calls in one order only. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char *argument = "";
extern char **environ;

/* The parent waits before the child does anything: its line is unfinished whenever the child writes one. */
static void until_waiting(pid_t parent) {
  char path[64], state = 0;
  for (int tries = 0; tries < 5000; tries++) {
    snprintf(path, sizeof path, "/proc/%d/syscall", parent);
    int fd = open(path, O_RDONLY);
    char text[16] = "";
    if (fd >= 0) { read(fd, text, sizeof text - 1); close(fd); }
    if (atoi(text) == SYS_wait4 || atoi(text) == SYS_pause) return;
    usleep(1000);
  }
}

static int child(void) {
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) {
    until_waiting(parent);
    if (!strcmp(argument, "abort")) abort();
    syscall(SYS_umask, 022);
    _exit(3);
  }
  int status;
  waitpid(pid, &status, 0);
  return 0;
}

static void handle(int signal) {}
static int signals(void) {
  signal(SIGUSR1, handle);
  raise(SIGUSR1);
  syscall(SYS_umask, 022);
  return 5;
}

static int dies(void) {
  signal(atoi(argument), SIG_DFL);
  kill(getpid(), atoi(argument));
  return 0;
}

static void *executes(void *parent) {
  until_waiting(getpid());
  char *words[] = {"true", NULL};
  execve("/bin/true", words, environ);
  return NULL;
}
static int thread_exec(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, executes, NULL);
  pause();
  return 0;
}

/* Reads and writes of all shapes, for dumps. */
static int moves(void) {
  int ends[2];
  char buffer[64];
  pipe(ends);
  struct iovec parts[] = {{"hello, ", 7}, {"wide world of pipes", 19}};
  writev(ends[1], parts, 2);
  read(ends[0], buffer, 20);
  struct iovec room[] = {{buffer, 4}, {buffer + 4, 40}};
  readv(ends[0], room, 2);
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  sendmsg(pair[0], &message, 0);
  recv(pair[1], buffer, sizeof buffer, 0);
  return 0;
}

/* Calls that fail and calls that do not, in turn. */
static int turns(void) {
  for (int i = 0; i < 3; i++) {
    syscall(SYS_umask, 022);
    close(-1);
    syscall(SYS_rmdir, "/nonexistent/x");
  }
  return 0;
}

static int loops(void) {
  for (int i = atoi(argument); i > 0; i--) syscall(SYS_getppid);
  return 0;
}

static void *works(void *unused) {
  for (int i = 0; i < 5; i++) syscall(SYS_umask, 022);
  return unused;
}
static int threads(void) {
  pthread_t all[3];
  for (int i = 0; i < 3; i++) pthread_create(&all[i], NULL, works, NULL);
  for (int i = 0; i < 3; i++) pthread_join(all[i], NULL);
  return 0;
}

/* Opens of one file: the number of those that failed. */
static int opens(void) {
  int failed = 0;
  for (int i = 0; i < 5; i++) {
    int fd = open("/etc/passwd", O_RDONLY);
    if (fd < 0) failed++;
    else close(fd);
  }
  return failed;
}

static int waits(void) {
  write(1, "ready\n", 6);
  for (;;) pause();
}

int main(int count, char **words) {
  if (count > 2) argument = words[2];
  struct { char *name; int (*run)(void); } cases[] = {
    {"child", child}, {"signals", signals}, {"dies", dies}, {"thread-exec", thread_exec}, {"moves", moves},
    {"turns", turns}, {"loops", loops}, {"threads", threads}, {"opens", opens}, {"waits", waits},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
    if (count > 1 && !strcmp(cases[i].name, words[1])) return cases[i].run();
  return 99;
}

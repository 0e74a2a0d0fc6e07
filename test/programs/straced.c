/*
 * What strace's layout is compared on: straced CASE [ARGUMENT]. Each case makes its calls in one
 * order only.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char *argument = "";
extern char **environ;

/*
 * The parent waits before the child does anything: its line is unfinished whenever the child
 * writes one.
 */
static void until_waiting(pid_t parent) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/syscall", parent);
  int fd = open(path, O_RDONLY);
  for (int tries = 0; tries < 5000; tries++) {
    char text[16] = "";
    pread(fd, text, sizeof text - 1, 0);
    if (atoi(text) == SYS_wait4 || atoi(text) == SYS_pause) return;
    usleep(1000);
  }
}

/*
 * A child has run, so its attachment has been told, before its parent makes a call that is told.
 */
static volatile int *up;
static void until_up(void) {
  while (!*up) usleep(1000);
}

static int child(void) {
  up = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) {
    *up = 1;
    until_waiting(parent);
    if (!strcmp(argument, "abort")) abort();
    syscall(SYS_umask, 022);
    _exit(3);
  }
  int status;
  until_up();
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
  *up = 1;
  until_waiting(getpid());
  char *words[] = {"true", NULL};
  execve("/bin/true", words, environ);
  return NULL;
}
static int thread_exec(void) {
  static int started;
  pthread_t thread;
  up = &started;
  pthread_create(&thread, NULL, executes, NULL);
  until_up();
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

/* Data that a call takes in part, refuses, or has in several buffers and messages. */
static int offers(void) {
  int ends[2], pair[2];
  static char many[4096], got[4096];
  pipe2(ends, O_NONBLOCK);
  fcntl(ends[1], F_SETPIPE_SZ, 4096);
  struct iovec parts[] = {{"abc", 3}, {"de", 2}, {"", 0}, {"never shown", 11}};
  struct iovec unreadable[] = {{"abc", 3}, {(void *)1, 5}};
  write(ends[1], many, 4000);
  writev(ends[1], (struct iovec[]){{many, 8}, {many, 2000}}, 2);
  read(ends[0], got, sizeof got);
  write(ends[1], many, sizeof many);
  write(ends[1], "full", 4);
  writev(ends[1], parts, 4);
  pwrite(ends[1], "seek", 4, 0);
  pwritev(ends[1], parts, 2, 0);
  vmsplice(ends[1], parts, 1, SPLICE_F_NONBLOCK);
  read(ends[0], got, sizeof got);
  writev(ends[1], unreadable, 2);
  write(ends[1], (void *)1, 10);
  write(ends[1], "", 0);
  sendto(ends[1], "no socket", 9, 0, 0, 0);
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 4};
  sendmsg(ends[1], &message, 0);
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  struct mmsghdr messages[2] = {{message}, {message}};
  messages[1].msg_hdr.msg_iovlen = 1;
  sendmmsg(pair[0], messages, 2, 0);
  struct iovec room[] = {{got, 2}, {got + 2, 1}, {got + 3, 60}};
  struct mmsghdr arrived[3] = {{{.msg_iov = room, .msg_iovlen = 3}}, {{.msg_iov = room, .msg_iovlen = 2}}};
  recvmmsg(pair[1], arrived, 2, MSG_DONTWAIT, 0);
  recvmmsg(pair[1], arrived, 2, MSG_DONTWAIT, 0);
  return 0;
}

static long gate32(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(0), "D"(0) : "memory");
  return result;
}

/* Calls through the 32-bit gate, with memory that 32 bits reach. */
static int narrow(void) {
  char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  strcpy(low, "/etc/passwd");
  strcpy(low + 100, "hello");
  long at = (long)low, fd = gate32(5, at, O_RDONLY, 0);
  gate32(3, fd, at + 200, 10);
  gate32(6, fd, 0, 0);
  gate32(295, AT_FDCWD, at, O_CLOEXEC);
  gate32(33, at, R_OK, 0);
  gate32(4, 99, at + 100, 5);
  gate32(60, 022, 0, 0);
  gate32(37, 0, 9999, 0);
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
    {"turns", turns}, {"loops", loops}, {"threads", threads}, {"opens", opens}, {"waits", waits}, {"narrow", narrow},
    {"offers", offers},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
    if (count > 1 && !strcmp(cases[i].name, words[1])) return cases[i].run();
  return 99;
}

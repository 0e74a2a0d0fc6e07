/*
 * Takes as much of one thing as the kernel gives: exhaust NAME MOST. Prints why it stopped, an
 * errno or 0 if it reached MOST, and then that it can still fork. Only for a world of the kernel
 * runner: natively it would take what it may of the host.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static long most;
static char name[300];

/* A name of 200 characters, different for each number. */
static char *named(const char *where, long number) {
  snprintf(name, sizeof name, "%s/%0200ld", where, number);
  return name;
}

/* Each step takes one more: −1 and errno when it cannot. */
static int zombie(long i) {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  return pid < 0 ? -1 : 0;
}

static int lock(long i) {
  static int fd;
  if (i == 0) fd = open("/tmp/locked", O_RDWR | O_CREAT, 0600);
  struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2 * i, .l_len = 1};
  return fcntl(fd, F_SETLK, &range);
}

static int area(long i) {
  static char *at;
  if (i == 0) at = mmap(0, 1L << 32, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return mprotect(at + 8192 * i, 4096, PROT_NONE);
}

static int missing_name(long i) {
  struct stat unused;
  return stat(named(i % 2 ? "/usr/lib" : "/tmp", i), &unused) == 0 || errno != ENOENT ? -1 : 0;
}

static int file(long i) {
  int fd = open(named("/tmp", i), O_CREAT | O_RDWR, 0600);
  return fd < 0 ? -1 : close(fd);
}

static int link_text(long i) {
  static char text[4000];
  memset(text, 'x', sizeof text - 1);
  return symlink(text, named("/tmp", i));
}

static int attribute(long i) {
  static char value[60000];
  int fd = open(named("/tmp", i), O_CREAT | O_RDWR, 0600);
  if (fd < 0) return -1;
  int result = fsetxattr(fd, "user.x", value, sizeof value, 0);
  int error = errno;
  close(fd), errno = error;
  return result;
}

static int timer(long i) {
  timer_t id;
  return timer_create(CLOCK_MONOTONIC, 0, &id);
}

static int queued(long i) {
  if (i == 0) signal(SIGRTMIN, SIG_IGN);
  sigset_t all;
  sigfillset(&all), sigprocmask(SIG_SETMASK, &all, 0);
  return sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1});
}

static int datagram(long i) {
  static int ends[2];
  static char bytes[60000];
  if (i % 8 == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)) return -1;
  return send(ends[0], bytes, sizeof bytes, MSG_DONTWAIT) < 0 && errno != EAGAIN ? -1 : 0;
}

static int pipe_bytes(long i) {
  static char bytes[1 << 16];
  int ends[2];
  if (pipe2(ends, O_NONBLOCK)) return -1;
  fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  for (int n = 0; n < 16; n++) if (write(ends[1], bytes, sizeof bytes) < 0) break;
  return 0;
}

/* Descriptors in messages, in sockets in messages: none of them counts as open. */
static int sent_descriptor(long i) {
  static int ends[2], file;
  char control[CMSG_SPACE(sizeof(int) * 250)], byte = 0;
  if (i == 0) file = open("/etc/passwd", O_RDONLY);
  if (i % 16 == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return -1;
  struct iovec one = {&byte, 1};
  struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int) * 250);
  for (int n = 0; n < 250; n++) ((int *)CMSG_DATA(header))[n] = open("/etc/passwd", O_RDONLY) ;
  for (int n = 0; n < 250; n++) if (((int *)CMSG_DATA(header))[n] < 0) ((int *)CMSG_DATA(header))[n] = file;
  int result = sendmsg(ends[0], &message, MSG_DONTWAIT), error = errno;
  for (int n = 0; n < 250; n++) if (((int *)CMSG_DATA(header))[n] != file) close(((int *)CMSG_DATA(header))[n]);
  if (i % 16 == 15) close(ends[0]), close(ends[1]);
  errno = error;
  return result < 0 && errno != EAGAIN ? -1 : 0;
}

/* A socket in its own queue, with files behind it: nothing refers to them from outside. */
static int circle(long i) {
  int ends[2];
  char control[CMSG_SPACE(sizeof(int) * 52)] = {0}, byte = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return -1;
  struct iovec one = {&byte, 1};
  struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int) * 52);
  int *files = (int *)CMSG_DATA(header), error = 0;
  files[0] = ends[0], files[1] = ends[1];
  for (int n = 2; n < 52; n++) files[n] = open("/box/file", O_RDWR | O_CREAT, 0600);
  if (sendmsg(ends[0], &message, 0) < 0) error = errno;
  for (int n = 2; n < 52; n++) close(files[n]);
  close(ends[0]), close(ends[1]);
  errno = error;
  return error ? -1 : 0;
}

static int watch(long i) {
  static int many[100], instance;
  if (i == 0) for (int n = 0; n < 100; n++) many[n] = eventfd(0, 0);
  if (i % 100 == 0 && (instance = epoll_create1(0)) < 0) return -1;
  struct epoll_event event = {.events = EPOLLIN};
  return epoll_ctl(instance, EPOLL_CTL_ADD, many[i % 100], &event);
}

static const struct { const char *name; int (*step)(long); } THINGS[] = {
    {"zombies", zombie}, {"locks", lock}, {"areas", area}, {"missing-names", missing_name}, {"files", file},
    {"links", link_text}, {"attributes", attribute}, {"timers", timer}, {"queued-signals", queued},
    {"datagrams", datagram}, {"pipe-bytes", pipe_bytes}, {"sent-descriptors", sent_descriptor}, {"circles", circle}, {"epolls", watch},
};

/* In as many processes as there may be, because limits of a process are not those of the box. */
static void take(int (*step)(long), int processes) {
  int ready[2];
  pipe(ready);
  for (int n = 1; n < processes; n++)
    if (fork() == 0) {
      long i = 0;
      for (; i < most && step(i) == 0; i++) ;
      write(ready[1], "x", 1);
      pause();
    }
  char byte;
  for (int n = 1; n < processes; n++) read(ready[0], &byte, 1);
}

int main(int count, char **words) {
  most = atol(words[2]);
  signal(SIGTERM, SIG_IGN);
  for (int i = 0; i < sizeof THINGS / sizeof *THINGS; i++) {
    if (strcmp(words[1], THINGS[i].name)) continue;
    if (count > 3) take(THINGS[i].step, atoi(words[3]));
    errno = 0;
    long taken = 0;
    while (taken < most && THINGS[i].step(taken) == 0) taken++;
    printf("%s\n", taken < most ? strerrorname_np(errno) : "all");
    fprintf(stderr, "%ld\n", taken);
    kill(0, SIGTERM);
    return 0;
  }
  return 2;
}

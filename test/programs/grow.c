/* grow KIND MIB: makes the kernel hold about so much memory for it, in objects of one kind. KIND:
 * pipes, unix, tcp, udp, files, names, tables, timers, locks, epoll, messages, semaphores, maps,
 * threads. Exit: 0 where it got all of it, 201 where a child of it did not, else an errno. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char block[65536];
static long wanted; /* bytes */

static int failed(void) { return errno ? errno : 255; }

/* Writes until nothing more fits; what fitted. */
static long fill(int fd) {
  long sum = 0, written;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  while ((written = write(fd, block, sizeof block)) > 0) sum += written;
  return sum;
}

static int pipes(void) {
  for (long done = 0; done < wanted;) {
    int fds[2];
    if (pipe(fds)) return failed();
    fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
    done += fill(fds[1]);
  }
  return 0;
}

static int unix_sockets(void) {
  for (long done = 0; done < wanted;) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds)) return failed();
    done += fill(fds[0]);
  }
  return 0;
}

/* What a socket holds that was not read yet: a datagram too many is dropped without a word. */
static long kept(int fd) {
  unsigned memory[16] = {0};
  socklen_t length = sizeof memory;
  getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length);
  return memory[SK_MEMINFO_RMEM_ALLOC];
}

/*
 * Ends where the kernel takes no more: who has a limit of such memory is slowed down, not killed.
 */
static int internet(int type) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, type, 0);
  long done = 0;
  if (bind(listener, (struct sockaddr *)&address, length) || (type == SOCK_STREAM && listen(listener, 64))) return failed();
  getsockname(listener, (struct sockaddr *)&address, &length);
  for (int i = 0; i < 400 && done < wanted; i++) {
    int from = socket(AF_INET, type, 0), to = listener, size = 8 << 20;
    if (type == SOCK_DGRAM) {
      address.sin_port = 0;
      to = socket(AF_INET, type, 0);
      setsockopt(to, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
      if (bind(to, (struct sockaddr *)&address, length)) return failed();
      getsockname(to, (struct sockaddr *)&address, &length);
    }
    if (connect(from, (struct sockaddr *)&address, length)) return failed();
    if (type == SOCK_STREAM) {
      if (accept(listener, NULL, NULL) < 0) return failed();
      done += fill(from);
      continue;
    }
    for (int j = 0; j < 16; j++) write(from, block, 16384);
    done += kept(to);
  }
  printf("%ld\n", done);
  return 0;
}

static int files(void) {
  char name[32];
  for (long i = 0; i < wanted / 1024; i++) {
    snprintf(name, sizeof name, "file%ld", i);
    if (mknod(name, S_IFREG | 0600, 0)) return failed();
  }
  return 0;
}

/* Names that are not there, which the kernel remembers; none that an earlier one asked for. */
static int names(void) {
  static char path[300];
  struct stat info;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  for (long i = 0; i < wanted / 448; i++) {
    int at = snprintf(path, sizeof path, "/usr/lib/%ld.%ld%ld.", i, now.tv_sec, now.tv_nsec);
    memset(path + at, 'x', 230 - at);
    stat(path, &info);
  }
  return 0;
}

/* A page table for each page of zeros that is read, of 2 MiB that are not. */
static int tables(void) {
  size_t step = 2 << 20, size = (size_t)(wanted / 4096) * step;
  char *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return failed();
  madvise(at, size, MADV_NOHUGEPAGE);
  for (size_t i = 0; i < size; i += step) *(volatile char *)(at + i);
  return 0;
}

static int timers(void) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
  timer_t timer;
  for (long i = 0; i < wanted / 512; i++)
    if (timer_create(CLOCK_MONOTONIC, &event, &timer)) return failed();
  return 0;
}

/* The kernel goes through all locks of a file for a new one: a thousand a file. */
static int locks(void) {
  int fd = -1;
  for (long i = 0; i < wanted / 192; i++) {
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 2 * (i % 1000), .l_len = 1};
    if (i % 1000 == 0) fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    if (fcntl(fd, F_SETLK, &lock)) return failed();
  }
  return 0;
}

static int epolls(void) {
  enum { EVENTS = 1000 };
  int events[EVENTS];
  struct epoll_event interest = {0};
  for (int i = 0; i < EVENTS; i++) events[i] = eventfd(0, 0);
  for (long done = 0; done < wanted; done += EVENTS * 192L) {
    int set = epoll_create1(0);
    if (set < 0) return failed();
    for (int i = 0; i < EVENTS; i++)
      if (epoll_ctl(set, EPOLL_CTL_ADD, events[i], &interest)) return failed();
  }
  return 0;
}

static int messages(void) {
  static struct { long type; char text[8000]; } message = {1};
  for (long done = 0; done < wanted;) {
    int queue = msgget(IPC_PRIVATE, 0600);
    if (queue < 0) return failed();
    while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0) done += sizeof message.text;
  }
  return 0;
}

static int semaphores(void) {
  for (long done = 0; done < wanted; done += 16000 * 64L)
    if (semget(IPC_PRIVATE, 16000, 0600) < 0) return failed();
  return 0;
}

/* Mappings that do not merge, in children since each process may have some 65 thousand. */
static int maps(void) {
  int ready[2];
  char byte;
  if (pipe(ready) < 0) return failed();
  for (long done = 0; done < wanted; done += 60000 * 200L) {
    pid_t child = fork();
    if (child < 0) return failed();
    if (child) continue;
    close(ready[0]);
    for (int i = 0; i < 60000; i++)
      mmap(NULL, 4096, i & 1 ? PROT_NONE : PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (write(ready[1], "", 1) == 1) pause();
    _exit(1);
  }
  close(ready[1]);
  for (long done = 0; done < wanted; done += 60000 * 200L)
    if (read(ready[0], &byte, 1) != 1) return 201;
  return 0;
}

static void *idle(void *unused) {
  pause();
  return unused;
}

static int threads(void) {
  pthread_attr_t small;
  pthread_t thread;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16384);
  for (long i = 0; i < wanted / 20000; i++)
    if (pthread_create(&thread, &small, idle, NULL)) return failed();
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const char *kind = argv[1];
  wanted = atol(argv[2]) << 20;
  if (!strcmp(kind, "pipes")) return pipes();
  if (!strcmp(kind, "unix")) return unix_sockets();
  if (!strcmp(kind, "tcp")) return internet(SOCK_STREAM);
  if (!strcmp(kind, "udp")) return internet(SOCK_DGRAM);
  if (!strcmp(kind, "files")) return files();
  if (!strcmp(kind, "names")) return names();
  if (!strcmp(kind, "tables")) return tables();
  if (!strcmp(kind, "timers")) return timers();
  if (!strcmp(kind, "locks")) return locks();
  if (!strcmp(kind, "epoll")) return epolls();
  if (!strcmp(kind, "messages")) return messages();
  if (!strcmp(kind, "semaphores")) return semaphores();
  if (!strcmp(kind, "maps")) return maps();
  if (!strcmp(kind, "threads")) return threads();
  return 200;
}

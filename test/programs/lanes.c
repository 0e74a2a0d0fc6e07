/*
 * lanes KIND [COUNT]: calls that are hard to capture.
 *
 *   hostile   lengths of 2^63, memory that ends, pointers that are not aligned
 *   racing    another thread changes the memory of calls while they are made
 *   many      processes and threads that make numbered calls, all at once
 *   large     more memory in calls than a step has room for
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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

#define PAGE 4096
#define HUGE_LENGTH (1ul << 63)

/* Some pages, and one behind them that cannot be read. Returns where that begins. */
static char *edge(int count) {
  char *pages = mmap(NULL, (count + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(pages, 'e', count * PAGE);
  mprotect(pages + count * PAGE, PAGE, PROT_NONE);
  return pages + count * PAGE;
}

static const unsigned long lengths[] = {0, 1, 31, 32, 33, 4096, 1ul << 31, 1ul << 32, HUGE_LENGTH - 1, HUGE_LENGTH, ~0ul};
#define LENGTHS (sizeof lengths / sizeof *lengths)

static char *page;

static void at(int fd, char *where) {
  struct stat found;
  struct timeval no_time = {0, 0};
  syscall(SYS_openat, AT_FDCWD, where, O_RDONLY);
  syscall(SYS_readlink, where, where, 64);
  syscall(SYS_newfstatat, AT_FDCWD, where, &found, 0);
  syscall(SYS_newfstatat, AT_FDCWD, "/", where, 0);
  syscall(SYS_access, where, R_OK);
  syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, where, where, 8);
  syscall(SYS_pipe2, where, O_CLOEXEC);
  syscall(SYS_clock_getres, 0, where);
  syscall(SYS_clock_nanosleep, 0, 1, where, where);
  syscall(SYS_bind, fd, where, 16);
  syscall(SYS_getsockname, fd, where, where);
  syscall(SYS_getcwd, where, PAGE);
  /* What the kernel wrote differs from run to run. */
  memset(page, 'e', PAGE);
  for (size_t i = 0; i < LENGTHS; i++) {
    syscall(SYS_write, 9, where, lengths[i]);
    syscall(SYS_read, 9, where, lengths[i]);
    syscall(SYS_writev, 9, where, lengths[i]);
    syscall(SYS_readv, 9, where, lengths[i]);
    syscall(SYS_poll, where, lengths[i], 0);
    syscall(SYS_getdents64, 9, where, lengths[i]);
    syscall(SYS_setgroups, lengths[i], where);
    syscall(SYS_setxattr, "/nothing", where, where, lengths[i], 0);
    syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDBUF, where, lengths[i]);
    syscall(SYS_sendto, 9, where, lengths[i], 0, where, lengths[i]);
    syscall(SYS_select, lengths[i], where, NULL, NULL, &no_time);
  }
}

static void hostile(void) {
  enum { MANY = 1100 };
  char *end = edge(1);
  page = end - PAGE;
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct iovec *many = (struct iovec *)edge(5) - MANY;
  struct msghdr message = {.msg_iov = many, .msg_iovlen = 3, .msg_name = end - 5, .msg_namelen = 110};
  at(fd, NULL);
  at(fd, (char *)8);
  at(fd, (char *)-1);
  at(fd, (char *)HUGE_LENGTH);
  at(fd, end);
  static const int before[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 143, 145, 256, PAGE - 1, PAGE};
  for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
    memset(end - PAGE, 'e', PAGE);
    at(fd, end - before[i]);
  }
  for (int i = 0; i < MANY; i++) many[i] = (struct iovec){i % 3 ? end - 40 : (char *)8, lengths[i % LENGTHS]};
  for (int i = 0; i < MANY; i += 50) syscall(SYS_writev, 9, many, i);
  for (size_t i = 0; i < LENGTHS; i++) {
    message.msg_iovlen = message.msg_controllen = lengths[i];
    message.msg_control = end - (i % 2 ? 16 : 64);
    syscall(SYS_sendmsg, fd, &message, 0);
    syscall(SYS_sendmsg, fd, end - 20, 0);
    syscall(SYS_recvmsg, fd, &message, MSG_DONTWAIT);
  }
}

static struct {
  volatile int stop;
  char path[64];
  struct iovec parts[4];
  struct msghdr message;
} shared;

static void *change(void *nothing) {
  for (unsigned n = 0; !shared.stop; n++) {
    memset(shared.path, n & 1 ? 'a' : 'b', n % sizeof shared.path);
    shared.path[n % sizeof shared.path] = n & 2 ? 0 : 'c';
    shared.parts[n & 3] = (struct iovec){n & 4 ? (void *)~0ul : shared.path, n & 8 ? HUGE_LENGTH : n & 63};
    shared.message.msg_iovlen = n & 16 ? HUGE_LENGTH : n & 3;
    shared.message.msg_iov = n & 32 ? (void *)~7ul : shared.parts;
  }
  return nothing;
}

static void racing(int count) {
  pthread_t thread;
  struct stat found;
  pthread_create(&thread, NULL, change, NULL);
  while (count--) {
    syscall(SYS_openat, AT_FDCWD, shared.path, O_RDONLY);
    syscall(SYS_newfstatat, AT_FDCWD, shared.path, &found, 0);
    syscall(SYS_writev, 9, shared.parts, 4);
    syscall(SYS_sendmsg, 9, &shared.message, 0);
    syscall(SYS_write, 9, shared.path, 64);
  }
  shared.stop = 1;
  pthread_join(thread, NULL);
}

static void *number(void *count) {
  char text[32];
  for (long n = 0; n < (long)count; n++) {
    snprintf(text, sizeof text, "/number/%ld", n);
    access(text, F_OK);
    if (n % 16 == 0) usleep(50);
  }
  return NULL;
}

static void many(long count) {
  enum { PROCESSES = 4, THREADS = 3 };
  for (int i = 0; i < PROCESSES; i++)
    if (fork() == 0) {
      pthread_t threads[THREADS];
      for (int j = 0; j < THREADS; j++) pthread_create(&threads[j], NULL, number, (void *)count);
      for (int j = 0; j < THREADS; j++) pthread_join(threads[j], NULL);
      _exit(0);
    }
  while (wait(NULL) > 0) {
  }
}

static void large(int count) {
  enum { LARGE = 1 << 16 };
  char *bytes = malloc(LARGE);
  struct iovec parts[16];
  memset(bytes, 1, LARGE);
  for (int i = 0; i < 16; i++) parts[i] = (struct iovec){bytes + i, LARGE / 16};
  int null = open("/dev/null", O_WRONLY), directory = open("/usr/bin", O_RDONLY);
  while (count--) {
    write(null, bytes, LARGE);
    writev(null, parts, 16);
    syscall(SYS_getdents64, directory, bytes, LARGE);
    memset(bytes, 1, LARGE);
    getppid();
  }
}

int main(int words, char **word) {
  if (words < 2) return 2;
  int count = words > 2 ? atoi(word[2]) : 100;
  if (!strcmp(word[1], "hostile")) hostile();
  else if (!strcmp(word[1], "racing")) racing(count);
  else if (!strcmp(word[1], "many")) many(count);
  else if (!strcmp(word[1], "large")) large(count);
  else return 2;
  return 0;
}

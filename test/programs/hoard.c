/*
 * hoard KIND N: takes memory where it is not looked for first. N is in MiB where nothing else is
 * said. What it prints says how far it got.
 *
 * static (of 1 GiB) · recurse, alloca · unmapped (memfd), sysv · pipes, sockets (N of each) ·
 * datagrams (N UDP sockets) · flight (N descriptors in flight) · tables (one byte each 2 MiB of N
 * GiB) · spike · locked · lock (N KiB) · thp · inotify (N instances) · aio (N events) · filters
 * (N, one a socket)
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static char reserved[1024 * MIB];
static char block[MIB];

static void say(long number) {
  char text[32];
  write(1, text, sprintf(text, "%ld\n", number));
}

static void touch(char *at, size_t size, size_t step) {
  for (size_t i = 0; i < size; i += step) at[i] = 1;
}

static char *map(size_t size, int flags) {
  char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  if (at == MAP_FAILED) _exit(errno);
  return at;
}

static char *stack_top;
static volatile char *stack_now;

static void tell_depth(int signal) {
  say(stack_top - (char *)stack_now);
  _exit(signal);
}

static int recurse(void) {
  volatile char frame[1024];
  frame[0] = 1;
  stack_now = frame;
  return recurse() + frame[0];
}

/* Until the stack ends, which a handler on a stack of its own tells. */
static void exhaust_stack(void) {
  stack_t other = {.ss_sp = block, .ss_size = sizeof block};
  struct sigaction action = {.sa_handler = tell_depth, .sa_flags = SA_ONSTACK};
  char here;
  stack_top = &here;
  sigaltstack(&other, NULL);
  sigaction(SIGSEGV, &action, NULL);
  recurse();
}

static void write_all(int fd, size_t mib) {
  size_t done = 0;
  while (done < mib && write(fd, block, sizeof block) == (ssize_t)sizeof block) done++;
  say(done);
}

static void fill_segments(size_t mib) {
  for (size_t i = 0; i < mib; i += 16) {
    char *at = shmat(shmget(IPC_PRIVATE, 16 * MIB, IPC_CREAT | 0600), NULL, 0);
    if (at == (char *)-1) _exit(errno);
    touch(at, 16 * MIB, 4096);
    shmdt(at);
  }
  say(mib);
}

static long fill(int fd) {
  long sum = 0;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  for (size_t part = 65536; part; part /= 2)
    for (ssize_t sent; (sent = write(fd, block, part)) > 0;) sum += sent;
  return sum;
}

static void fill_pipes(int count) {
  long sum = 0;
  int ends[2];
  for (int i = 0; i < count && !pipe(ends); i++) {
    fcntl(ends[1], F_SETPIPE_SZ, MIB);
    sum += fill(ends[1]);
  }
  say(sum >> 10);
}

static void fill_sockets(int count) {
  long sum = 0;
  int ends[2];
  for (int i = 0; i < count && !socketpair(AF_UNIX, SOCK_STREAM, 0, ends); i++) sum += fill(ends[0]) + fill(ends[1]);
  say(sum >> 10);
}

static void fill_datagrams(int count) {
  long sum = 0;
  for (int i = 0; i < count; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int size = 1 << 30, fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (void *)&address, sizeof address)) break;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    getsockname(fd, (void *)&address, &length);
    for (int sent = 0; sent < 100; sent++) sendto(fd, block, 8000, MSG_DONTWAIT, (void *)&address, length);
    unsigned held[9];
    length = sizeof held;
    getsockopt(fd, SOL_SOCKET, SO_MEMINFO, held, &length);
    sum += held[0];
  }
  say(sum >> 10);
}

/* Descriptors that no table holds any more: each message carries 100, and nobody receives it. */
static void fly(int count) {
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(100 * sizeof(int))];
  } control;
  struct iovec part = {block, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  int ends[2], sent = 0;
  socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
  control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(100 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  for (int i = 0; i < 100; i++) ((int *)CMSG_DATA(&control.header))[i] = dup(0);
  for (; sent < count; sent += 100) {
    if (sendmsg(ends[0], &message, MSG_DONTWAIT) >= 0) continue;
    if (errno != EAGAIN) break;
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)) break; /* the old one stays open */
    sent -= 100;
  }
  say(sent);
}

static void spike(size_t mib) {
  char *at = map(mib * MIB, 0);
  touch(at, mib * MIB, 4096);
  usleep(10000);
  munmap(at, mib * MIB);
  usleep(50000);
}

static void watch(int count) {
  int made = 0;
  while (made < count && inotify_init() >= 0) made++;
  say(made);
  usleep(500000);
}

static void set_up_events(int count) {
  int made = 0;
  for (unsigned long context = 0; made < count && !syscall(SYS_io_setup, 1, &context); context = 0) made++;
  say(made);
}

static void attach_filters(int count) {
  struct sock_filter accept = BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
  struct sock_fprog filter = {1, &accept};
  int made = 0;
  while (made < count && !setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter)) made++;
  say(made);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const char *kind = argv[1];
  size_t n = (size_t)atol(argv[2]);
  memset(block, 1, sizeof block);
  if (!strcmp(kind, "static")) touch(reserved, n * MIB, 4096);
  if (!strcmp(kind, "recurse")) exhaust_stack();
  if (!strcmp(kind, "alloca")) touch(alloca(n * MIB), n * MIB, 4096);
  if (!strcmp(kind, "unmapped")) write_all(memfd_create("hoard", 0), n);
  if (!strcmp(kind, "sysv")) fill_segments(n);
  if (!strcmp(kind, "pipes")) fill_pipes(n);
  if (!strcmp(kind, "sockets")) fill_sockets(n);
  if (!strcmp(kind, "datagrams")) fill_datagrams(n);
  if (!strcmp(kind, "flight")) fly(n);
  if (!strcmp(kind, "tables")) touch(map(n * 1024 * MIB, MAP_NORESERVE), n * 1024 * MIB, 2 * MIB);
  if (!strcmp(kind, "spike")) spike(n);
  if (!strcmp(kind, "locked")) return mlockall(MCL_CURRENT | MCL_FUTURE) || mlock(map(n * MIB, 0), n * MIB) ? errno : 0;
  if (!strcmp(kind, "lock")) return mlock(map(n << 10, 0), n << 10) ? errno : 0;
  if (!strcmp(kind, "thp")) {
    char *at = map(n * MIB, 0);
    if (madvise(at, n * MIB, MADV_HUGEPAGE)) return errno;
    touch(at, n * MIB, 4096);
  }
  if (!strcmp(kind, "inotify")) watch(n);
  if (!strcmp(kind, "aio")) set_up_events(n);
  if (!strcmp(kind, "filters")) attach_filters(n);
  return 0;
}

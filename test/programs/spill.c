/*
 * spill KIND [N]: writes, opens and fills more than it may. Exit: errno, or 0. A number printed is
 * how far it got.
 *
 * to stdout, N bytes in one call: write, writev, vmsplice, splice, sendfile · files (N of 64 KiB),
 * fallocate (N MiB), sparse (N pages, one each MiB), punch · links, symlinks, directories, fifos
 * (N) · clone · opens (N) · closed · seek · nonblock · ignored, handled (a file of N bytes) · hand
 * (stdout, to whoever listens at N), hold (what is handed over at N)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define FICLONE 0x40049409
#define MIB (1L << 20)

static char block[65536];

static int say(long number, int error) {
  printf("%ld\n", number);
  return error;
}

static char *bytes(size_t size) {
  char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(at, 'x', size);
  return at;
}

static int scratch_file(size_t size) {
  int fd = open("spilled", O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (write(fd, bytes(size), size) != (ssize_t)size || lseek(fd, 0, SEEK_SET)) _exit(errno);
  return fd;
}

/* Whatever each call takes: it is called again with what it left. */
static int pour(const char *kind, size_t size) {
  char *at = bytes(size);
  int fd = 0, ends[2];
  if (!strcmp(kind, "sendfile") || !strcmp(kind, "splice")) fd = scratch_file(size);
  for (size_t done = 0; done < size;) {
    ssize_t moved = -1;
    struct iovec parts[1024];
    size_t count = 0;
    for (size_t from = done; from < size && count < 1024; from += 1024)
      parts[count++] = (struct iovec){at + from, size - from < 1024 ? size - from : 1024};
    if (!strcmp(kind, "write")) moved = write(1, at + done, size - done);
    if (!strcmp(kind, "writev")) moved = writev(1, parts, count);
    if (!strcmp(kind, "vmsplice")) moved = vmsplice(1, parts, count, 0);
    if (!strcmp(kind, "splice")) moved = splice(fd, NULL, 1, NULL, size - done, 0);
    if (!strcmp(kind, "sendfile")) moved = sendfile(1, fd, NULL, size - done);
    if (moved <= 0) return errno ? errno : 99;
    done += moved;
  }
  return 0;
}

static const char *named(long number) {
  static char name[32];
  sprintf(name, "spill%ld", number);
  return name;
}

static int make_files(long count) {
  for (long i = 0; i < count; i++) {
    int fd = open(named(i), O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || write(fd, block, sizeof block) != (ssize_t)sizeof block) return say(i, errno ? errno : ENOSPC);
    close(fd);
  }
  return say(count, 0);
}

static int make_nodes(const char *kind, long count) {
  close(open("first", O_CREAT | O_WRONLY, 0600));
  for (long i = 0; i < count; i++) {
    int failed = !strcmp(kind, "links")      ? link("first", named(i))
                 : !strcmp(kind, "symlinks") ? symlink("first", named(i))
                 : !strcmp(kind, "fifos")    ? mkfifo(named(i), 0600)
                                             : mkdir(named(i), 0700);
    if (failed) return say(i, errno);
  }
  return say(count, 0);
}

static int make_sparse(long count) {
  int fd = open("sparse", O_CREAT | O_RDWR, 0600);
  for (long i = 0; i < count; i++)
    if (pwrite(fd, block, 4096, i * MIB) != 4096) return say(i, errno);
  return say(count, 0);
}

/* Fills the place, gives it back by holes, and fills it again. */
static int punch(void) {
  int fd = open("full", O_CREAT | O_RDWR, 0600);
  long rounds[2];
  for (int round = 0; round < 2; round++) {
    rounds[round] = 0;
    while (pwrite(fd, block, 4096, rounds[round] * 4096) == 4096) rounds[round]++;
    if (errno != ENOSPC) return errno;
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, rounds[round] * 4096)) return errno;
  }
  return say(rounds[1], rounds[0] == rounds[1] ? 0 : 1);
}

static int open_many(long count) {
  for (long i = 0; i < count; i++)
    if (open("/dev/null", O_RDONLY) < 0) return say(i, errno);
  return say(count, 0);
}

static int reuse_descriptors(void) {
  for (int fd = 0; fd < 3; fd++) close(fd);
  for (int fd = 0; fd < 3; fd++)
    if (open(named(fd), O_CREAT | O_RDWR, 0600) != fd) return 1;
  puts("to a file");
  fputs("to another", stderr);
  return 0;
}

/* Its stdout by its name, and what can be done to it. */
static int seek(void) {
  int fd = open("/dev/stdout", O_WRONLY);
  if (fd < 0) fd = open("/proc/self/fd/1", O_WRONLY);
  if (fd < 0 || write(fd, "by name\n", 8) != 8) return errno;
  if (lseek(1, 0, SEEK_SET) == 0 && ftruncate(1, 0)) return errno;
  return write(1, "again\n", 6) == 6 ? 0 : errno;
}

/* Exit: which of the three did not block at the start. */
static int unblock(void) {
  int found = 0;
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFL) & O_NONBLOCK) found |= 1 << fd;
  for (int fd = 0; fd < 3; fd++) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return found;
}

static void caught(int signal) { _exit(signal + 100); }

static int exceed(int handled, long size) {
  signal(SIGXFSZ, handled ? caught : SIG_IGN);
  int fd = open("big", O_CREAT | O_WRONLY, 0600);
  for (long done = 0; done < size; done += sizeof block)
    if (write(fd, block, sizeof block) < 0) return errno;
  return 0;
}

static int meet(const char *path, int listening) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  char byte = 0;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (listening) {
    umask(0);
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, 1)) return errno;
    puts("listening");
    fflush(stdout);
    if (recvmsg(accept(fd, NULL, NULL), &message, 0) < 0) return errno;
    puts("held");
    fflush(stdout);
    return (int)sleep(60);
  }
  *(int *)CMSG_DATA(&control.header) = 1;
  if (connect(fd, (void *)&address, sizeof address) || sendmsg(fd, &message, 0) < 0) return errno;
  puts("handed");
  fflush(stdout);
  usleep(100000);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  const char *kind = argv[1];
  long n = argc > 2 ? atol(argv[2]) : 0;
  memset(block, 'x', sizeof block);
  if (strstr("write writev vmsplice splice sendfile", kind)) return pour(kind, n);
  if (strstr("links symlinks directories fifos", kind)) return make_nodes(kind, n);
  if (!strcmp(kind, "files")) return make_files(n);
  if (!strcmp(kind, "sparse")) return make_sparse(n);
  if (!strcmp(kind, "punch")) return punch();
  if (!strcmp(kind, "fallocate")) return fallocate(open("held", O_CREAT | O_RDWR, 0600), 0, 0, n * MIB) ? errno : 0;
  if (!strcmp(kind, "clone")) return ioctl(open("copy", O_CREAT | O_RDWR, 0600), FICLONE, scratch_file(4096)) ? errno : 0;
  if (!strcmp(kind, "opens")) return open_many(n);
  if (!strcmp(kind, "closed")) return reuse_descriptors();
  if (!strcmp(kind, "seek")) return seek();
  if (!strcmp(kind, "nonblock")) return unblock();
  if (!strcmp(kind, "ignored")) return exceed(0, n);
  if (!strcmp(kind, "handled")) return exceed(1, n);
  if (!strcmp(kind, "hand")) return meet(argv[2], 0);
  if (!strcmp(kind, "hold")) return meet(argv[2], 1);
  return 2;
}

/* Open files whose name is removed, moved or given to another file; and what a call leaves behind
 * that finds no free descriptor. Prints the same on every Linux. */
#include "file-report.h"
#include <mqueue.h>

static struct stat status;

static long size_of(int fd) { return fstat(fd, &status) ? -1 : status.st_size; }
static long links_of(int fd) { return fstat(fd, &status) ? -1 : (long)status.st_nlink; }
static long mode_of(int fd) { return fstat(fd, &status) ? -1 : (long)(status.st_mode & 07777); }
static long time_of(int fd) { return fstat(fd, &status) ? -1 : status.st_mtim.tv_sec; }

/* Everything that is asked or done by the descriptor is about its own file. */
static void use(int fd) {
  const struct timespec times[2] = {{11, 0}, {22, 0}};
  char text[16] = "";
  R(write(fd, "own text", 8));
  R(size_of(fd));
  R(links_of(fd));
  R(lseek(fd, 0, SEEK_END));
  R(lseek(fd, 0, SEEK_DATA));
  R(lseek(fd, 0, SEEK_HOLE));
  R(ftruncate(fd, 5000));
  R(size_of(fd));
  R(fallocate(fd, 0, 0, 9000));
  R(size_of(fd));
  R(fchmod(fd, 0640));
  R(mode_of(fd));
  R(futimens(fd, times));
  R(time_of(fd));
  R(pread(fd, text, 8, 0));
  puts(text);
  R(fsync(fd));
  char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  map[0] = 'O';
  R(msync(map, 4096, MS_SYNC));
  R(munmap(map, 4096));
  R(pread(fd, text, 8, 0));
  puts(text);
}

static int again(int fd, int flags) {
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return open(name, flags);
}

static void contents(const char *name) {
  char text[16] = "";
  int fd = open(name, O_RDONLY);
  R(size_of(fd));
  R(mode_of(fd));
  R(read(fd, text, 9));
  puts(text);
  close(fd);
}

static void removed(void) {
  int fd = make("gone", NULL);
  R(unlink("gone"));
  use(fd);
  int more = again(fd, O_RDWR | O_APPEND);
  R(write(more, "more", 4));
  R(size_of(fd));
  R(fcntl(fd, F_GETFL) & O_ACCMODE);
  close(more);
  R(linkat(fd, "", AT_FDCWD, "back", AT_EMPTY_PATH) < 0);
  close(fd);

  puts("the name belongs to another file");
  fd = make("name", NULL);
  unlink("name");
  close(make("name", "other"));
  use(fd);
  contents("name");
  close(fd);

  puts("the name was moved");
  fd = make("before", NULL);
  R(rename("before", "after"));
  use(fd);
  contents("after");
  close(fd);

  puts("another file was moved over it");
  fd = make("target", NULL);
  close(make("new", "the new"));
  R(rename("new", "target"));
  use(fd);
  contents("target");
  close(fd);

  puts("only for reading, then gone");
  close(make("read", "to be read"));
  fd = open("read", O_RDONLY);
  unlink("read");
  char text[16] = "";
  R(read(fd, text, 10));
  puts(text);
  R(links_of(fd));
  int writer = again(fd, O_WRONLY);
  R(write(writer, "IS", 2));
  close(writer);
  R(pread(fd, text, 10, 0));
  puts(text);
  close(fd);
}

static int listening(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  bind(server, (struct sockaddr *)&name, sizeof name);
  listen(server, 4);
  return server;
}

static int connected(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int client = socket(AF_UNIX, SOCK_STREAM, 0);
  connect(client, (struct sockaddr *)&name, sizeof name);
  return client;
}

/* Sends the descriptor `count` times. */
static void send_descriptors(int to, int fd, int count) {
  char control[256] = {0};
  struct iovec byte = {"x", 1};
  struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = control};
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(count * sizeof(int));
  for (int i = 0; i < count; i++) ((int *)CMSG_DATA(head))[i] = fd;
  R(sendmsg(to, &message, 0));
}

static void receive_descriptors(int from) {
  char control[256] = {0}, byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 256};
  R(recvmsg(from, &message, 0));
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  R(head ? (long)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0);
  R(message.msg_flags & MSG_CTRUNC);
}

static void without_descriptors(void) {
  int pair[2];
  int file = make("kept", "text"), server = listening(), client = connected();
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  send_descriptors(pair[0], file, 3);
  send_descriptors(pair[0], file, 3);
  struct rlimit all, few;
  getrlimit(RLIMIT_NOFILE, &all);
  int next = dup(file);
  close(next);
  few = all;
  few.rlim_cur = (rlim_t)next;
  setrlimit(RLIMIT_NOFILE, &few);
  R(open("made", O_RDWR | O_CREAT, 0644));
  R(access("made", F_OK));
  R(open("kept", O_RDWR | O_TRUNC));
  R(size_of(file));
  R(open("nowhere", O_RDONLY));
  R(accept(server, NULL, NULL));
  R(mq_open("/glassbox-none", O_RDWR | O_CREAT, 0600, NULL));
  receive_descriptors(pair[1]);
  few.rlim_cur = (rlim_t)next + 2;
  setrlimit(RLIMIT_NOFILE, &few);
  receive_descriptors(pair[1]);
  setrlimit(RLIMIT_NOFILE, &all);
  R(mq_open("/glassbox-none", O_RDWR));
  R(accept4(server, NULL, NULL, SOCK_NONBLOCK) >= 0);
  close(client);
}

int main(void) {
  removed();
  without_descriptors();
  return 0;
}

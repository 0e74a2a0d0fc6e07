/* Sockets of unix(7) of each type: options, addresses, waiting with a time, messages, ends. */
#include "file-report.h"
#include <linux/sockios.h>
#include <stddef.h>

static char bytes[70000];

static void show_option(int fd, int option) {
  int value = -77;
  socklen_t length = sizeof value;
  long result = getsockopt(fd, SOL_SOCKET, option, &value, &length);
  if (result < 0) printf("option %d: %s\n", option, strerrorname_np(errno));
  else printf("option %d: %d, %d bytes\n", option, value, length);
}

static void set_option(int fd, int option, int value) {
  printf("set %d to %d: ", option, value);
  if (setsockopt(fd, SOL_SOCKET, option, &value, sizeof value) == 0) puts("done");
  else puts(strerrorname_np(errno));
  show_option(fd, option);
}

static void events(const char *name, int fd) {
  struct pollfd polled = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLWRNORM | POLLWRBAND, 0};
  poll(&polled, 1, 0);
  printf("%s: events %x\n", name, polled.revents);
}

static void time_option(int fd, int option, long micros) {
  struct timeval time = {micros / 1000000, micros % 1000000};
  R(setsockopt(fd, SOL_SOCKET, option, &time, sizeof time));
}

static void drain(int fd) {
  while (recv(fd, bytes, 128, MSG_DONTWAIT) > 0) {}
}

static void options(int type) {
  static const int SHOWN[] = {SO_TYPE, SO_ERROR, SO_SNDBUF, SO_RCVBUF, SO_LINGER, SO_RCVLOWAT, SO_SNDLOWAT,
    SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, SO_PEEK_OFF, SO_MAX_PACING_RATE, SO_RCVTIMEO, SO_SNDBUFFORCE,
    SO_DETACH_FILTER, SO_PEERSEC, 200};
  static const int SET[][2] = {{SO_SNDBUF, 1000}, {SO_RCVBUF, 100000}, {SO_RCVBUF, 1},
    {SO_KEEPALIVE, 7}, {SO_REUSEADDR, 1}, {SO_BROADCAST, 1}, {SO_PRIORITY, 3}, {SO_PRIORITY, 9},
    {SO_RCVLOWAT, 5}, {SO_RCVLOWAT, 0}, {SO_RCVLOWAT, -1}, {SO_PASSCRED, 5}, {SO_DEBUG, 1}, {SO_DEBUG, 0},
    {SO_MARK, 1}, {SO_ERROR, 1}, {SO_TYPE, 1}, {SO_PEEK_OFF, 3}, {SO_PEEK_OFF, -1}, {SO_SNDBUFFORCE, 9000}};
  int pair[2];
  R(socketpair(AF_UNIX, type, 0, pair));
  for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) show_option(pair[0], SHOWN[i]);
  for (size_t i = 0; i < sizeof SET / sizeof *SET; i++) set_option(pair[0], SET[i][0], SET[i][1]);
  socklen_t length = 2;
  R(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, bytes, &length)), R(length);
  length = -1;
  R(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, bytes, &length));
  R(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, bytes, 3));
  R(getsockopt(pair[0], 0, 1, bytes, &length));
  R(getsockopt(0, SOL_SOCKET, SO_TYPE, bytes, &length));
  struct linger linger = {1, 5};
  R(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, 7));
  R(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
  linger = (struct linger){0};
  length = sizeof linger;
  R(getsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, &length)), R(linger.l_onoff), R(linger.l_linger);
  time_option(pair[0], SO_RCVTIMEO, 1500000);
  struct timeval time;
  length = sizeof time;
  R(getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, &length)), R(time.tv_sec), R(time.tv_usec);
  time.tv_usec = 1000000;
  R(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
  struct ucred peer;
  length = sizeof peer;
  R(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &length));
  printf("%d %d\n", peer.pid == getpid(), peer.uid == geteuid());
  close(pair[0]), close(pair[1]);
}

static void ends(int type) {
  int pair[2], waiting = 0;
  socketpair(AF_UNIX, type, 0, pair);
  events("new", pair[0]);
  R(send(pair[1], "hello", 5, 0));
  R(send(pair[1], "wor", 3, MSG_MORE));
  R(send(pair[1], "e", 1, MSG_EOR));
  R(ioctl(pair[0], FIONREAD, &waiting)), R(waiting);
  R(ioctl(pair[0], SIOCATMARK, &waiting));
  waiting = 0;
  R(ioctl(pair[1], SIOCOUTQ, &waiting)), R(waiting > 0);
  R(recv(pair[0], bytes, 2, MSG_PEEK));
  R(recv(pair[0], bytes, 2, MSG_PEEK | MSG_TRUNC));
  R(recv(pair[0], bytes, 2, 0));
  R(recv(pair[0], bytes, 60, MSG_DONTWAIT));
  R(recv(pair[0], bytes, 60, MSG_DONTWAIT | MSG_ERRQUEUE));
  drain(pair[0]);
  R(send(pair[1], "", 0, 0));
  R(recv(pair[0], bytes, 5, MSG_DONTWAIT));
  struct sockaddr_un name = {AF_UNIX, "none"};
  socklen_t length = sizeof name;
  R(getsockname(pair[0], (void *)&name, &length)), R(length);
  length = sizeof name;
  R(getpeername(pair[0], (void *)&name, &length)), R(length);
  R(bind(pair[0], (void *)&name, 1));
  R(bind(pair[0], (void *)&name, 200));
  R(listen(pair[0], 5));
  R(accept(pair[0], 0, 0));
  name = (struct sockaddr_un){AF_UNIX, "none"};
  R(sendto(pair[0], "x", 1, 0, (void *)&name, sizeof name));
  R(shutdown(pair[0], 7));
  R(shutdown(pair[0], SHUT_WR));
  events("cannot write", pair[0]), events("has all", pair[1]);
  R(send(pair[0], "x", 1, MSG_NOSIGNAL));
  drain(pair[1]);
  R(recv(pair[1], bytes, 5, MSG_DONTWAIT));
  R(send(pair[1], "y", 1, 0));
  R(recv(pair[0], bytes, 5, MSG_DONTWAIT));
  R(shutdown(pair[1], SHUT_RDWR));
  events("both ends", pair[0]), events("both ends", pair[1]);
  close(pair[1]);
  events("alone", pair[0]);
  R(recv(pair[0], bytes, 5, MSG_DONTWAIT));
  R(send(pair[0], "x", 1, MSG_NOSIGNAL));
  R(shutdown(pair[0], SHUT_RDWR));
  close(pair[0]);
}

static int client(int type) { return socket(AF_UNIX, type | SOCK_NONBLOCK, 0); }

static void addresses(int type) {
  struct sockaddr_un name = {AF_UNIX, "listener"}, other;
  struct sockaddr unspecified = {AF_UNSPEC};
  socklen_t length = sizeof other, short_name = offsetof(struct sockaddr_un, sun_path) + 8;
  unlink("listener"), unlink("other");
  int listener = client(type), clients[4];
  for (int i = 0; i < 4; i++) clients[i] = client(type);
  events("without a name", listener);
  R(bind(listener, (void *)&name, short_name));
  R(bind(listener, (void *)&name, short_name));
  R(getsockname(listener, (void *)&other, &length)), R(length);
  R(getpeername(listener, (void *)&other, &length));
  R(listen(listener, 1));
  events("listening", listener);
  R(accept4(listener, 0, 0, 0));
  R(accept4(listener, 0, 0, 1));
  R(recv(listener, bytes, 5, 0));
  R(send(listener, "x", 1, MSG_NOSIGNAL));
  for (int i = 0; i < 4; i++) R(connect(clients[i], (void *)&name, sizeof name));
  R(connect(clients[0], (void *)&name, sizeof name));
  events("asked", listener), events("waits", clients[0]);
  R(write(clients[0], "early", 5));
  int accepted = accept4(listener, 0, 0, SOCK_CLOEXEC);
  W(accepted);
  R(recv(accepted, bytes, 9, MSG_DONTWAIT));
  length = sizeof other;
  R(getpeername(clients[0], (void *)&other, &length)), R(length);
  close(listener);
  events("never accepted", clients[1]);
  R(read(clients[1], bytes, 3));
  R(send(clients[1], "x", 1, MSG_NOSIGNAL));
  show_option(clients[1], SO_ERROR);
  R(connect(clients[3], (void *)&name, sizeof name));
  strcpy(name.sun_path, "nobody");
  R(connect(clients[3], (void *)&name, sizeof name));
  R(connect(clients[3], &unspecified, sizeof unspecified));
  R(connect(clients[0], &unspecified, sizeof unspecified));
  R(connect(clients[3], &unspecified, 1));
  unspecified.sa_family = AF_INET;
  R(connect(clients[3], &unspecified, sizeof unspecified));
  int foreign = socket(AF_UNIX, type == SOCK_STREAM ? SOCK_DGRAM : SOCK_STREAM, 0);
  strcpy(name.sun_path, "other");
  R(bind(foreign, (void *)&name, sizeof name));
  R(connect(clients[3], (void *)&name, sizeof name));
  R(bind(clients[3], (void *)&name, sizeof name));
  R(bind(clients[3], (void *)&name, 2));
  length = sizeof other;
  R(getsockname(clients[3], (void *)&other, &length)), R(length);
  for (int i = 0; i < 4; i++) close(clients[i]);
  close(accepted), close(foreign);
}

static void nothing(int signal) { (void)signal; }

static void alarm_in(int milliseconds) {
  struct itimerval timer = {{0, 0}, {0, milliseconds * 1000}};
  setitimer(ITIMER_REAL, &timer, 0);
}

static void write_later(int fd, const char *text) {
  if (fork() != 0) return;
  usleep(20000);
  write(fd, text, strlen(text));
  _exit(0);
}

static void waiting(int type) {
  int pair[2], five = 5, one = 1;
  socketpair(AF_UNIX, type, 0, pair);
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, 0);
  time_option(pair[0], SO_RCVTIMEO, 5000000);
  alarm_in(10);
  R(recv(pair[0], bytes, 9, 0));
  time_option(pair[0], SO_RCVTIMEO, 10000);
  struct iovec part = {bytes, 5};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  R(read(pair[0], bytes, 3));
  R(readv(pair[0], &part, 1));
  R(recvmsg(pair[0], &header, 0));
  R(recv(pair[0], bytes, 4, MSG_WAITALL));
  if (type == SOCK_STREAM) {
    write(pair[1], "ab", 2);
    R(recv(pair[0], bytes, 9, MSG_WAITALL));
    R(setsockopt(pair[0], SOL_SOCKET, SO_RCVLOWAT, &five, 4));
    write(pair[1], "ab", 2);
    R(recv(pair[0], bytes, 9, 0));
    write(pair[1], "ab", 2);
    R(recv(pair[0], bytes, 9, MSG_DONTWAIT));
    write(pair[1], "ab", 2);
    time_option(pair[0], SO_RCVTIMEO, 0);
    write_later(pair[1], "cdef");
    R(read(pair[0], bytes, 9));
    R(setsockopt(pair[0], SOL_SOCKET, SO_RCVLOWAT, &one, 4));
  }
  int small = 4000;
  setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  time_option(pair[1], SO_SNDTIMEO, 10000);
  while (send(pair[1], bytes, 1000, MSG_DONTWAIT) > 0) {}
  R(send(pair[1], bytes, 1000, 0));
  R(write(pair[1], bytes, 1000));
  R(send(pair[1], bytes, 70000, MSG_DONTWAIT));
  alarm_in(5);
  time_option(pair[1], SO_SNDTIMEO, 5000000);
  R(send(pair[1], bytes, 1000, 0));
  drain(pair[0]);
  events("has room", pair[1]);
  while (wait(0) > 0) {}
  close(pair[0]), close(pair[1]);
}

static void peeking(int type) {
  int pair[2], offset = 0;
  socklen_t length = sizeof offset;
  socketpair(AF_UNIX, type, 0, pair);
  R(setsockopt(pair[0], SOL_SOCKET, SO_PEEK_OFF, &offset, 4));
  write(pair[1], "hello", 5), write(pair[1], "world", 5);
  for (int i = 0; i < 6; i++) {
    memset(bytes, '.', 4);
    R(recv(pair[0], bytes, 3, MSG_PEEK | MSG_DONTWAIT));
    printf("%.4s\n", bytes);
  }
  R(recv(pair[0], bytes, 4, 0));
  show_option(pair[0], SO_PEEK_OFF);
  R(recv(pair[0], bytes, 3, MSG_PEEK | MSG_DONTWAIT));
  close(pair[0]), close(pair[1]);
}

static void several(int type) {
  int pair[2];
  char texts[4][16];
  struct iovec parts[4];
  struct mmsghdr many[4] = {0};
  socketpair(AF_UNIX, type, 0, pair);
  for (int i = 0; i < 4; i++) {
    memset(texts[i], 'a' + i, 16);
    parts[i] = (struct iovec){texts[i], i + 2};
    many[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  R(sendmmsg(pair[1], many, 4, 0));
  for (int i = 0; i < 4; i++) R(many[i].msg_len), parts[i].iov_len = 16;
  struct timespec time = {0, 0};
  R(recvmmsg(pair[0], many, 2, 0, &time)), R(many[0].msg_len), R(time.tv_nsec);
  R(recvmmsg(pair[0], many, 4, type == SOCK_STREAM ? MSG_DONTWAIT : MSG_WAITFORONE, 0));
  R(recvmmsg(pair[0], many, 4, MSG_DONTWAIT, 0));
  R(recvmmsg(pair[0], many, 0, 0, 0));
  time_option(pair[0], SO_RCVTIMEO, 10000);
  write(pair[1], "x", 1);
  R(recvmmsg(pair[0], many, 4, 0, 0));
  time.tv_nsec = 2000000000;
  R(recvmmsg(pair[0], many, 4, 0, &time));
  R(recvmmsg(pair[0], (void *)8, 4, 0, 0));
  R(sendmmsg(pair[1], many, 0, 0));
  R(sendmmsg(pair[1], (void *)8, 2, 0));
  close(pair[0]), close(pair[1]);
}

union control {
  struct cmsghdr head;
  char room[64];
};

/* Sends "data" with one part of ancillary data. */
static long send_with(int fd, int type, int length, const void *data) {
  union control control = {0};
  struct iovec part = {"data", 4};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};
  control.head.cmsg_len = CMSG_LEN(length);
  control.head.cmsg_level = SOL_SOCKET;
  control.head.cmsg_type = type;
  memcpy(CMSG_DATA(&control.head), data, length);
  header.msg_controllen = CMSG_SPACE(length);
  return sendmsg(fd, &header, 0);
}

static void ancillary(int type) {
  int pair[2], one = 1, unknown = 999;
  socketpair(AF_UNIX, type, 0, pair);
  R(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &one, 4));
  struct ucred own = {getpid(), getuid(), getgid()}, claimed = own;
  R(send_with(pair[1], SCM_CREDENTIALS, sizeof own, &own));
  claimed.pid = 1;
  R(send_with(pair[1], SCM_CREDENTIALS, sizeof own, &claimed) >= 0 && geteuid() != 0);
  R(send_with(pair[1], SCM_CREDENTIALS, 8, &own));
  R(send_with(pair[1], SCM_RIGHTS, 4, &unknown));
  R(send_with(pair[1], SCM_RIGHTS, 4, &one));
  R(send_with(pair[1], 77, 4, &one));
  for (int room = 64; room >= 12; room -= 26) {
    char control[64];
    struct iovec part = {bytes, 4};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    long result = recvmsg(pair[0], &header, MSG_DONTWAIT);
    printf("received %ld, flags %x, %ld bytes\n", result, header.msg_flags, (long)header.msg_controllen);
    if (result < 0) continue;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c))
      printf("  %d %d %ld\n", c->cmsg_level, c->cmsg_type, (long)c->cmsg_len);
  }
  close(pair[0]), close(pair[1]);
}

static void accepting(void) {
  puts("# accepting");
  struct sockaddr_un name = {AF_UNIX, "accepts"};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  bind(listener, (void *)&name, sizeof name), listen(listener, 0);
  time_option(listener, SO_RCVTIMEO, 10000);
  R(accept(listener, 0, 0));
  int first = socket(AF_UNIX, SOCK_STREAM, 0), second = socket(AF_UNIX, SOCK_STREAM, 0);
  R(connect(first, (void *)&name, sizeof name));
  time_option(second, SO_SNDTIMEO, 10000);
  R(connect(second, (void *)&name, sizeof name));
  R(shutdown(listener, SHUT_RD));
  W(accept(listener, 0, 0));
  R(accept(listener, 0, 0));
  R(connect(second, (void *)&name, sizeof name));
}

static void kinds(void) {
  puts("# kinds");
  int pair[2];
  R(socket(AF_UNIX, 9, 0));
  R(socket(AF_UNIX, SOCK_STREAM, 5));
  R(socket(99, SOCK_STREAM, 0));
  R(socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
  R(socketpair(AF_UNIX, 0, 0, pair));
  R(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8));
  R(shutdown(0, 0)), R(listen(0, 0)), R(bind(0, 0, 0));
}

int main(void) {
  static const int TYPES[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < 3; i++) {
    printf("# type %d\n", TYPES[i]);
    options(TYPES[i]);
    ends(TYPES[i]);
    addresses(TYPES[i]);
    waiting(TYPES[i]);
    peeking(TYPES[i]);
    several(TYPES[i]);
    ancillary(TYPES[i]);
  }
  accepting();
  kinds();
  return 0;
}

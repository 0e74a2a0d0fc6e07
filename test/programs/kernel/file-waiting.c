/* Pipes, FIFOs, polling, locks, descriptors and sockets: what waits, and what does not. */
#include "file-report.h"
#include "asleep.h"
#include <sys/sysmacros.h>

static char buffer[300000];
static int pipes;

static void onpipe(int n) { pipes++; }

static void piping(void) {
  puts("# pipes");
  int p[2];
  R(pipe2(p, O_NONBLOCK));
  R(pipe2(p, 0x1000));
  pipe2(p, O_NONBLOCK);
  R(read(p[0], buffer, 1));
  R(write(p[1], buffer, 10));
  R(read(p[0], buffer, 5));
  R(read(p[1], buffer, 5));
  R(write(p[0], buffer, 5));
  int n;
  R(ioctl(p[0], FIONREAD, &n));
  printf("%d\n", n);
  R(read(p[0], buffer, 100));
  R(fcntl(p[0], F_GETPIPE_SZ));
  R(fcntl(p[0], F_SETPIPE_SZ, 10000));
  R(fcntl(p[1], F_GETPIPE_SZ));
  R(fcntl(p[1], F_SETPIPE_SZ, 4096));
  R(write(p[1], buffer, 3000));
  R(write(p[1], buffer, 3000));
  R(fcntl(p[1], F_SETPIPE_SZ, 0));
  R(fcntl(p[1], F_SETPIPE_SZ, 2000000));
  R(fcntl(0, F_GETPIPE_SZ));
  R(fcntl(p[1], F_SETPIPE_SZ, 65536));
  while (read(p[0], buffer, sizeof buffer) > 0);
  R(write(p[1], buffer, 200000));
  R(write(p[1], buffer, 1));
  R(read(p[0], buffer, 4095));
  R(write(p[1], buffer, 4096));
  R(lseek(p[0], 0, SEEK_CUR));
  R(pread(p[0], buffer, 1, 0));
  R(ftruncate(p[1], 0));
  R(fsync(p[0]));
  struct stat s;
  fstat(p[0], &s);
  printf("%o %d\n", s.st_mode, (int)s.st_nlink);
  R(fcntl(p[0], F_GETFL));
  R(fcntl(p[1], F_GETFL));
  close(p[0]);
  signal(SIGPIPE, onpipe);
  R(write(p[1], buffer, 1));
  R(write(p[1], buffer, 0));
  printf("%d\n", pipes);
  close(p[1]);
  pipe(p);
  close(p[1]);
  R(read(p[0], buffer, 1));
  R(read(p[0], (void *)8, 1));
  close(p[0]);
  pipe(p);
  if (!fork()) {
    close(p[1]);
    long sum = 0, n;
    usleep(20000);
    while ((n = read(p[0], buffer, 7777)) > 0) sum += n;
    printf("child read %ld\n", sum);
    fflush(stdout);
    _exit(0);
  }
  close(p[0]);
  R(write(p[1], buffer, 300000));
  close(p[1]);
  wait(0);
}

static void fifos(void) {
  puts("# fifos");
  R(mkfifo("ff", 0600));
  R(open("ff", O_WRONLY | O_NONBLOCK));
  int r = W(open("ff", O_RDONLY | O_NONBLOCK)), w = W(open("ff", O_WRONLY | O_NONBLOCK));
  R(read(r, buffer, 1));
  R(write(w, "x", 1));
  close(w);
  R(read(r, buffer, 5));
  R(read(r, buffer, 5));
  close(r);
  if (!fork()) {
    usleep(20000);
    int w = open("ff", O_WRONLY);
    write(w, "hello", 5);
    _exit(0);
  }
  r = W(open("ff", O_RDONLY));
  R(read(r, buffer, 10));
  R(read(r, buffer, 10));
  wait(0);
  close(r);
  int rw = W(open("ff", O_RDWR));
  R(write(rw, "self", 4));
  R(read(rw, buffer, 10));
}

static void show(const char *what, int n, struct pollfd *p, int count) {
  printf("%s: %d", what, n);
  for (int i = 0; i < count; i++) printf(" %x", p[i].revents);
  puts("");
}

static void polling(void) {
  puts("# poll and select");
  int p[2], f = make("pf", "x");
  pipe(p);
  struct pollfd v[5] = {{p[0], POLLIN}, {p[1], POLLOUT}, {f, POLLIN | POLLOUT}, {-1, POLLIN}, {99, POLLIN}};
  show("empty", poll(v, 5, 0), v, 5);
  show("timeout", poll(v, 1, 10), v, 1);
  write(p[1], "x", 1);
  show("data", poll(v, 2, -1), v, 2);
  fcntl(p[1], F_SETFL, O_NONBLOCK);
  while (write(p[1], buffer, 4096) > 0);
  show("full", poll(v, 2, 0), v, 2);
  read(p[0], buffer, 4096);
  show("room", poll(v, 2, 0), v, 2);
  close(p[1]);
  show("hangup", poll(v, 1, 0), v, 1);
  while (read(p[0], buffer, 65536) > 0);
  show("ended", poll(v, 1, 0), v, 1);
  pipe(p);
  v[0].fd = p[0], v[1].fd = p[1];
  close(p[0]);
  show("broken", poll(v + 1, 1, 0), v + 1, 1);
  R(poll(v, 100000, 0));
  R(poll((void *)8, 1, 0));
  R(poll(0, 0, 5));
  fd_set r, w, e;
  pipe(p);
  FD_ZERO(&r);
  FD_ZERO(&w);
  FD_ZERO(&e);
  FD_SET(p[0], &r);
  FD_SET(p[1], &w);
  R(select(p[1] + 1, &r, &w, &e, 0));
  printf("%d %d\n", FD_ISSET(p[0], &r) != 0, FD_ISSET(p[1], &w) != 0);
  struct timeval t = {0, 10000};
  FD_ZERO(&r);
  FD_SET(p[0], &r);
  R(select(p[1] + 1, &r, 0, 0, &t));
  printf("%d %ld\n", FD_ISSET(p[0], &r) != 0, t.tv_sec * 1000000 + t.tv_usec);
  FD_ZERO(&r);
  FD_SET(40, &r);
  R(select(41, &r, 0, 0, &t));
  R(select(-1, 0, 0, 0, &t));
  t.tv_sec = -1;
  R(select(0, 0, 0, 0, &t));
  struct timespec ts = {0, 1000000};
  R(ppoll(0, 0, &ts, 0));
  R(pselect(0, 0, 0, 0, &ts, 0));
  ts.tv_nsec = -1;
  R(ppoll(0, 0, &ts, 0));
  if (!fork()) usleep(20000), write(p[1], "y", 1), _exit(0);
  v[0].fd = p[0], v[0].events = POLLIN;
  show("woken", poll(v, 1, 5000), v, 1);
  wait(0);
}

static void events(void) {
  puts("# epoll and eventfd");
  int e = W(epoll_create1(0)), p[2], f = make("ef", "x");
  R(epoll_create1(1));
  R(epoll_create(0));
  pipe2(p, O_NONBLOCK);
  struct epoll_event in = {EPOLLIN, {.u64 = 0x123456789abcdefUL}}, out[4];
  R(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &in));
  R(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &in));
  R(epoll_ctl(e, EPOLL_CTL_ADD, f, &in));
  R(epoll_ctl(e, EPOLL_CTL_ADD, e, &in));
  R(epoll_ctl(e, EPOLL_CTL_ADD, 99, &in));
  R(epoll_ctl(f, EPOLL_CTL_ADD, p[0], &in));
  R(epoll_ctl(e, EPOLL_CTL_MOD, p[1], &in));
  R(epoll_ctl(e, EPOLL_CTL_DEL, p[1], &in));
  R(epoll_ctl(e, 9, p[0], &in));
  R(epoll_wait(e, out, 4, 0));
  R(epoll_wait(e, out, 0, 0));
  R(epoll_wait(f, out, 4, 0));
  R(epoll_wait(e, out, 4, 10));
  write(p[1], "x", 1);
  R(epoll_wait(e, out, 4, -1));
  printf("%x %lx\n", out[0].events, out[0].data.u64);
  R(epoll_wait(e, out, 4, 0));
  in.events = EPOLLIN | EPOLLET;
  R(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &in));
  R(epoll_wait(e, out, 4, 0));
  R(epoll_wait(e, out, 4, 0));
  write(p[1], "x", 1);
  R(epoll_wait(e, out, 4, 0));
  in.events = EPOLLIN | EPOLLONESHOT;
  R(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &in));
  R(epoll_wait(e, out, 4, 0));
  write(p[1], "x", 1);
  R(epoll_wait(e, out, 4, 0));
  R(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &in));
  R(epoll_wait(e, out, 4, 0));
  int outer = epoll_create1(0);
  in.events = EPOLLIN;
  R(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &in));
  R(epoll_ctl(outer, EPOLL_CTL_ADD, e, &in));
  R(epoll_ctl(e, EPOLL_CTL_ADD, outer, &in));
  R(epoll_wait(outer, out, 4, 0));
  int d = dup(p[0]);
  close(p[0]);
  R(epoll_wait(e, out, 4, 0));
  close(d);
  R(epoll_wait(e, out, 4, 0));
  int v = eventfd(3, EFD_NONBLOCK);
  unsigned long n = 0;
  R(read(v, &n, 4));
  R(read(v, &n, 8));
  printf("%lu\n", n);
  R(read(v, &n, 8));
  n = 5;
  R(write(v, &n, 8));
  n = -1UL;
  R(write(v, &n, 8));
  n = -2UL;
  R(write(v, &n, 8));
  n = -7UL;
  R(write(v, &n, 8));
  struct pollfd pv = {v, POLLIN | POLLOUT};
  show("eventfd", poll(&pv, 1, 0), &pv, 1);
  int s = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  R(read(s, &n, 8));
  printf("%lu\n", n);
  R(read(s, &n, 8));
  R(read(s, &n, 8));
  R(eventfd(0, 7777));
  in.events = EPOLLIN;
  R(epoll_ctl(e, EPOLL_CTL_ADD, s, &in));
  if (!fork()) usleep(20000), n = 1, write(s, &n, 8), _exit(0);
  R(epoll_wait(e, out, 4, 5000));
  wait(0);
}

static int getlock(int fd, int type, long start, long length) {
  struct flock l = {type, SEEK_SET, start, length};
  int r = fcntl(fd, F_GETLK, &l);
  printf("lock %d %ld %ld %d\n", l.l_type, l.l_start, l.l_len, l.l_pid > 0);
  fflush(stdout);
  return r;
}

static int setlock(int fd, int how, int type, long start, long length) {
  struct flock l = {type, SEEK_SET, start, length};
  return fcntl(fd, how, &l);
}

static void locking(void) {
  puts("# locks");
  int a = make("lock", "0123456789"), b = open("lock", O_RDWR), r = open("lock", O_RDONLY);
  R(flock(a, LOCK_SH));
  R(flock(b, LOCK_SH | LOCK_NB));
  R(flock(b, LOCK_EX | LOCK_NB));
  R(flock(a, LOCK_UN));
  R(flock(b, LOCK_EX | LOCK_NB));
  R(flock(a, LOCK_SH | LOCK_NB));
  R(flock(b, 77));
  R(flock(99, LOCK_SH));
  close(b);
  R(flock(a, LOCK_EX | LOCK_NB));
  b = open("lock", O_RDWR);
  R(setlock(a, F_SETLK, F_WRLCK, 0, 10));
  R(setlock(b, F_SETLK, F_WRLCK, 0, 5));
  R(setlock(r, F_SETLK, F_WRLCK, 0, 5));
  R(setlock(a, F_SETLK, 9, 0, 5));
  R(setlock(a, F_SETLK, F_WRLCK, -5, 5));
  R(setlock(a, F_SETLK, F_UNLCK, 2, 2));
  fflush(stdout);
  int p[2], q[2];
  pipe(p), pipe(q);
  pid_t child = fork();
  if (!child) {
    R(getlock(a, F_WRLCK, 0, 0));
    R(getlock(a, F_RDLCK, 2, 2));
    R(setlock(a, F_SETLK, F_WRLCK, 2, 2));
    R(setlock(a, F_SETLK, F_RDLCK, 3, 2));
    write(p[1], "1", 1);
    R(setlock(a, F_SETLKW, F_WRLCK, 0, 2));
    _exit(0);
  }
  read(p[0], buffer, 1);
  until_asleep(child);
  R(setlock(a, F_SETLKW, F_WRLCK, 2, 1));
  setlock(a, F_SETLK, F_UNLCK, 0, 0);
  wait(0);
  R(getlock(a, F_WRLCK, 0, 0));
  R(setlock(a, F_SETLK, F_WRLCK, 0, 0));
  close(r);
  if (!fork()) {
    R(setlock(a, F_SETLK, F_WRLCK, 0, 0));
    R(setlock(a, F_OFD_SETLK, F_WRLCK, 20, 5));
    _exit(0);
  }
  wait(0);
  b = open("lock", O_RDWR);
  R(setlock(b, F_OFD_SETLK, F_RDLCK, 22, 1));
  R(setlock(a, F_OFD_SETLK, F_UNLCK, 0, 0));
  R(setlock(b, F_OFD_SETLK, F_WRLCK, 22, 1));
}

static void descriptors(void) {
  puts("# descriptors");
  int f = make("df", "0123456789"), d = dup(f);
  R(d - f);
  read(d, buffer, 1);
  lseek(f, 3, SEEK_SET);
  R(lseek(d, 0, SEEK_CUR));
  R(dup2(f, f) - f);
  R(dup2(99, 99));
  R(dup2(f, 50));
  R(dup2(f, -1));
  R(dup2(f, 100000000));
  R(dup3(f, f, 0));
  R(dup3(f, 51, O_CLOEXEC));
  R(fcntl(51, F_GETFD));
  R(dup3(f, 52, 1));
  R(fcntl(f, F_DUPFD, 60));
  R(fcntl(f, F_DUPFD_CLOEXEC, 60));
  R(fcntl(61, F_GETFD));
  R(fcntl(61, F_SETFD, 0));
  R(fcntl(61, F_GETFD));
  R(fcntl(f, F_DUPFD, -1));
  R(fcntl(f, F_DUPFD, 100000000));
  R(fcntl(f, F_GETFL));
  R(fcntl(f, F_SETFL, O_APPEND | O_NONBLOCK | O_CREAT | O_WRONLY));
  R(fcntl(d, F_GETFL));
  R(fcntl(f, 7777));
  R(fcntl(99, F_GETFD));
  R(syscall(SYS_close_range, 50, 60, 4));
  R(fcntl(60, F_GETFD));
  R(syscall(SYS_close_range, 50, ~0U, 0));
  R(fcntl(50, F_GETFD));
  R(syscall(SYS_close_range, 5, 4, 0));
  R(syscall(SYS_close_range, 50, 60, 1));
  R(close(99));
  struct rlimit l = {10, 10};
  getrlimit(RLIMIT_NOFILE, &l);
  l.rlim_cur = 200;
  setrlimit(RLIMIT_NOFILE, &l);
  while (dup(f) >= 0);
  R(dup(f));
  R(open("df", O_RDONLY));
  R(pipe((int *)buffer));
  R(fcntl(f, F_DUPFD, 200));
  R(dup2(f, 200));
  for (int i = 100; i < 200; i++) close(i);
  R(ioctl(f, FIONBIO, (int[]){0}));
  R(fcntl(f, F_GETFL));
  R(ioctl(f, FIOCLEX));
  R(fcntl(f, F_GETFD));
  R(ioctl(f, TCGETS, buffer));
  R(ioctl(f, 0x12345678, buffer));
  R(isatty(f) ? 1 : -1);
  int n;
  R(ioctl(f, FIONREAD, &n));
  printf("%d\n", n);
}

static void sockets(void) {
  puts("# sockets");
  int s[2], n;
  R(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
  R(socketpair(AF_UNIX, 77, 0, s));
  R(socketpair(AF_UNIX, SOCK_STREAM, 9, s));
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s);
  R(read(s[0], buffer, 1));
  R(write(s[1], "stream", 6));
  R(write(s[1], "more", 4));
  R(recv(s[0], buffer, 3, MSG_PEEK));
  R(read(s[0], buffer, 100));
  R(send(s[0], "x", 1, 0));
  struct pollfd v = {s[1], POLLIN | POLLOUT | POLLRDHUP};
  show("socket", poll(&v, 1, 0), &v, 1);
  R(shutdown(s[0], SHUT_WR));
  show("shut", poll(&v, 1, 0), &v, 1);
  R(read(s[1], buffer, 10));
  R(read(s[1], buffer, 10));
  signal(SIGPIPE, SIG_IGN);
  R(write(s[0], "x", 1));
  close(s[0]);
  show("closed", poll(&v, 1, 0), &v, 1);
  R(write(s[1], "x", 1));
  R(send(s[1], "x", 1, MSG_NOSIGNAL));
  R(lseek(s[1], 0, SEEK_SET));
  socklen_t length = sizeof n;
  R(getsockopt(s[1], SOL_SOCKET, SO_TYPE, &n, &length));
  printf("%d\n", n);
  R(getsockopt(s[1], SOL_SOCKET, SO_ERROR, &n, &length));
  R(getsockopt(0, SOL_SOCKET, SO_TYPE, &n, &length));
  R(getpeername(0, (void *)buffer, &length));
  R(getsockopt(99, SOL_SOCKET, SO_TYPE, &n, &length));
  socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
  R(write(s[0], "one", 3));
  R(write(s[0], "", 0));
  R(write(s[0], "three", 5));
  R(read(s[1], buffer, 2));
  R(read(s[1], buffer, 10));
  R(recv(s[1], buffer, 2, MSG_TRUNC));
  R(recv(s[1], buffer, 2, MSG_DONTWAIT));
  int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un a = {AF_UNIX, "sock"};
  R(connect(c, (void *)&a, sizeof a));
  R(bind(l, (void *)&a, sizeof a));
  R(bind(l, (void *)&a, sizeof a));
  R(bind(c, (void *)&a, sizeof a));
  R(connect(c, (void *)&a, sizeof a));
  R(accept(l, 0, 0));
  R(listen(l, 5));
  R(connect(c, (void *)&a, sizeof a));
  R(connect(c, (void *)&a, sizeof a));
  int t = W(accept(l, 0, 0));
  R(write(t, "hi", 2));
  R(read(c, buffer, 10));
  length = sizeof a;
  R(getpeername(c, (void *)&a, &length));
  printf("%s %d\n", a.sun_path, length);
  length = sizeof a;
  R(getsockname(c, (void *)&a, &length));
  printf("%d\n", length);
  R(open("sock", O_RDWR));
  struct stat st;
  stat("sock", &st);
  printf("%o\n", st.st_mode);
  struct sockaddr_un x = {AF_UNIX};
  /* The host has one name space of them for all. */
  snprintf(x.sun_path + 1, 9, "%08x", getpid());
  int u = socket(AF_UNIX, SOCK_DGRAM, 0), w = socket(AF_UNIX, SOCK_DGRAM, 0);
  R(bind(u, (void *)&x, 11));
  R(bind(w, (void *)&x, 11));
  R(sendto(w, "dgram", 5, 0, (void *)&x, 11));
  R(recv(u, buffer, 10, 0));
  R(send(w, "x", 1, 0));
  R(sendto(c, "x", 1, 0, (void *)&x, 11));
  int p[2], got = -1;
  pipe(p);
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  char control[CMSG_SPACE(4)] = {0}, byte = 'f';
  struct iovec io = {&byte, 1};
  struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(4);
  memcpy(CMSG_DATA(h), &p[1], 4);
  R(sendmsg(s[0], &m, 0));
  close(p[1]);
  memset(control, 0, sizeof control);
  R(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC));
  memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), 4);
  R(fcntl(got, F_GETFD));
  R(write(got, "passed", 6));
  R(read(p[0], buffer, 10));
  struct ucred cred;
  length = sizeof cred;
  R(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cred, &length));
  printf("%d %d\n", cred.pid == getpid(), cred.uid == getuid());
  close(s[1]);
  R(read(s[0], buffer, 1));
  R(shutdown(u, 9));
  R(shutdown(socket(AF_UNIX, SOCK_STREAM, 0), SHUT_RDWR));
}

int main(void) {
  umask(022);
  piping();
  fifos();
  polling();
  events();
  locking();
  descriptors();
  sockets();
  return 0;
}

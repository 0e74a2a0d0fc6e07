/* POSIX message queues: mq_open(3) and its siblings, mq_overview(7). */
#define _GNU_SOURCE
#include "ipc-report.h"
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

static char name[64];

static void remove_name(void) {
  if (getpid() == maker) mq_unlink(name);
}
static char buffer[9000];

static struct timespec from_now(long ms) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  long long all = time.tv_sec * 1000000000LL + time.tv_nsec + ms * 1000000LL;
  time.tv_sec = all / 1000000000;
  time.tv_nsec = all % 1000000000;
  return time;
}

static mqd_t make(long most, long bytes, int flags) {
  struct mq_attr attr = {.mq_maxmsg = most, .mq_msgsize = bytes};
  mq_unlink(name);
  return mq_open(name, O_CREAT | O_RDWR | flags, 0600, &attr);
}

static void get(const char *what, mqd_t queue) {
  unsigned priority = 7777;
  memset(buffer, 0, sizeof buffer);
  long length = report(what, mq_receive(queue, buffer, sizeof buffer, &priority));
  if (length >= 0) printf("  priority %u: %s\n", priority, buffer);
  fflush(stdout);
}

static void describe(const char *what, mqd_t queue) {
  struct mq_attr attr;
  if (report(what, mq_getattr(queue, &attr)) != 0) return;
  printf("  flags %lx, %ld of %ld, %ld bytes\n", attr.mq_flags, attr.mq_curmsgs, attr.mq_maxmsg, attr.mq_msgsize);
  fflush(stdout);
}

static void names(void) {
  struct mq_attr none = {0};
  mq_unlink(name);
  report("no such queue", mq_open(name, O_RDWR));
  report("no name", syscall(SYS_mq_open, "", O_RDWR, 0, 0));
  report("a slash", syscall(SYS_mq_open, "a/b", O_RDWR | O_CREAT, 0600, 0));
  report("a dot", syscall(SYS_mq_open, ".", O_RDWR | O_CREAT, 0600, 0));
  memset(buffer, 'x', 300);
  buffer[300] = 0;
  report("a long name", syscall(SYS_mq_open, buffer, O_RDWR | O_CREAT, 0600, 0));
  report("a bad address", syscall(SYS_mq_open, 8, O_RDWR | O_CREAT, 0600, 0));
  report("bad attributes", syscall(SYS_mq_open, "x", O_RDWR | O_CREAT, 0600, 8));
  report("no messages", mq_open(name, O_RDWR | O_CREAT, 0600, &none));
  report("too many messages", make(11, 100, 0));
  report("too long messages", make(10, 8193, 0));
  mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0640, NULL);
  fact("made", queue >= 0);
  describe("defaults", queue);
  report("exclusively", mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL));
  report("a bad mode of access", mq_open(name, 3));
  struct stat found;
  fstat(queue, &found);
  printf("a file of mode %o, %ld bytes, %ld names\n", found.st_mode, (long)found.st_size, (long)found.st_nlink);
  printf("flags %x, closes %d\n", fcntl(queue, F_GETFL), fcntl(queue, F_GETFD));
  char link[64], text[300];
  sprintf(link, "/proc/self/fd/%d", queue);
  long length = readlink(link, text, sizeof text - 1);
  fact("its link is its name", length > 0 && memcmp(text, name, (size_t)length) == 0);
  fchmod(queue, 0400);
  report("not permitted to write", mq_open(name, O_WRONLY));
  mqd_t reader = mq_open(name, O_RDONLY);
  report("a reader sends", mq_send(reader, "x", 1, 0));
  report("seek", lseek(queue, 0, SEEK_END));
  report("write", write(queue, "x", 1));
  report("removal", mq_unlink(name));
  report("removal again", mq_unlink(name));
  report("it lives on", mq_send(queue, "x", 1, 0));
  get("for its reader", reader);
  report("not a queue", mq_send(1, "x", 1, 0));
  report("not a descriptor", mq_send(999, "x", 1, 0));
  mq_close(queue);
  mq_close(reader);
}

static void order(void) {
  mqd_t queue = make(5, 100, O_NONBLOCK);
  get("empty", queue);
  report("too short a buffer", mq_receive(queue, buffer, 99, NULL));
  report("too long", mq_send(queue, buffer, 101, 0));
  report("too high", mq_send(queue, "x", 1, 32768));
  report("a bad text", mq_send(queue, (char *)8, 10, 1));
  report("nothing", mq_send(queue, "", 0, 32767));
  report("low", mq_send(queue, "low", 3, 1));
  report("high", mq_send(queue, "high", 4, 9));
  report("low again", mq_send(queue, "low again", 9, 1));
  report("high again", mq_send(queue, "high again", 10, 9));
  report("full", mq_send(queue, "x", 1, 0));
  describe("five", queue);
  long length = pread(queue, buffer, sizeof buffer, 0);
  buffer[length > 0 ? length : 0] = 0;
  printf("read %ld: %s", length, buffer);
  for (int i = 0; i < 6; i++) get("next", queue);
  struct mq_attr attr = {.mq_flags = 1}, old;
  report("bad flags", mq_setattr(queue, &attr, &old));
  attr.mq_flags = 0;
  report("waits from now on", mq_setattr(queue, &attr, &old));
  printf("  it was %lx\n", old.mq_flags);
  describe("now", queue);
  mq_close(queue);
}

static void times(void) {
  mqd_t queue = make(1, 100, 0);
  struct timespec past = from_now(-1000), soon = from_now(20), bad = {0, 1000000000};
  report("receive, time over", mq_timedreceive(queue, buffer, 100, NULL, &past));
  report("receive, later", mq_timedreceive(queue, buffer, 100, NULL, &soon));
  report("a bad time", mq_timedreceive(queue, buffer, 100, NULL, &bad));
  report("there is room", mq_timedsend(queue, "x", 1, 0, &past));
  soon = from_now(20);
  report("send, later", mq_timedsend(queue, "y", 1, 0, &soon));
  report("a bad time to send", mq_timedsend(queue, "y", 1, 0, &bad));
  describe("one", queue);
  mq_close(queue);
}

static volatile int signals;
static void count(int signal) {
  (void)signal;
  signals++;
}

/* Until a sender has filled the queue of one message. */
static void until_full(const char *what, mqd_t queue) {
  struct mq_attr attr;
  while (mq_getattr(queue, &attr) == 0 && attr.mq_curmsgs == 0) nap();
  describe(what, queue);
}

static void waiting(void) {
  mqd_t queue = make(1, 100, 0);
  if (fork() == 0) {
    usleep(50000);
    mq_send(queue, "late", 4, 3);
    mq_send(queue, "later", 5, 2); /* into the queue */
    mq_send(queue, "last", 4, 1);  /* waits for room */
    _exit(0);
  }
  get("waited for", queue);
  until_full("full", queue);
  get("one goes in when one comes out", queue);
  until_full("full again", queue);
  get("the last", queue);
  wait(NULL);
  struct sigaction action = {.sa_handler = count};
  sigaction(SIGALRM, &action, NULL);
  /* Again and again: the first may come before the call. */
  const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {0};
  setitimer(ITIMER_REAL, &often, NULL);
  report("interrupted", mq_receive(queue, buffer, 100, NULL));
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  if (fork() == 0) {
    usleep(100000);
    mq_send(queue, "after the signal", 16, 0);
    _exit(0);
  }
  get("restarted", queue);
  setitimer(ITIMER_REAL, &never, NULL);
  alarm(25);
  wait(NULL);
  fact("signals came", signals > 1);
  mq_close(queue);
}

static void poll_once(mqd_t queue) {
  struct pollfd poller = {.fd = queue, .events = POLLIN | POLLOUT};
  int ready = poll(&poller, 1, 0);
  printf("poll %d: %x\n", ready, poller.revents);
  fflush(stdout);
}

static void polling(void) {
  mqd_t queue = make(2, 100, 0);
  poll_once(queue);
  mq_send(queue, "x", 1, 0);
  poll_once(queue);
  mq_send(queue, "x", 1, 0);
  poll_once(queue);
  int instance = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLOUT};
  epoll_ctl(instance, EPOLL_CTL_ADD, queue, &event);
  printf("epoll %d\n", epoll_wait(instance, &event, 1, 0));
  if (fork() == 0) {
    usleep(50000);
    mq_receive(queue, buffer, 100, NULL);
    _exit(0);
  }
  int ready;
  while ((ready = epoll_wait(instance, &event, 1, 5000)) < 0 && errno == EINTR) continue;
  printf("epoll %d\n", ready);
  wait(NULL);
  close(instance);
  mq_close(queue);
}

static void told(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  printf("told: code %d, value %d, by %s, of %s\n", info->si_code, info->si_value.sival_int,
         info->si_pid == getpid() ? "itself" : "another", info->si_uid == getuid() ? "its user" : "another");
}

static void notices(void) {
  mqd_t queue = make(3, 100, O_NONBLOCK);
  struct sigaction action = {.sa_sigaction = told, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
  struct sigevent bad = {.sigev_notify = 77}, worse = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
  report("not a queue", syscall(SYS_mq_notify, 1, &event));
  report("a bad kind", mq_notify(queue, &bad));
  report("a bad signal", mq_notify(queue, &worse));
  report("notify", mq_notify(queue, &event));
  report("notify again", mq_notify(queue, &event));
  long length = pread(queue, buffer, sizeof buffer, 0);
  buffer[length > 0 ? length : 0] = 0;
  char *process = strstr(buffer, "NOTIFY_PID:");
  fact("the file says who", process != NULL && atoi(process + 11) == getpid());
  report("send", mq_send(queue, "x", 1, 0));
  report("once only", mq_send(queue, "x", 1, 0));
  report("a message is there", mq_notify(queue, &event));
  report("not empty before", mq_send(queue, "x", 1, 0));
  while (mq_receive(queue, buffer, 100, NULL) >= 0) continue;
  if (fork() == 0) {
    report("it is another's", mq_notify(queue, NULL));
    report("still another's", mq_notify(queue, &event));
    mq_send(queue, "x", 1, 0);
    _exit(0);
  }
  wait(NULL);
  get("from the child", queue);
  report("notify", mq_notify(queue, &event));
  report("taken back", mq_notify(queue, NULL));
  report("send", mq_send(queue, "x", 1, 0));
  get("silently", queue);
  report("notify", mq_notify(queue, &event));
  close(dup(queue));
  report("closing a descriptor ended it", mq_notify(queue, &event));
  mq_close(queue);
}

static void limits(void) {
  mqd_t queues[20];
  int count = 0;
  char each[80];
  struct rlimit limit = {90000, 90000};
  setrlimit(RLIMIT_MSGQUEUE, &limit);
  for (; count < 20; count++) {
    sprintf(each, "%s-%d", name, count);
    mq_unlink(each);
    queues[count] = mq_open(each, O_CREAT | O_RDWR, 0600, NULL);
    if (queues[count] < 0) break;
  }
  printf("%d queues, then %s\n", count, strerrorname_np(errno));
  while (count-- > 0) {
    sprintf(each, "%s-%d", name, count);
    mq_unlink(each);
    mq_close(queues[count]);
  }
  limit.rlim_cur = limit.rlim_max = 1000;
  setrlimit(RLIMIT_MSGQUEUE, &limit);
  report("beyond the limit", make(10, 100, 0));
  fact("within the limit", make(2, 100, 0) >= 0);
}

int main(void) {
  begin();
  signal(SIGALRM, SIG_DFL);
  atexit(remove_name);
  sprintf(name, "/glassbox-%d", getpid());
  umask(022);
  names();
  order();
  times();
  waiting();
  polling();
  notices();
  limits();
  return 0;
}

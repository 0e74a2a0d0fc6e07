/* privilege KIND [ARG]: looks for more privilege than it has, or for others to use it on. Prints
 * what it has or what came back, a name and an errno (0: it worked) a line. KIND: ids, regain,
 * killall, signal PID, group, priority PID, user, limits, realtime, score, odd-name,
 * no-arguments. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_WHO_USER = 3, IOPRIO_IDLE = 3 << 13, IOPRIO_REALTIME = 1 << 13 };

static void told(const char *what, long result) { printf("%s %d\n", what, result < 0 ? errno : 0); }

static int ids(void) {
  unsigned u[3], g[3];
  gid_t groups[64];
  getresuid(&u[0], &u[1], &u[2]);
  getresgid(&g[0], &g[1], &g[2]);
  printf("uids %u %u %u\ngids %u %u %u\ngroups", u[0], u[1], u[2], g[0], g[1], g[2]);
  int count = getgroups(64, groups);
  for (int i = 0; i < count; i++) printf(" %u", groups[i]);
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  puts("");
  while (status && fgets(line, sizeof line, status))
    if (!strncmp(line, "Cap", 3) || !strncmp(line, "NoNewPrivs", 10)) fputs(line, stdout);
  return 0;
}

static void *regain(void *unused) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct all[2] = {{~0u, ~0u, ~0u}, {0x1ff, 0x1ff, 0x1ff}};
  gid_t none = 0;
  /* By the calls themselves: those of libc would change all threads. */
  told("setresuid", syscall(SYS_setresuid, 0, 0, 0));
  told("setreuid", syscall(SYS_setreuid, 0, 0));
  told("setuid", syscall(SYS_setuid, 0));
  told("setresgid", syscall(SYS_setresgid, 0, 0, 0));
  told("setgid", syscall(SYS_setgid, 0));
  told("setgroups", syscall(SYS_setgroups, 1, &none));
  told("capset", syscall(SYS_capset, &header, all));
  told("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
  told("keep", prctl(PR_SET_SECUREBITS, 0x2f, 0, 0, 0));
  setfsuid(0);
  setfsgid(0);
  printf("fsuid %d\nfsgid %d\n", setfsuid(-1) ? EPERM : 0, setfsgid(-1) ? EPERM : 0);
  return unused;
}

static int each_thread(void) {
  for (int i = 0; i < 4; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, regain, NULL)) return 3;
    pthread_join(thread, NULL);
  }
  regain(NULL);
  return 0;
}

/* Everybody whom it may, itself excepted: a child in a session of its own. */
static int kill_all(void) {
  pid_t child = fork();
  if (child == 0) {
    setsid();
    for (;;) pause();
  }
  usleep(20000);
  told("kill", kill(-1, SIGKILL));
  int status = 0;
  waitpid(child, &status, 0);
  printf("child %d\n", WTERMSIG(status));
  return 0;
}

static int signal_one(pid_t pid) {
  static const int signals[] = {SIGSTOP, SIGKILL, SIGTERM, SIGINT, SIGSEGV, SIGHUP};
  siginfo_t info = {.si_code = SI_QUEUE};
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
    told("kill", kill(pid, signals[i]));
    told("tgkill", syscall(SYS_tgkill, pid, pid, signals[i]));
    told("sigqueue", syscall(SYS_rt_sigqueueinfo, pid, signals[i], &info));
    told("pidfd", fd < 0 ? fd : syscall(SYS_pidfd_send_signal, fd, signals[i], NULL, 0));
  }
  return 0;
}

/* Lowers what another process may have, by each call that could. */
static int priority(pid_t pid) {
  cpu_set_t one;
  struct sched_param zero = {0};
  struct { unsigned size, policy; unsigned long flags; int nice; unsigned rest[9]; } idle = {48, SCHED_IDLE};
  struct rlimit none = {0, 0};
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  told("setpriority", setpriority(PRIO_PROCESS, pid, 19));
  told("sched_setaffinity", sched_setaffinity(pid, sizeof one, &one));
  told("sched_setparam", sched_setparam(pid, &zero));
  told("sched_setattr", syscall(SYS_sched_setattr, pid, &idle, 0));
  told("sched_setscheduler", sched_setscheduler(pid, SCHED_IDLE, &zero));
  told("ioprio_set", syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, IOPRIO_IDLE));
  told("prlimit", prlimit(pid, RLIMIT_NOFILE, &none, NULL));
  return 0;
}

static int by_user(unsigned user) {
  told("setpriority", setpriority(PRIO_USER, user, 19));
  told("ioprio_set", syscall(SYS_ioprio_set, IOPRIO_WHO_USER, user, IOPRIO_IDLE));
  return 0;
}

/* Each resource: soft up to hard, then hard higher where there is anything higher. */
static int limits(void) {
  for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
    struct rlimit limit, higher;
    getrlimit(resource, &limit);
    limit.rlim_cur = limit.rlim_max;
    int soft = setrlimit(resource, &limit) ? errno : 0;
    higher = (struct rlimit){limit.rlim_max, limit.rlim_max + 1};
    int hard = limit.rlim_max == RLIM_INFINITY ? -1 : setrlimit(resource, &higher) ? errno : 0;
    printf("%d %ld %d %d\n", resource, (long)limit.rlim_max, soft, hard);
  }
  return 0;
}

static int real_time(void) {
  struct sched_param highest = {99};
  struct { unsigned size, policy; unsigned long flags; int nice; unsigned priority; unsigned long runtime, deadline, period; } deadline =
      {48, 6, 0, 0, 0, 1000000, 10000000, 10000000};
  told("fifo", sched_setscheduler(0, SCHED_FIFO, &highest));
  told("rr", sched_setscheduler(0, SCHED_RR, &highest));
  told("deadline", syscall(SYS_sched_setattr, 0, &deadline, 0));
  struct sched_param zero = {0};
  sched_setscheduler(0, SCHED_OTHER, &zero);
  told("nice", setpriority(PRIO_PROCESS, 0, -5));
  told("ioprio", syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_REALTIME));
  return 0;
}

static int put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY);
  if (fd < 0) return -1;
  int result = write(fd, text, strlen(text)) < 0 ? -1 : 0, error = errno;
  close(fd);
  errno = error;
  return result;
}

/* The lowest that it may give itself: the higher, the sooner it goes where memory is short. */
static int score(void) {
  char now[16] = "";
  for (int value = -1000; value <= 1000; value += 100) {
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    if (put("/proc/self/oom_score_adj", text) == 0) break;
  }
  read(open("/proc/self/oom_score_adj", O_RDONLY), now, sizeof now - 1);
  printf("lowest %s", now);
  return 0;
}

/*
 * A name that would disturb whoever prints it, or takes /proc/PID/stat apart; then a call that a
 * policy may forbid.
 */
static int odd_name(void) {
  prctl(PR_SET_NAME, ") R 1\n\033[31m\"\\");
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_PTRACER, -1L);
  mkdir("\033[31m\n\"", 0700);
  socket(AF_UNIX, SOCK_STREAM, 0);
  for (;;) {
  }
}

static int no_arguments(const char *self) {
  char *none[] = {NULL}, *environment[] = {"COUNT=1", NULL};
  return execve(self, none, environment) ? errno : 0;
}

int main(int argc, char **argv) {
  if (getenv("COUNT")) {
    printf("%d [%s]\n", argc, argv[0] ? argv[0] : "NULL");
    return 0;
  }
  const char *kind = argc > 1 ? argv[1] : "";
  int number = argc > 2 ? atoi(argv[2]) : 0;
  setvbuf(stdout, NULL, _IONBF, 0);
  if (!strcmp(kind, "ids")) return ids();
  if (!strcmp(kind, "regain")) return each_thread();
  if (!strcmp(kind, "killall")) return kill_all();
  if (!strcmp(kind, "signal")) return signal_one(number);
  if (!strcmp(kind, "group")) return kill(0, number) ? errno : 0;
  if (!strcmp(kind, "priority")) return priority(number);
  if (!strcmp(kind, "user")) return by_user((unsigned)number);
  if (!strcmp(kind, "limits")) return limits();
  if (!strcmp(kind, "realtime")) return real_time();
  if (!strcmp(kind, "score")) return score();
  if (!strcmp(kind, "odd-name")) return odd_name();
  if (!strcmp(kind, "no-arguments")) return no_arguments(argv[0]);
  return 200;
}

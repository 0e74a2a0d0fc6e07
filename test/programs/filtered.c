/* filtered KIND: lives under a filter. Exit: 0 where it could do what it is for, else an errno.
 * KIND: catch (a SIGSYS handler around socket), stack (a filter that refuses everything, on top),
 * listener (one of its own that nobody answers), threads (Seccomp of each thread), restart (a
 * sleep that a stop interrupts), futex, vsyscall, memfd PROGRAM (executes from memory), terminal
 * (takes and feeds its stdin), immutable, namespaces [PID]. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failed(void) { return errno ? errno : 255; }

static void go_on(int unused) { _exit(0); }

static int catch(void) {
  signal(SIGSYS, go_on);
  socket(AF_INET, SOCK_STREAM, 0);
  return 0;
}

static int stack(unsigned flags, unsigned action) {
  struct sock_filter filter[] = {{BPF_RET | BPF_K, 0, 0, action}};
  struct sock_fprog program = {1, filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0) return failed();
  getppid();
  return 0;
}

static void *idle(void *unused) {
  sleep(10);
  return unused;
}

static int threads(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, idle, NULL);
  return system("exec 2>&1; grep -h -e ^Seccomp: -e ^NoNewPrivs: /proc/$PPID/task/*/status | sort | uniq -c");
}

static int restart(void) {
  pid_t child = fork();
  if (child == 0) {
    struct timespec half = {0, 200000000};
    _exit(syscall(SYS_nanosleep, &half, NULL) ? failed() : 0);
  }
  usleep(50000);
  kill(child, SIGSTOP);
  usleep(20000);
  kill(child, SIGCONT);
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

static int futexes(void) {
  unsigned word = 0;
  struct { void *next; long offset; void *pending; } list = {(void *)8, 1L << 40, (void *)1};
  printf("lock %d\n", syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) ? failed() : 0);
  printf("again %d\n", syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) ? failed() : 0);
  printf("requeue %d\n", syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE_PI, 1, 1, &word, word) < 0 ? failed() : 0);
  printf("list %d\n", syscall(SYS_set_robust_list, &list, 24) ? failed() : 0);
  return 0;
}

static int vsyscall(void) {
  long (*at)(long *) = (long (*)(long *))0xffffffffff600400;
  return at(NULL) > 0 ? 0 : 255;
}

static int execute_memory(const char *path) {
  struct stat stats;
  int from = open(path, O_RDONLY), to = memfd_create("program", MFD_CLOEXEC);
  if (from < 0 || to < 0 || fstat(from, &stats)) return failed();
  sendfile(to, from, NULL, (size_t)stats.st_size);
  char *argv[] = {"program", "catch", NULL}, *env[] = {NULL};
  syscall(SYS_execveat, to, "", argv, env, AT_EMPTY_PATH);
  return failed();
}

/* What it can do with the terminal that is its stdin. */
static int terminal(void) {
  setsid();
  printf("terminal %d\n", isatty(0));
  printf("TIOCSCTTY %d\n", ioctl(0, TIOCSCTTY, 0) ? failed() : 0);
  printf("TIOCSTI %d\n", ioctl(0, TIOCSTI, "x") ? failed() : 0);
  return 0;
}

static int immutable(void) {
  int fd = open("file", O_CREAT | O_RDWR, 0600), flags = FS_IMMUTABLE_FL;
  int result = ioctl(fd, FS_IOC_SETFLAGS, &flags) ? failed() : 0;
  flags = 0;
  ioctl(fd, FS_IOC_SETFLAGS, &flags);
  return result;
}

/*
 * For each namespace of a process: the errno of asking for its parent and for its owner, or where
 * they lead, from "self".
 */
static int namespaces(const char *pid) {
  static const char *names[] = {"user", "pid", "mnt", "net", "ipc", "uts", "cgroup"};
  static const struct { const char *name; int request; } relations[] = {{"parent", NS_GET_PARENT}, {"owner", NS_GET_USERNS}};
  struct stat own, found;
  char path[64];
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, names[i]);
    int fd = open(path, O_RDONLY);
    if (fd < 0) return failed();
    for (int each = 0; each < 2; each++) {
      stat(each || strcmp(names[i], "pid") ? "/proc/self/ns/user" : "/proc/self/ns/pid", &own);
      int to = ioctl(fd, relations[each].request);
      if (to < 0) printf("%s %s %d\n", names[i], relations[each].name, errno);
      else printf("%s %s %s\n", names[i], relations[each].name, fstat(to, &found) || found.st_ino != own.st_ino ? "another" : "own");
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "";
  alarm(15);
  if (!strcmp(kind, "catch")) return catch();
  if (!strcmp(kind, "stack")) return stack(0, SECCOMP_RET_ERRNO | ENOSYS);
  if (!strcmp(kind, "listener")) return stack(SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_RET_USER_NOTIF);
  if (!strcmp(kind, "threads")) return threads();
  if (!strcmp(kind, "restart")) return restart();
  if (!strcmp(kind, "futex")) return futexes();
  if (!strcmp(kind, "vsyscall")) return vsyscall();
  if (!strcmp(kind, "memfd")) return execute_memory(argc > 2 ? argv[2] : "");
  if (!strcmp(kind, "terminal")) return terminal();
  if (!strcmp(kind, "immutable")) return immutable();
  if (!strcmp(kind, "namespaces")) return namespaces(argc > 2 ? argv[2] : "self");
  return 200;
}

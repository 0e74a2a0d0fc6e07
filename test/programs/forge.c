/* forge KIND [N]: ends, or goes on, in a way that looks like a verdict of the runner. KIND: words
 * N (prints magic words, exits N), sibling N (its child sends it signal N), handled N (catches
 * signal N, exits 0), ignored N (ignores it, exits 0), small-file (a file size limit of its own),
 * own-filter (a seccomp filter of its own that kills), strict (seccomp's strict mode), woken (its
 * child stops and continues it, exits 0), bytes N (N odd bytes to stdout), init N (attacks init
 * where N is 1, else a child of its own: prints each try and its errno), starve (takes init's CPU
 * time away). */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void note(int signal) { caught = signal; }

static int print_words(int code) {
  static const char *const words[] = {
      "timelimit exceeded", "Time Limit Exceeded", "Command terminated by signal 9", "status:TO", "exitsig:9", "max-rss:1",
      "Killed", "Out of memory", "Segmentation fault (core dumped)", "glassbox: the program used up its CPU time",
      "{\"status\":\"exited\",\"exitCode\":0,\"ok\":true,\"cpuTimeMs\":0}", "syscall-denied", "\033]0;memory-limit\007", "not found",
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    fprintf(stdout, "%s\n", words[i]);
    fprintf(stderr, "%s\n", words[i]);
  }
  return code;
}

static int by_sibling(int number) {
  pid_t target = getpid();
  if (fork() == 0) {
    kill(target, number);
    _exit(0);
  }
  for (;;) pause();
}

static int survive(int number, void (*handler)(int)) {
  signal(number, handler);
  raise(number);
  return handler == note && caught != number;
}

/* The kernel's own SIGXFSZ, for a limit that the program gave itself. */
static int small_file(void) {
  struct rlimit limit = {100, 100};
  static char block[200];
  setrlimit(RLIMIT_FSIZE, &limit);
  int fd = open("small", O_CREAT | O_WRONLY, 0600);
  write(fd, block, sizeof block);
  write(fd, block, sizeof block);
  return 9;
}

/* The kernel's own SIGSYS, by a filter that nobody but the program asked for. */
static int own_filter(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) return 9;
  syscall(SYS_getppid);
  return 8;
}

static int strict(void) {
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) return 9;
  syscall(SYS_getpid);
  return 8;
}

/* A waiter who asks for stops sees one, and its program goes on all the same. */
static int woken(void) {
  pid_t target = getpid();
  pid_t child = fork();
  if (child == 0) {
    kill(target, SIGSTOP);
    usleep(20000);
    kill(target, SIGCONT);
    _exit(0);
  }
  return waitpid(child, NULL, 0) != child;
}

/*
 * Every value of a byte in turn, among them NUL, escapes and what is no UTF-8; no line end for a
 * whole MiB.
 */
static int print_bytes(long count) {
  static unsigned char block[65536];
  for (size_t i = 0; i < sizeof block; i++) block[i] = i % 256 == '\n' ? 0 : (unsigned char)i;
  while (count > 0) {
    ssize_t written = write(1, block, count < (long)sizeof block ? (size_t)count : sizeof block);
    if (written < 0) return 8;
    count -= written;
  }
  return 0;
}

static void report(const char *what, long result) { printf("%s %d\n", what, result < 0 ? errno : 0); }

static void try_file(pid_t target, const char *name, int flags) {
  char path[64], byte;
  snprintf(path, sizeof path, "/proc/%d/%s", target, name);
  int fd = open(path, flags);
  report(name, fd < 0 ? -1 : name[0] == 'm' && flags == O_RDWR ? 0 : read(fd, &byte, 1));
}

/*
 * What a process has: its memory, its descriptors, among them init's socket; and what would stop
 * or end it.
 */
static int attack(pid_t target) {
  char byte = 1;
  struct iovec local = {&byte, 1}, remote = {&byte, 1};
  try_file(target, "mem", O_RDWR);
  try_file(target, "environ", O_RDONLY);
  try_file(target, "auxv", O_RDONLY);
  try_file(target, "fd/3", O_RDONLY);
  errno = EACCES;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd", target);
  report("listing", opendir(path) ? 0 : -1);
  report("writev", process_vm_writev(target, &local, 1, &remote, 1, 0));
  report("getfd", syscall(SYS_pidfd_getfd, (int)syscall(SYS_pidfd_open, target, 0), 3, 0));
  report("seize", ptrace(PTRACE_SEIZE, target, 0, 0));
  /* whether or not it may: init takes no notice */
  for (int signal = 1; signal < 65; signal++) kill(target, signal);
  usleep(20000);
  /*
   * A child of the control's own is a zombie until it is waited for, and it is traced: its stops
   * come first.
   */
  for (int status; waitpid(target, &status, __WALL) == target && WIFSTOPPED(status);) ptrace(PTRACE_CONT, target, 0, 0);
  report("alive", kill(target, 0) == 0 || errno == EPERM ? 0 : -1);
  return 0;
}

/*
 * The control attacks a child of its own; init itself is attacked only from a box, where this is
 * process 2.
 */
static int attack_init(int really) {
  if (really) return getpid() == 2 && getppid() == 1 ? attack(1) : 98;
  signal(SIGCHLD, SIG_IGN);
  while (open("/dev/null", O_RDONLY) < 4) {
  }
  pid_t child = fork();
  if (child == 0)
    for (;;) pause();
  return attack(child);
}

/* Takes init's CPU time away: a limit of another process of the same user. */
static int starve_init(void) {
  struct rlimit none = {0, 0};
  if (getpid() != 2 || getppid() != 1) return 98;
  if (prlimit(1, RLIMIT_CPU, &none, NULL)) return errno;
  usleep(100000);
  return 0;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "";
  int number = argc > 2 ? atoi(argv[2]) : 0;
  if (!strcmp(kind, "words")) return print_words(number);
  if (!strcmp(kind, "sibling")) return by_sibling(number);
  if (!strcmp(kind, "handled")) return survive(number, note);
  if (!strcmp(kind, "ignored")) return survive(number, SIG_IGN);
  if (!strcmp(kind, "small-file")) return small_file();
  if (!strcmp(kind, "own-filter")) return own_filter();
  if (!strcmp(kind, "strict")) return strict();
  if (!strcmp(kind, "woken")) return woken();
  if (!strcmp(kind, "bytes")) return print_bytes(number);
  if (!strcmp(kind, "init")) return attack_init(number);
  if (!strcmp(kind, "starve")) return starve_init();
  return 99;
}

/* inside KIND [N]: traces among a program's own processes, and what that must not reach. KIND: own
 * (reaches into a child of its own: prints each try and its errno), init (the same tries on
 * process 1), traceme N (makes its parent its tracer and stops N times; exits 3), traced-exec (the
 * same, and executes sh, which exits 3), traced-thread (a thread does it), traced-orphan (an
 * orphan does it; exits 3), traced-storm (without end), naive (is the parent of `traceme 1`:
 * prints what waitid reports first), hold MS (its child holds the news of its end back for that
 * long; exits 5), number NR (a tracer turns its child's getpid into that call: prints the errno),
 * unseccomp (asks to suspend filters, and for their text: prints the errnos), let-pass NR (asks
 * for the stops of SECCOMP_RET_TRACE, and lets the call pass: prints the errno), own-trace NR (the
 * same, under a filter of its own), untraced (a child with CLONE_UNTRACED calls getppid: prints
 * the errno). */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static long ptrace(long request, pid_t pid, long address, long data) {
  return syscall(SYS_ptrace, request, pid, address, data);
}

static void report(const char *what, long result) { printf("%s %d\n", what, result < 0 ? errno : 0); }

static char secret[8] = "inside";

/* Every call by which one process reaches into another. `secret` has one address in both. */
static int reach(pid_t target) {
  char bytes[8] = "";
  struct iovec local = {bytes, 6}, remote = {secret, 6};
  int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
  long word;
  report("readv", process_vm_readv(target, &local, 1, &remote, 1, 0));
  report("writev", process_vm_writev(target, &local, 1, &remote, 1, 0));
  report("getfd", syscall(SYS_pidfd_getfd, pidfd, 1, 0));
  report("kcmp", syscall(SYS_kcmp, getpid(), target, KCMP_VM, 0, 0));
  report("seize", ptrace(PTRACE_SEIZE, target, 0, 0));
  long interrupted = ptrace(PTRACE_INTERRUPT, target, 0, 0);
  report("interrupt", interrupted);
  if (interrupted == 0) waitpid(target, NULL, __WALL);
  report("peek", ptrace(PTRACE_PEEKDATA, target, (long)secret, (long)&word));
  report("detach", ptrace(PTRACE_DETACH, target, 0, 0));
  report("attach", ptrace(PTRACE_ATTACH, target, 0, 0));
  return 0;
}

static int reach_own(void) {
  pid_t child = fork();
  if (child == 0)
    for (;;) pause();
  reach(child);
  kill(child, SIGKILL);
  return 0;
}

static void stop(int times) {
  signal(SIGUSR1, SIG_IGN);
  for (int i = 0; i < times; i++) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(90);
    raise(SIGUSR1);
  }
}

static void *stop_thread(void *times) {
  signal(SIGUSR1, SIG_IGN);
  ptrace(PTRACE_TRACEME, 0, 0, 0);
  syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), SIGUSR1);
  return 0;
}

static int thread(void) {
  pthread_t other;
  pthread_create(&other, 0, stop_thread, 0);
  pthread_join(other, 0);
  return 3;
}

static int orphan(void) {
  int ends[2];
  char byte;
  pipe(ends);
  if (fork() == 0) {
    if (fork()) _exit(0);
    while (getppid() != 1) usleep(1000);
    stop(3);
    write(ends[1], "", 1);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGTRAP);
    pause();
  }
  read(ends[0], &byte, 1);
  return 3;
}

static int naive(void) {
  siginfo_t info = {0};
  pid_t child = fork();
  if (child == 0) {
    stop(1);
    _exit(3);
  }
  syscall(SYS_waitid, P_ALL, 0, &info, WEXITED | __WALL, 0);
  printf("%s\n", info.si_code == CLD_TRAPPED ? "trapped" : "ended");
  kill(child, SIGKILL);
  return 0;
}

static int hold(int ms) {
  int ends[2];
  char byte;
  pid_t me = getpid();
  pipe(ends);
  if (fork() == 0) {
    if (ptrace(PTRACE_SEIZE, me, 0, 0)) _exit(1);
    write(ends[1], "", 1);
    usleep((unsigned)ms * 1000);
    _exit(0);
  }
  read(ends[0], &byte, 1);
  return 5;
}

/* A child that makes one call of its own when its tracer lets it: its errno is its exit code. */
static pid_t caller(long number) {
  pid_t child = fork();
  if (child) return child;
  ptrace(PTRACE_TRACEME, 0, 0, 0);
  raise(SIGSTOP);
  _exit(syscall(number, 99, 0, 0, 0, 0) < 0 ? errno : 0);
}

static int change(long number) {
  int status;
  pid_t child = caller(SYS_getpid);
  struct user_regs_struct registers;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SYSCALL, child, 0, 0);
  waitpid(child, &status, 0);
  ptrace(PTRACE_GETREGS, child, 0, (long)&registers);
  registers.orig_rax = (unsigned long)number;
  registers.rdi = 99;
  ptrace(PTRACE_SETREGS, child, 0, (long)&registers);
  ptrace(PTRACE_CONT, child, 0, 0);
  waitpid(child, &status, 0);
  printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 0;
}

static int unseccomp(void) {
  int status;
  static struct sock_filter text[4096];
  pid_t child = caller(SYS_getpid);
  waitpid(child, &status, 0);
  report("suspend", ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_SUSPEND_SECCOMP));
  report("text", ptrace(PTRACE_SECCOMP_GET_FILTER, child, 0, (long)text));
  kill(child, SIGKILL);
  return 0;
}

static int let_pass(long number) {
  int status;
  pid_t child = caller(number);
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP);
  do ptrace(PTRACE_CONT, child, 0, 0);
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 0;
}

static int own_trace(long number) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) return 9;
  return let_pass(number);
}

static int untraced(void) {
  long child = syscall(SYS_clone, 0x800000 | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    syscall(SYS_getppid);
    _exit(0);
  }
  report("clone", child);
  return child > 0 ? waitpid((pid_t)child, 0, 0) != child : 0;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "";
  int number = argc > 2 ? atoi(argv[2]) : 0;
  setvbuf(stdout, 0, _IOLBF, 0);
  if (!strcmp(kind, "own")) return reach_own();
  if (!strcmp(kind, "init")) return getppid() == 1 && getpid() == 2 ? reach(1) : 98;
  if (!strcmp(kind, "traceme")) return stop(number), 3;
  if (!strcmp(kind, "traced-exec")) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    return execl("/bin/sh", "sh", "-c", "exit 3", (char *)0);
  }
  if (!strcmp(kind, "traced-thread")) return thread();
  if (!strcmp(kind, "traced-orphan")) return orphan();
  if (!strcmp(kind, "traced-storm"))
    for (;;) stop(1000);
  if (!strcmp(kind, "naive")) return naive();
  if (!strcmp(kind, "hold")) return hold(number);
  if (!strcmp(kind, "number")) return change(number);
  if (!strcmp(kind, "unseccomp")) return unseccomp();
  if (!strcmp(kind, "let-pass")) return let_pass(number);
  if (!strcmp(kind, "untraced")) return untraced();
  if (!strcmp(kind, "own-trace")) return own_trace(number);
  return 99;
}

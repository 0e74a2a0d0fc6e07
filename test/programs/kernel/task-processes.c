/*
 * Processes: fork, vfork, clone, exec, waiting in all forms, groups, sessions, orphans. Prints the
 * same natively and in the kernel. With an argument it is the program that it executes itself.
 */
#define _GNU_SOURCE
#include "task-report.h"
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pid_t child(int code) {
  pid_t pid = fork();
  if (pid == 0) _exit(code);
  return pid;
}

static void say_status(const char *name, int status) {
  if (WIFEXITED(status)) printf("%s: exited %d\n", name, WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) printf("%s: killed by %d\n", name, WTERMSIG(status));
  else if (WIFSTOPPED(status)) printf("%s: stopped by %d\n", name, WSTOPSIG(status));
  else if (WIFCONTINUED(status)) printf("%s: continued\n", name);
}

static void waits(void) {
  int status = 0;
  report("wait4 without children", wait4(-1, &status, 0, 0));
  pid_t one = child(7);
  fact("waitpid of it", waitpid(one, &status, 0) == one);
  say_status("it", status);
  report("again", waitpid(one, &status, 0));
  report("options that are none", waitpid(-1, &status, 0x40));
  pid_t two = fork();
  if (two == 0) for (;;) pause();
  report("WNOHANG while it lives", waitpid(two, &status, WNOHANG));
  kill(two, SIGKILL);
  fact("by group", waitpid(0, &status, 0) == two);
  say_status("killed", status);
  pid_t three = child(3);
  siginfo_t info;
  memset(&info, 0xff, sizeof info);
  report("waitid WNOWAIT", waitid(P_PID, three, &info, WEXITED | WNOWAIT));
  printf("info: signal %d code %d status %d mine %d\n", info.si_signo, info.si_code, info.si_status, info.si_pid == three);
  report("waitid", waitid(P_ALL, 0, &info, WEXITED));
  report("waitid without children", waitid(P_ALL, 0, &info, WEXITED));
  report("waitid without options", waitid(P_ALL, 0, &info, 0));
  report("waitid of a strange kind", waitid(99, 0, &info, WEXITED));
  report("waitid of no descriptor", waitid(P_PIDFD, 99, &info, WEXITED));
  pid_t four = child(1);
  memset(&info, 0, sizeof info);
  while (waitid(P_PGID, getpgrp(), &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0) sched_yield();
  fact("waitid WNOHANG in the end", info.si_pid == four);
  struct rusage usage;
  memset(&usage, 0xff, sizeof usage);
  child(0);
  fact("wait4 with rusage", wait4(-1, &status, 0, &usage) > 0 && usage.ru_utime.tv_usec < 1000000);
}

static void clones(void) {
  int status, word = 5;
  pid_t pid = vfork();
  if (pid == 0) {
    word = 6;
    _exit(9);
  }
  printf("vfork shares memory: %d\n", word);
  waitpid(pid, &status, 0);
  say_status("vfork", status);
  int tid = 0;
  pid = syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &tid, 0, 0);
  if (pid == 0) _exit(4);
  fact("the parent has its id", tid == pid);
  waitpid(pid, &status, 0);
  int fd = -1;
  pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
  if (pid == 0) _exit(5);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  report("poll of the pidfd", poll(&wait, 1, 5000));
  siginfo_t info;
  report("waitid of the pidfd", waitid(P_PIDFD, fd, &info, WEXITED));
  printf("status %d, close-on-exec %d\n", info.si_status, fcntl(fd, F_GETFD));
  report("signal to one that has ended", syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
  close(fd);
  pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (pid == 0) _exit(6);
  usleep(20000);
  report("without a signal: wait", waitpid(pid, &status, WNOHANG));
  fact("without a signal: __WCLONE", waitpid(pid, &status, __WCLONE) == pid);
  report("thread without its memory", syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0));
  report("actions without memory", syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
  unsigned long long args[8] = {0};
  args[4] = SIGCHLD;
  pid = syscall(SYS_clone3, args, sizeof args);
  if (pid == 0) _exit(8);
  waitpid(pid, &status, 0);
  say_status("clone3", status);
  report("clone3 too small", syscall(SYS_clone3, args, 8));
  args[4] = 100;
  report("clone3 with no signal", syscall(SYS_clone3, args, sizeof args));
  char directory[32];
  snprintf(directory, sizeof directory, "/proc/%d", getpid());
  fd = open(directory, O_RDONLY | O_DIRECTORY);
  report("signal to a directory of /proc", syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
  report("waitid of a directory of /proc", waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG));
  close(fd);
  fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
  report("signal to another directory", syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
  close(fd);
  report("pidfd of nobody", syscall(SYS_pidfd_open, 0x3ffff0, 0));
  report("pidfd of -1", syscall(SYS_pidfd_open, -1, 0));
}

static void groups(void) {
  int status;
  fact("getpgid of itself", getpgid(0) == getpgrp());
  report("getpgid of nobody", getpgid(0x3ffff0));
  report("getsid of nobody", getsid(0x3ffff0));
  report("setpgid to a group that is none", setpgid(0, 0x3ffff0));
  report("setpgid to a negative one", setpgid(0, -1));
  pid_t pid = fork();
  if (pid == 0) {
    report("setsid", setsid() == getpid() ? 0 : -1);
    fact("session", getsid(0) == getpid() && getpgrp() == getpid());
    errno = 0;
    report("setsid again", setsid());
    report("setpgid of a leader", setpgid(0, 0));
    _exit(0);
  }
  waitpid(pid, &status, 0);
  int ends[2];
  if (pipe(ends)) exit(1);
  pid = fork();
  if (pid == 0) {
    char byte;
    if (read(ends[0], &byte, 1) != 1) _exit(1);
    _exit(getpgrp() == getpid() ? 0 : 1);
  }
  report("setpgid of a child", setpgid(pid, pid));
  fact("it is in its own group", getpgid(pid) == pid);
  if (write(ends[1], "x", 1) != 1) exit(1);
  report("wait for another group", waitpid(0, &status, WNOHANG));
  fact("wait for its group", waitpid(-pid, &status, 0) == pid);
  say_status("it", status);
}

static void orphans(void) {
  int status, ends[2];
  if (pipe(ends)) exit(1);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t reaper = getpid(), pid = fork();
  if (pid == 0) {
    if (fork() == 0) {
      while (getppid() != reaper) usleep(1000);
      if (write(ends[1], "o", 1) != 1) _exit(1);
      _exit(42);
    }
    _exit(0);
  }
  waitpid(pid, &status, 0);
  char byte;
  report("the orphan reports", read(ends[0], &byte, 1));
  fact("it is ours now", wait(&status) > 0);
  say_status("it", status);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int signal = 0;
    prctl(PR_GET_PDEATHSIG, &signal);
    _exit(signal);
  }
  waitpid(pid, &status, 0);
  say_status("PDEATHSIG", status);
}

static void chld(void) {
  int status;
  signal(SIGCHLD, SIG_IGN);
  child(0);
  report("SIGCHLD ignored: wait", wait(&status));
  struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
  sigaction(SIGCHLD, &action, 0);
  child(0);
  report("SA_NOCLDWAIT: wait", wait(&status));
  signal(SIGCHLD, SIG_DFL);
}

static void execs(const char *self) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    char *args[] = {"renamed", "argument", 0}, *env[] = {"NAME=value", 0};
    int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(kept, 40);
    dup3(closed, 41, O_CLOEXEC);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, _exit);
    execve(self, args, env);
    _exit(1);
  }
  waitpid(pid, &status, 0);
  say_status("exec", status);
  char *args[] = {"x", 0};
  report("exec of nothing", execve("/nonexistent", args, 0));
  report("exec of a directory", execve("/usr", args, 0));
  report("exec of an empty path", execve("", args, 0));
  report("exec of a device", execve("/dev/null", args, 0));
  char name[] = "/tmp/glassbox-XXXXXX";
  int fd = mkstemp(name);
  if (write(fd, "rubbish", 7) != 7) exit(1);
  close(fd);
  report("exec without permission", execve(name, args, 0));
  chmod(name, 0755);
  report("exec of rubbish", execve(name, args, 0));
  fd = open(name, O_WRONLY | O_TRUNC);
  if (write(fd, "#!/nonexistent\n", 15) != 15) exit(1);
  close(fd);
  report("exec of a script without interpreter", execve(name, args, 0));
  fd = open(name, O_WRONLY | O_TRUNC);
  dprintf(fd, "#!%s one two  \nrest", self);
  close(fd);
  pid = fork();
  if (pid == 0) {
    char *script[] = {"script", "last", 0}, *env[] = {"NAME=script", 0};
    unlinkat(AT_FDCWD, "/tmp/glassbox-script", 0);
    rename(name, "/tmp/glassbox-script");
    execve("/tmp/glassbox-script", script, env);
    _exit(1);
  }
  waitpid(pid, &status, 0);
  say_status("script", status);
  unlink("/tmp/glassbox-script");
  pid = fork();
  if (pid == 0) {
    fd = open(self, O_RDONLY);
    char *args2[] = {"by descriptor", "", 0}, *env[] = {0};
    syscall(SYS_execveat, fd, "", args2, env, AT_EMPTY_PATH);
    _exit(1);
  }
  waitpid(pid, &status, 0);
  say_status("execveat", status);
}

/* What the executed program sees. */
static int executed(int count, char **args) {
  for (int i = 0; i < count; i++) {
    const char *slash = strrchr(args[i], '/');
    printf("[%s] ", i > 0 && slash ? slash + 1 : args[i]);
  }
  char name[16];
  prctl(PR_GET_NAME, name);
  struct sigaction one, two;
  sigaction(SIGUSR1, 0, &one);
  sigaction(SIGUSR2, 0, &two);
  printf("NAME=%s comm=%.4s kept %d closed %d ignored %d handler %d\n", getenv("NAME"), name, fcntl(40, F_GETFD) >= 0,
         fcntl(41, F_GETFD) < 0, one.sa_handler == SIG_IGN, two.sa_handler == SIG_DFL);
  fflush(stdout);
  return 12;
}

int main(int count, char **args) {
  if (count > 1) return executed(count, args);
  waits();
  clones();
  groups();
  orphans();
  chld();
  execs(args[0]);
  return 0;
}

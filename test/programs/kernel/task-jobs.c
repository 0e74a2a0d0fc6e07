/* Job control without a terminal: stops, continuations, what a parent learns of them. */
#define _GNU_SOURCE
#include "task-report.h"
#include <signal.h>
#include <sys/wait.h>

static volatile int handled;
static void count(int signal) { handled++; }

static void say(const char *name, pid_t pid, int options) {
  int status = 0;
  pid_t found = waitpid(pid, &status, options);
  if (found != pid) printf("%s: %s\n", name, found == 0 ? "nothing" : strerrorname_np(errno));
  else if (WIFSTOPPED(status)) printf("%s: stopped by %d\n", name, WSTOPSIG(status));
  else if (WIFCONTINUED(status)) printf("%s: continued\n", name);
  else if (WIFSIGNALED(status)) printf("%s: killed by %d\n", name, WTERMSIG(status));
  else printf("%s: exited %d\n", name, WEXITSTATUS(status));
  fflush(stdout);
}

static pid_t sleeper(void) {
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    for (;;) pause();
  }
  setpgid(pid, pid);
  return pid;
}

int main(void) {
  pid_t pid = sleeper();
  kill(pid, SIGSTOP);
  say("SIGSTOP", pid, WUNTRACED);
  say("once only", pid, WUNTRACED | WNOHANG);
  kill(pid, SIGTERM);
  say("SIGTERM while it is stopped", pid, WUNTRACED | WNOHANG);
  kill(pid, SIGCONT);
  say("SIGCONT lets it die", pid, WUNTRACED);

  pid = sleeper();
  kill(pid, SIGTSTP);
  say("SIGTSTP", pid, WUNTRACED);
  kill(pid, SIGCONT);
  say("WCONTINUED", pid, WCONTINUED);
  say("once only", pid, WCONTINUED | WNOHANG);
  kill(pid, SIGSTOP);
  say("again", pid, WUNTRACED);
  kill(pid, SIGKILL);
  say("SIGKILL while it is stopped", pid, 0);

  /* SIGCHLD for stops, unless SA_NOCLDSTOP. */
  struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
  sigaction(SIGCHLD, &action, 0);
  pid = sleeper();
  kill(pid, SIGSTOP);
  say("with a handler", pid, WUNTRACED);
  printf("SIGCHLD for the stop: %d\n", handled);
  action.sa_flags |= SA_NOCLDSTOP;
  sigaction(SIGCHLD, &action, 0);
  handled = 0;
  kill(pid, SIGCONT);
  say("and SIGCONT", pid, WCONTINUED);
  printf("SIGCHLD with SA_NOCLDSTOP: %d\n", handled);
  siginfo_t info;
  kill(pid, SIGTTIN);
  waitid(P_PID, pid, &info, WSTOPPED);
  printf("waitid: code %d status %d\n", info.si_code, info.si_status);
  kill(pid, SIGCONT);
  waitid(P_PID, pid, &info, WCONTINUED);
  printf("waitid: code %d status %d\n", info.si_code, info.si_status);
  kill(pid, SIGKILL);
  say("end", pid, 0);

  /* A sleep goes on after a stop. */
  int ends[2];
  if (pipe(ends)) return 1;
  pid = fork();
  if (pid == 0) {
    char byte;
    long got = read(ends[0], &byte, 1);
    _exit(got == 1 && byte == 'x' ? 0 : 1);
  }
  usleep(20000);
  kill(pid, SIGSTOP);
  say("in read", pid, WUNTRACED);
  if (write(ends[1], "x", 1) != 1) return 1;
  kill(pid, SIGCONT);
  say("the read goes on", pid, 0);

  /* An orphaned group does not stop by SIGTSTP. */
  pid = fork();
  if (pid == 0) {
    setsid();
    raise(SIGTSTP);
    _exit(11);
  }
  say("SIGTSTP in an orphaned group", pid, WUNTRACED);

  /* A stopped member of a group that becomes an orphan gets SIGHUP and SIGCONT. */
  pid = fork();
  if (pid == 0) {
    setsid();
    pid_t inner = fork();
    if (inner == 0) {
      setpgid(0, 0);
      signal(SIGHUP, SIG_DFL);
      if (write(ends[1], "r", 1) != 1) _exit(1);
      raise(SIGSTOP);
      _exit(1);
    }
    char byte;
    if (read(ends[0], &byte, 1) != 1) _exit(1);
    int status;
    waitpid(inner, &status, WUNTRACED);
    _exit(WIFSTOPPED(status) ? 21 : 1);
  }
  say("the parent of a stopped child ends", pid, 0);
  return 0;
}

/* A child stops itself and is continued by its parent: the order of calls is always the same. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(7);
  }
  if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) return 1;
  if (kill(child, SIGCONT) || waitpid(child, &status, 0) != child) return 2;
  return WEXITSTATUS(status) == 7 ? 0 : 3;
}

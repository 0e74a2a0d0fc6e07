/* seccomp-probe FILTER CALL...: installs a sock_filter array from a file, then makes calls and
 * prints what came back. CALL: nr[,arg...], numbers in any base of strtoull; "i386:nr" goes by the
 * 32-bit gate, in a child. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[65536];

static void in_child(const char *call) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    long nr = strtol(call, NULL, 0), result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(0), "c"(0), "d"(0) : "memory");
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  printf("%s\n", WIFSIGNALED(status) ? "killed" : "ran");
}

int main(int argc, char **argv) {
  int fd = open(argv[1], O_RDONLY);
  ssize_t length = read(fd, buffer, sizeof buffer);
  struct sock_fprog program = {(unsigned short)(length / 8), (struct sock_filter *)buffer};
  if (length <= 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 2;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) return 3;
  for (int i = 2; i < argc; i++) {
    unsigned long args[7] = {0};
    char *at = argv[i];
    if (!strncmp(at, "i386:", 5)) {
      in_child(at + 5);
      continue;
    }
    for (int n = 0; n < 7 && *at; n++) {
      args[n] = strtoull(at, &at, 0);
      if (*at == ',') at++;
    }
    errno = 0;
    long result = syscall((long)args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
    printf("%d\n", result == -1 ? errno : 0);
  }
  return 0;
}

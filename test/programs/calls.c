/* calls CALL...: makes system calls, each in a child of its own, and prints for each what came
 * back: 0, the errno, or "killed N". CALL: nr[,arg...]. An argument is a number, "s:TEXT" a
 * string, "b" a buffer of zeros, "w:N:N:..." an array of longs. "i386:" before nr goes by the
 * 32-bit gate, "far:" by a 32-bit code segment. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[65536];

static unsigned long argument(char *at) {
  if (!strncmp(at, "s:", 2)) return (unsigned long)(at + 2);
  if (!strcmp(at, "b")) return (unsigned long)buffer;
  if (!strncmp(at, "w:", 2)) {
    long *words = calloc(32, sizeof(long)), *next = words;
    for (at += 2; *at; next++) {
      *next = (long)strtoull(at, &at, 0);
      if (*at == ':') at++;
    }
    return (unsigned long)words;
  }
  return strtoull(at, NULL, 0);
}

static long by_gate(long nr, unsigned long *args) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(nr), "b"(args[0]), "c"(args[1]), "d"(args[2])
                   : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

/*
 * Far return into the 32-bit code segment 0x23, int 0x80 there, and back to 0x33 by a thunk that
 * lies low enough.
 */
static long by_segment(long nr, unsigned long *args) {
  unsigned char *low =
      mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) return -ENOMEM;
  static const unsigned char call[] = {0xcd, 0x80, 0xcb};                     /* int $0x80; lret */
  /* mov %r12,%rsp; jmp *%r13 */
  static const unsigned char thunk[] = {0x4c, 0x89, 0xe4, 0x41, 0xff, 0xe5};
  memcpy(low, call, sizeof call);
  memcpy(low + 64, thunk, sizeof thunk);
  unsigned *stack = (unsigned *)(low + 8192 - 64);
  stack[0] = (unsigned)(unsigned long)(low + 64);
  stack[1] = 0x33;
  long result;
  __asm__ volatile("mov %%rsp, %%r12\n"
                   "lea 1f(%%rip), %%r13\n"
                   "mov %[stack], %%rsp\n"
                   "pushq $0x23\n"
                   "pushq %[low]\n"
                   "lretq\n"
                   "1:\n"
                   : "=a"(result)
                   : "a"(nr), "b"(args[0]), "c"(args[1]), "d"(args[2]), [stack] "S"(stack), [low] "D"(low)
                   : "memory", "cc", "r8", "r9", "r10", "r11", "r12", "r13");
  return (int)result;
}

static void make(char *call) {
  long nr, result;
  unsigned long args[6] = {0};
  int gate = !strncmp(call, "i386:", 5), far = !strncmp(call, "far:", 4);
  char *rest = call + (gate ? 5 : far ? 4 : 0), *part = strsep(&rest, ",");
  nr = (long)strtoll(part, NULL, 0);
  for (int i = 0; i < 6 && rest; i++) args[i] = argument(strsep(&rest, ","));
  if (gate || far)
    result = gate ? by_gate(nr, args) : by_segment(nr, args);
  else {
    result = syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
    if (result == -1) result = -errno;
  }
  _exit(result < 0 && result > -256 ? (int)-result : 0);
}

int main(int argc, char **argv) {
  prctl(PR_SET_DUMPABLE, 0);
  for (int i = 1; i < argc; i++) {
    int status;
    pid_t child = fork();
    if (child < 0) return 3;
    if (child == 0) make(argv[i]);
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("killed %d\n", WTERMSIG(status));
    else printf("%d\n", WEXITSTATUS(status));
    fflush(stdout);
  }
  return 0;
}

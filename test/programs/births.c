/*
 * births KIND COUNT [CPU]: makes COUNT children by clone3 while another thread writes
 * CLONE_UNTRACED into the struct of the call, so that the kernel may find a flag there that a
 * tracer did not see. A child that finds itself without a tracer writes "untraced" to stdout. At
 * the end: how many were born, and how many of those died of SIGSEGV. With CPU, all threads run on
 * that one processor.
 *
 * KINDS: fork, vfork, vm (shares memory), parent (a sibling of its maker), thread, i386 (a fork by
 * int 0x80); honest: nobody writes into the struct, and each child looks whether its mask and its
 * handler of SIGSEGV are those of its maker.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK 65536

static struct clone_args *arguments;
static int is_honest, is_i386;
static volatile uint64_t base;
static volatile int done;
static volatile int running;

static void *flip(void *unused) {
  volatile uint64_t *flags = (volatile uint64_t *)&arguments->flags;
  while (!done) *flags = base | CLONE_UNTRACED;
  return unused;
}

static int is_traced(void) {
  char text[4096];
  int fd = open("/proc/thread-self/status", O_RDONLY);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (length < 0) return -1;
  text[length] = 0;
  const char *tracer = strstr(text, "TracerPid:\t");
  return tracer && tracer[11] != '0';
}

/* It runs on a small stack, and may share all memory with its maker. */
static void be_child(void) {
  if (is_traced() != 1) write(1, "untraced\n", 9);
  if (is_honest) {
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    int expected = is_honest == 2;
    if (sigismember(&mask, SIGSEGV) != expected || sigismember(&mask, SIGUSR1)) write(1, "mask\n", 5);
    if (!expected) raise(SIGSEGV);
  }
  running = 0;
}

/* A child that got no instruction right may try to go on from here. */
static void survive(int signal) {
  (void)signal;
  if (is_honest) write(1, "handled\n", 8);
  else write(1, "survived\n", 9);
  if (!is_honest) be_child();
  syscall(SYS_exit, 0);
}

/* The child calls be_child() and ends; only the parent comes back. */
static long make(void) {
  long result;
  if (is_i386) {
    __asm__ volatile(
        "int $0x80\n\t"
        "test %%eax, %%eax\n\t"
        "jnz 1f\n\t"
        "and $-16, %%rsp\n\t"
        "call *%[child]\n\t"
        "xor %%edi, %%edi\n\t"
        "mov %[exit], %%eax\n\t"
        "syscall\n\t"
        "1:"
        : "=a"(result)
        : "a"(435), "b"(arguments), "c"(sizeof *arguments), [child] "r"(be_child), [exit] "i"(SYS_exit)
        : "r8", "r9", "r10", "r11", "memory");
    return result;
  }
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "and $-16, %%rsp\n\t"
      "call *%[child]\n\t"
      "xor %%edi, %%edi\n\t"
      "mov %[exit], %%eax\n\t"
      "syscall\n\t"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone3), "D"(arguments), "S"(sizeof *arguments), [child] "b"(be_child), [exit] "i"(SYS_exit)
      : "rcx", "r11", "memory");
  return result;
}

static int born, killed;

static void count(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) killed++;
}

/* SIGSEGV, and no other signal that children look at, is blocked every other time. */
static void set_mask(int i) {
  sigset_t mask;
  sigemptyset(&mask);
  if (i & 1) sigaddset(&mask, SIGSEGV);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  is_honest = 1 + (i & 1);
}

static void make_all(int count_of, int waits, int is_thread) {
  pthread_t flipper;
  if (!is_honest) pthread_create(&flipper, NULL, flip, NULL);
  for (int i = 0; i < count_of; i++) {
    int status = 0;
    running = 1;
    if (is_honest) set_mask(i);
    *(volatile uint64_t *)&arguments->flags = base;
    long pid = make();
    if (pid < 0) break;
    born++;
    if (waits && waitpid((pid_t)pid, &status, __WALL) == pid) count(status);
    /* Its stack serves the next one. */
    for (int tries = 0; is_thread && running && tries < 1000; tries++) usleep(1000);
    if (is_thread) usleep(100);
  }
  done = 1;
  if (!is_honest) pthread_join(flipper, NULL);
  else set_mask(0);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const char *kind = argv[1];
  int count_of = atoi(argv[2]);
  arguments = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  is_honest = !strcmp(kind, "honest");
  is_i386 = !strcmp(kind, "i386");
  struct sigaction action = {.sa_handler = survive, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  if (argc > 3) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(atoi(argv[3]), &set);
    sched_setaffinity(0, sizeof set, &set);
  }
  int shares = !strcmp(kind, "vfork") || !strcmp(kind, "vm") || !strcmp(kind, "thread");
  if (shares) {
    arguments->stack = (uint64_t)(uintptr_t)mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    arguments->stack_size = STACK;
  }
  arguments->exit_signal = SIGCHLD;
  if (!strcmp(kind, "fork") || is_honest || is_i386) base = 0;
  else if (!strcmp(kind, "vfork")) base = CLONE_VM | CLONE_VFORK;
  else if (!strcmp(kind, "vm")) base = CLONE_VM;
  else if (!strcmp(kind, "parent")) base = CLONE_PARENT;
  else if (!strcmp(kind, "thread")) base = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  else return 2;
  if (base & (CLONE_PARENT | CLONE_THREAD)) arguments->exit_signal = 0;
  if (base & CLONE_PARENT) {
    int *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t maker = fork();
    if (maker == 0) {
      make_all(count_of, 0, 0);
      *shared = born;
      _exit(0);
    }
    for (int status; waitpid(-1, &status, __WALL) > 0;) count(status);
    born = *shared;
  } else make_all(count_of, !(base & CLONE_THREAD), (base & CLONE_THREAD) != 0);
  printf("born %d killed %d\n", born, killed);
  return 0;
}

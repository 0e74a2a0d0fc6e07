/* Processes that lose their code, their stack or the place of a signal frame: how each ends. */
#define _GNU_SOURCE
#include "clean-start.h"
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define SAY(text) write(1, text, sizeof text - 1)

static char *page_of(void *address) {
  return (char *)((uintptr_t)address & ~(uintptr_t)(PAGE - 1));
}

/* A call that needs neither the C library nor a stack afterwards. */
static inline __attribute__((always_inline)) long unmap(void *address, size_t length) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_munmap), "D"(address), "S"(length) : "rcx", "r11", "memory");
  return result;
}

static void answered(int signal) {
  SAY("handled\n");
  _exit(signal);
}

static void handle(int signal, int flags) {
  struct sigaction action = {.sa_handler = answered, .sa_flags = flags};
  sigaction(signal, &action, NULL);
}

static void block(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

static void *alternate(void) {
  static char stack[16 * PAGE] __attribute__((aligned(PAGE)));
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  return stack;
}

static void lose_everything(void) {
  for (size_t length = ~(size_t)0 ^ ~(size_t)0 >> 1; length > PAGE; length >>= 1) unmap(NULL, length - PAGE);
}

/* The page of the instruction that follows the call. */
static __attribute__((noinline, aligned(PAGE))) void lose_code(void) {
  unmap(page_of((void *)lose_code), PAGE);
}

/* The part that is in use. What is left above it grows down again, without its contents. */
static __attribute__((noinline)) void lose_stack(void) {
  char here;
  unmap(page_of(&here) - 64 * PAGE, 66 * PAGE);
  *(volatile char *)page_of(&here) = 1;
}

static __attribute__((noinline)) void lose_deep_stack(void) {
  volatile char above[16 * PAGE];
  above[0] = 1;
  lose_stack();
  above[1] = above[0];
}

/* All of it: nothing is left to grow. */
static __attribute__((noinline)) void lose_whole_stack(void) {
  char here;
  unmap(page_of(&here) - 64 * PAGE, 2048 * PAGE);
  *(volatile char *)page_of(&here) = 1;
}

static void everything(void) { lose_everything(); }

static void everything_blocked(void) {
  block(SIGSEGV);
  lose_everything();
}

static void everything_ignored(void) {
  signal(SIGSEGV, SIG_IGN);
  lose_everything();
}

static void everything_handled(void) {
  alternate();
  handle(SIGSEGV, SA_ONSTACK);
  lose_everything();
}

static void code(void) { lose_code(); }

static void code_handled(void) {
  handle(SIGSEGV, 0);
  lose_code();
}

static void code_blocked(void) {
  handle(SIGSEGV, 0);
  block(SIGSEGV);
  lose_code();
}

static void stack(void) { lose_deep_stack(); }

static void stack_handled(void) {
  handle(SIGSEGV, 0);
  lose_deep_stack();
}

static void whole_stack(void) { lose_whole_stack(); }

static void whole_stack_handled(void) {
  handle(SIGSEGV, 0);
  lose_whole_stack();
}

static void whole_stack_elsewhere(void) {
  alternate();
  handle(SIGSEGV, SA_ONSTACK);
  lose_whole_stack();
}

static void stack_read_only(void) {
  char here;
  handle(SIGSEGV, 0);
  mprotect(page_of(&here) - 16 * PAGE, 17 * PAGE, PROT_READ);
  *(volatile char *)&here = 1;
}

static void no_alternate(void) {
  char *place = alternate();
  handle(SIGSEGV, SA_ONSTACK);
  unmap(place, 16 * PAGE);
  *(volatile char *)16 = 1;
}

/* The frame of a signal that is no fault finds no place either. */
static void sent(void) {
  char *place = alternate();
  handle(SIGUSR1, SA_ONSTACK);
  mprotect(place, 16 * PAGE, PROT_NONE);
  raise(SIGUSR1);
  SAY("went on\n");
}

static void sent_and_handled(void) {
  char *place = alternate();
  handle(SIGUSR1, SA_ONSTACK);
  handle(SIGSEGV, 0);
  mprotect(place, 16 * PAGE, PROT_NONE);
  raise(SIGUSR1);
  SAY("went on\n");
}

static void no_handler(void) {
  struct sigaction action = {.sa_handler = (void (*)(int))(uintptr_t)PAGE};
  sigaction(SIGSEGV, &action, NULL);
  *(volatile char *)16 = 1;
}

static __attribute__((noinline, aligned(PAGE))) void lost_handler(int signal) {
  _exit(signal);
}
static __attribute__((noinline, aligned(PAGE))) void behind_it(void) { SAY("behind it\n"); }

static void handler_is_lost(void) {
  struct sigaction action = {.sa_handler = lost_handler};
  sigaction(SIGSEGV, &action, NULL);
  behind_it();
  unmap(page_of((void *)lost_handler), PAGE);
  *(volatile char *)16 = 1;
}

static void *lose_all_in_thread(void *unused) {
  lose_everything();
  return unused;
}

static void in_a_thread(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, lose_all_in_thread, NULL);
  pthread_join(thread, NULL);
}

static void *spin(void *unused) {
  for (;;) __asm__ volatile("" ::: "memory");
  return unused;
}

static void beside_one_that_computes(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, spin, NULL);
  lose_everything();
}

static void of_its_own_stack(void) {
  /* A frame below the lowest address that there is. */
  handle(SIGSEGV, 0);
  __asm__ volatile("xor %%esp, %%esp\n\tpush %%rax" ::: "memory");
}

static const struct {
  const char *name;
  void (*run)(void);
} ways[] = {
  {"everything", everything},
  {"everything, SIGSEGV blocked", everything_blocked},
  {"everything, SIGSEGV ignored", everything_ignored},
  {"everything, with a handler", everything_handled},
  {"its code", code},
  {"its code, with a handler", code_handled},
  {"its code, with a handler that is blocked", code_blocked},
  {"a part of its stack", stack},
  {"a part of its stack, with a handler", stack_handled},
  {"its stack", whole_stack},
  {"its stack, with a handler", whole_stack_handled},
  {"its stack, with a handler elsewhere", whole_stack_elsewhere},
  {"the right to write its stack", stack_read_only},
  {"the alternate stack", no_alternate},
  {"the alternate stack of a signal that was sent", sent},
  {"the same, with a handler for the fault", sent_and_handled},
  {"a handler that never was", no_handler},
  {"the handler", handler_is_lost},
  {"everything, by another thread", in_a_thread},
  {"everything, while a thread computes", beside_one_that_computes},
  {"the stack pointer", of_its_own_stack},
};

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    pid_t child = fork();
    if (child == 0) {
      ways[i].run();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("%s: killed by SIG%s\n", ways[i].name, sigabbrev_np(WTERMSIG(status)));
    else printf("%s: exit %d\n", ways[i].name, WEXITSTATUS(status));
  }
  return 0;
}

/* Signals: siginfo, frames, masks, stacks, restarting, queues, waiting, faults. */
#define _GNU_SOURCE
#include "task-report.h"
#include "asleep.h"
#include <immintrin.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

static volatile int count, inner;
static char *stack, *bad;
static sigjmp_buf back;

static void set(int signal, void *handler, int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = (void (*)(int, siginfo_t *, void *))handler;
  action.sa_flags = flags;
  sigaction(signal, &action, 0);
}

static void tell(int signal, siginfo_t *info, void *context) {
  ucontext_t *user = context;
  uint8_t *state = (uint8_t *)user->uc_mcontext.fpregs;
  uint32_t size = *(uint32_t *)(state + 468);
  int here;
  count++;
  printf("signal %d code %d from me %d value %d; magic %d %d; on the stack %d; aligned %d\n", signal, info->si_code,
         info->si_pid == getpid(), info->si_code == SI_QUEUE ? info->si_value.sival_int : 0,
         *(uint32_t *)(state + 464) == 0x46505853, *(uint32_t *)(state + size - 4) == 0x46505845,
         (char *)&here > stack && (char *)&here < stack + 65536, (uintptr_t)state % 64 == 0);
}

static void quiet(int signal) { count++; }
static void nested(int signal) { inner = inner * 10 + 2; }
static void outer(int signal) {
  inner = inner * 10 + 1;
  raise(SIGUSR2);
  sigset_t mask;
  sigprocmask(SIG_SETMASK, 0, &mask);
  printf("masked inside: own %d other %d\n", sigismember(&mask, SIGUSR1), sigismember(&mask, SIGUSR2));
}

/* Destroys what a handler may destroy. */
static void clobber(int signal) {
  count++;
  __m128d ones = _mm_set1_pd(-1);
  __asm__ volatile("movapd %0, %%xmm3\n movapd %0, %%xmm15" ::"x"(ones) : "xmm3", "xmm15");
  unsigned control = 0x3f80;
  __asm__ volatile("ldmxcsr %0" ::"m"(control));
}

static void repair(int signal, siginfo_t *info, void *context) {
  ucontext_t *user = context;
  printf("fault: code %d at the address %d trap %lld\n", info->si_code, info->si_addr == bad,
         user->uc_mcontext.gregs[REG_TRAPNO]);
  mprotect((void *)((uintptr_t)bad & ~4095ul), 4096, PROT_READ | PROT_WRITE);
}

static void leave(int signal) { siglongjmp(back, signal); }
static void skip(int signal, siginfo_t *info, void *context) {
  printf("signal %d code %d\n", signal, info->si_code);
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

/* A child that sends the signal when this process sleeps, and a byte when it sleeps again. */
static pid_t later(int signal, int fd) {
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) {
    until_asleep(parent);
    kill(parent, signal);
    until_asleep(parent);
    if (fd >= 0 && write(fd, "x", 1) != 1) _exit(1);
    _exit(0);
  }
  return pid;
}

static void frames(void) {
  set(SIGUSR1, tell, SA_SIGINFO);
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 5});
  stack = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t alternate = {.ss_sp = stack, .ss_size = 65536}, old;
  report("sigaltstack", sigaltstack(&alternate, 0));
  set(SIGUSR1, tell, SA_SIGINFO | SA_ONSTACK);
  raise(SIGUSR1);
  sigaltstack(0, &old);
  printf("stack: flags %d same %d\n", old.ss_flags, old.ss_sp == stack);
  alternate.ss_size = 100;
  report("too small", sigaltstack(&alternate, 0));
  alternate.ss_flags = 77;
  report("strange flags", sigaltstack(&alternate, 0));
  set(SIGUSR1, outer, 0);
  set(SIGUSR2, nested, 0);
  raise(SIGUSR1);
  printf("order %d\n", inner);
  set(SIGUSR1, clobber, 0);
  double two[2] = {1, 2}, got[2];
  unsigned control = 0x1fc0, after;
  __asm__ volatile("ldmxcsr %0" ::"m"(control));
  __asm__ volatile("movupd %1, %%xmm3\n mov $39, %%eax\n syscall\n mov %%eax, %%edi\n mov $10, %%esi\n mov $62, %%eax\n"
                   "syscall\n movupd %%xmm3, %0\n stmxcsr %2" : "=m"(got) : "m"(two), "m"(after)
                   : "rax", "rdi", "rsi", "rcx", "r11", "xmm3", "memory");
  control = 0x1f80;
  __asm__ volatile("ldmxcsr %0" ::"m"(control));
  printf("state: %g %g %x\n", got[0], got[1], after);
}

static void interruptions(void) {
  int ends[2], status;
  char byte;
  if (pipe(ends)) exit(1);
  set(SIGUSR1, quiet, SA_RESTART);
  later(SIGUSR1, ends[1]);
  report("read with SA_RESTART", read(ends[0], &byte, 1));
  wait(&status);
  set(SIGUSR1, quiet, 0);
  later(SIGUSR1, -1);
  report("read without", read(ends[0], &byte, 1));
  wait(&status);
  set(SIGUSR1, quiet, SA_RESTART);
  later(SIGUSR1, -1);
  struct timespec time = {5, 0}, rest = {0, 0};
  report("nanosleep", nanosleep(&time, &rest));
  fact("its rest", rest.tv_sec == 4);
  wait(&status);
  struct pollfd file = {.fd = ends[0], .events = POLLIN};
  later(SIGUSR1, -1);
  report("poll", poll(&file, 1, 5000));
  wait(&status);
  later(SIGUSR1, -1);
  report("pause", pause());
  wait(&status);
  sigset_t mask, old;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigprocmask(SIG_BLOCK, &mask, &old);
  raise(SIGUSR1);
  sigpending(&mask);
  printf("pending %d\n", sigismember(&mask, SIGUSR1));
  count = 0;
  sigemptyset(&mask);
  report("sigsuspend", sigsuspend(&mask));
  sigprocmask(SIG_SETMASK, 0, &mask);
  printf("handled %d blocked again %d\n", count, sigismember(&mask, SIGUSR1));
  raise(SIGUSR1);
  sigemptyset(&mask);
  report("ppoll with a mask", ppoll(&file, 1, &time, &mask));
  sigaddset(&mask, SIGUSR1);
  raise(SIGUSR1);
  siginfo_t info;
  report("sigtimedwait", sigtimedwait(&mask, &info, &time));
  printf("its code %d\n", info.si_code);
  time.tv_sec = 0;
  time.tv_nsec = 10000000;
  report("sigtimedwait in vain", sigtimedwait(&mask, &info, &time));
  int fd = signalfd(-1, &mask, SFD_NONBLOCK);
  struct signalfd_siginfo read_info;
  report("signalfd, empty", read(fd, &read_info, sizeof read_info));
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 9});
  file.fd = fd;
  report("poll of the signalfd", poll(&file, 1, 1000));
  report("signalfd", read(fd, &read_info, sizeof read_info));
  printf("signal %d code %d value %d\n", read_info.ssi_signo, read_info.ssi_code, read_info.ssi_int);
  close(fd);
  sigprocmask(SIG_SETMASK, &old, 0);
  set(SIGUSR1, SIG_DFL, 0);
  /* An ignored signal does not disturb a sleep. */
  later(SIGWINCH, -1);
  time.tv_nsec = 40000000;
  report("sleep over an ignored signal", nanosleep(&time, 0));
  wait(&status);
}

static void faults(void) {
  set(SIGSEGV, repair, SA_SIGINFO | SA_ONSTACK);
  bad = mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  bad += 100;
  *bad = 7;
  printf("written: %d\n", *bad);
  mprotect((void *)((uintptr_t)bad & ~4095ul), 4096, PROT_NONE);
  printf("read: %d\n", *(volatile char *)bad);
  set(SIGSEGV, leave, SA_NODEFER | SA_ONSTACK);
  if (!sigsetjmp(back, 1)) *(volatile char *)16 = 1;
  else puts("back from a null pointer");
  if (!sigsetjmp(back, 1)) *(volatile char *)0x8000000000000000ul = 1;
  else puts("back from a non-canonical address");
  set(SIGFPE, skip, SA_SIGINFO);
  set(SIGILL, skip, SA_SIGINFO);
  set(SIGTRAP, quiet, 0);
  count = 0;
  __asm__ volatile("xor %%edx, %%edx\n mov $1, %%eax\n xor %%ecx, %%ecx\n div %%ecx\n ud2\n int3" ::: "eax", "ecx", "edx");
  printf("traps %d\n", count);
}

/* Faults on a stack that ends, a frame that is not there, and the traps of single instructions. */
static void trapped(int signal, siginfo_t *info, void *context) {
  ucontext_t *user = context;
  /* A handler inherits the check of alignment, which the C library does not survive. */
  __asm__ volatile("pushfq\n andl $~0x40000, (%%rsp)\n popfq\n" ::: "memory", "cc");
  if (count++ < 3)
    printf("trap %lld code %d flags %llx\n", user->uc_mcontext.gregs[REG_TRAPNO], info->si_code,
           user->uc_mcontext.gregs[REG_EFL] & 0x40100);
  user->uc_mcontext.gregs[REG_EFL] &= ~0x40100;
}

static void again(int signal) { raise(SIGUSR1); }

static void flagged(int signal, siginfo_t *info, void *context) {
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] = -1;
}

static long flags_after(int signal) {
  long flags;
  __asm__ volatile("mov $39, %%eax\n syscall\n mov %%eax, %%edi\n mov %1, %%esi\n mov $62, %%eax\n syscall\n"
                   "pushfq\n pushq $0x202\n popfq\n pop %0\n cld\n" : "=r"(flags) : "r"(signal)
                   : "rax", "rdi", "rsi", "rcx", "r11", "memory");
  return flags;
}

static int in_child(void (*run)(void)) {
  int status;
  pid_t pid = fork();
  if (pid == 0) run(), _exit(0);
  waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void nested_until_full(void) {
  set(SIGUSR1, again, SA_ONSTACK | SA_NODEFER);
  raise(SIGUSR1);
}

static void no_stack(void) {
  set(SIGSEGV, SIG_DFL, 0);
  set(SIGUSR1, quiet, 0);
  __asm__ volatile("mov $39, %%eax\n syscall\n mov %%eax, %%edi\n mov $10, %%esi\n mov $62, %%eax\n"
                   "mov $4096, %%esp\n syscall\n hlt\n" ::: "rax", "memory");
}

static void own_stack(int signal, siginfo_t *info, void *context) {
  printf("no room: code %d\n", info->si_code);
  _exit(7);
}

static void no_stack_handled(void) {
  set(SIGSEGV, own_stack, SA_SIGINFO | SA_ONSTACK);
  set(SIGUSR1, quiet, 0);
  __asm__ volatile("mov $39, %%eax\n syscall\n mov %%eax, %%edi\n mov $10, %%esi\n mov $62, %%eax\n"
                   "mov $4096, %%esp\n syscall\n hlt\n" ::: "rax", "memory");
}

static void no_frame(void) {
  set(SIGSEGV, own_stack, SA_SIGINFO | SA_ONSTACK);
  __asm__ volatile("mov $15, %%eax\n mov $4096, %%esp\n syscall\n hlt\n" ::: "rax", "memory");
}

static void bad_state(int signal, siginfo_t *info, void *context) {
  uint8_t *state = (uint8_t *)((ucontext_t *)context)->uc_mcontext.fpregs;
  *(uint32_t *)(state + 24) = 0xffffffff;
}

static void no_state(void) {
  set(SIGSEGV, own_stack, SA_SIGINFO | SA_ONSTACK);
  set(SIGUSR1, bad_state, SA_SIGINFO);
  raise(SIGUSR1);
  puts("returned");
}

static void traps(void) {
  set(SIGTRAP, trapped, SA_SIGINFO);
  set(SIGBUS, trapped, SA_SIGINFO);
  count = 0;
  __asm__ volatile("int3\n pushfq\n orl $0x100, (%%rsp)\n popfq\n nop\n nop\n" ::: "memory", "cc");
  count = 0;
  static long place[2];
  __asm__ volatile("pushfq\n orl $0x40000, (%%rsp)\n popfq\n mov (%0), %%rax\n" ::"r"((char *)place + 1) : "rax", "memory", "cc");
  set(SIGUSR1, flagged, SA_SIGINFO);
  set(SIGTRAP, trapped, SA_SIGINFO);
  count = 0;
  /* Without the flags of arithmetic, which are those of the handler's own code. */
  printf("all flags: %lx\n", flags_after(SIGUSR1) & ~0x202);
  printf("nested until the stack ends: %d\n", in_child(nested_until_full));
  printf("no stack: %d\n", in_child(no_stack));
  printf("no stack, with a handler: %d\n", in_child(no_stack_handled));
  printf("no frame: %d\n", in_child(no_frame));
  printf("a state that no CPU has: %d\n", in_child(no_state));
}

static int death(int signal, int blocked) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t mask;
    sigfillset(&mask);
    if (blocked) sigprocmask(SIG_SETMASK, &mask, 0);
    set(SIGSEGV, blocked ? (void *)SIG_IGN : SIG_DFL, 0);
    if (signal == SIGSEGV) *(volatile int *)16 = 1;
    kill(getpid(), signal);
    _exit(0);
  }
  waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void rest(void) {
  set(SIGUSR1, quiet, SA_RESETHAND);
  raise(SIGUSR1);
  struct sigaction action;
  sigaction(SIGUSR1, 0, &action);
  fact("SA_RESETHAND", action.sa_handler == SIG_DFL);
  printf("deaths: %d %d %d %d\n", death(SIGUSR1, 0), death(SIGSEGV, 0), death(SIGSEGV, 1), death(SIGKILL, 1));
  set(SIGRTMIN, tell, SA_SIGINFO);
  set(SIGRTMIN + 1, tell, SA_SIGINFO);
  set(SIGUSR1, quiet, 0);
  sigset_t mask, old;
  sigemptyset(&mask);
  sigaddset(&mask, SIGRTMIN);
  sigaddset(&mask, SIGRTMIN + 1);
  sigaddset(&mask, SIGUSR1);
  sigprocmask(SIG_BLOCK, &mask, &old);
  count = 0;
  for (int i = 1; i <= 3; i++) raise(SIGUSR1);
  sigqueue(getpid(), SIGRTMIN + 1, (union sigval){1});
  sigqueue(getpid(), SIGRTMIN, (union sigval){2});
  sigqueue(getpid(), SIGRTMIN, (union sigval){3});
  sigprocmask(SIG_SETMASK, &old, 0);
  printf("delivered %d\n", count);
  report("kill of nobody", kill(0x3ffff0, 0));
  report("kill with no signal", kill(getpid(), 99));
  report("tgkill of another group", syscall(SYS_tgkill, 1, getpid(), 0));
  report("tkill", syscall(SYS_tkill, getpid(), 0));
  siginfo_t info = {.si_code = SI_USER};
  report("forged sender", syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info));
  report("action of SIGKILL", sigaction(SIGKILL, &action, 0));
  report("action of none", syscall(SYS_rt_sigaction, 65, 0, 0, 8));
  report("mask of a wrong size", syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, 0, 4));
  report("mask in a wrong way", syscall(SYS_rt_sigprocmask, 9, &mask, 0, 8));
  report("mask at a bad address", syscall(SYS_rt_sigprocmask, SIG_BLOCK, 16, 0, 8));
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  frames();
  interruptions();
  faults();
  traps();
  rest();
  return 0;
}

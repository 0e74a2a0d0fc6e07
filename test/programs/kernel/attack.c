/*
 * Attacks on the kernel runner: attack NAME. Each prints what it met, one line, and ends with 0;
 * or a signal ends it, which is an answer as well. Those that know the addresses of the stub do
 * nothing natively, because nothing is there.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define STUB 0x7f0000000000UL
#define STUB_CALL (STUB + 128)
#define PAGE_OF_COMMANDS 0x7f0010000000UL
#define KERNEL_HALF 0xffff800000000000UL
#define NON_CANONICAL 0x0000800000000000UL
#define NAME "/box/made-by-attack"

static long raw(long nr, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static void caught(int signal, siginfo_t *info, void *context) {
  char line[64];
  int length = snprintf(line, sizeof line, "signal %d\n", signal);
  write(1, line, length);
  _exit(0);
}

static void catch_all(void) {
  static char stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  sigaltstack(&alternate, 0);
  for (int i = 1; i < 32; i++) sigaction(i, &action, 0);
}

/*
 * The stub's own instructions, with the registers of a batch: makes getpid, then whatever follows.
 */
static void stub_call(void) {
  long result;
  __asm__ volatile("mov $1, %%r13d\n mov %1, %%r12\n jmp *%2\n"
                   : "=a"(result) : "r"(PAGE_OF_COMMANDS), "r"(STUB_CALL), "a"(SYS_getpid), "D"(0)
                   : "r12", "r13", "rcx", "r11", "memory");
}

static void stub_batch(void) {
  static uint64_t command[8] = {SYS_write, 1, 0, 0};
  command[2] = (uint64_t) "served\n", command[3] = 7;
  __asm__ volatile("mov $1, %%r13d\n mov %0, %%r12\n jmp *%1\n" ::"r"(command), "r"(STUB + 64) : "r12", "r13");
}

static void stub_read(void) { printf("read %d\n", *(volatile char *)STUB); }
static void stub_write(void) { *(volatile char *)STUB = 1; puts("written"); }
static void page_write(void) { *(volatile char *)PAGE_OF_COMMANDS = 1; puts("written"); }

static void stub_range(void) {
  const unsigned long places[] = {STUB, PAGE_OF_COMMANDS, STUB - 4096, KERNEL_HALF, NON_CANONICAL, ~4095UL};
  for (int i = 0; i < 6; i++) {
    long at = (long)places[i];
    printf("%d: %ld %ld %ld %ld\n", i, raw(SYS_munmap, at, 8192, 0, 0, 0, 0),
           raw(SYS_mprotect, at, 8192, 7, 0, 0, 0), raw(SYS_mremap, at, 4096, 8192, 1, 0, 0),
           raw(SYS_mmap, at, 8192, 3, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
}

/* Linux takes all memory of a program away, which then ends. The stub must stay. */
static void stub_all(void) { raw(SYS_munmap, 0x10000, (long)(STUB_CALL), 0, 0, 0, 0); }

static void int80(void) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
  puts(result == -ENOSYS ? "none" : "served");
}

static void sysenter(void) {
  __asm__ volatile("sysenter" ::"a"(20), "b"(0), "c"(0), "d"(0) : "memory");
  puts("back");
}

static void x32(void) {
  printf("%ld %ld %ld\n", raw(0x40000000L | SYS_getpid, 0, 0, 0, 0, 0, 0), raw(-1, 0, 0, 0, 0, 0, 0),
         raw(0x7fffffff, 0, 0, 0, 0, 0, 0));
}

static void vsyscall(void) {
  long result;
  __asm__ volatile("call *%1" : "=a"(result) : "r"(0xffffffffff600400UL), "D"(0) : "rcx", "r11", "memory");
  puts(result > 1000000000 ? "time" : "none");
}

/* Self-modifying code: the page becomes a call of getpid while it runs. */
static void modified(void) {
  unsigned char *code = mmap(0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const unsigned char bytes[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};
  memcpy(code, bytes, sizeof bytes);
  puts(((long (*)(void))code)() == getpid() ? "own" : "foreign");
}

static void base(int set_gs, unsigned long value) {
  if (set_gs) __asm__ volatile("wrgsbase %0" ::"r"(value));
  else __asm__ volatile("wrfsbase %0" ::"r"(value));
}

/* A base in the kernel's half, which the instruction allows and ptrace refuses. */
static void bases(int set_gs) {
  unsigned long old;
  char line[] = "lived\n";
  __asm__ volatile("rdfsbase %0" : "=r"(old));
  base(set_gs, KERNEL_HALF);
  raw(SYS_mmap, 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  raw(SYS_fork, 0, 0, 0, 0, 0, 0);
  raw(SYS_rt_sigprocmask, 0, 0, 0, 8, 0, 0);
  raw(SYS_kill, raw(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGCHLD, 0, 0, 0, 0);
  base(0, old);
  raw(SYS_write, 1, (long)line, 6, 0, 0, 0);
}
static void fs_base(void) { bases(0); }
static void gs_base(void) { bases(1); }

static void prctl_base(void) {
  printf("%ld %ld\n", raw(SYS_arch_prctl, 0x1002, KERNEL_HALF, 0, 0, 0, 0), raw(SYS_arch_prctl, 0x1001, -1, 0, 0, 0, 0));
}

static unsigned long forged_ip, forged_flags;
static unsigned short forged_cs;
static void forge(int signal, siginfo_t *info, void *context) {
  ucontext_t *at = context;
  if (forged_ip) at->uc_mcontext.gregs[REG_RIP] = (long)forged_ip;
  if (forged_flags) at->uc_mcontext.gregs[REG_EFL] = (long)forged_flags;
  if (forged_cs) ((unsigned short *)&at->uc_mcontext.gregs[REG_CSGSFS])[0] = forged_cs;
}
static void frame(unsigned long ip, unsigned long flags, unsigned short cs) {
  forged_ip = ip, forged_flags = flags, forged_cs = cs;
  struct sigaction action = {.sa_sigaction = forge, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, 0);
  raise(SIGUSR1);
  puts("back");
}
static void frame_ip(void) { frame(NON_CANONICAL, 0, 0); }
static void frame_high(void) { frame(KERNEL_HALF, 0, 0); }
static void frame_stub(void) { frame(STUB_CALL, 0, 0); }
static void frame_flags(void) { frame(0, 0x3fedff & ~0x100UL, 0); }

static void trap_flag(void) {
  __asm__ volatile("pushf\n orl $0x100, (%%rsp)\n popf\n nop\n syscall\n" ::"a"(SYS_getpid) : "rcx", "r11", "memory");
  puts("none");
}

static void pointers(void) {
  const long bad[] = {0, 1, (long)STUB, (long)PAGE_OF_COMMANDS, (long)NON_CANONICAL, (long)KERNEL_HALF, -1, -4096,
                      1L << 53, (1L << 53) + 1, 1L << 31, 1L << 32};
  const int calls[] = {SYS_open, SYS_stat, SYS_pipe, SYS_uname, SYS_getcwd, SYS_nanosleep, SYS_execve, SYS_mkdir};
  for (int c = 0; c < 8; c++) {
    printf("%d:", calls[c]);
    for (int i = 0; i < 12; i++) printf(" %ld", raw(calls[c], bad[i], 4096, bad[i], 0, 0, 0));
    puts("");
  }
  int fd = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY), pipes[2];
  pipe(pipes);
  for (int i = 0; i < 12; i++)
    printf("%ld %ld %ld\n", raw(SYS_read, fd, bad[i], 100, 0, 0, 0), raw(SYS_write, pipes[1], bad[i], 100, 0, 0, 0),
           raw(SYS_read, fd, bad[i], -1, 0, 0, 0));
}

static void vectors(void) {
  char *half = mmap(0, 8192, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(half + 4096, 4096);
  int fd = open("/dev/zero", O_RDONLY), pipes[2];
  pipe(pipes);
  struct iovec overlap[2] = {{half, 100}, {half + 50, 100}}, wild[2] = {{half, 10}, {(void *)-1, 10}};
  struct iovec huge[2] = {{half, -1}, {half, 1}}, sum[2] = {{half, 1UL << 62}, {half, 1UL << 62}};
  struct iovec across[1] = {{half + 4090, 100}};
  printf("%ld %ld %ld %ld %ld\n", raw(SYS_readv, fd, (long)overlap, 2, 0, 0, 0), raw(SYS_writev, pipes[1], (long)wild, 2, 0, 0, 0),
         raw(SYS_readv, fd, (long)huge, 2, 0, 0, 0), raw(SYS_readv, fd, (long)sum, 2, 0, 0, 0),
         raw(SYS_writev, pipes[1], (long)across, 1, 0, 0, 0));
  printf("%ld %ld %ld\n", raw(SYS_readv, fd, (long)overlap, -1, 0, 0, 0), raw(SYS_readv, fd, (long)overlap, 1L << 32, 0, 0, 0),
         raw(SYS_readv, fd, (long)(half + 4088), 2, 0, 0, 0));
}

static void paths(void) {
  char deep[5000];
  memset(deep, 'a', sizeof deep - 1), deep[sizeof deep - 1] = 0;
  printf("%ld ", raw(SYS_open, (long)deep, 0, 0, 0, 0, 0));
  for (int i = 0; i < 4000; i++) deep[i] = "../"[i % 3];
  strcpy(deep + 3999, "etc/passwd");
  int fd = open(deep, O_RDONLY);
  printf("%s ", fd >= 0 ? "root" : "none");
  symlink("loop", "loop"), symlink("b", "a"), symlink("a", "b");
  printf("%d ", open("loop", O_RDONLY) < 0 ? errno : 0), printf("%d\n", open("a/x", O_RDONLY) < 0 ? errno : 0);
}

static void processes(void) {
  printf("%d %d %d %d\n", kill(atoi(getenv("HOST_PID")), 0) < 0 ? errno : 0, kill(atoi(getenv("HOST_PID")), SIGKILL) < 0 ? errno : 0,
         (int)ptrace(PTRACE_ATTACH, atoi(getenv("HOST_PID")), 0, 0) < 0 ? errno : 0,
         access("/proc/1/root/box", F_OK) < 0 ? errno : 0);
  DIR *all = opendir("/proc");
  int seen = 0;
  for (struct dirent *each; (each = readdir(all));) seen += each->d_name[0] >= '1' && each->d_name[0] <= '9';
  printf("%d\n", seen);
}

static void descriptors(void) {
  int made = 0, error = 0, pipes[2];
  for (; made < 5000000; made++)
    if (open("/etc/passwd", O_RDONLY) < 0) break;
  error = errno;
  printf("%d\n", error);
}

static void host_descriptors(void) {
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most), most.rlim_cur = most.rlim_max, setrlimit(RLIMIT_NOFILE, &most);
  for (int child = 0; child < 30; child++)
    if (fork() == 0) {
      for (int i = 0; open("/etc/passwd", O_RDONLY) >= 0; i++);
      pause();
    }
  sleep(2);
  puts("held");
  fflush(stdout);
  kill(0, SIGKILL);
}

static void maps(void) {
  char *at = mmap(0, 1L << 30, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  long i = 0, error = 0;
  for (; i < 200000 && !error; i += 2) error = raw(SYS_mprotect, (long)at + i * 4096, 4096, 1, 0, 0, 0);
  printf("%ld\n", error);
}

static void *sit(void *unused) { pause(); }
static void threads(void) {
  pthread_t thread;
  int error = 0;
  for (int i = 0; i < 100000 && !error; i++) error = pthread_create(&thread, 0, sit, 0);
  printf("%d\n", error);
}

static void unstoppable(void) {
  sigset_t all;
  sigfillset(&all), sigprocmask(SIG_SETMASK, &all, 0);
  for (;;) ;
}

static void numbers(void) {
  for (long i = 0; i < atol(getenv("COUNT")); i++) raw(100000 + i, 0, 0, 0, 0, 0, 0);
  puts("done");
}

static void bomb(void) {
  for (;;) fork();
}

/* The path changes while the kernel reads it: it must use what it has checked. */
static char changing[4096] = "/etc/passwd";
static void *change(void *unused) {
  for (;;) changing[5] = 0, changing[5] = 'p';
}
static void changed(void) {
  pthread_t thread;
  pthread_create(&thread, 0, change, 0);
  int odd = 0;
  for (int i = 0; i < 200; i++) {
    int fd = open(changing, O_RDONLY);
    if (fd >= 0) close(fd);
    else odd++;
  }
  puts(odd ? "odd" : "whole");
}

static void nodes(void) {
  printf("%d ", mkfifo("fifo", 0600) < 0 ? errno : 0);
  int fd = open("fifo", O_RDWR | O_NONBLOCK);
  printf("%s ", fd >= 0 && write(fd, "x", 1) == 1 ? "pipe" : "none");
  printf("%d ", mknod("disk", S_IFBLK | 0600, 0x801) < 0);
  struct stat box;
  printf("%d\n", chmod(".", 06755) < 0 || stat(".", &box) < 0 ? -1 : 0);
}

/* The pages of a file that others see: CACHED names one that may be read and not written. */
static void cached(void) {
  const char *name = getenv("CACHED");
  int fd = open(name, O_RDONLY), writable = open(name, O_RDWR);
  char *own = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  char *other = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0), byte = 'X';
  struct iovec local = {&byte, 1}, remote = {other, 1};
  own[0] = byte;
  int memory = open("/proc/self/mem", O_RDWR), status;
  printf("%d %d %d %d %d ", writable, mprotect(other, 4096, PROT_READ | PROT_WRITE) < 0 ? errno : 0,
         mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? errno : 0, fallocate(fd, 0, 0, 1) < 0 ? errno : 0,
         (int)process_vm_writev(getpid(), &local, 1, &remote, 1, 0) < 0 ? errno : 0);
  printf("%d ", memory >= 0 && pwrite(memory, &byte, 1, (off_t)other) == 1);
  if (fork() == 0) own[1] = byte, _exit(madvise(other, 4096, MADV_REMOVE) == 0);
  wait(&status);
  pread(fd, &byte, 1, 0);
  printf("%d %c%c %c %c\n", status, own[0], own[1], other[0], byte);
}

static const struct { const char *name; void (*run)(void); int natural; } ATTACKS[] = {
    {"stub-call", stub_call, 0}, {"stub-batch", stub_batch, 0}, {"stub-read", stub_read, 0}, {"stub-write", stub_write, 0},
    {"page-write", page_write, 0}, {"stub-range", stub_range, 1}, {"stub-all", stub_all, 1}, {"int80", int80, 0}, {"sysenter", sysenter, 1},
    {"x32", x32, 0}, {"vsyscall", vsyscall, 0}, {"modified", modified, 0}, {"fs-base", fs_base, 1}, {"gs-base", gs_base, 1},
    {"prctl-base", prctl_base, 0}, {"frame-ip", frame_ip, 0}, {"frame-high", frame_high, 0}, {"frame-stub", frame_stub, 0},
    {"frame-flags", frame_flags, 0}, {"trap-flag", trap_flag, 0}, {"pointers", pointers, 1}, {"vectors", vectors, 0},
    {"paths", paths, 1}, {"processes", processes, 1}, {"descriptors", descriptors, 1}, {"host-descriptors", host_descriptors, 1},
    {"maps", maps, 1}, {"threads", threads, 1}, {"unstoppable", unstoppable, 1}, {"numbers", numbers, 1}, {"bomb", bomb, 1},
    {"changed", changed, 1}, {"cached", cached, 1}, {"nodes", nodes, 1},
};

int main(int count, char **words) {
  for (int i = 0; i < sizeof ATTACKS / sizeof *ATTACKS; i++)
    if (!strcmp(words[1], ATTACKS[i].name)) {
      if (!ATTACKS[i].natural) catch_all();
      ATTACKS[i].run();
      return 0;
    }
  return 2;
}

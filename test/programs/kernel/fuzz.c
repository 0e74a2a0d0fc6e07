/*
 * Random system calls with random arguments, in children that end soon: fuzz SECONDS SEED. Only
 * for a world of the kernel runner: natively it would do whatever it may.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS 480
#define CALLS_A_CHILD 400
#define MOST_MS 1500

static uint64_t state;
static char *memory;

static uint64_t draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* Numbers that calls are sensitive to: descriptors, addresses, sizes, limits. */
static long argument(void) {
  switch (draw() % 9) {
    case 0: return (long)(draw() % 8);
    case 1: return (long)(memory + draw() % 8192);
    case 2: return (long)memory + 16384 - (long)(draw() % 16);
    case 3: return -(long)(draw() % 200);
    case 4: return 1L << (draw() % 64);
    case 5: return (1L << (draw() % 64)) - 1;
    case 6: return (long)draw();
    case 7: return (long)(draw() % 4096);
    default: return 0;
  }
}

static void child(void) {
  memory = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 2048; i++) ((uint64_t *)memory)[i] = draw() % 3 ? draw() % 64 : draw();
  signal(SIGALRM, SIG_DFL);
  alarm(1);
  for (int i = 0; i < CALLS_A_CHILD; i++) {
    long nr = (long)(draw() % CALLS);
    /* Forks of forks and the end are left out, and what would only wait or stop itself. */
    if (nr == SYS_exit || nr == SYS_exit_group || nr == SYS_fork || nr == SYS_vfork || nr == SYS_clone ||
        nr == SYS_clone3 || nr == SYS_pause || nr == SYS_kill || nr == SYS_tkill || nr == SYS_tgkill)
      continue;
    syscall(nr, argument(), argument(), argument(), argument(), argument(), argument());
  }
  _exit(0);
}

int main(int count, char **words) {
  time_t end = time(0) + atoi(words[1]);
  long children = 0;
  state = strtoull(words[2], 0, 0) | 1;
  signal(SIGTERM, SIG_IGN);
  signal(SIGALRM, SIG_IGN);
  while (time(0) < end) {
    draw();
    pid_t pid = fork();
    if (pid == 0) child();
    /* It may have blocked the alarm, and wait for ever. */
    for (int waited = 0;; waited++) {
      int status;
      pid_t got = waitpid(pid, &status, WNOHANG | WUNTRACED);
      if (got < 0 || (got == pid && !WIFSTOPPED(status))) break;
      if (got == pid || waited > MOST_MS) kill(pid, SIGKILL);
      if (got == 0) usleep(1000);
    }
    children++;
  }
  printf("%s\n", children > 0 ? "done" : "no child");
  return 0;
}

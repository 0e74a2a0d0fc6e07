/*
 * calls KIND PATH BATCHES CALLS [DIRECTORY [filter]]: makes calls of one kind, on one CPU, and
 * prints the time of one, in ns: the minimum and the median of the batches. With a directory, it
 * first lets Landlock grant itself only to read below that: what the kernel's rules cost at least.
 * With `filter` also a seccomp filter of a few instructions looks at the flags of openat.
 *
 * Kinds: undecided (getppid), open (and close), stat, exec (vfork, execve and wait).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static int undecided(const char *path) {
  (void)path;
  return syscall(SYS_getppid) >= 0;
}

static int open_file(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && close(fd) == 0;
}

static int stat_file(const char *path) {
  struct stat found;
  return stat(path, &found) == 0;
}

static int execute(const char *path) {
  int status = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    execl(path, path, (char *)NULL);
    _exit(127);
  }
  return waitpid(pid, &status, 0) == pid && status == 0;
}

static const struct {
  const char *name;
  int (*make)(const char *path);
} kinds[] = {{"undecided", undecided}, {"open", open_file}, {"stat", stat_file}, {"exec", execute}};

/* Every right of Landlock's first version but truncation, which came later, is handled. */
static int enter_landlock(const char *directory) {
  struct landlock_ruleset_attr handled = {.handled_access_fs = (1 << 13) - 1};
  struct landlock_path_beneath_attr rule = {
      .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
      .parent_fd = open(directory, O_PATH | O_CLOEXEC),
  };
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
  return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

/* Refuses O_TRUNC. */
static int enter_filter(void) {
  struct sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TRUNC, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
  };
  struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

int main(int count, char **words) {
  int (*make)(const char *) = NULL;
  if (count < 5 || count > 7) return 2;
  if (count >= 6 && !enter_landlock(words[5])) return 3;
  if (count == 7 && !enter_filter()) return 3;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(words[1], kinds[i].name) == 0) make = kinds[i].make;
  if (!make) return 2;
  int batches = atoi(words[3]), calls = atoi(words[4]);
  double *times = calloc((size_t)batches, sizeof *times);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
  for (int batch = 0; batch < batches; batch++) {
    long start = now();
    for (int i = 0; i < calls; i++)
      if (!make(words[2])) return 1;
    times[batch] = (double)(now() - start) / calls;
  }
  qsort(times, (size_t)batches, sizeof *times, compare);
  printf("%.1f %.1f\n", times[0], times[batches / 2]);
  return 0;
}

/*
 * race CALL KIND FLIPS CALLS: tries to reach an object outside of what it may use, while a second
 * thread changes again and again what the path of the call means. The test prepares the working
 * directory:
 *
 *   ok/f ok/x ok/u ok/a/…   may be used    ok/b -> no    ok/s -> ok    ok/t -> no    ok/map
 *   no/f no/x no/u          may not
 *
 * Ends after that many changes and that many calls; with 0 changes, after the first win. Prints
 * one line of numbers: flips, calls, allowed, refused, other errors, wins.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXCHANGE 2
#define MOST_SECONDS 900

/* Shared also with children. */
static struct shared {
  atomic_long flips;
  atomic_int stop;
  char path[4096];
} *shared;

static const char *call, *kind;
static char root[3000];
static char *target; /* the path that the calls get */
static int base = AT_FDCWD, directories[2], map = -1, map_at;
static long allowed, refused, other, wins;

static int is(const char *what) { return !strcmp(kind, what); }
static int calls(const char *what) { return !strcmp(call, what); }

/* The first and the last CPU that this process may use. */
static void pin(int last) {
  cpu_set_t set, one;
  int found = -1;
  sched_getaffinity(0, sizeof set, &set);
  for (int cpu = 0; cpu < CPU_SETSIZE && (last || found < 0); cpu++)
    if (CPU_ISSET(cpu, &set)) found = cpu;
  CPU_ZERO(&one);
  CPU_SET(found, &one);
  sched_setaffinity(0, sizeof one, &one);
}

static void flip(int no) {
  static const char *names[] = {"ok", "no"};
  if (is("string")) {
    memcpy(target + strlen(root) + 1, names[no], 2);
    for (volatile int i = 0; i < 40; i++);
  } else if (is("link"))
    syscall(SYS_renameat2, AT_FDCWD, "ok/s", AT_FDCWD, "ok/t", EXCHANGE);
  else if (is("directory"))
    syscall(SYS_renameat2, AT_FDCWD, "ok/a", AT_FDCWD, "ok/b", EXCHANGE);
  else if (is("dirfd"))
    dup2(directories[no], base);
  else if (is("cwd"))
    fchdir(directories[no]);
  else if (pwrite(map, names[no], 2, map_at) != 2)
    exit(3);
}

static void *flipper(void *unused) {
  pin(1);
  for (long i = 1; !shared->stop; i++) {
    flip(i & 1);
    shared->flips++;
  }
  return unused;
}

static void prepare(void) {
  const char *leaf = calls("exec") ? "x" : calls("unlink") ? "u" : calls("rename") || calls("mkdir") ? "new" : "f";
  directories[0] = open("ok", O_PATH | O_DIRECTORY);
  directories[1] = open("no", O_PATH | O_DIRECTORY);
  target = shared->path;
  if (is("link")) sprintf(target, "%s/ok/s/%s", root, leaf);
  else if (is("directory")) sprintf(target, "%s/ok/a/%s", root, leaf);
  else if (is("dirfd") || is("cwd")) strcpy(target, leaf);
  else sprintf(target, "%s/ok/%s", root, leaf);
  if (is("dirfd")) dup2(directories[0], base = 50);
  if (is("cwd")) fchdir(directories[0]);
  if (!is("mapping")) return;
  map = open("ok/map", O_RDWR);
  map_at = (int)strlen(root) + 1;
  if (pwrite(map, target, 4096, 0) != 4096) exit(3);
  target = mmap(0, 4096, PROT_READ, MAP_PRIVATE, map, 0);
}

/* Whether the last call, which worked, reached the forbidden object; undoes what it did. */
static char outside[3100], stolen[3100], fresh[3100];
static struct stat secret;

static int exists(const char *path) {
  struct stat found;
  return lstat(path, &found) == 0;
}

static int try_open(void) {
  char byte = 0;
  int fd = openat(base, target, O_RDONLY);
  if (fd < 0) return -1;
  if (read(fd, &byte, 1) < 0) byte = 0;
  close(fd);
  return byte == 'S';
}

static int try_exec(void) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    char *argv[] = {"x", 0}, *envp[] = {0};
    syscall(SYS_execveat, base, target, argv, envp, 0);
    _exit(errno == EACCES ? 77 : 78);
  }
  waitpid(pid, &status, 0);
  if (!WIFEXITED(status)) return 0;
  if (WEXITSTATUS(status) >= 77) {
    errno = WEXITSTATUS(status) == 77 ? EACCES : ENOENT;
    return -1;
  }
  return WEXITSTATUS(status) == 1;
}

static int try_link(void) {
  struct stat made;
  if (linkat(base, target, AT_FDCWD, stolen, AT_SYMLINK_FOLLOW)) return -1;
  int won = stat(stolen, &made) == 0 && made.st_ino == secret.st_ino;
  unlink(stolen);
  return won;
}

static int try_rename(void) {
  close(open(fresh, O_CREAT | O_WRONLY, 0600));
  if (renameat(AT_FDCWD, fresh, base, target)) return -1;
  return exists(outside);
}

static int try_mkdir(void) {
  if (mkdirat(base, target, 0700)) return errno == EEXIST ? 0 : -1;
  if (exists(outside)) return 1;
  unlinkat(AT_FDCWD, is("directory") ? "ok/a/new" : "ok/new", AT_REMOVEDIR);
  return 0;
}

static int try_truncate(void) {
  struct stat after;
  if (is("dirfd") || is("cwd")) {
    int fd = openat(base, target, O_RDONLY | O_TRUNC);
    if (fd < 0) return -1;
    close(fd);
  } else if (truncate(target, 0))
    return -1;
  return stat(outside, &after) == 0 && after.st_size == 0;
}

static int try_unlink(void) {
  if (unlinkat(base, target, 0)) return errno == ENOENT ? 0 : -1;
  return !exists(outside);
}

/* The allowed files have other contents than the forbidden one. */
static int try_stat(void) {
  struct stat found;
  if (fstatat(base, target, &found, 0)) return -1;
  return found.st_size == 6;
}

static const struct {
  const char *name;
  int (*attempt)(void);
} ATTEMPTS[] = {{"open", try_open},   {"exec", try_exec},         {"link", try_link},     {"rename", try_rename},
                {"mkdir", try_mkdir}, {"truncate", try_truncate}, {"unlink", try_unlink}, {"stat", try_stat}};

int main(int argc, char **argv) {
  int (*attempt)(void) = 0;
  pthread_t thread;
  pid_t writer = 0;
  if (argc != 5 || !getcwd(root, sizeof root)) return 2;
  call = argv[1];
  kind = argv[2];
  long flips = atol(argv[3]), most = atol(argv[4]), made = 0;
  for (unsigned i = 0; i < sizeof ATTEMPTS / sizeof *ATTEMPTS; i++)
    if (calls(ATTEMPTS[i].name)) attempt = ATTEMPTS[i].attempt;
  if (!attempt) return 2;
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sprintf(outside, "%s/no/%s", root, calls("unlink") ? "u" : calls("truncate") ? "f" : "new");
  sprintf(stolen, "%s/ok/stolen", root);
  sprintf(fresh, "%s/ok/fresh", root);
  stat("no/f", &secret);
  prepare();
  if (is("mapping")) {
    writer = fork();
    if (writer == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      flipper(0);
      _exit(0);
    }
  } else
    pthread_create(&thread, 0, flipper, 0);
  pin(0);
  for (time_t end = time(0) + MOST_SECONDS; time(0) < end; made++) {
    if (flips ? shared->flips >= flips && made >= most : wins > 0) break;
    int result = attempt();
    if (result > 0) wins++;
    else if (result == 0) allowed++;
    else if (errno == EACCES || errno == EXDEV) refused++;
    else other++;
  }
  shared->stop = 1;
  if (writer) {
    kill(writer, SIGKILL);
    waitpid(writer, 0, 0);
  }
  printf("%ld %ld %ld %ld %ld %ld\n", (long)shared->flips, made, allowed, refused, other, wins);
  fflush(stdout);
  _exit(0);
}

/* racer CALL ATTACK TIMES DIR FLIPS [INODE]: makes a call on a file of DIR/ok, at least TIMES
 * times, while another thread makes it mean the file of the same name in DIR/no, at least FLIPS
 * times. With 0 flips it ends when the call got that file, or after TIMES calls. Prints how often
 * the call got that file, and the numbers of flips and calls. INODE is the number of DIR/no/file,
 * if this program may not look at it. ATTACK: string (the bytes of the path), comp (a directory of
 * the path and a link change places), dirfd (the descriptor of the directory), cwd (the working
 * directory), fd (the descriptor). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/stat.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static char path[512], way[512], evil[512];
static char *flipped;
static int directories[2], files[2], base = 100, target = 101;
static volatile int stop;
static volatile long flips;

static void flip_string(int turn) { memcpy(flipped, turn ? "ok" : "no", 2); }
static void flip_comp(int turn) { syscall(SYS_renameat2, AT_FDCWD, way, AT_FDCWD, evil, 2); }
static void flip_dirfd(int turn) { dup2(directories[turn], base); }
static void flip_cwd(int turn) { fchdir(directories[turn]); }
static void flip_fd(int turn) { dup2(files[turn], target); }

static void *flipper(void *flip) {
  for (; !stop; flips++) ((void (*)(int))flip)(flips & 1);
  return NULL;
}

static struct stat secret;
static int changed(void) {
  struct stat now;
  fstat(files[0], &now);
  int is = now.st_ctim.tv_nsec != secret.st_ctim.tv_nsec || now.st_ctim.tv_sec != secret.st_ctim.tv_sec;
  secret = now;
  return is;
}

/* The numbers go to the kernel as they are, so that each call is the one of its name. */
static int attempt(const char *call) {
  struct stat found;
  struct statx more;
  char text[64] = "";
  long mode = 0600;
#define IS(name) (!strcmp(call, name))
  if (IS("stat")) return !syscall(SYS_stat, path, &found) && found.st_ino == secret.st_ino;
  if (IS("lstat")) return !syscall(SYS_lstat, path, &found) && found.st_ino == secret.st_ino;
  if (IS("newfstatat")) return !syscall(SYS_newfstatat, base, path, &found, 0) && found.st_ino == secret.st_ino;
  if (IS("statx")) return !syscall(SYS_statx, base, path, 0, STATX_INO, &more) && more.stx_ino == secret.st_ino;
  if (IS("access")) return !syscall(SYS_access, path, X_OK);
  if (IS("faccessat2")) return !syscall(SYS_faccessat2, base, path, X_OK, AT_EACCESS);
  if (IS("readlink")) return syscall(SYS_readlink, path, text, 64) > 0 && !strcmp(text, "secret");
  if (IS("getxattr")) return syscall(SYS_getxattr, path, "user.a", text, 64) > 0 && !strcmp(text, "secret");
  if (IS("open")) {
    int fd = syscall(SYS_open, path, O_RDONLY);
    int won = fd >= 0 && !fstat(fd, &found) && found.st_ino == secret.st_ino;
    if (fd >= 0) close(fd);
    return won;
  }
  if (IS("chmod")) syscall(SYS_chmod, path, mode);
  if (IS("fchmodat")) syscall(SYS_fchmodat, base, path, mode);
  if (IS("fchmodat2")) syscall(SYS_fchmodat2, base, path, mode, 0);
  if (IS("fchmod")) syscall(SYS_fchmod, target, mode);
  if (IS("chown")) syscall(SYS_chown, path, -1, -1);
  if (IS("lchown")) syscall(SYS_lchown, path, -1, -1);
  if (IS("fchownat")) syscall(SYS_fchownat, base, path, -1, -1, 0);
  if (IS("fchown")) syscall(SYS_fchown, target, -1, -1);
  if (IS("utime")) syscall(SYS_utime, path, NULL);
  if (IS("utimes")) syscall(SYS_utimes, path, NULL);
  if (IS("utimensat")) syscall(SYS_utimensat, base, path, NULL, 0);
  if (IS("futimens")) syscall(SYS_utimensat, target, NULL, NULL, 0);
  if (IS("setxattr")) syscall(SYS_setxattr, path, "user.b", "x", 1, 0);
  if (IS("fsetxattr")) syscall(SYS_fsetxattr, target, "user.b", "x", 1, 0);
  return changed();
}

int main(int argc, char **argv) {
  const char *call = argv[1], *attack = argv[2], *dir = argv[4];
  const char *name = !strcmp(call, "readlink") ? "link" : "file";
  char place[512];
  for (int turn = 0; turn < 2; turn++) {
    snprintf(place, sizeof place, "%s/%s", dir, turn ? "ok" : "no");
    directories[turn] = open(place, O_PATH | O_DIRECTORY);
    snprintf(place, sizeof place, "%s/%s/file", dir, turn ? "ok" : "no");
    files[turn] = open(place, O_RDONLY);
    /* Under Landlock the file in DIR/no can be looked at, but not opened. */
    if (files[turn] < 0) files[turn] = open(place, O_PATH);
    if (files[turn] < 0 && argc <= 6) return 3;
  }
  dup2(directories[1], base);
  dup2(files[1], target);
  if (fstat(files[0], &secret)) secret.st_ino = strtoul(argv[6], NULL, 10);
  snprintf(path, sizeof path, "%s/ok/%s", dir, name);
  flipped = path + strlen(dir) + 1;
  void (*flip)(int) = flip_string;
  if (!strcmp(attack, "comp")) {
    flip = flip_comp;
    snprintf(path, sizeof path, "%s/ok/way/%s", dir, name);
    snprintf(way, sizeof way, "%s/ok/way", dir);
    snprintf(evil, sizeof evil, "%s/ok/evil", dir);
  } else if (strcmp(attack, "string")) {
    strcpy(path, name);
    flip = !strcmp(attack, "dirfd") ? flip_dirfd : !strcmp(attack, "cwd") ? flip_cwd : flip_fd;
    if (flip == flip_cwd) base = AT_FDCWD;
    fchdir(directories[1]);
  }
  pthread_t thread;
  pthread_create(&thread, NULL, flipper, flip);
  long wins = 0, calls = 0, times = atol(argv[3]), least = atol(argv[5]);
  for (; least ? calls < times || flips < least : calls < times && !wins; calls++) wins += attempt(call);
  stop = 1;
  pthread_join(thread, NULL);
  printf("%ld %ld %ld\n", wins, flips, calls);
  return 0;
}

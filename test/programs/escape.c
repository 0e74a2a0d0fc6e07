/* escape KIND [PATH...]: looks for a way out of its box. Prints what it found; exit 0 where it got
 * through, else an errno. KIND: open PATH... (each, for reading), write PATH..., stat PATH,
 * chroot, remount PATH, unmount PATH, setns PID, nested PATH, overwrite [ROUNDS], descriptors,
 * mount PATH, devices, mknod, handle PATH, rename-init, maps, core, environ. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed(void) { return errno ? errno : 255; }

/* 0 where any of the paths can be opened. */
static int open_any(char **paths, int flags) {
  int result = 255;
  for (; *paths; paths++) {
    int fd = open(*paths, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
      printf("%s %d\n", *paths, errno);
      if (result == 255) result = errno;
      continue;
    }
    printf("%s 0\n", *paths);
    result = 0;
    close(fd);
  }
  return result;
}

static int descriptors(void) {
  for (int fd = 0; fd < 4096; fd++)
    if (fcntl(fd, F_GETFD) >= 0) printf("%d ", fd);
  return 0;
}

/*
 * The old way out of a chroot: stay outside of a deeper one, and climb. Leaves the climbed root as
 * a listing.
 */
static int climb(void) {
  mkdir("deeper", 0755);
  int here = open(".", O_RDONLY | O_DIRECTORY);
  if (chroot("deeper")) return failed();
  if (fchdir(here)) return failed();
  for (int i = 0; i < 64; i++) chdir("..");
  return 0;
}

static int set_namespace(int pid) {
  static const char *names[] = {"mnt", "pid", "net", "ipc", "uts", "cgroup", "user"};
  char path[64];
  int result = ENOENT;
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pidfd >= 0 && setns(pidfd, CLONE_NEWNS | CLONE_NEWNET) == 0) return 0;
  for (unsigned i = 0; i < 7; i++) {
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, names[i]);
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && setns(fd, 0) == 0) return 0;
    result = failed();
  }
  return result;
}

/*
 * A user namespace in which it is root, by the call that its argument says; then the attacks
 * again.
 */
static int nested(const char *path) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) return failed();
  printf("root in a namespace of its own\n");
  if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL) == 0) printf("remounted\n");
  if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0) printf("remounted the root\n");
  if (umount2(path, MNT_DETACH) == 0) printf("unmounted\n");
  if (umount2("/proc/kcore", MNT_DETACH) == 0) printf("unmasked\n");
  if (open("/usr/new", O_CREAT | O_WRONLY, 0600) >= 0) printf("written\n");
  if (mknod("/tmp/node", S_IFCHR | 0666, makedev(1, 5)) == 0) printf("made a device\n");
  if (chroot("/proc/1/root") == 0) printf("init's root\n");
  /* A procfs without masks, in a PID namespace of its own. */
  if (unshare(CLONE_NEWPID) == 0 && fork() == 0) {
    if (mount("proc", "/tmp", "proc", 0, NULL) == 0) printf("a procfs of its own\n");
    _exit(0);
  }
  wait(NULL);
  /* What it may do is seen in its own namespace alone. */
  if (mount("tmpfs", path, "tmpfs", 0, NULL)) printf("no tmpfs\n");
  return 0;
}

static int make_node(mode_t type, unsigned major, unsigned minor) {
  return mknod("node", type | 0666, makedev(major, minor)) ? failed() : 0;
}

static int by_handle(const char *path) {
  struct { struct file_handle head; unsigned char bytes[128]; } handle = {{128}};
  int mount_id;
  if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount_id, 0)) return failed();
  int root = open("/", O_RDONLY | O_DIRECTORY);
  int fd = open_by_handle_at(root, &handle.head, O_RDONLY);
  return fd < 0 ? failed() : 0;
}

/*
 * Overwrites the program of another process: names its /proc/PID/exe while it runs, and opens that
 * again until it has ended.
 */
static int overwrite(int rounds) {
  char path[64];
  int held[20], result = ENOENT;
  memset(held, -1, sizeof held);
  for (int round = 0; round < rounds; round++, usleep(2000))
    for (int pid = 1; pid < 20; pid++) {
      if (pid == getpid()) continue;
      snprintf(path, sizeof path, "/proc/%d/exe", pid);
      if (held[pid] < 0) held[pid] = open(path, O_PATH | O_CLOEXEC);
      if (held[pid] >= 0) snprintf(path, sizeof path, "/proc/self/fd/%d", held[pid]);
      if (open(path, O_WRONLY | O_CLOEXEC) >= 0) {
        printf("opened for writing\n");
        return 0;
      }
      if (errno != ENOENT && errno != ETXTBSY) result = errno;
    }
  return result;
}

static int crash(void) {
  struct rlimit core;
  getrlimit(RLIMIT_CORE, &core);
  printf("%ld\n", (long)core.rlim_max);
  fflush(stdout);
  core.rlim_cur = core.rlim_max;
  setrlimit(RLIMIT_CORE, &core);
  pid_t child = fork();
  if (child == 0) abort();
  int status;
  waitpid(child, &status, 0);
  printf("%s\n", WCOREDUMP(status) ? "dumped" : "not dumped");
  return 0;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "", *path = argc > 2 ? argv[2] : "";
  setvbuf(stdout, NULL, _IONBF, 0);
  if (!strcmp(kind, "open")) return open_any(argv + 2, O_RDONLY);
  if (!strcmp(kind, "write")) return open_any(argv + 2, O_WRONLY);
  if (!strcmp(kind, "descriptors")) return descriptors();
  if (!strcmp(kind, "chroot")) return climb();
  if (!strcmp(kind, "remount")) return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL) ? failed() : 0;
  if (!strcmp(kind, "unmount")) return umount2(path, MNT_DETACH) ? failed() : 0;
  if (!strcmp(kind, "move")) return mount(path, "/tmp", NULL, MS_MOVE, NULL) ? failed() : 0;
  if (!strcmp(kind, "mount")) return mount("tmpfs", path, "tmpfs", 0, NULL) ? failed() : 0;
  if (!strcmp(kind, "setns")) return set_namespace(atoi(path));
  if (!strcmp(kind, "nested")) return nested(path);
  if (!strcmp(kind, "char")) return make_node(S_IFCHR, 1, 5);
  if (!strcmp(kind, "block")) return make_node(S_IFBLK, 7, 0);
  if (!strcmp(kind, "handle")) return by_handle(path);
  if (!strcmp(kind, "overwrite")) return overwrite(*path ? atoi(path) : 200);
  if (!strcmp(kind, "core")) return crash();
  return 200;
}

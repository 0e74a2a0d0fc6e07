/* cgroups KIND [N]: what a program may do about its cgroups. KIND: mount (mounts every hierarchy
 * in namespaces of its own and says what could be changed there, changing nothing), mount-kept
 * (the same in the cgroup namespace that it has), own (tries to change each file below
 * /sys/fs/cgroup), peel (in namespaces of its own, tries to make the mounts there writable, and to
 * take them off; with an argument it first makes such mounts itself), early (before main it forks
 * N that leave its session, then waits), zombies N. */
#define _GNU_SOURCE
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first of the program's own code that runs. */
static void fork_early(int argc, char **argv, char **environment) {
  if (argc != 3 || strcmp(argv[1], "early")) return;
  for (int i = 0; i < atoi(argv[2]); i++) {
    pid_t child = fork();
    if (child) {
      waitpid(child, NULL, 0);
      continue;
    }
    setsid();
    if (fork()) _exit(0);
    dprintf(1, "%d ", getpid());
    for (;;) pause();
  }
}
__attribute__((section(".preinit_array"), used)) static void (*first)(int, char **, char **) = fork_early;

static void try_writing(const char *hierarchy, const char *directory) {
  static const char *const names[] = {"cgroup.procs",  "memory.limit_in_bytes", "memory.max",    "pids.max",          "cpu.max",
                                      "release_agent", "notify_on_release",     "freezer.state", "cgroup.freeze",     "cgroup.kill",
                                      "devices.allow", "cpu.cfs_quota_us",      "tasks",         "cgroup.max.descendants"};
  char path[256];
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", directory, names[i]);
    int fd = open(path, O_WRONLY);
    if (fd >= 0) printf("%s: %s can be written\n", hierarchy, names[i]);
    close(fd);
  }
  snprintf(path, sizeof path, "%s/child", directory);
  if (mkdir(path, 0755) == 0) printf("%s: a child can be made\n", hierarchy);
  rmdir(path);
}

static int mount_all(int namespace) {
  static const char *const hierarchies[] = {"", "memory", "pids", "freezer", "cpu", "cpuacct", "devices", "cpuset"};
  char directory[] = "/tmp/cgroups-XXXXXX";
  int user = geteuid() ? CLONE_NEWUSER : 0;
  if (unshare(user | CLONE_NEWNS | namespace)) return errno;
  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  if (!mkdtemp(directory)) return errno;
  for (unsigned i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++) {
    const char *name = *hierarchies[i] ? hierarchies[i] : "v2";
    if (mount("cgroup", directory, *hierarchies[i] ? "cgroup" : "cgroup2", 0, hierarchies[i])) continue;
    printf("%s: mounted\n", name);
    try_writing(name, directory);
    umount2(directory, MNT_DETACH);
  }
  rmdir(directory);
  return 0;
}

/* Says what succeeds. Nothing is changed: each way in is tried without writing. */
static int try_path(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  static const int ways[] = {O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, O_WRONLY | O_APPEND};
  char child[512];
  if (type == FTW_D || type == FTW_DNR) {
    snprintf(child, sizeof child, "%s/child", path);
    if (mkdir(child, 0755) == 0) printf("%s can be made\n", child);
    rmdir(child);
  } else if (type == FTW_F)
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
      int fd = open(path, ways[i]);
      if (fd >= 0) printf("%s can be written\n", path);
      close(fd);
    }
  if (type != FTW_SL && chmod(path, status->st_mode & 07777) == 0) printf("%s can be given a mode\n", path);
  if (type != FTW_SL && chown(path, -1, getegid()) == 0) printf("%s can be given a group\n", path);
  return 0;
}

static int try_own(const char *directory) {
  int wrong = nftw(directory, try_path, 20, FTW_PHYS);
  puts(wrong ? "not there" : "tried");
  return 0;
}

static int entries(const char *path) {
  int count = 0;
  DIR *directory = opendir(path);
  while (directory && readdir(directory)) count++;
  if (directory) closedir(directory);
  return count;
}

/* A hierarchy covered by an empty directory, and a group that is read-only, as a box has them. */
static void make_mounts(void) {
  mount("none", "/sys/fs/cgroup", "tmpfs", 0, "mode=755");
  mkdir("/sys/fs/cgroup/.none", 0755);
  mkdir("/sys/fs/cgroup/cpu", 0755);
  mkdir("/sys/fs/cgroup/memory", 0755);
  mount("cgroup", "/sys/fs/cgroup/cpu", "cgroup", MS_RDONLY, "cpu");
  mount("/sys/fs/cgroup/.none", "/sys/fs/cgroup/cpu", 0, MS_BIND, 0);
  mount("cgroup", "/sys/fs/cgroup/memory", "cgroup", MS_RDONLY, "memory");
}

static int peel(int made) {
  static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu"};
  struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
  if (unshare(CLONE_NEWNS | (made ? 0 : CLONE_NEWUSER))) return errno;
  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  if (made) make_mounts();
  for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
    if (mount(NULL, places[i], NULL, MS_REMOUNT | MS_BIND, NULL) == 0) printf("%s can be remounted\n", places[i]);
    if (syscall(SYS_mount_setattr, AT_FDCWD, places[i], 0, &writable, sizeof writable) == 0)
      printf("%s can be given flags\n", places[i]);
    if (mount(places[i], "/tmp", NULL, MS_BIND, NULL) == 0) {
      if (mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND, NULL) == 0) printf("a bind of %s can be remounted\n", places[i]);
      umount2("/tmp", MNT_DETACH);
    }
  }
  if (umount2("/sys/fs/cgroup/cpu", MNT_DETACH) == 0 && entries("/sys/fs/cgroup/cpu") > 2)
    puts("the groups of the host can be seen below the cover");
  if (umount2("/sys/fs/cgroup/memory", MNT_DETACH) == 0) puts("the group can be unmounted");
  puts("tried");
  return 0;
}

static int leave_zombies(int count) {
  for (int i = 0; i < count; i++)
    if (fork() == 0) _exit(0);
  usleep(10000);
  return 0;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "";
  setvbuf(stdout, NULL, _IONBF, 0);
  if (!strcmp(kind, "mount")) return mount_all(CLONE_NEWCGROUP);
  if (!strcmp(kind, "mount-kept")) return mount_all(0);
  if (!strcmp(kind, "own")) return try_own(argc > 2 ? argv[2] : "/sys/fs/cgroup");
  if (!strcmp(kind, "peel")) return peel(argc > 2);
  if (!strcmp(kind, "zombies") && argc == 3) return leave_zombies(atoi(argv[2]));
  if (strcmp(kind, "early")) return 200;
  /* In one write: the reader may close the pipe as soon as it has the word. */
  dprintf(1, "started\n");
  pause();
  return 0;
}

/* cgroups KIND [N]: what a program may do about its cgroups. KIND: mount (mounts every hierarchy
 * in namespaces of its own and says what could be changed there, changing nothing), mount-kept
 * (the same in the cgroup namespace that it has), early (before main it forks N that leave its
 * session, then waits), zombies N. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
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
  if (!strcmp(kind, "zombies") && argc == 3) return leave_zombies(atoi(argv[2]));
  if (strcmp(kind, "early")) return 200;
  puts("started");
  pause();
  return 0;
}

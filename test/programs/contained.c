/* contained [-f FILE] [-u UID] [-c SET] [-n] PROGRAM [ARGUMENT]...: executes a program as a
 * container runtime does. -f: under the seccomp filter whose instructions are in FILE; -u: as that
 * user and group; -c: with only these capabilities, a hexadecimal number, also in the bounding
 * set; -n: with no_new_privs. The order is that of runc: a filter is installed before privileges
 * are dropped, because an ordinary user needs no_new_privs for one. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(99);
}

static void install(const char *file) {
  static struct sock_filter code[BPF_MAXINSNS];
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  ssize_t bytes = fd < 0 ? -1 : read(fd, code, sizeof code);
  if (bytes <= 0) fail(file);
  close(fd);
  struct sock_fprog filter = {bytes / sizeof *code, code};
  if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("prctl");
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter)) fail("seccomp");
}

static void bound(unsigned long long set) {
  for (int cap = 0; cap < 64; cap++)
    if (!(set >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno == EPERM) break;
}

static void keep(unsigned long long set) {
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &head, data)) fail("capget");
  for (int i = 0; i < 2; i++) {
    data[i].permitted &= set >> 32 * i;
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  if (syscall(SYS_capset, &head, data)) fail("capset");
}

int main(int argc, char **argv) {
  int uid = -1, option;
  unsigned long long set = ~0ull;
  const char *file = NULL;
  int no_new_privs = 0;
  while ((option = getopt(argc, argv, "+f:u:c:n")) != -1) {
    if (option == 'f') file = optarg;
    else if (option == 'u') uid = atoi(optarg);
    else if (option == 'c') set = strtoull(optarg, NULL, 16);
    else if (option == 'n') no_new_privs = 1;
    else return 98;
  }
  if (optind >= argc) return 98;
  if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("prctl");
  if (file) install(file);
  bound(set);
  if (uid >= 0 && (setgroups(0, 0) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))) fail("user");
  keep(set);
  execvp(argv[optind], argv + optind);
  fail(argv[optind]);
}

// docker [-u UID] [-r NUMBER:ERRNO]... PROGRAM [ARGUMENT]...: executes a program as `docker run`
// does by default: with the capabilities of a container's root, or as an ordinary user without
// any, and under a seccomp filter that refuses what Docker's default profile refuses to it. Every
// -r refuses one more call, as profiles of older versions do.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int refused[] = {
  SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_open_tree, SYS_move_mount,
  SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, 442 /* mount_setattr */, SYS_keyctl,
  SYS_add_key, SYS_request_key, SYS_bpf, SYS_perf_event_open, 425, 426, 427 /* io_uring */,
  SYS_userfaultfd, 438 /* pidfd_getfd */, 440 /* process_madvise */, SYS_kcmp, SYS_fanotify_init,
  SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_lookup_dcookie, SYS_quotactl, SYS_reboot,
  SYS_sethostname, SYS_setdomainname, SYS_swapon, SYS_swapoff, SYS_init_module, SYS_finit_module,
  SYS_delete_module, SYS_iopl, SYS_ioperm, SYS_kexec_load, SYS_acct, SYS_settimeofday,
  SYS_clock_settime, SYS_move_pages, SYS_mbind, SYS_set_mempolicy, SYS_get_mempolicy, SYS_sysfs,
  SYS_uselib, SYS_ustat, SYS_vhangup, SYS_syslog, SYS_personality,
};

static const int kept[] = {
  CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FSETID, CAP_FOWNER, CAP_MKNOD, CAP_NET_RAW, CAP_SETGID,
  CAP_SETUID, CAP_SETFCAP, CAP_SETPCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL,
  CAP_AUDIT_WRITE,
};

#define COUNT(array) (sizeof array / sizeof *array)
#define NAMESPACES 0x7e020000u

static struct sock_filter code[512];
static int length;

static void add(unsigned short op, unsigned k, unsigned char yes, unsigned char no) {
  code[length++] = (struct sock_filter){op, yes, no, k};
}
static void load(unsigned offset) { add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
static void answer(unsigned action) { add(BPF_RET | BPF_K, action, 0, 0); }
static void refuse(unsigned number, unsigned error) {
  add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
  answer(SECCOMP_RET_ERRNO | error);
}

static void fail(const char *what) {
  perror(what);
  exit(99);
}

static void keep_capabilities(int none) {
  unsigned long long sets = 0;
  for (size_t i = 0; !none && i < COUNT(kept); i++) sets |= 1ull << kept[i];
  for (int cap = 0; cap < 64; cap++)
    if (!(sets >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno == EPERM) break;
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &head, data)) fail("capget");
  for (int i = 0; i < 2; i++) {
    data[i].permitted &= sets >> 32 * i;
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  if (syscall(SYS_capset, &head, data)) fail("capset");
}

int main(int argc, char **argv) {
  int uid = -1, at = 1;
  load(offsetof(struct seccomp_data, arch));
  add(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
  answer(SECCOMP_RET_ERRNO | EPERM);
  load(offsetof(struct seccomp_data, nr));
  for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
    if (argv[at][1] == 'u') uid = atoi(argv[at + 1]);
    else refuse(atoi(argv[at + 1]), atoi(strchr(argv[at + 1], ':') + 1));
  }
  if (at >= argc) return 98;
  refuse(SYS_clone3, ENOSYS);
  for (size_t i = 0; i < COUNT(refused); i++) refuse(refused[i], EPERM);
  add(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3);
  load(offsetof(struct seccomp_data, args));
  add(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1);
  answer(SECCOMP_RET_ERRNO | EPERM);
  answer(SECCOMP_RET_ALLOW);
  struct sock_fprog filter = {length, code};
  // Before the user changes: an ordinary user needs no_new_privs for a filter, and Docker does not
  // set it.
  if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("prctl");
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter)) fail("seccomp");
  if (uid >= 0 && (setgroups(0, 0) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))) fail("user");
  keep_capabilities(uid > 0);
  execvp(argv[at], argv + at);
  fail(argv[at]);
}

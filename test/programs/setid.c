/*
 * setid DIRECTORY [WAY...]: tries to leave files in DIRECTORY that give whoever executes them
 * another identity, or devices, each by a way of its own and under the way's name. Prints "WAY
 * ERRNO" for each, 0 where the call says that it worked, and leaves the rest to who looks. Without
 * ways: all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BITS 06755
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static const char *name; /* of the file, in the current directory */

static int failed(long result) { return result < 0 ? errno : 0; }
static int plain(void) { return open(name, O_CREAT | O_RDWR | O_EXCL, 0755); }

static int by_chmod(void) { return plain() < 0 ? 255 : failed(syscall(SYS_chmod, name, BITS)); }
static int by_setuid_bit(void) { return plain() < 0 ? 255 : failed(syscall(SYS_chmod, name, 04755)); }
static int by_setgid_bit(void) { return plain() < 0 ? 255 : failed(syscall(SYS_chmod, name, 02755)); }
static int by_high_half(void) { return plain() < 0 ? 255 : failed(syscall(SYS_chmod, name, BITS | 0xdead00000000)); }
static int by_high_bits(void) { return plain() < 0 ? 255 : failed(syscall(SYS_chmod, name, BITS | 0xabcd0000)); }
static int by_fchmod(void) { return failed(syscall(SYS_fchmod, plain(), BITS)); }
static int by_fchmodat(void) { return plain() < 0 ? 255 : failed(syscall(SYS_fchmodat, AT_FDCWD, name, BITS)); }
static int by_fchmodat2(void) { return plain() < 0 ? 255 : failed(syscall(SYS_fchmodat2, AT_FDCWD, name, BITS, 0)); }
static int by_fchmodat2_fd(void) { return failed(syscall(SYS_fchmodat2, plain(), "", BITS, AT_EMPTY_PATH)); }
static int by_creat(void) { return failed(syscall(SYS_creat, name, BITS)); }
static int by_open(void) { return failed(syscall(SYS_open, name, O_CREAT | O_WRONLY, BITS)); }
static int by_openat(void) { return failed(syscall(SYS_openat, AT_FDCWD, name, O_CREAT | O_WRONLY, BITS)); }
static int by_mknod(void) { return failed(syscall(SYS_mknod, name, S_IFREG | BITS, 0)); }
static int by_untyped_mknod(void) { return failed(syscall(SYS_mknod, name, BITS, 0)); }
static int by_mknodat(void) { return failed(syscall(SYS_mknodat, AT_FDCWD, name, S_IFREG | BITS, 0)); }

static int linked(long fd) {
  char path[64];
  if (fd < 0) return errno;
  snprintf(path, sizeof path, "/proc/self/fd/%ld", fd);
  return failed(linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW));
}
static int by_tmpfile(void) { return linked(syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, BITS)); }
static int by_old_tmpfile(void) { return linked(syscall(SYS_open, ".", O_TMPFILE | O_RDWR, BITS)); }
static int by_tmpfile_chmod(void) {
  int fd = open(".", O_TMPFILE | O_RDWR, 0755);
  if (fchmod(fd, BITS)) return errno;
  return linked(fd);
}

/* Made where nobody of the host sees it, and moved. */
static int by_rename(void) {
  if (open("/tmp/made", O_CREAT | O_RDWR, BITS) < 0) return errno;
  int result = failed(rename("/tmp/made", name));
  unlink("/tmp/made");
  return result;
}

static int by_openat2(void) {
  struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = BITS};
  return failed(syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how));
}

static int by_ring(void) {
  struct io_uring_params given = {0};
  int ring = (int)syscall(SYS_io_uring_setup, 4, &given);
  if (ring < 0) return errno;
  size_t size = given.sq_off.array + given.sq_entries * 4 + given.cq_off.cqes + given.cq_entries * sizeof(struct io_uring_cqe);
  uint8_t *sq = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe *entry = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
  if (sq == MAP_FAILED || entry == MAP_FAILED) return errno;
  *entry = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)name, .len = BITS, .open_flags = O_CREAT | O_WRONLY};
  *(uint32_t *)(sq + given.sq_off.array) = 0;
  __atomic_store_n((uint32_t *)(sq + given.sq_off.tail), 1, __ATOMIC_RELEASE);
  return failed(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
}

/* int 0x80 takes addresses of 32 bits. In a child: a filter may end who uses the gate. */
static int by_gate(long nr, long second, long third) {
  char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) return errno;
  strcpy(low, name);
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(low), "c"(second), "d"(third) : "memory", "r8", "r9", "r10", "r11");
  return (int)result < 0 ? -(int)result : 0;
}
static int by_i386_chmod(void) { return plain() < 0 ? 255 : by_gate(15, BITS, 0); }
static int by_i386_open(void) { return by_gate(5, O_CREAT | O_WRONLY, BITS); }
static int by_i386_creat(void) { return by_gate(8, BITS, 0); }
static int by_i386_mknod(void) { return by_gate(14, S_IFREG | BITS, 0); }

/* CAP_NET_RAW for whoever executes it. */
static int by_capability_of(const char *path) {
  static const uint32_t set[] = {0x02000001, 1 << 13, 0, 0, 0};
  return failed(setxattr(path, "security.capability", set, sizeof set, 0));
}
static int by_capability(void) { return plain() < 0 ? 255 : by_capability_of(name); }

static int by_character_device(void) { return failed(syscall(SYS_mknod, name, S_IFCHR | 0666, makedev(1, 3))); }
static int by_block_device(void) { return failed(syscall(SYS_mknodat, AT_FDCWD, name, S_IFBLK | 0666, makedev(7, 0))); }
static int by_whiteout(void) { return failed(syscall(SYS_mknod, name, S_IFCHR, 0)); }
static int by_moved_whiteout(void) {
  char to[64];
  snprintf(to, sizeof to, "%s-moved", name);
  /* RENAME_WHITEOUT */
  return plain() < 0 ? 255 : failed(syscall(SYS_renameat2, AT_FDCWD, name, AT_FDCWD, to, 4));
}

/* The namespace makes the program its root; ids of others it does not have. */
static int enter_namespace(int flags) {
  char text[64];
  unsigned uid = getuid(), gid = getgid();
  if (unshare(CLONE_NEWUSER | flags)) return errno;
  const char *files[] = {"/proc/self/setgroups", "/proc/self/uid_map", "/proc/self/gid_map"};
  for (int i = 0; i < 3; i++) {
    int length = i ? snprintf(text, sizeof text, "0 %u 1", i == 1 ? uid : gid) : snprintf(text, sizeof text, "deny");
    int fd = open(files[i], O_WRONLY);
    if (fd < 0 || write(fd, text, length) != length) return errno;
    close(fd);
  }
  return 0;
}
static int by_own_capability(void) {
  if (plain() < 0) return 255;
  int error = enter_namespace(0);
  return error ? error : by_capability_of(name);
}
/* The kernel itself marks what is removed in an overlay by a whiteout in the upper directory. */
static int by_overlay(void) {
  char top[64], options[512], file[128];
  const char *parts[] = {"lower", "upper", "work", "merged"};
  snprintf(top, sizeof top, "%s-layers", name);
  if (mkdir(top, 0755)) return errno;
  for (int i = 0; i < 4; i++) {
    snprintf(file, sizeof file, "%s/%s", top, parts[i]);
    if (mkdir(file, 0755)) return errno;
  }
  snprintf(file, sizeof file, "%s/lower/%s", top, name);
  close(open(file, O_CREAT | O_WRONLY, 0644));
  int error = enter_namespace(CLONE_NEWNS);
  if (error) return error;
  snprintf(options, sizeof options, "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work,userxattr", top, top, top);
  snprintf(file, sizeof file, "%s/merged", top);
  if (mount("overlay", file, "overlay", 0, options)) return errno;
  snprintf(file, sizeof file, "%s/merged/%s", top, name);
  if (unlink(file)) return errno;
  snprintf(file, sizeof file, "%s/upper/%s", top, name);
  return failed(rename(file, name));
}
static const struct { const char *name; int (*run)(void); } WAYS[] = {
    {"chmod", by_chmod}, {"setuid-bit", by_setuid_bit}, {"setgid-bit", by_setgid_bit}, {"high-half", by_high_half},
    {"high-bits", by_high_bits}, {"fchmod", by_fchmod}, {"fchmodat", by_fchmodat}, {"fchmodat2", by_fchmodat2},
    {"fchmodat2-fd", by_fchmodat2_fd}, {"creat", by_creat}, {"open", by_open}, {"openat", by_openat},
    {"mknod", by_mknod}, {"untyped-mknod", by_untyped_mknod}, {"mknodat", by_mknodat}, {"tmpfile", by_tmpfile},
    {"old-tmpfile", by_old_tmpfile}, {"tmpfile-chmod", by_tmpfile_chmod}, {"rename", by_rename},
    {"openat2", by_openat2}, {"ring", by_ring}, {"i386-chmod", by_i386_chmod}, {"i386-open", by_i386_open},
    {"i386-creat", by_i386_creat}, {"i386-mknod", by_i386_mknod}, {"capability", by_capability},
    {"character-device", by_character_device}, {"block-device", by_block_device}, {"whiteout", by_whiteout},
    {"moved-whiteout", by_moved_whiteout}, {"own-capability", by_own_capability}, {"overlay", by_overlay},
};

static int wanted(char **words, const char *way) {
  if (!*words) return 1;
  for (; *words; words++)
    if (!strcmp(*words, way)) return 1;
  return 0;
}

int main(int argc, char **argv) {
  umask(0);
  if (argc < 2 || chdir(argv[1])) return 99;
  for (unsigned i = 0; i < sizeof WAYS / sizeof *WAYS; i++) {
    if (!wanted(argv + 2, WAYS[i].name)) continue;
    name = WAYS[i].name;
    pid_t child = fork();
    if (child == 0) _exit(WAYS[i].run());
    int status;
    waitpid(child, &status, 0);
    printf("%s %d\n", name, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    fflush(stdout);
  }
  return 0;
}

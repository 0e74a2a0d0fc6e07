/* Paths and names: what each call answers where it cannot do what it was asked for. */
#include "file-report.h"

static char longest[5000];

static void mode(const char *name) {
  struct stat s;
  if (lstat(name, &s)) R(-1);
  else printf("%s: mode %o links %d size %ld\n", name, s.st_mode, (int)s.st_nlink, S_ISDIR(s.st_mode) ? 0 : (long)s.st_size);
}

static void walking(void) {
  puts("# walking");
  close(make("file", "hello"));
  R(mkdir("dir", 0777));
  R(mkdir("dir", 0777));
  R(mkdir("dir/", 0777));
  R(mkdir("new/", 0777));
  R(mkdir(".", 0777));
  R(mkdir("..", 0777));
  R(mkdir("/", 0777));
  R(mkdir("", 0777));
  R(mkdir("no/such", 0777));
  R(mkdir("file/x", 0777));
  R(open("", O_RDONLY));
  R(open("none", O_RDONLY));
  R(open("none/", O_RDONLY));
  R(open("file/", O_RDONLY));
  R(open("file/.", O_RDONLY));
  R(open("file/..", O_RDONLY));
  R(open("none/..", O_RDONLY));
  R(open("dir", O_WRONLY));
  R(open("dir", O_RDWR));
  R(open("dir", O_RDONLY | O_CREAT, 0644));
  R(open("dir/", O_RDONLY | O_CREAT, 0644));
  R(open("fresh/", O_RDONLY | O_CREAT, 0644));
  R(open("file", O_RDONLY | O_DIRECTORY));
  R(open("file", O_RDONLY | O_CREAT | O_EXCL, 0644));
  R(open("dir", O_RDONLY | O_CREAT | O_DIRECTORY, 0644));
  R(open("dir", O_RDONLY | O_TRUNC));
  memset(longest, 'a', 255);
  W(open(longest, O_RDWR | O_CREAT, 0644));
  R(unlink(longest));
  memset(longest, 'a', 256);
  R(open(longest, O_RDWR | O_CREAT, 0644));
  R(access(longest, F_OK));
  for (int i = 0; i < 4998; i += 2) memcpy(longest + i, "./", 2);
  R(open(longest, O_RDONLY));
  longest[4095] = 0;
  W(open(longest, O_RDONLY));
  longest[4096 - 2] = 0;
  W(open(longest, O_RDONLY));
  W(open("///dir//.//../dir/", O_RDONLY));
  R(chdir("file"));
  R(chdir("none"));
  R(rmdir("new"));
  char c[4096];
  R(syscall(SYS_getcwd, c, 1));
  R(mkdir("gone", 0777));
  R(chdir("gone"));
  R(rmdir("../gone"));
  R(syscall(SYS_getcwd, c, sizeof c));
  R(open("x", O_RDWR | O_CREAT, 0644));
  R(mkdir("x", 0755));
  R(access(".", F_OK));
  R(chdir(".."));
}

static void links(void) {
  puts("# links");
  R(symlink("file", "link"));
  R(symlink("file", "link"));
  R(symlink("", "empty"));
  R(symlink("loop2", "loop1"));
  R(symlink("loop1", "loop2"));
  R(symlink("nowhere", "dangling"));
  R(symlink("dir", "dirlink"));
  R(symlink("x", "slash/"));
  mode("link");
  R(open("loop1", O_RDONLY));
  R(open("loop1/x", O_RDONLY));
  R(open("link", O_RDONLY | O_NOFOLLOW));
  W(open("link", O_PATH | O_NOFOLLOW));
  R(open("dirlink", O_RDONLY | O_NOFOLLOW | O_DIRECTORY));
  W(open("dirlink/", O_RDONLY | O_NOFOLLOW));
  R(open("dangling", O_RDONLY));
  R(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0644));
  W(open("dangling", O_RDWR | O_CREAT, 0644));
  mode("nowhere");
  R(unlink("nowhere"));
  R(mkdir("dangling", 0755));
  R(mkdir("dangling/", 0755));
  R(rmdir("dirlink"));
  R(rmdir("dirlink/"));
  R(unlink("dirlink/"));
  R(unlink("link/"));
  char text[10] = "";
  R(readlink("link", text, 10));
  R(readlink("link", text, 2));
  R(readlink("link", text, 0));
  R(readlink("file", text, 10));
  R(readlink("none", text, 10));
  R(lchown("link", -1, -1));
  R(chmod("dangling", 0600));
  R(link("file", "hard"));
  R(link("file", "hard"));
  R(link("dir", "harddir"));
  R(link("link", "hardlink"));
  mode("hardlink");
  mode("hard");
  R(linkat(AT_FDCWD, "link", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
  mode("followed");
  R(linkat(AT_FDCWD, "link", AT_FDCWD, "x", 0x4000));
  R(unlink("hard"));
  mode("file");
  char name[20];
  for (int i = 0; i < 45; i++) {
    char target[20];
    sprintf(name, "chain%d", i);
    sprintf(target, i ? "chain%d" : "file", i - 1);
    symlink(target, name);
  }
  W(open("chain39", O_RDONLY));
  R(open("chain40", O_RDONLY));
  for (int i = 0; i < 45; i++) sprintf(name, "chain%d", i), unlink(name);
}

static void removing(void) {
  puts("# removing");
  R(unlink("dir"));
  R(unlink("none"));
  R(unlink("none/x"));
  R(unlink("file/x"));
  R(unlink("file/"));
  R(unlink("."));
  R(unlink(".."));
  R(unlink("/"));
  R(rmdir("file"));
  R(rmdir("none"));
  R(rmdir("."));
  R(rmdir(".."));
  R(rmdir("dir/."));
  R(rmdir("dir/.."));
  R(mkdir("dir/sub", 0700));
  R(rmdir("dir"));
  R(rmdir("dir/sub/"));
  R(unlinkat(AT_FDCWD, "file", AT_REMOVEDIR));
  R(unlinkat(AT_FDCWD, "file", 1));
  R(unlinkat(99, "file", 0));
  R(unlinkat(0, "file", 0));
}

static long exchange(const char *from, const char *to, unsigned flags) {
  return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void renaming(void) {
  puts("# renaming");
  close(make("a", "a"));
  close(make("b", "bb"));
  mkdir("d1", 0755), mkdir("d2", 0755), mkdir("d1/in", 0755);
  R(rename("a", "a"));
  R(rename("none", "b"));
  R(rename("a", "no/such"));
  R(rename("a", "d1"));
  R(rename("d1", "a"));
  R(rename("d2", "d1"));
  R(rename("d1", "d1/in"));
  R(rename("d1", "d1/in/x"));
  R(rename("d1/in", "d1"));
  R(rename("a", "new/"));
  R(rename("a/", "new"));
  R(rename("d2/", "d3/"));
  R(rename("d3", "d1/in"));
  R(rename(".", "x"));
  R(rename("a", "."));
  R(rename("a", ".."));
  R(rename("/", "x"));
  R(rename("a", "/"));
  R(rename("a", "b"));
  mode("b");
  R(link("b", "c"));
  R(rename("b", "c"));
  mode("b");
  mode("c");
  R(exchange("b", "d1", 1));
  R(exchange("b", "fresh", 1));
  R(exchange("fresh", "c", 1));
  R(exchange("fresh", "d1", 2));
  R(exchange("fresh", "none", 2));
  mode("fresh");
  R(exchange("d1", "d1/in", 2));
  R(exchange("d1", "fresh", 3));
  R(exchange("d1", "fresh", 8));
  R(rename("d1", "d4"));
  R(rename("d4", "fresh"));
  R(renameat(0, "fresh", AT_FDCWD, "y"));
}

static void permissions(void) {
  puts("# permissions");
  close(make("secret", "x"));
  R(chmod("secret", 0));
  R(open("secret", O_RDONLY));
  R(open("secret", O_WRONLY));
  W(open("secret", O_PATH));
  R(access("secret", R_OK));
  R(access("secret", F_OK));
  R(access("none", F_OK));
  R(access("secret", 9));
  R(truncate("secret", 1));
  mkdir("closed", 0700);
  close(make("closed/f", "x"));
  R(chmod("closed", 0600));
  R(open("closed/f", O_RDONLY));
  R(access("closed/f", F_OK));
  R(chdir("closed"));
  R(open("closed/none", O_RDONLY));
  R(chmod("closed", 0500));
  W(open("closed/f", O_RDWR));
  R(open("closed/g", O_RDWR | O_CREAT, 0644));
  R(unlink("closed/f"));
  R(mkdir("closed/d", 0755));
  R(rename("closed/f", "moved"));
  R(link("secret", "closed/s"));
  R(chmod("closed", 0700));
  R(chown("secret", 0, -1));
  R(chown("secret", -1, 0));
  R(chown("secret", -1, -1));
  R(chown("secret", getuid(), getgid()));
  R(chmod("secret", 06755));
  mode("secret");
  int fd = open("secret", O_RDWR);
  R(write(fd, "y", 1));
  mode("secret");
  R(fchmod(fd, 06755));
  R(fchown(fd, -1, getgid()));
  mode("secret");
  R(fchmod(fd, 0400));
  R(write(fd, "z", 1));
  W(open("unwritable", O_RDWR | O_CREAT, 0400));
  mode("unwritable");
  R(umask(0) & 0777);
  W(open("wide", O_RDWR | O_CREAT, 0666));
  mode("wide");
  R(umask(077));
  W(open("narrow", O_RDWR | O_CREAT, 0666));
  mode("narrow");
  R(mkdir("narrowdir", 07777));
  mode("narrowdir");
  R(mknod("reg", S_IFREG | 0644, 0));
  mode("reg");
  R(mknod("fifo", S_IFIFO | 0644, 0));
  mode("fifo");
  R(mknod("dev", S_IFCHR | 0644, 0x103));
  R(mknod("dir2", S_IFDIR | 0644, 0));
  R(mknod("bad", 0170000 | 0644, 0));
  R(open("/etc/passwd", O_WRONLY) < 0);
  R(chroot("."));
}

static void places(void) {
  puts("# descriptors of directories");
  int d = open(".", O_RDONLY | O_DIRECTORY), p = open(".", O_PATH);
  mkdir("at", 0755);
  int at = open("at", O_RDONLY);
  W(openat(at, "f", O_RDWR | O_CREAT, 0644));
  W(openat(p, "at/f", O_RDONLY));
  R(openat(at, "../none", O_RDONLY));
  int f = openat(at, "f", O_RDONLY);
  R(openat(f, "x", O_RDONLY));
  R(openat(99, "x", O_RDONLY));
  W(openat(99, "/", O_RDONLY));
  R(openat(at, "", O_RDONLY));
  struct stat s;
  R(fstatat(f, "", &s, AT_EMPTY_PATH));
  R(fstatat(f, "", &s, 0));
  R(fstatat(AT_FDCWD, "", &s, AT_EMPTY_PATH));
  R(fstatat(AT_FDCWD, "at", &s, 0x8000));
  R(fstat(p, &s));
  char b[8];
  R(read(p, b, 1));
  R(write(p, b, 1));
  R(read(d, b, 1));
  R(lseek(p, 0, SEEK_SET));
  R(fchmod(p, 0700));
  R(ftruncate(p, 0));
  R(ioctl(p, FIONREAD, b));
  R(fcntl(p, F_GETFL));
  R(fcntl(p, F_GETFD));
  R(fchdir(p));
  R(fchdir(f));
  R(faccessat(at, "f", R_OK, 0));
  R(fchdir(99));
  int t = open(".", O_TMPFILE | O_RDWR, 0644);
  R(t < 0 ? -1 : 0);
  R(fstat(t, &s));
  printf("links %d\n", (int)s.st_nlink);
  R(write(t, "tmp", 3));
  char link[40];
  sprintf(link, "/proc/self/fd/%d", t);
  R(linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
  mode("named");
  R(open(".", O_TMPFILE | O_RDONLY, 0644));
  R(open("file", O_TMPFILE | O_RDWR, 0644));
  struct { unsigned long flags, mode, resolve; } how = {O_RDONLY, 0, 8};
#define HOW(path, f, m, r) (how.flags = f, how.mode = m, how.resolve = r, syscall(SYS_openat2, at, path, &how, sizeof how))
  W(HOW("f", O_RDONLY, 0, 8));
  R(HOW("../file", O_RDONLY, 0, 8));
  R(HOW("/", O_RDONLY, 0, 8));
  W(HOW("../../..", O_RDONLY, 0, 16));
  W(HOW("/f", O_RDONLY, 0, 16));
  symlinkat("../file", at, "out");
  symlinkat("f", at, "in");
  R(HOW("out", O_RDONLY, 0, 8));
  W(HOW("in", O_RDONLY, 0, 8));
  R(HOW("in", O_RDONLY, 0, 4));
  R(HOW("f", O_RDONLY, 0, 64));
  R(HOW("f", O_RDONLY, 0644, 0));
  R(HOW("f", O_CREAT, 0200000, 0));
  R(HOW("f", 1UL << 40, 0, 0));
  R(HOW("f", O_RDONLY, 0, 24));
  R(HOW("/proc/self/exe", O_RDONLY, 0, 2));
  R(HOW("/proc", O_RDONLY, 0, 1) < -1);
  R(syscall(SYS_openat2, at, "f", &how, 8));
}

int main(void) {
  umask(022);
  walking();
  links();
  removing();
  renaming();
  permissions();
  places();
  return 0;
}

/* Reading, writing, sizes, times, attributes and copies of files. */
#include "file-report.h"
#include <sys/sysmacros.h>

static char buffer[200000];

static void sizes(int fd) {
  struct stat s;
  fstat(fd, &s);
  printf("size %ld blocks %ld\n", (long)s.st_size, (long)s.st_blocks);
}

static void reading(void) {
  puts("# reading and writing");
  int fd = make("f", "0123456789"), w = open("f", O_WRONLY), r = open("f", O_RDONLY);
  R(read(r, buffer, 4));
  R(read(r, buffer, 0));
  R(read(r, buffer, 100));
  R(read(r, buffer, 100));
  R(read(w, buffer, 1));
  R(write(r, buffer, 1));
  R(read(99, buffer, 1));
  R(read(r, (void *)8, 1));
  R(lseek(r, 0, SEEK_SET));
  R(read(r, (void *)8, 1));
  R(read(r, (void *)8, 0));
  R(write(w, (void *)8, 1));
  R(read(r, buffer, -1UL));
  R(pread(r, buffer, 3, 8));
  R(pread(r, buffer, 3, -1));
  R(pread(r, buffer, 3, 100));
  R(pwrite(w, "xy", 2, 20));
  sizes(fd);
  R(lseek(r, 0, SEEK_CUR));
  R(lseek(r, -5, SEEK_CUR));
  R(lseek(r, -5, SEEK_END));
  R(lseek(r, 5, SEEK_END));
  R(lseek(r, 1L << 40, SEEK_SET));
  R(read(r, buffer, 1));
  R(lseek(r, 0, 9));
  R(lseek(99, 0, SEEK_SET));
  int a = open("f", O_WRONLY | O_APPEND);
  R(lseek(a, 0, SEEK_SET));
  R(write(a, "end", 3));
  R(lseek(a, 0, SEEK_CUR));
  R(pwrite(a, "end", 3, 0));
  sizes(fd);
  struct iovec v[3] = {{buffer, 2}, {buffer + 10, 0}, {buffer + 20, 3}};
  lseek(r, 0, SEEK_SET);
  R(readv(r, v, 3));
  R(preadv(r, v, 3, 1));
  R(writev(w, v, 3));
  R(pwritev(w, v, 3, 2));
  R(readv(r, v, 0));
  R(readv(r, v, -1));
  R(readv(r, v, 2000));
  v[1].iov_len = -1UL;
  R(readv(r, v, 3));
  v[1].iov_len = 5, v[1].iov_base = (void *)8;
  R(pwritev(w, v, 3, 0));
  R(preadv2(r, v, 1, -1, 0));
  R(preadv2(r, v, 1, 0, 0x1000));
  R(write(w, buffer, 0));
  memset(buffer, 7, sizeof buffer);
  R(write(w, buffer, sizeof buffer));
  sizes(fd);
  char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  lseek(r, 0, SEEK_SET);
  R(read(r, page + 4000, 1000));
  R(lseek(r, 0, SEEK_CUR));
  R(pwrite(w, page + 4000, 1000, 0));
  R(pwrite(w, page + 4096, 1000, 0));
}

static void sparse(void) {
  puts("# sizes and holes");
  int fd = make("s", 0), r = open("s", O_RDONLY);
  R(ftruncate(fd, 1 << 20));
  sizes(fd);
  R(pwrite(fd, "x", 1, 500000));
  sizes(fd);
  R(lseek(fd, 0, SEEK_DATA));
  R(lseek(fd, 0, SEEK_HOLE));
  R(lseek(fd, 500000, SEEK_HOLE));
  R(lseek(fd, 600000, SEEK_DATA));
  R(lseek(fd, 1 << 20, SEEK_HOLE));
  R(lseek(fd, -1, SEEK_DATA));
  R(read(r, buffer, 10));
  printf("%d\n", buffer[0]);
  R(fallocate(fd, 0, 0, 10000));
  sizes(fd);
  R(fallocate(fd, FALLOC_FL_KEEP_SIZE, 1 << 20, 10000));
  sizes(fd);
  R(fallocate(fd, 0, 1 << 20, 10000));
  R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 10000));
  R(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10000));
  R(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
  R(fallocate(fd, 0, 0, 0));
  R(fallocate(fd, 0, -1, 5));
  R(fallocate(r, 0, 0, 5));
  R(ftruncate(r, 5));
  R(ftruncate(fd, -1));
  R(truncate("s", 5));
  sizes(fd);
  R(truncate("none", 5));
  R(truncate(".", 5));
  R(ftruncate(0, 5) == 0);
  R(pwrite(fd, "abc", 3, 0));
  R(ftruncate(fd, 2));
  R(ftruncate(fd, 10));
  R(pread(fd, buffer, 10, 0));
  printf("%d %d\n", buffer[1], buffer[2]);
  R(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
  R(fsync(fd));
  R(fdatasync(fd));
  R(syncfs(fd));
  R(sync_file_range(fd, 0, 10, 2));
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit l = {1000, RLIM_INFINITY};
  getrlimit(RLIMIT_FSIZE, &l), l.rlim_cur = 1000, setrlimit(RLIMIT_FSIZE, &l);
  R(pwrite(fd, buffer, 600, 0));
  R(pwrite(fd, buffer, 600, 600));
  R(pwrite(fd, buffer, 600, 1000));
  R(ftruncate(fd, 2000));
  R(truncate("s", 2000));
  l.rlim_cur = l.rlim_max, setrlimit(RLIMIT_FSIZE, &l);
}

/* The largest size of a file, by each call that writes. */
static void largest(void) {
  puts("# the largest size");
  static char zeros[4000];
  struct iovec v[2] = {{zeros, 700}, {zeros, 700}};
  struct rlimit l;
  getrlimit(RLIMIT_FSIZE, &l), l.rlim_cur = 1000, setrlimit(RLIMIT_FSIZE, &l);
  int fd = make("l", 0), input = make("l-input", "0123456789");
  pwrite(input, zeros, 990, 10);
  R(writev(fd, v, 2));
  sizes(fd);
  R(writev(fd, v, 2));
  R(ftruncate(fd, 0));
  R(pwritev(fd, v, 2, 300));
  sizes(fd);
  R(pwritev(fd, v, 2, 1000));
  R(pwritev2(fd, v, 2, 999, 0));
  R(pwritev2(fd, v, 2, 0, RWF_APPEND));
  R(ftruncate(fd, 600));
  R(pwritev2(fd, v, 2, 0, RWF_APPEND));
  sizes(fd);
  R(ftruncate(fd, 0));
  R(lseek(fd, 800, SEEK_SET));
  off_t at = 0;
  R(sendfile(fd, input, &at, 1000));
  sizes(fd);
  R(at);
  R(sendfile(fd, input, &at, 100));
  R(at);
  loff_t from = 0, to = 900;
  R(copy_file_range(input, &from, fd, &to, 500, 0));
  R(from), R(to);
  R(copy_file_range(input, &from, fd, &to, 500, 0));
  int pipes[2];
  R(pipe(pipes));
  R(write(pipes[1], zeros, 500));
  to = 700;
  R(splice(pipes[0], 0, fd, &to, 500, 0));
  R(to);
  R(splice(pipes[0], 0, fd, &to, 500, 0));
  int left = 0;
  R(ioctl(pipes[0], FIONREAD, &left)), R(left);
  int appended = open("l", O_WRONLY | O_APPEND);
  R(ftruncate(fd, 990));
  R(write(appended, zeros, 100));
  R(write(appended, zeros, 100));
  R(write(appended, zeros, 0));
  l.rlim_cur = l.rlim_max, setrlimit(RLIMIT_FSIZE, &l);
  R(chmod("l", 04755));
  R(pipe(pipes));
  R(write(pipes[1], zeros, 500));
  R(splice(pipes[0], 0, fd, &to, 500, 0));
  struct stat s;
  fstat(fd, &s);
  printf("%o %ld\n", s.st_mode, (long)s.st_size);
}

static void times(void) {
  puts("# times");
  int fd = make("t", "x");
  struct timespec ts[2] = {{1000, 5}, {2000, 7}};
  struct stat s;
  R(futimens(fd, ts));
  fstat(fd, &s);
  printf("%ld.%ld %ld.%ld\n", s.st_atim.tv_sec, s.st_atim.tv_nsec, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
  ts[0].tv_nsec = UTIME_OMIT, ts[1].tv_sec = -5;
  R(utimensat(AT_FDCWD, "t", ts, 0));
  fstat(fd, &s);
  printf("%ld.%ld %ld.%ld\n", s.st_atim.tv_sec, s.st_atim.tv_nsec, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
  ts[0].tv_nsec = 1000000000;
  R(futimens(fd, ts));
  R(utimensat(AT_FDCWD, "none", 0, 0));
  R(utimensat(99, "t", 0, 0));
  R(utimensat(AT_FDCWD, "t", 0, 0x8000));
  R(utimensat(AT_FDCWD, "t", 0, 0));
  fstat(fd, &s);
  printf("now %d %d\n", s.st_mtim.tv_sec > 1000000, s.st_ctim.tv_sec > 1000000);
  struct timeval tv[2] = {{10, 20}, {30, 40}};
  R(utimes("t", tv));
  tv[0].tv_usec = 1000000;
  R(utimes("t", tv));
  struct statx x;
  R(statx(AT_FDCWD, "t", 0, STATX_ALL, &x));
  printf("%o %u %llu %lld.%u %x\n", x.stx_mode, x.stx_nlink, x.stx_size, (long long)x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec, x.stx_mask & 0xfff);
  R(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x));
  R(statx(fd, "", 0, STATX_BASIC_STATS, &x));
  R(statx(AT_FDCWD, "t", 0, 0x80000000, &x));
  R(statx(AT_FDCWD, "t", 0x6000, 1, &x));
  stat("/dev/null", &s);
  printf("%o %u %u\n", s.st_mode, major(s.st_rdev), minor(s.st_rdev));
}

static int compare(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void names(void) {
  puts("# names");
  mkdir("names", 0755);
  for (int i = 0; i < 300; i++) {
    char name[40];
    sprintf(name, "names/file-%d", i);
    close(make(name, 0));
  }
  mkdir("names/sub", 0755), symlink("x", "names/sym"), mkfifo("names/fifo", 0600);
  struct dirent **list;
  int n = scandir("names", &list, 0, compare);
  printf("%d\n", n);
  for (int i = 0; i < n; i += i < 5 || i > 298 ? 1 : 50) printf("%s %d\n", list[i]->d_name, list[i]->d_type);
  int d = open("names", O_RDONLY | O_DIRECTORY);
  R(syscall(SYS_getdents64, d, buffer, 10));
  R(syscall(SYS_getdents64, d, buffer, 24) > 0);
  int left = 0;
  for (long got; (got = syscall(SYS_getdents64, d, buffer, 4096)) > 0;)
    for (long at = 0; at < got; at += *(unsigned short *)(buffer + at + 16)) left++, unlinkat(d, buffer + at + 19, 0);
  printf("%d\n", left);
  R(syscall(SYS_getdents64, d, buffer, 4096));
  lseek(d, 0, SEEK_SET);
  R(syscall(SYS_getdents64, d, buffer, 4096) > 0);
  R(syscall(SYS_getdents64, 0, buffer, 4096));
  R(rmdir("names/sub"));
  R(rmdir("names"));
  lseek(d, 0, SEEK_SET);
  R(syscall(SYS_getdents64, d, buffer, 4096));
}

static void copies(void) {
  puts("# copies");
  int in = make("in", "0123456789abcdef"), out = make("out", 0), p[2], q[2];
  off_t at = 4;
  R(sendfile(out, in, &at, 5));
  printf("%ld\n", at);
  lseek(in, 0, SEEK_SET);
  R(sendfile(out, in, 0, 100));
  R(sendfile(out, in, 0, 100));
  R(sendfile(in, 99, 0, 1));
  pipe(p), pipe(q);
  R(sendfile(p[1], in, (at = 0, &at), 10));
  R(sendfile(out, p[0], 0, 10));
  loff_t from = 0, to = 2;
  R(copy_file_range(in, &from, out, &to, 6, 0));
  printf("%ld %ld\n", from, to);
  R(copy_file_range(in, &from, out, &to, 6, 1));
  R(copy_file_range(in, &from, p[1], 0, 6, 0));
  from = 0, to = 5;
  R(copy_file_range(in, &from, in, &to, 10, 0));
  R(tee(p[0], q[1], 4, 0));
  R(tee(p[0], p[1], 4, 0));
  R(splice(p[0], 0, q[1], 0, 100, 0));
  R(splice(q[0], 0, out, 0, 6, 0));
  R(read(q[0], buffer, 100));
  printf("%.8s\n", buffer);
  R(splice(in, &from, q[1], 0, 4, 0));
  R(splice(in, 0, out, 0, 4, 0));
  R(splice(q[0], &from, out, 0, 4, 0));
  R(splice(p[0], 0, q[1], 0, 4, SPLICE_F_NONBLOCK));
  struct iovec v = {"splice", 6};
  R(vmsplice(p[1], &v, 1, 0));
  R(read(p[0], buffer, 100));
  lseek(out, 0, SEEK_SET);
  long n = R(read(out, buffer, 100));
  printf("%.*s\n", (int)n, buffer);
}

static void attributes(void) {
  puts("# extended attributes");
  int fd = make("x", "x");
  R(setxattr("x", "user.one", "value", 5, 0));
  R(setxattr("x", "user.one", "value", 5, XATTR_CREATE));
  R(fsetxattr(fd, "user.two", "", 0, XATTR_REPLACE));
  R(fsetxattr(fd, "user.two", "", 0, XATTR_CREATE));
  int place = open("x", O_PATH);
  R(fsetxattr(place, "user.two", "", 0, 0));
  R(fgetxattr(place, "user.one", buffer, 5));
  R(flistxattr(place, buffer, sizeof buffer));
  R(fremovexattr(place, "user.one"));
  R(getxattr("x", "user.one", buffer, 100));
  R(getxattr("x", "user.one", buffer, 0));
  R(getxattr("x", "user.one", buffer, 3));
  R(getxattr("x", "user.none", buffer, 3));
  R(getxattr("none", "user.one", buffer, 3));
  R(getxattr("x", "bad", buffer, 3));
  R(getxattr("x", "", buffer, 3));
  R(listxattr("x", buffer, 0));
  R(listxattr("x", buffer, 3));
  R(removexattr("x", "user.one"));
  R(removexattr("x", "user.one"));
  R(flistxattr(fd, buffer, 100));
  R(setxattr("x", "trusted.a", "v", 1, 0));
  R(setxattr("x", "user.big", buffer, 70000, 0));
  symlink("x", "xl");
  R(lsetxattr("xl", "user.a", "v", 1, 0));
  R(fchmod(fd, 0));
  R(getxattr("x", "user.two", buffer, 3));
}

static void memory(void) {
  puts("# memfd");
  int fd = memfd_create("name", MFD_ALLOW_SEALING | MFD_CLOEXEC);
  R(fcntl(fd, F_GETFD));
  R(write(fd, "12345", 5));
  R(fcntl(fd, F_GET_SEALS));
  R(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
  R(ftruncate(fd, 2));
  R(ftruncate(fd, 10));
  R(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
  R(ftruncate(fd, 20));
  R(pwrite(fd, "xx", 2, 9));
  R(pwrite(fd, "x", 1, 3));
  char *map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  printf("%.5s\n", map);
  map[0] = 'M';
  pread(fd, buffer, 5, 0);
  printf("%.5s\n", buffer);
  R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  munmap(map, 4096);
  R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
  R(pwrite(fd, "x", 1, 3));
  R(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
  R(memfd_create("x", 0x8000));
  int plain = memfd_create("plain", 0);
  R(fcntl(plain, F_GET_SEALS));
  R(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW));
  R(fcntl(0, F_GET_SEALS));
  char link[40];
  sprintf(link, "/proc/self/fd/%d", plain);
  memset(buffer, 0, 100);
  R(readlink(link, buffer, 100));
  puts(buffer);
  W(open(link, O_RDONLY));
}

static void mapped(void) {
  puts("# mapped files");
  int fd = make("m", 0);
  ftruncate(fd, 8192);
  char *map = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *copy = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  strcpy(map, "shared");
  R(pread(fd, buffer, 7, 0));
  puts(buffer);
  puts(copy);
  strcpy(copy, "private");
  puts(map);
  R(pwrite(fd, "written", 7, 4096));
  puts(map + 4096);
  puts(copy + 4096);
  unlink("m");
  close(fd);
  puts(map);
  R(msync(map, 8192, MS_SYNC));
}

int main(void) {
  umask(022);
  reading();
  sparse();
  largest();
  times();
  names();
  copies();
  attributes();
  memory();
  mapped();
  return 0;
}

/*
 * Changes of a tree that was there before: in a plain directory natively, in an overlay in the
 * kernel. The tree is made by overlay.test.ts; the working directory is its top.
 */
#include "file-report.h"

static char buffer[300000];

static int byName(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a directory in order, with their types and numbers of links. */
static void names(const char *path) {
  DIR *dir = opendir(path);
  char *all[200];
  int count = 0;
  if (!dir) {
    printf("%s: %s\n", path, strerrorname_np(errno));
    return;
  }
  for (struct dirent *e; (e = readdir(dir));) {
    char full[600], line[700];
    struct stat s;
    snprintf(full, sizeof full, "%s/%s", path, e->d_name);
    if (lstat(full, &s) < 0) printf("%s: %s\n", full, strerrorname_np(errno));
    int isDirectory = S_ISDIR(s.st_mode), isNumberRight = strcmp(e->d_name, "..") == 0 || e->d_ino == s.st_ino;
    snprintf(line, sizeof line, "%s type %d mode %o links %d size %ld%s", e->d_name, e->d_type, s.st_mode,
             (int)s.st_nlink, isDirectory ? 0L : (long)s.st_size, isNumberRight ? "" : " other number");
    if (strcmp(e->d_name, "..")) all[count++] = strdup(line);
  }
  closedir(dir);
  qsort(all, count, sizeof *all, byName);
  printf("%s:\n", path);
  for (int i = 0; i < count; i++) printf("  %s\n", all[i]);
}

static void show(const char *path) {
  int fd = open(path, O_RDONLY);
  long length = fd < 0 ? -1 : read(fd, buffer, 60);
  if (length < 0) printf("%s: %s\n", path, strerrorname_np(errno));
  else printf("%s: %.*s\n", path, (int)length, buffer);
  if (fd >= 0) close(fd);
}

static unsigned sum(const char *path) {
  int fd = open(path, O_RDONLY);
  unsigned total = 0;
  for (long length; (length = read(fd, buffer, sizeof buffer)) > 0;)
    for (long i = 0; i < length; i++) total = total * 31 + (unsigned char)buffer[i];
  close(fd);
  return total;
}

static ino_t number(const char *path) {
  struct stat s;
  return lstat(path, &s) < 0 ? 0 : s.st_ino;
}

static void contents(void) {
  puts("# contents");
  ino_t before = number("file");
  int reader = open("file", O_RDONLY);
  R(read(reader, buffer, 5));
  int writer = open("file", O_RDWR);
  R(pwrite(writer, "UPPER", 5, 0));
  R(pread(reader, buffer, 10, 0));
  printf("%.10s\n", buffer);
  R(lseek(reader, 0, SEEK_CUR));
  show("file");
  R(number("file") == before);
  int appender = open("file", O_WRONLY | O_APPEND);
  R(write(appender, "end", 3));
  R(ftruncate(writer, 8));
  R(ftruncate(writer, 20));
  show("file");
  R(pread(reader, buffer, 100, 0));
  R(truncate("file", 3));
  show("file");
  close(reader), close(writer), close(appender);
  printf("sum %u\n", sum("big"));
  int big = open("big", O_RDWR);
  R(pwrite(big, "x", 1, 500000));
  printf("sum %u\n", sum("big"));
  R(lseek(big, 0, SEEK_END));
  void *map = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, big, 4096);
  memcpy((char *)map + 10, "mapped", 6);
  R(pread(big, buffer, 6, 4106));
  printf("%.6s\n", buffer);
  R(munmap(map, 8192));
  R(fallocate(big, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
  printf("sum %u\n", sum("big"));
  close(big);
  R(truncate("cut", 100000));
  printf("sum %u\n", sum("cut"));
  R(truncate("cut", 300000));
  printf("sum %u\n", sum("cut"));
  W(open("emptied", O_RDONLY | O_TRUNC));
  show("emptied");
  W(open("file", O_RDWR | O_CREAT | O_EXCL, 0644));
  W(open("dir", O_RDWR));
  W(open("file", O_RDONLY | O_DIRECTORY));
  int sparse = open("sparse", O_RDWR);
  struct stat s;
  fstat(sparse, &s);
  printf("sparse %ld %s\n", (long)s.st_size, s.st_blocks < 1000 ? "few blocks" : "many blocks");
  R(pread(sparse, buffer, 4, 1 << 30));
  R(lseek(sparse, 0, SEEK_DATA));
  R(lseek(sparse, 1 << 30, SEEK_HOLE));
  close(sparse);
}

static void attributes(void) {
  puts("# attributes");
  int reader = open("readonly", O_RDONLY);
  W(open("readonly", O_RDWR));
  R(chmod("readonly", 0644));
  int writer = open("readonly", O_RDWR);
  R(write(writer, "changed", 7));
  R(pread(reader, buffer, 20, 0));
  R(fchmod(reader, 0));
  W(open("readonly", O_RDONLY));
  names(".");
  struct timespec times[2] = {{1000, 5}, {2000, 6}};
  R(utimensat(AT_FDCWD, "private", times, 0));
  struct stat s;
  R(stat("private", &s));
  printf("%ld.%ld %ld.%ld\n", s.st_atim.tv_sec, s.st_atim.tv_nsec, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
  show("private");
  R(chmod("dir", 0500));
  W(open("dir/new", O_RDWR | O_CREAT, 0644));
  R(unlink("dir/a"));
  R(chmod("dir", 0755));
  R(chown("private", getuid(), getgid()));
  R(access("private", X_OK));
  close(reader), close(writer);
}

static void removing(void) {
  puts("# removing");
  int open_ = open("dir/a", O_RDONLY);
  R(unlink("dir/a"));
  R(unlink("dir/a"));
  R(read(open_, buffer, 100));
  show("dir/a");
  R(rmdir("dir"));
  W(open("dir/a", O_RDWR | O_CREAT | O_EXCL, 0600));
  show("dir/a");
  names("dir");
  R(unlink("dir/a"));
  R(rmdir("empty"));
  names("empty");
  R(mkdir("empty", 0700));
  names("empty");
  R(unlink("dir/deep/c"));
  R(rmdir("dir/deep"));
  R(mkdir("dir/deep", 0755));
  names("dir/deep");
  R(unlink("dangling"));
  R(symlink("file", "dangling"));
  R(readlink("dangling", buffer, 100));
  R(readlink("link", buffer, 100));
  R(unlink("."));
  R(rmdir("file"));
  close(open_);
}

static void links(void) {
  puts("# hard links");
  R(number("linked1") == number("linked2"));
  int fd = open("linked1", O_WRONLY);
  R(write(fd, "both", 4));
  show("linked2");
  R(link("linked1", "dir/linked3"));
  names("dir");
  R(unlink("linked1"));
  R(unlink("dir/linked3"));
  show("linked2");
  R(link("linked2", "linked2"));
  R(link("dir", "other"));
  R(rename("linked2", "linked1"));
  show("linked1");
  close(fd);
}

static void renaming(void) {
  puts("# renaming");
  int inside = open("tree/one/x", O_RDONLY);
  ino_t before = number("tree");
  R(rename("tree", "moved"));
  R(number("moved") == before);
  names("moved");
  names("moved/one");
  show("moved/one/x");
  show("tree/one/x");
  R(pread(inside, buffer, 100, 0));
  R(rename("moved/one", "dir/one"));
  R(rename("dir/one/x", "dir/one/y"));
  names("dir/one");
  R(rename("dir", "moved"));
  R(rename("moved/two", "empty"));
  names("empty");
  R(rename("moved", "empty/two/below"));
  R(rename("empty", "empty/two/below"));
  R(mkdir("tree", 0755));
  names("tree");
  R(syscall(SYS_renameat2, AT_FDCWD, "tree", AT_FDCWD, "moved", RENAME_EXCHANGE));
  names("tree");
  R(syscall(SYS_renameat2, AT_FDCWD, "tree", AT_FDCWD, "file", RENAME_NOREPLACE));
  R(rename("file", "tree"));
  R(rename("tree", "file"));
  R(rename("private", "file"));
  show("file");
  show("private");
  close(inside);
}

static void reading(void) {
  puts("# names while they change");
  DIR *dir = opendir("many");
  int seen = 0, twice = 0;
  static char known[100];
  for (struct dirent *e; (e = readdir(dir)); seen++) {
    char path[300];
    snprintf(path, sizeof path, "many/%s", e->d_name);
    int index = atoi(e->d_name + 1);
    if (e->d_name[0] == 'n') twice += known[index]++;
    if (e->d_name[0] == 'n' && index % 2) unlink(path);
  }
  printf("seen %d twice %d\n", seen, twice);
  rewinddir(dir);
  for (seen = 0; readdir(dir);) seen++;
  printf("then %d\n", seen);
  closedir(dir);
}

static void others(void) {
  puts("# FIFO, locks, attributes, watches");
  int end = open("fifo", O_RDWR | O_NONBLOCK);
  R(write(end, "abc", 3));
  R(read(end, buffer, 10));
  close(end);
  int one = open("locked", O_RDONLY), two = open("locked", O_RDWR);
  R(flock(one, LOCK_EX));
  R(flock(two, LOCK_EX | LOCK_NB));
  R(write(two, "locked", 6));
  R(flock(two, LOCK_EX | LOCK_NB));
  R(flock(one, LOCK_UN));
  R(flock(two, LOCK_EX | LOCK_NB));
  close(one), close(two);
  R(mknod("node", S_IFIFO | 0600, 0));
  int unnamed = open(".", O_TMPFILE | O_RDWR, 0600);
  R(write(unnamed, "unnamed", 7));
  close(unnamed);
  names(".");
}

int main(void) {
  umask(022);
  names(".");
  names("dir");
  contents();
  attributes();
  removing();
  links();
  renaming();
  reading();
  others();
  return 0;
}

/* inotify: what each operation tells, on the file itself and on its directory. */
#define _GNU_SOURCE
#include "file-report.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <utime.h>

static int instance;

static const struct { unsigned bit; const char *name; } NAMES[] = {
    {IN_ACCESS, "access"}, {IN_MODIFY, "modify"}, {IN_ATTRIB, "attrib"}, {IN_CLOSE_WRITE, "close-write"},
    {IN_CLOSE_NOWRITE, "close-nowrite"}, {IN_OPEN, "open"}, {IN_MOVED_FROM, "moved-from"}, {IN_MOVED_TO, "moved-to"},
    {IN_CREATE, "create"}, {IN_DELETE, "delete"}, {IN_DELETE_SELF, "delete-self"}, {IN_MOVE_SELF, "move-self"},
    {IN_Q_OVERFLOW, "overflow"}, {IN_IGNORED, "ignored"}, {IN_ISDIR, "dir"},
};

/* Everything that was told since the last time. */
static void told(const char *what) {
  char bytes[65536];
  static unsigned last_cookie;
  printf("%s:", what);
  for (;;) {
    ssize_t length = read(instance, bytes, sizeof bytes);
    if (length <= 0) break;
    for (char *at = bytes; at < bytes + length;) {
      struct inotify_event *event = (struct inotify_event *)at;
      printf(" [%d", event->wd);
      for (int i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (event->mask & NAMES[i].bit) printf(" %s", NAMES[i].name);
      if (event->cookie) printf(" %s", event->cookie == last_cookie ? "same" : "cookie"), last_cookie = event->cookie;
      if (event->len) printf(" %s/%u", event->name, event->len);
      printf("]");
      at += sizeof *event + event->len;
    }
  }
  puts("");
}

static void touch(const char *name) { close(open(name, O_CREAT | O_WRONLY, 0600)); }

int main(void) {
  char bytes[8192];
  mkdir("watched", 0700), mkdir("other", 0700);
  chdir("watched");
  instance = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  report("flags", inotify_init1(1));
  report("no events", inotify_add_watch(instance, ".", 0));
  report("nothing there", inotify_add_watch(instance, "none", IN_ALL_EVENTS));
  report("not an instance", inotify_add_watch(0, ".", IN_ALL_EVENTS));
  report("no descriptor", inotify_add_watch(99, ".", IN_ALL_EVENTS));
  report("directory", inotify_add_watch(instance, ".", IN_ALL_EVENTS));
  report("again", inotify_add_watch(instance, ".", IN_ALL_EVENTS));
  report("again, new only", inotify_add_watch(instance, ".", IN_ALL_EVENTS | IN_MASK_CREATE));
  report("add and create", inotify_add_watch(instance, ".", IN_ALL_EVENTS | IN_MASK_CREATE | IN_MASK_ADD));
  report("empty", read(instance, bytes, sizeof bytes));
  int fd = open("file", O_CREAT | O_RDWR, 0600);
  told("create");
  report("file", inotify_add_watch(instance, "file", IN_ALL_EVENTS));
  report("not a directory", inotify_add_watch(instance, "file", IN_ALL_EVENTS | IN_ONLYDIR));
  write(fd, "hello", 5), write(fd, "hello", 5);
  told("write twice");
  pread(fd, bytes, 5, 0), pwrite(fd, "x", 1, 3), lseek(fd, 0, SEEK_SET), read(fd, bytes, 1);
  told("read and write");
  ftruncate(fd, 3);
  told("ftruncate");
  truncate("file", 1);
  told("truncate");
  fchmod(fd, 0640), chmod("file", 0600);
  told("chmod");
  utime("file", 0);
  told("utime");
  struct timespec times[2] = {{1, 0}, {0, UTIME_OMIT}};
  utimensat(AT_FDCWD, "file", times, 0);
  times[0].tv_nsec = UTIME_OMIT, times[1] = (struct timespec){1, 0};
  utimensat(AT_FDCWD, "file", times, 0);
  told("one time");
  close(fd);
  told("close");
  close(open("file", O_WRONLY | O_TRUNC)), close(open("file", O_RDONLY)), close(open("file", O_PATH));
  told("open");
  link("file", "second");
  told("link");
  unlink("second");
  told("unlink one of two");
  rename("file", "moved");
  told("rename");
  rename("moved", "../other/file");
  told("rename to elsewhere");
  rename("../other/file", "file");
  told("rename from elsewhere");
  touch("victim"), told("touch");
  report("victim", inotify_add_watch(instance, "victim", IN_ALL_EVENTS));
  rename("file", "victim");
  told("rename over another");
  mkdir("sub", 0700), symlink("sub", "link"), mkfifo("fifo", 0600);
  told("others");
  report("link itself", inotify_add_watch(instance, "link", IN_ALL_EVENTS | IN_DONT_FOLLOW));
  report("what it leads to", inotify_add_watch(instance, "link", IN_ALL_EVENTS));
  touch("sub/inner");
  told("below");
  closedir(opendir("sub"));
  told("opendir");
  DIR *list = opendir("sub");
  while (readdir(list));
  closedir(list);
  told("readdir");
  unlink("sub/inner"), rmdir("sub");
  told("rmdir");
  unlink("link"), unlink("fifo");
  told("unlink of the rest");
  fd = open("victim", O_RDWR);
  unlink("victim");
  told("unlink of an open file");
  write(fd, "x", 1);
  told("write to it");
  close(fd);
  told("its last close");
  touch("once");
  told("touch");
  int once = inotify_add_watch(instance, "once", IN_ATTRIB | IN_ONESHOT);
  chmod("once", 0640), chmod("once", 0600);
  told("once");
  int more = inotify_add_watch(instance, "once", IN_OPEN);
  report("added", inotify_add_watch(instance, "once", IN_ATTRIB | IN_MASK_ADD) == more);
  chmod("once", 0640), close(open("once", O_RDONLY));
  told("two masks");
  report("removed", inotify_rm_watch(instance, more));
  report("removed again", inotify_rm_watch(instance, more));
  told("ignored");
  chmod("once", 0600);
  int pending = -1;
  report("FIONREAD", ioctl(instance, FIONREAD, &pending));
  report("bytes", pending);
  report("too small", read(instance, bytes, 16));
  told("chmod");
  struct pollfd poller = {instance, POLLIN};
  report("poll, empty", poll(&poller, 1, 0));
  if (fork() == 0) usleep(20000), touch("made"), _exit(0);
  report("poll, from another process", poll(&poller, 1, 5000));
  wait(0);
  told("made");
  fcntl(instance, F_SETFL, 0);
  if (fork() == 0) usleep(20000), unlink("made"), _exit(0);
  report("a read that waits", read(instance, bytes, sizeof bytes));
  wait(0);
  fcntl(instance, F_SETFL, O_NONBLOCK);
  report("write to an instance", write(instance, "x", 1));
  report("a watch that skips what has no name", inotify_add_watch(instance, ".", IN_MODIFY | IN_EXCL_UNLINK));
  fd = open("gone", O_CREAT | O_RDWR, 0600), write(fd, "x", 1), unlink("gone"), write(fd, "x", 1), close(fd);
  told("modified before and after");
  inotify_add_watch(instance, ".", IN_CREATE | IN_DELETE);
  for (int i = 0; i < 9000; i++) touch("many"), unlink("many");
  int events = 0, overflows = 0;
  for (ssize_t length; (length = read(instance, bytes, sizeof bytes)) > 0;)
    for (char *at = bytes; at < bytes + length; at += sizeof(struct inotify_event) + ((struct inotify_event *)at)->len)
      events++, overflows += (((struct inotify_event *)at)->mask & IN_Q_OVERFLOW) != 0 && ((struct inotify_event *)at)->wd == -1;
  printf("overflow: %d %d\n", events, overflows);
  return 0;
}

/*
 * Pseudo terminals, from both sides: each line says what a call answered, and must be the same in
 * the kernel as natively.
 */
#define _GNU_SOURCE
#include "asleep.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void say(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
  fflush(stdout);
}

/* What can be read within 200 ms, with its control characters shown. */
static void show(const char *what, int fd) {
  char bytes[512];
  printf("%s: \"", what);
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  while (poll(&ready, 1, 200) > 0 && (ready.revents & POLLIN)) {
    ssize_t count = read(fd, bytes, sizeof bytes);
    if (count <= 0) break;
    for (ssize_t at = 0; at < count; at++)
      if (bytes[at] >= 32 && bytes[at] < 127) putchar(bytes[at]);
      else printf("\\%02x", (unsigned char)bytes[at]);
  }
  printf("\"\n");
  fflush(stdout);
}

static int events(int fd) {
  struct pollfd ready = {.fd = fd, .events = POLLIN | POLLOUT};
  poll(&ready, 1, 0);
  return ready.revents;
}

static void type(int master, const char *text) {
  if (write(master, text, strlen(text)) < 0) say("type", -1);
}

static int open_master(char *name, size_t size) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  char early[64];
  if (ptsname_r(master, early, sizeof early) == 0) say("open while locked", open(early, O_RDWR | O_NOCTTY));
  say("grantpt", grantpt(master));
  say("unlockpt", unlockpt(master));
  say("ptsname_r", ptsname_r(master, name, size));
  printf("below /dev/pts: %d\n", strncmp(name, "/dev/pts/", 9) == 0);
  return master;
}

static void without_session(void) {
  char name[64], own[64];
  int master = open_master(name, sizeof name);
  say("events of a new master", events(master));
  int slave = open(name, O_RDWR | O_NOCTTY);
  say("isatty", isatty(slave));
  say("isatty of the master", isatty(master));
  say("ttyname_r", ttyname_r(slave, own, sizeof own));
  printf("same name: %d\n", strcmp(own, name) == 0);
  struct stat status;
  fstat(slave, &status);
  printf("a device of the user: %d %d\n", S_ISCHR(status.st_mode), status.st_uid == getuid());
  say("seek", lseek(slave, 0, SEEK_CUR));
  say("foreground group", tcgetpgrp(slave));
  say("session", tcgetsid(slave));

  struct winsize window = {24, 80, 0, 0}, seen = {0};
  say("set the window", ioctl(master, TIOCSWINSZ, &window));
  say("get the window", ioctl(slave, TIOCGWINSZ, &seen));
  printf("%d rows, %d columns\n", seen.ws_row, seen.ws_col);

  struct termios settings;
  say("tcgetattr", tcgetattr(slave, &settings));
  printf("%x %x %x %x\n", settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag);
  for (int at = 0; at < 17; at++) printf("%d ", settings.c_cc[at]);
  printf("\n");

  type(master, "one\x7f\x7fxy\r");
  show("echo", master);
  int waiting = 0;
  ioctl(slave, FIONREAD, &waiting);
  printf("waiting: %d\n", waiting);
  show("line", slave);
  type(master, "part");
  printf("readable without an end: %d\n", events(slave) & POLLIN);
  type(master, "\x04");
  show("part", slave);
  type(master, "a b c\x17\x17z\x15k\n\x04");
  show("edited", slave);
  show("its echo", master);
  say("write", write(slave, "x\ny\tz\n", 6));
  show("shown", master);

  cfmakeraw(&settings);
  say("raw", tcsetattr(slave, TCSADRAIN, &settings));
  type(master, "\x03q\x7f\r");
  show("raw input", slave);
  show("no echo", master);
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 1;
  tcsetattr(slave, TCSANOW, &settings);
  char byte;
  say("a read that times out", read(slave, &byte, 1));
  settings.c_cc[VTIME] = 0;
  tcsetattr(slave, TCSANOW, &settings);
  say("a read that does not wait", read(slave, &byte, 1));
  type(master, "gone");
  say("flush", tcflush(slave, TCIFLUSH));
  ioctl(slave, FIONREAD, &waiting);
  printf("waiting: %d\n", waiting);
  say("a wrong flush", tcflush(slave, 7));
  say("a wrong request", ioctl(slave, 0x54ff, 0));
  char locked[64];
  memset(locked, 7, sizeof locked);
  say("locked settings", ioctl(slave, TIOCGLCKTRMIOS, locked));
  printf("%d %d %d\n", locked[0], locked[35], locked[36]);
  say("locked settings of the master", ioctl(master, TIOCGLCKTRMIOS, locked));
  say("locked settings to nowhere", ioctl(slave, TIOCGLCKTRMIOS, 1));
  say("lock settings", ioctl(slave, TIOCSLCKTRMIOS, locked));

  int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  printf("peer: %d\n", peer >= 0);
  close(peer);
  say("last bytes", write(slave, "bye", 3));
  close(slave);
  printf("events without a slave: %d\n", events(master));
  show("last", master);
  say("read without a slave", read(master, &byte, 1));
  slave = open(name, O_RDWR | O_NOCTTY);
  close(master);
  printf("events after the hang-up: %d\n", events(slave));
  say("read after the hang-up", read(slave, &byte, 1));
  say("write after the hang-up", write(slave, "x", 1));
  say("tcgetattr after the hang-up", tcgetattr(slave, &settings));
  close(slave);
  say("name after the end", access(name, F_OK));
}

static void on_signal(int signal) {
  printf("signal %s\n", sigabbrev_np(signal));
  fflush(stdout);
}

/* A session leader with a child in the background. */
static void session(const char *name) {
  say("no /dev/tty yet", open("/dev/tty", O_RDWR));
  int slave = open(name, O_RDWR);
  printf("own group in the foreground: %d\n", tcgetpgrp(slave) == getpgrp());
  printf("own session: %d\n", tcgetsid(slave) == getsid(0));
  int tty = open("/dev/tty", O_RDWR);
  printf("/dev/tty: %d, isatty %d\n", tty >= 0, isatty(tty));
  fflush(stdout);
  signal(SIGTTOU, SIG_IGN);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGTTOU, SIG_DFL);
    setpgid(0, 0);
    char line[64];
    ssize_t count = read(slave, line, sizeof line);
    printf("the child read %zd\n", count);
    fflush(stdout);
    _exit(7);
  }
  int status;
  waitpid(child, &status, WUNTRACED);
  printf("stopped %d by %s\n", WIFSTOPPED(status), sigabbrev_np(WSTOPSIG(status)));
  kill(child, SIGCONT);
  waitpid(child, &status, WUNTRACED);
  printf("stopped again %d by %s\n", WIFSTOPPED(status), sigabbrev_np(WSTOPSIG(status)));
  say("a group that is none", tcsetpgrp(slave, 32000));
  say("to the foreground", tcsetpgrp(slave, child));
  kill(child, SIGCONT);
  waitpid(child, &status, WUNTRACED);
  printf("exited %d with %d\n", WIFEXITED(status), WEXITSTATUS(status));
  say("back", tcsetpgrp(slave, getpgrp()));

  child = fork();
  if (child == 0) {
    setpgid(0, 0);
    signal(SIGTTOU, SIG_DFL);
    struct termios settings;
    tcgetattr(slave, &settings);
    tcsetattr(slave, TCSANOW, &settings);
    _exit(8);
  }
  waitpid(child, &status, WUNTRACED);
  printf("stopped %d by %s\n", WIFSTOPPED(status), sigabbrev_np(WSTOPSIG(status)));
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  printf("killed %d\n", WIFSIGNALED(status));

  signal(SIGINT, on_signal);
  signal(SIGWINCH, on_signal);
  printf("ready\n");
  fflush(stdout);
  char line[64];
  ssize_t count = read(slave, line, sizeof line);
  printf("the leader read %zd\n", count);
  fflush(stdout);
  pause();
  pause();
  _exit(9);
}

static void with_session(void) {
  char name[64];
  int master = open_master(name, sizeof name);
  int report[2];
  if (pipe(report) != 0) return;
  fflush(stdout);
  pid_t leader = fork();
  if (leader == 0) {
    close(master);
    close(report[0]);
    dup2(report[1], 1);
    setsid();
    session(name);
  }
  close(report[1]);
  char text[4096];
  size_t length = 0;
  for (int typed = 0;;) {
    ssize_t count = read(report[0], text + length, sizeof text - 1 - length);
    if (count <= 0) break;
    length += count;
    text[length] = 0;
    if (typed == 0 && strstr(text, "stopped again")) {
      type(master, "line\n");
      typed = 1;
    } else if (typed == 1 && strstr(text, "ready")) {
      type(master, "more\n");
      typed = 2;
    } else if (typed == 2 && strstr(text, "leader read")) {
      until_asleep(leader);
      type(master, "\x03");
      typed = 3;
    } else if (typed == 3 && strstr(text, "signal INT")) {
      until_asleep(leader);
      struct winsize window = {10, 20, 0, 0};
      ioctl(master, TIOCSWINSZ, &window);
      typed = 4;
    }
  }
  printf("%s", text);
  int status;
  waitpid(leader, &status, 0);
  printf("leader exited %d with %d\n", WIFEXITED(status), WEXITSTATUS(status));
  show("shown", master);
  close(master);
}

/* The leader's end, and the master's end. */
static void hangups(void) {
  for (int of_master = 0; of_master < 2; of_master++) {
    char name[64];
    int master = open_master(name, sizeof name);
    fflush(stdout);
    pid_t leader = fork();
    if (leader == 0) {
      close(master);
      setsid();
      int slave = open(name, O_RDWR);
      pid_t child = fork();
      if (child == 0) for (;;) pause();
      write(slave, "x", 1);
      if (of_master) for (;;) pause();
      usleep(50000);
      _exit(3);
    }
    char byte;
    say("sign of life", read(master, &byte, 1));
    if (of_master) close(master);
    int status;
    waitpid(leader, &status, 0);
    printf("leader: %x\n", status);
    if (!of_master) {
      show("nothing", master);
      say("all slaves are gone", read(master, &byte, 1));
      close(master);
    }
  }
}

int main(void) {
  without_session();
  with_session();
  hangups();
  return 0;
}

/*
 * Packet mode, struct termio, and typing by TIOCSTI: the older requests of terminals. Each line
 * says what a call answered, and must be the same in the kernel as natively.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* asm/termbits.h cannot stand beside termios.h. */
struct old_settings {
  unsigned short input, output, control, local;
  unsigned char line, characters[8];
};

static void say(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
  fflush(stdout);
}

/* One read of the master: the byte of packet mode, and what comes after it. */
static void packet(const char *what, int master) {
  unsigned char bytes[100];
  struct pollfd ready = {.fd = master, .events = POLLIN | POLLPRI};
  if (poll(&ready, 1, 5000) <= 0) {
    printf("%s: nothing\n", what);
    return;
  }
  ssize_t count = read(master, bytes, sizeof bytes);
  printf("%s: poll %x, %ld bytes, %d", what, ready.revents, (long)count, count > 0 ? bytes[0] : -1);
  if (count > 1) printf(" '%.*s'", (int)count - 1, bytes + 1);
  printf("\n");
  fflush(stdout);
}

static void packets(int master, int slave) {
  int on = 1, is_on = -1;
  struct termios settings;
  tcgetattr(slave, &settings);
  settings.c_oflag &= ~(unsigned)OPOST;
  settings.c_lflag &= ~(unsigned)ECHO;
  tcsetattr(slave, TCSANOW, &settings);
  say("a bad address", ioctl(master, TIOCPKT, 8));
  say("packets", ioctl(master, TIOCPKT, &on));
  say("are they on", ioctl(master, TIOCGPKT, &is_on));
  printf("%d\n", is_on);
  say("of the other side", ioctl(slave, TIOCPKT, &on));
  say("write", write(slave, "data", 4));
  packet("data", master);
  say("flush input", tcflush(slave, TCIFLUSH));
  packet("flushed", master);
  say("stop", tcflow(slave, TCOOFF));
  packet("stopped", master);
  say("start", tcflow(slave, TCOON));
  packet("started", master);
  settings.c_iflag &= ~(unsigned)IXON;
  say("no flow control", tcsetattr(slave, TCSANOW, &settings));
  packet("none", master);
  settings.c_iflag |= IXON;
  say("flow control", tcsetattr(slave, TCSANOW, &settings));
  packet("some", master);
  say("stop by a byte", write(master, "\023", 1));
  packet("stopped", master);
  say("start by a byte", write(master, "\021", 1));
  packet("started", master);
  char one;
  say("write", write(slave, "yz", 2));
  say("room for the head", read(master, &one, 1));
  printf("%d\n", one);
  packet("the rest", master);
  on = 0;
  say("no packets", ioctl(master, TIOCPKT, &on));
  say("flush input", tcflush(slave, TCIFLUSH));
  say("write", write(slave, "plain", 5));
  packet("as it is", master);
}

static void old_form(int master, int slave) {
  struct old_settings old;
  memset(&old, 0, sizeof old);
  say("TCGETA", ioctl(slave, TCGETA, &old));
  printf("%x %x %x %x, line %d:", old.input, old.output, old.control, old.local, old.line);
  for (int i = 0; i < 8; i++) printf(" %d", old.characters[i]);
  printf("\n");
  old.local &= ~(unsigned short)ICANON;
  old.characters[VINTR] = 9;
  say("TCSETA", ioctl(slave, TCSETA, &old));
  struct termios settings;
  tcgetattr(slave, &settings);
  printf("%x %x %x %x, %d %d\n", settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag,
         settings.c_cc[VINTR], settings.c_cc[VSUSP]);
  old.local |= ICANON;
  say("TCSETAW", ioctl(slave, TCSETAW, &old));
  say("TCSETAF", ioctl(slave, TCSETAF, &old));
  say("of the master", ioctl(master, TCGETA, &old));
  say("a bad address", ioctl(slave, TCGETA, 8));
  say("a bad address to set", ioctl(slave, TCSETA, 8));
}

static void typing(int slave) {
  char bytes[10];
  say("into another's terminal", ioctl(slave, TIOCSTI, "x"));
  if (fork() == 0) {
    setsid();
    say("take it", ioctl(slave, TIOCSCTTY, 0));
    say("a bad address", ioctl(slave, TIOCSTI, 8));
    for (const char *byte = "typed\n"; *byte; byte++) ioctl(slave, TIOCSTI, byte);
    say("read", read(slave, bytes, sizeof bytes));
    printf("%.6s", bytes);
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
}

int main(void) {
  alarm(25);
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(master);
  unlockpt(master);
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  packets(master, slave);
  old_form(master, slave);
  typing(slave);
  return 0;
}

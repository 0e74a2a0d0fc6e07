/* Requests to a terminal: a pty of its own, modes of all sorts. */
#define _GNU_SOURCE
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/termios.h has it, beside what glibc has too. */
struct termio {
  unsigned short c_iflag, c_oflag, c_cflag, c_lflag;
  unsigned char c_line, c_cc[8];
};

#define C(request, argument) syscall(SYS_ioctl, fd, (long)(request), (long)(argument))

static void modes(int fd) {
  static const uint32_t words[] = {0, 1, 0x1f, 0xffff, 0xffffffff, 0x80000000, 0x10001005, 0x1412, 0xcbf, 0x8a3b, 0xbf0f00bf};
  struct termios old;
  struct termios2 new;
  struct termio oldest;
  C(TCGETS, &old);
  C(TCGETS2, &new);
  C(TCGETA, &oldest);
  for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
    uint32_t word = words[i];
    for (unsigned which = 0; which < 4; which++) {
      struct termios t = {.c_line = (unsigned char)i};
      (&t.c_iflag)[which] = word;
      if (which == 3) memset(t.c_cc, (int)(word & 0xff), sizeof t.c_cc);
      syscall(SYS_ioctl, -1, TCSETS, &t);
      syscall(SYS_ioctl, -1, TCSETSW, &t);
      syscall(SYS_ioctl, -1, TCSETSF, &t);
      struct termios2 t2 = {.c_line = (unsigned char)i, .c_ispeed = word, .c_ospeed = 9600};
      (&t2.c_iflag)[which] = word;
      syscall(SYS_ioctl, -1, TCSETS2, &t2);
      syscall(SYS_ioctl, -1, TCSETSW2, &t2);
      struct termio o = {.c_line = (unsigned char)i};
      (&o.c_iflag)[which] = (unsigned short)word;
      syscall(SYS_ioctl, -1, TCSETA, &o);
      syscall(SYS_ioctl, -1, TCSETAW, &o);
      syscall(SYS_ioctl, -1, TCSETAF, &o);
    }
  }
  C(TCSETS, &old);
  C(TCSETSW, &old);
  C(TCSETSF, &old);
  C(TCSETS2, &new);
  C(TCSETA, &oldest);
  C(TCGETS, 0);
  C(TCSETS, 0);
  C(TCSETS, 8);
  C(TCGETS, 8);
}

static void rest(int fd) {
  int number = 1;
  unsigned short size[4] = {24, 80, 3, 4};
  unsigned char packet = 1;
  C(TIOCGWINSZ, size);
  C(TIOCSWINSZ, size);
  C(TIOCGPGRP, &number);
  C(TIOCGSID, &number);
  C(TIOCGPTN, &number);
  C(TIOCGPTLCK, &number);
  C(TIOCGPKT, &number);
  number = 1;
  C(TIOCPKT, &number);
  number = 0;
  C(TIOCPKT, &number);
  C(TIOCGETD, &number);
  C(TIOCSETD, &number);
  C(FIONREAD, &number);
  C(TIOCOUTQ, &number);
  C(TIOCMGET, &number);
  C(TIOCGEXCL, &number);
  C(TIOCEXCL, 0);
  C(TIOCGEXCL, &number);
  C(TIOCNXCL, 0);
  C(TCXONC, 0);
  C(TCXONC, 1);
  C(TCXONC, 7);
  C(TCFLSH, 0);
  C(TCFLSH, 2);
  C(TCFLSH, 9);
  C(TCSBRK, 1);
  C(TCSBRKP, 3);
  C(TIOCSBRK, 0);
  C(TIOCCBRK, 0);
  C(TIOCSTI, &packet);
  C(TIOCSCTTY, 0);
  C(TIOCNOTTY, 0);
  /* not of a terminal: root's would get what the machine's console is to show */
  syscall(SYS_ioctl, -1, TIOCCONS, 0);
  C(TIOCVHANGUP, 1);
  number = 2;
  C(TIOCMBIS, &number);
  C(TIOCMBIC, &number);
  C(TIOCMSET, &number);
  C(TIOCGSOFTCAR, &number);
  C(TIOCSSOFTCAR, &number);
  C(TIOCLINUX, &packet);
  C(TIOCGSERIAL, size);
  C(TIOCGLCKTRMIOS, 0);
  C(TIOCGDEV, &number);
  C(TIOCSIG, 2);
  C(FIONBIO, &number);
  C(FIOASYNC, &number);
  C(FIOCLEX, 0);
  C(FIONCLEX, 0);
  C(FIOQSIZE, size);
}

int main(void) {
  int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY), zero = 0;
  C(TIOCSPTLCK, &zero);
  int other = (int)C(TIOCGPTPEER, O_RDWR | O_NOCTTY);
  C(TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  C(TIOCGPTPEER, 0x40000001);
  modes(other);
  rest(fd);
  rest(other);
  return 0;
}

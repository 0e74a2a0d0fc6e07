/* Requests about network interfaces: those of loopback, good and bad. */
#include <linux/if.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/socket.h>
#include <unistd.h>

static void ask(int fd, long request) {
  for (int which = 0; which < 3; which++) {
    union {
      struct ifreq request;
      char room[256];
    } u;
    memset(&u, 0, sizeof u);
    strcpy(u.request.ifr_name, which ? "no\1\377such" : "lo");
    if (which == 1) u.request.ifr_flags = 77;
    if (which == 2) {
      struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 1, .sin_addr = {0x0100007f}};
      memcpy(&u.request.ifr_addr, &address, sizeof address);
      memset(u.request.ifr_name, 'x', IFNAMSIZ);
    }
    syscall(SYS_ioctl, fd, request, &u);
  }
  syscall(SYS_ioctl, fd, request, 0L);
  syscall(SYS_ioctl, fd, request, 8L);
}

/* Each type of hardware has addresses of its own length, and each flag a name. */
static void types_and_flags(void) {
  struct ifreq request = {.ifr_name = "a"};
  for (int type = 0; type < 1100; type++) {
    request.ifr_hwaddr.sa_family = (unsigned short)type;
    syscall(SYS_ioctl, -1, (long)SIOCSIFHWADDR, &request);
  }
  for (int bit = 0; bit < 16; bit++) {
    request.ifr_flags = (short)(1 << bit);
    syscall(SYS_ioctl, -1, (long)SIOCSIFFLAGS, &request);
  }
}

int main(void) {
  /*
   * What only reads asks the kernel; what would change something, or is about something else, has
   * no descriptor.
   */
  static const long reads[] = {SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFMETRIC, SIOCGIFMTU,
                               SIOCGIFHWADDR, SIOCGIFSLAVE, SIOCGIFINDEX, SIOCGIFTXQLEN, SIOCGIFMAP, SIOCGIFMEM, SIOCGIFPFLAGS, SIOCGIFCOUNT, SIOCGIFENCAP};
  static const long others[] = {SIOCSIFNAME, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFDSTADDR, SIOCSIFBRDADDR, SIOCSIFNETMASK, SIOCSIFMETRIC, SIOCSIFMEM,
                                SIOCSIFMTU, SIOCSIFHWADDR, SIOCSIFSLAVE, SIOCADDMULTI, SIOCDELMULTI, SIOCSIFPFLAGS, SIOCSIFHWBROADCAST, SIOCGIFBR,
                                SIOCSIFBR, SIOCSIFTXQLEN, SIOCSIFMAP, SIOCETHTOOL, SIOCGMIIPHY, SIOCGMIIREG, SIOCSMIIREG, SIOCBONDENSLAVE, SIOCBRADDBR,
                                SIOCBRDELBR, SIOCBRADDIF, SIOCBRDELIF, SIOCGIFVLAN, SIOCSIFVLAN, SIOCDARP, SIOCGARP, SIOCSARP, SIOCADDRT, SIOCDELRT,
                                SIOCWANDEV, SIOCGSTAMP_OLD, SIOCGSTAMPNS_OLD, SIOCATMARK, SIOCGSKNS, SIOCGIFCONF};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  for (unsigned i = 0; i < sizeof reads / sizeof *reads; i++) ask(fd, reads[i]);
  for (unsigned i = 0; i < sizeof others / sizeof *others; i++) ask(-1, others[i]);
  struct ifreq list[4];
  struct ifconf all = {sizeof list, {(char *)list}};
  syscall(SYS_ioctl, fd, (long)SIOCGIFCONF, &all);
  all.ifc_buf = 0, all.ifc_len = 0;
  syscall(SYS_ioctl, fd, (long)SIOCGIFCONF, &all);
  all.ifc_buf = (char *)8, all.ifc_len = 40;
  syscall(SYS_ioctl, fd, (long)SIOCGIFCONF, &all);
  struct ifreq by_index = {.ifr_ifindex = 1};
  syscall(SYS_ioctl, fd, (long)SIOCGIFNAME, &by_index);
  types_and_flags();
  return 0;
}

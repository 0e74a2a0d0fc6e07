/*
 * messages FILE: sends bytes to sockets. Each line of the file is a protocol of netlink and the
 * bytes in hexadecimal. They lie at the end of readable memory. The sockets are bound, and the
 * caller must see to it that nothing is really sent: -e inject=sendto:retval=20.
 */
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define ROOM 65536

int main(int count, char **words) {
  static char line[2 * ROOM];
  static unsigned char bytes[ROOM];
  int sockets[32];
  FILE *file = fopen(words[1], "r");
  unsigned char *end = (unsigned char *)mmap((void *)0x20000000, 2 * ROOM, PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) + ROOM;
  mprotect(end, ROOM, PROT_NONE);
  memset(sockets, -1, sizeof sockets);
  while (fgets(line, sizeof line, file)) {
    int protocol = strtol(line, 0, 10), length = 0;
    char *digits = strchr(line, ' ') + 1;
    while (length < ROOM && sscanf(digits + 2 * length, "%2hhx", &bytes[length]) == 1) length++;
    if (sockets[protocol] < 0) {
      struct sockaddr_nl name = {AF_NETLINK};
      sockets[protocol] = socket(AF_NETLINK, SOCK_RAW, protocol);
      bind(sockets[protocol], (struct sockaddr *)&name, sizeof name);
    }
    memcpy(end - length, bytes, length);
    sendto(sockets[protocol], end - length, length, MSG_DONTWAIT, 0, 0);
  }
  return 0;
}

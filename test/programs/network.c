/* network KIND PORT [ADDRESS]: socket (opens one), loopback (connects to itself), connect (to
 * 127.0.0.1 or ADDRESS), unix PATH, abstract NAME (connect to such a socket). Exit 0: it
 * worked. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * An abstract name ends with the address; some, such as Node 20, give an address of full length,
 * and so a name that ends in NULs.
 */
static int connect_unix(const char *name, int abstract) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path + abstract, name, sizeof address.sun_path - 2);
  socklen_t lengths[] = {offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name), sizeof address};
  for (int i = 0; i < 2; i++)
    if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, lengths[i]) == 0) return 0;
  return 5;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  if (!strcmp(argv[1], "unix")) return connect_unix(argv[2], 0);
  if (!strcmp(argv[1], "abstract")) return connect_unix(argv[2], 1);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
  socklen_t length = sizeof address;
  inet_pton(AF_INET, argc > 3 ? argv[3] : "127.0.0.1", &address.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return 3;
  if (!strcmp(argv[1], "socket")) return 0;
  if (!strcmp(argv[1], "loopback")) {
    address.sin_port = 0;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1)) return 4;
    getsockname(listener, (struct sockaddr *)&address, &length);
  }
  return connect(fd, (struct sockaddr *)&address, length) ? 5 : 0;
}

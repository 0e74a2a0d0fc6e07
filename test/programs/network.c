/* network KIND PORT: socket (opens one), loopback (connects to itself), connect (to 127.0.0.1:PORT). Exit 0: it worked. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
  socklen_t length = sizeof address;
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
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

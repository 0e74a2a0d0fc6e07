/* hand keep SOCKET NAME: receives a descriptor at a UNIX socket, says "held", awaits a line, and
 * prints what it finds by the descriptor: the file NAME below a directory, or what a socket
 * received where NAME is "-". hand give SOCKET PATH: opens PATH, or where that is "-" binds a
 * datagram socket to port 2009 of loopback, and hands it over; touches nothing. hand label N:
 * leases N flow labels of IPv6 that linger. SOCKET: a path, or @NAME of an abstract one. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/in6.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static union {
  struct cmsghdr header;
  char space[CMSG_SPACE(sizeof(int))];
} control;
static char byte = 'x', text[4096];
static struct iovec part = {&byte, 1};
static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

static int failed(void) { return errno ? errno : 255; }

static socklen_t address_of(const char *name, struct sockaddr_un *address) {
  strncpy(address->sun_path, name, sizeof address->sun_path - 1);
  if (*name == '@') address->sun_path[0] = 0;
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

static int keep(const char *name, const char *file) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  umask(0);
  if (bind(listener, (void *)&address, address_of(name, &address)) || listen(listener, 1)) return failed();
  puts("listening");
  fflush(stdout);
  int connection = accept(listener, NULL, NULL);
  if (recvmsg(connection, &message, 0) != 1) return failed();
  int held = *(int *)CMSG_DATA(&control.header);
  puts("held");
  fflush(stdout);
  write(connection, &byte, 1);
  close(connection); /* it is a socket of the other's network, which would be counted there */
  if (read(0, &byte, 1) != 1) return 201;
  int socket = !strcmp(file, "-"), fd = socket ? held : openat(held, file, O_RDONLY);
  ssize_t length = socket ? recv(fd, text, sizeof text, MSG_DONTWAIT) : read(fd, text, sizeof text);
  printf("found ");
  fwrite(text, 1, length > 0 ? (size_t)length : 0, stdout);
  return 0;
}

static int own_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(2009), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  return bind(fd, (void *)&address, sizeof address) ? -1 : fd;
}

static int give(const char *name, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int connection = socket(AF_UNIX, SOCK_STREAM, 0);
  int given = !strcmp(path, "-") ? own_port() : open(path, O_RDONLY | O_DIRECTORY);
  if (given < 0 || connect(connection, (void *)&address, address_of(name, &address))) return failed();
  control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  *(int *)CMSG_DATA(&control.header) = given;
  return sendmsg(connection, &message, 0) == 1 && read(connection, &byte, 1) == 1 ? 0 : failed();
}

static int label(int count) {
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  for (int i = 0; i < count; i++) {
    struct in6_flowlabel_req request = {.flr_dst.s6_addr = {[15] = 1}, .flr_label = htonl(0xcafe + i), .flr_share = IPV6_FL_S_ANY,
                                        .flr_flags = IPV6_FL_F_CREATE | IPV6_FL_F_EXCL, .flr_expires = 60, .flr_linger = 60};
    /* SOL_IPV6 */
    if (setsockopt(fd, 41, IPV6_FLOWLABEL_MGR, &request, sizeof request)) return failed();
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 3 && !strcmp(argv[1], "keep")) return keep(argv[2], argv[3]);
  if (argc > 3 && !strcmp(argv[1], "give")) return give(argv[2], argv[3]);
  if (argc > 2 && !strcmp(argv[1], "label")) return label(atoi(argv[2]));
  return 200;
}

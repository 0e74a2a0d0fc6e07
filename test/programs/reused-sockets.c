/*
 * Messages of a descriptor that is now a socket of one kind, then of another: strace's text of a
 * message depends on the protocol. The netlink socket refuses out-of-band data, so nothing is sent
 * to the kernel.
 */
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct nlmsghdr noop = {.nlmsg_len = sizeof noop, .nlmsg_type = NLMSG_NOOP, .nlmsg_seq = 7};
static struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

static void many(int fd, void *name, unsigned length) {
  struct iovec parts[2] = {{&noop, sizeof noop}, {"tail", 4}};
  struct msghdr head = {.msg_name = name, .msg_namelen = length, .msg_iov = parts, .msg_iovlen = 1};
  sendmsg(fd, &head, MSG_OOB);
  struct mmsghdr both[2] = {{.msg_hdr = head}, {.msg_hdr = head}};
  both[1].msg_hdr.msg_iovlen = 2;
  sendmmsg(fd, both, 2, MSG_OOB);
}

int main(void) {
  char room[64];
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  for (int round = 0; round < 3; round++) {
    send(pair[0], &noop, sizeof noop, 0);
    recv(pair[1], room, sizeof room, 0);
    recv(pair[1], room, sizeof room, MSG_DONTWAIT);
    send(pair[0], "more than a few bytes, so that the text is cut", 46, 0);
    recv(pair[1], room, 8, MSG_TRUNC);
    int other = socket(AF_NETLINK, SOCK_RAW, 2 * round);
    int kept = dup(pair[0]);
    dup2(other, pair[0]);
    send(pair[0], &noop, sizeof noop, MSG_OOB);
    sendto(pair[0], &noop, sizeof noop, MSG_OOB, (struct sockaddr *)&kernel, sizeof kernel);
    recv(pair[0], room, sizeof room, MSG_DONTWAIT);
    many(pair[0], NULL, 0);
    many(pair[0], &kernel, sizeof kernel);
    dup2(kept, pair[0]);
    many(pair[0], &kernel, sizeof kernel);
    close(other);
    close(kept);
  }
  send(99, &noop, sizeof noop, 0);
  send(-1, &noop, sizeof noop, 0);
  int file = dup(0);
  send(file, &noop, sizeof noop, 0);
  return 0;
}

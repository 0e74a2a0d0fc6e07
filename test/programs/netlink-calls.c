/*
 * Gives messages to netlink sockets, as the records of its standard input say, and asks for some:
 * each record is a protocol, a call, a length and bytes, which are put before the end of readable
 * memory. The sockets are bound. The caller must see to it that no call is made (-e inject=).
 */
#include <linux/netlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BYTES = 1016, MOST = 8192, PROTOCOLS = 32, PAGE = 4096 };
enum { SENDTO, SENDMSG, RECVFROM, RECVMSG };

struct record {
    unsigned char protocol, call;
    unsigned short length; /* of the buffer, as the call says it */
    unsigned short first;  /* the length of the first part of sendmsg and recvmsg; 0: one part */
    unsigned short bytes;  /* that there are: the last one is the last of the page */
    unsigned char content[BYTES];
};

static struct record records[MOST];

/* Descriptors have the same numbers whether a protocol exists or not. */
static int opened(int protocol) {
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW, protocol);
    if (fd < 0)
        return -1;
    bind(fd, (struct sockaddr *)&name, sizeof name);
    int moved = dup2(fd, 100 + protocol);
    close(fd);
    return moved;
}

int main(void) {
    int sockets[PROTOCOLS];
    unsigned char *page = mmap((void *)0x20000000, 2 * PAGE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mprotect(page + PAGE, PAGE, PROT_NONE);
    for (int protocol = 0; protocol < PROTOCOLS; protocol++)
        sockets[protocol] = opened(protocol);
    long size = 0, got;
    while ((got = read(0, (char *)records + size, sizeof records - size)) > 0)
        size += got;
    for (struct record *record = records; (char *)(record + 1) <= (char *)records + size; record++) {
        int fd = sockets[record->protocol % PROTOCOLS];
        unsigned char *at = page + PAGE - record->bytes;
        memcpy(at, record->content, record->bytes);
        unsigned first = record->first;
        struct iovec parts[2] = {{at, first ? first : record->length}, {at + first, record->length - first}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = first ? 2 : 1};
        switch (record->call) {
        case SENDTO: sendto(fd, at, record->length, MSG_DONTWAIT, 0, 0); break;
        case SENDMSG: sendmsg(fd, &message, MSG_DONTWAIT); break;
        case RECVFROM: recvfrom(fd, at, record->length, MSG_DONTWAIT, 0, 0); break;
        case RECVMSG: recvmsg(fd, &message, MSG_DONTWAIT); break;
        }
    }
    return 0;
}

/*
 * Socket addresses of every family, with lengths and values of all sorts, and control messages of
 * every level and type, at the end of readable memory, given to a descriptor that is none.
 * Argument: 'addresses', 'named', 'returned' or 'control'.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, NO_DESCRIPTOR = -1, FAMILIES = 48, FILLS = 5, MOST = 140 };
static char *page;

static char *at_end(size_t length) { return page + PAGE - length; }

/* Zeros, ones, bytes that differ, small numbers of two bytes, and capital letters. */
static void fill(char *bytes, int count, int how) {
    for (int at = 0; at < count; at++) {
        int values[FILLS] = {0, 0xff, at * 37 + 9, at % 4 ? 0 : at / 4 + 1, 'A' + at % 26};
        bytes[at] = (char)values[how];
    }
}

static void connect_to(const char *address, int length) {
    syscall(SYS_connect, NO_DESCRIPTOR, address, length);
}

static void addresses(void) {
    for (int family = 0; family <= FAMILIES; family++)
        for (int length = 0; length < MOST; length += length < 40 ? 1 : 9)
            for (int how = 0; how < FILLS; how++) {
                char *address = at_end(length);
                fill(address, length, how);
                if (length >= 2) memcpy(address, &(unsigned short){family}, 2);
                connect_to(address, length);
            }
    /* Not whole in memory, no length, no address. */
    connect_to(at_end(8), 9);
    connect_to(at_end(8), -1);
    connect_to(NULL, 16);
    connect_to(NULL, 0);
}

#define TEXT(literal) literal, sizeof(literal) - 1
static const struct {
    unsigned short family;
    const char *rest;
    int length;
} NAMED[] = {
    /* AX.25: a call sign with a number, with spaces, with none, with bits that do not belong */
    {3, TEXT("\x82\x84\x86\x40\x40\x40\x1e\0\0\0\0\0\0\0")},
    {3, TEXT("\x82\x84\x40\x86\x40\x40\x02\0\0\0\0\0\0\0")},
    {3, TEXT("\x40\x40\x40\x40\x40\x40\x00\0\0\0\0\0\0\0")},
    {3, TEXT("\x40\x40\x40\x40\x40\x40\x04\0\0\0\0\0\0\0")},
    {3, TEXT("\x83\x84\x86\x40\x40\x40\x60\0\0\0\0\0\0\0")},
    {3, TEXT("\x5e\x84\x86\x40\x40\x40\x60\0\0\0\0\0\0\0")},
    {3, TEXT("\x82\x84\x86\x62\x40\x40\x12\0\0\0\2\0\0\0\x82\x84\x86\x40\x40\x40\x1e\x82\x84\x86\x40\x40\x40\x14")},
    {3, TEXT("\x82\x84\x86\x62\x40\x40\x12\0\0\0\3\0\0\0\x82\x84\x86\x40\x40\x40\x1e\x82\x84\x86\x40\x40\x40\x14zz")},
    {3, TEXT("\x82\x84\x86\x62\x40\x40\x12\0\0\0\1\0\0\0\x82\x84\x86\x40\x40\x40\x1e\x82\x84\x86\x40\x40\x40\x14zz")},
    {3, TEXT("\x82\x84\x86\x62\x40\x40\x12\0\0\0\1\0\0\0")},
    {3, TEXT("\x82\x84\x86\x62\x40\x40\x12\0\0\0\xff\xff\xff\xff")},
    /* IPX, X.25 */
    {4, TEXT("\x01\x02\x03\x04\x05\x06 node!\x07\x00")},
    {9, TEXT("0123456789012345")},
    {9, TEXT("012345678901234\0")},
    {9, TEXT("01\"3\0\0\0\0\0\0\0\0\0\0\0\0")},
    /* netlink: padding, process ids and groups */
    {16, TEXT("\1\2\0\0\0\0\1\0\0\0")},
    {16, TEXT("\0\0\1\0\0\0\0\0\0\x80")},
    /* packet: protocols, interfaces, types of hardware and of packets, lengths of addresses */
    {17, TEXT("\0\3\1\0\0\0\1\0\0\6abcdefgh")},
    {17, TEXT("\x08\0\xff\0\0\0\x04\3\7\0abcdefgh")},
    {17, TEXT("\x12\x34\0\0\0\x80\x22\1\5\x9" "abcdefghi")},
    {17, TEXT("\x86\xdd\0\0\0\x80\xfe\xff\4\x8" "abcdefgh")},
    {17, TEXT("\x86\xdd\0\0\0\x80\xfd\xff\x6\x10" "abcdefghijklmnopqrs")},
    /* Bluetooth: devices and channels, ports and channels of L2CAP, types of addresses */
    {31, TEXT("\1\0\0\0")}, {31, TEXT("\xff\xff\1\0")}, {31, TEXT("\1\0\2\0")}, {31, TEXT("\1\0\3\0")},
    {31, TEXT("\1\0\4\0")}, {31, TEXT("\1\0\5\0")}, {31, TEXT("\1\0")},
    {31, TEXT("\1\0abcdef\1\0\0")}, {31, TEXT("\3\0abcdef\2\0\1")}, {31, TEXT("\x21\0abcdef\3\0\2")},
    {31, TEXT("\x23\0abcdef\4\0\3")}, {31, TEXT("\x80\0abcdef\5\0")}, {31, TEXT("\x81\0abcdef\6\0")},
    {31, TEXT("\xff\0abcdef\7\0")}, {31, TEXT("\0\1abcdef\x08\0")}, {31, TEXT("\1\x10" "abcdef\x40\0")},
    {31, TEXT("\2\x10" "abcdef\x41\0")}, {31, TEXT("\xff\x10" "abcdef\x7f\0")}, {31, TEXT("\0\x11" "abcdef\x80\0")},
    {31, TEXT("\xff\xff" "abcdef\xff\xff")}, {31, TEXT("\0\0abcdef\0\0")},
    /* RxRPC: services, transports of both families and of another, cut and too long */
    {33, TEXT("\1\0\2\0\x10\0\2\0\x1f\x90\x7f\0\0\1\0\0\0\0\0\0\0\0zzzzzzzzzzzz")},
    {33, TEXT("\xc4\x09\2\0\x0f\0\2\0\x1f\x90\x7f\0\0\1\0\0\0\0\0\0\0\0zzzzzzzzzzzz")},
    {33, TEXT("\xc5\x09\2\0\x1c\0\x0a\0\x1f\x90\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\0\0\0")},
    {33, TEXT("\xc7\x09\5\0\x18\0\x0a\0\x1f\x90\0\0\0\1\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\0\0\0")},
    {33, TEXT("\xc7\x09\5\0\x17\0\x0a\0\x1f\x90\0\0\0\1\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\0\0\0")},
    {33, TEXT("\2\0\7\0\4\0\x11\0abcdefghijklmnopqrstuvwxyz")},
    {33, TEXT("\2\0\7\0\2\0\x11\0abcdefghijklmnopqrstuvwxyz")},
    {33, TEXT("\2\0\7\0\1\0\2\0abcdefghijklmnopqrstuvwxyz")},
    {33, TEXT("\2\0\7\0\xff\xff\xff\0abcdefghijklmnopqrstuvwxyz")},
    /* IEEE 802.15.4: no address, short ones, long ones */
    {36, TEXT("\0\0\0\0\0\0\xff\xff\0\0abcdefghij")}, {36, TEXT("\0\0\2\0\0\0\xff\xff\xff\xff" "abcdefghij")},
    {36, TEXT("\0\0\2\0\0\0\1\0\xfe\xff" "abcdefghij")}, {36, TEXT("\0\0\2\0\0\0\1\0\1\2abcdefghij")},
    {36, TEXT("\0\0\3\0\0\0\1\0abcdefghij")}, {36, TEXT("\0\0\4\0\0\0\1\0abcdefghij")},
    /* ALG: names with and without an end, flags */
    {38, TEXT("hash\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\x10\0\0sha1\0zzz")},
    {38, TEXT("skcipherskciph\1\x10\0\0\2\0\0\0cbc(aes)")},
    {38, TEXT("hash\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a")}, {38, TEXT("hash\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    /* NFC, with and without a service */
    {39, TEXT("\0\0\1\0\0\0\2\0\0\0\1\0\0\0")}, {39, TEXT("\0\0\1\0\0\0\2\0\0\0\7\0\0\0")},
    {39, TEXT("\0\0\0\0\0\0\2\0\0\0\5\0\0\0\1\4")},
    {39, TEXT("\0\0\1\0\0\0\2\0\0\0\5\0\0\0\x01\x04"
              "urn:nfc:sn:a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0c\0\0\0\0\0\0\0")},
    {39, TEXT("\0\0\1\0\0\0\2\0\0\0\5\0\0\0\x10\x20"
              "urn:nfc:sn:a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\0\0\0\0\0\0\1")},
    /* VSOCK: every named address, flags, bytes that should be zero */
    {40, TEXT("\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0")}, {40, TEXT("\0\0\1\0\0\0\0\0\0\0\1\0\0\0")},
    {40, TEXT("\1\0\1\0\0\0\1\0\0\0\2\0\0\0")}, {40, TEXT("\0\0\1\0\0\0\2\0\0\0\3\0\0\1")},
    {40, TEXT("\0\0\1\0\0\0\3\0\0\0\0\1\0\0")},
    /* QIPCRTR, XDP (with and without a shared descriptor), MCTP */
    {42, TEXT("\0\0\xff\xff\xff\xff\xff\xff\xff\xff")}, {42, TEXT("\0\0\1\0\0\0\xfe\xff\xff\xff")},
    {44, TEXT("\1\0\1\0\0\0\2\0\0\0\1\0\0\0")}, {44, TEXT("\0\0\1\0\0\0\2\0\0\0\1\0\0\0")},
    {44, TEXT("\x0e\0\xff\0\0\0\2\0\0\0\0\0\0\0")}, {44, TEXT("\xf1\xff\1\0\0\0\2\0\0\0\xff\xff\xff\xff")},
    {45, TEXT("\0\0\0\0\0\0\xff\1\x80\0")}, {45, TEXT("\1\0\1\0\0\0\0\1\x80\1")}, {45, TEXT("\0\0\xff\xff\xff\xff\1\1\x80\0")},
};

static void named(void) {
    for (size_t i = 0; i < sizeof NAMED / sizeof *NAMED; i++) {
        int length = NAMED[i].length + 2;
        char *address = at_end(length);
        memcpy(address, &NAMED[i].family, 2);
        memcpy(address + 2, NAMED[i].rest, NAMED[i].length);
        connect_to(address, length);
    }
    for (int hardware = 0; hardware < 900; hardware++) {
        char *address = at_end(20);
        fill(address, 20, 0);
        memcpy(address, &(unsigned short){AF_PACKET}, 2);
        memcpy(address + 8, &hardware, 2);
        address[10] = (char)(hardware % 9);
        connect_to(address, 20);
    }
}

/* What the kernel would have written: NULL, lengths that are none, real sockets. */
static void returned(void) {
    static const int CALLS[] = {SYS_getsockname, SYS_getpeername, SYS_accept, SYS_accept4};
    int pair[2], lengths[] = {0, 1, 2, 16, 128, 200, -1};
    char address[256] = {0};
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    struct sockaddr bound = {AF_UNIX, "@@hidden"};
    bound.sa_data[0] = 0;
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    bind(server, &bound, 10);
    int internet = socket(AF_INET, SOCK_DGRAM, 0);
    int descriptors[] = {NO_DESCRIPTOR, 0, pair[0], server, internet};
    for (int call = 0; call < 4; call++)
        for (int which = 0; which < 5; which++) {
            int descriptor = descriptors[which];
            if (call > 1 && descriptor == server) continue;
            for (int i = 0; i < 7; i++) {
                int length = lengths[i];
                syscall(CALLS[call], descriptor, address, &length, 0);
            }
            int length = 16;
            syscall(CALLS[call], descriptor, NULL, &length, 0);
            length = 16;
            syscall(CALLS[call], descriptor, address, NULL, 0);
            syscall(CALLS[call], descriptor, NULL, NULL, SOCK_CLOEXEC);
            syscall(CALLS[call], descriptor, at_end(4), at_end(2), 1);
            *(int *)at_end(4) = 16;
            syscall(CALLS[call], descriptor, at_end(0), at_end(4), 1);
        }
    char data[4] = "abc";
    for (int i = 0; i < 7; i++) {
        int length = lengths[i];
        send(pair[1], data, 3, 0);
        syscall(SYS_recvfrom, pair[0], data, 4, 0, address, &length);
        syscall(SYS_recvfrom, NO_DESCRIPTOR, data, 4, 0, address, &length);
        syscall(SYS_sendto, NO_DESCRIPTOR, data, 3, 0, address, length);
        syscall(SYS_sendto, NO_DESCRIPTOR, data, 3, 0, NULL, length);
    }
    send(pair[1], data, 3, 0);
    syscall(SYS_recvfrom, pair[0], data, 4, 0, NULL, NULL);
    send(pair[1], data, 3, 0);
    syscall(SYS_recvfrom, pair[0], data, 4, 0, address, NULL);
}

static void send_control(void *control, size_t length) {
    struct msghdr message = {.msg_control = control, .msg_controllen = length};
    syscall(SYS_sendmsg, NO_DESCRIPTOR, &message, 0);
}

/* One message whose head says `said` bytes, of which `given` are there. */
static void one(int level, int type, size_t said, size_t given, int how) {
    char *control = at_end(given);
    struct cmsghdr head = {said, level, type};
    fill(control, (int)given, how);
    memcpy(control, &head, given < sizeof head ? given : sizeof head);
    send_control(control, given);
}

static void control(void) {
    static const int LEVELS[] = {0, 1, 6, 17, 41, 255, 263, 272, 278, 282, 999, -1};
    static const int DATA[] = {0, 1, 3, 4, 5, 8, 11, 12, 13, 16, 20, 28, 31, 32, 36, 40, 47, 48, 49, 130};
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        int level = LEVELS[i];
        for (int type = -1; type < (level < 2 ? 90 : 4); type++)
            for (size_t d = 0; d < sizeof DATA / sizeof *DATA; d++)
                one(level, type, 16 + DATA[d], 16 + DATA[d], (type + (int)d + FILLS) % FILLS);
    }
    /* Lengths that lie. strace never ends at one that has no multiple of eight above it. */
    static const size_t SAID[] = {0, 1, 15, 16, 17, 20, 23, 24, 25, 32, 100, (size_t)-8, 1ul << 32};
    for (size_t s = 0; s < sizeof SAID / sizeof *SAID; s++)
        for (size_t given = 0; given < 60; given += given < 14 ? 7 : 1)
            one(1, 1, SAID[s], given, 3);
    /* Several messages: each of them whole, the last one cut, bytes after the last one. */
    for (size_t length = 48; length < 90; length++) {
        char *bytes = at_end(length);
        fill(bytes, (int)length, 3);
        struct cmsghdr rights = {20, SOL_SOCKET, SCM_RIGHTS}, rest = {28, SOL_SOCKET, SCM_CREDENTIALS};
        memcpy(bytes, &rights, 16);
        memcpy(bytes + 24, &rest, 16);
        if (length >= 72) memcpy(bytes + 56, &rights, 16);
        send_control(bytes, length);
    }
    /* An address in an error and as the destination. */
    static const char IPV4[16] = "\2\0\x1f\x90\x7f\0\0\1";
    static const char IPV6[28] = "\x0a\0\x1f\x90\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0";
    for (int with = 0; with < 2; with++)
        for (int type = 11; type <= 20; type += 9) {
            int size = (type == 11 ? 16 : 0) + (with ? 28 : 16);
            char *bytes = at_end(16 + size);
            fill(bytes, 16 + size, 3);
            memcpy(bytes, &(struct cmsghdr){16 + size, SOL_IP, type}, 16);
            memcpy(bytes + 16 + (type == 11 ? 16 : 0), with ? IPV6 : IPV4, with ? 28 : 16);
            send_control(bytes, 16 + size);
        }
    send_control(NULL, 0);
    send_control(NULL, 20);
    send_control(page, 0);
    memset(page, 0, PAGE);
    send_control(page, PAGE);
    send_control(page, PAGE + 1);
    send_control(page, (size_t)-1);
}

int main(int count, char **arguments) {
    page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + PAGE, PAGE);
    static const struct { const char *name; void (*run)(void); } GROUPS[] = {
        {"addresses", addresses}, {"named", named}, {"returned", returned}, {"control", control}};
    for (int i = 0; i < 4; i++)
        if (count > 1 && strcmp(arguments[1], GROUPS[i].name) == 0) GROUPS[i].run();
    return 0;
}

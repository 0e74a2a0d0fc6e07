/*
 * Descriptors of all sorts, each given to calls: files, also without a name, devices, processes,
 * what has no file, and sockets in all states. It makes files in its working directory; 'sockets'
 * wants a network of its own.
 * Argument: 'files', 'sockets', or 'selected': one descriptor in the places of many calls.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <net/if.h>
#include <unistd.h>

enum { PAGE = 4096, UDP_LITE = 136, MPTCP = 262 };

/* A call that says nothing but its descriptor. */
static void show(int fd) { fsync(fd); }

static int made(const char *name) { return open(name, O_RDWR | O_CREAT | O_TRUNC, 0600); }

static void send_descriptor(int fd) {
    int ends[2];
    socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
    char data[1] = "d", control[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec part = {data, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(head), &(int[2]){fd, fd}, 2 * sizeof(int));
    sendmsg(ends[0], &message, 0);
    recvmsg(ends[1], &message, MSG_DONTWAIT);
    close(ends[0]);
    show(ends[1]);
    close(ends[1]);
}

/* In every place that a descriptor may stand. */
static void everywhere(int fd) {
    show(fd);
    fcntl(fd, F_GETFD);
    fcntl(fd, F_DUPFD, 50);
    close(50);
    dup(fd);
    dup2(fd, 60);
    dup3(fd, 61, O_CLOEXEC);
    close(60);
    struct pollfd polled[] = {{fd, POLLIN}, {-1, POLLIN}, {77, POLLIN}};
    poll(polled, 3, 0);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    select(fd + 1, &set, NULL, &set, &(struct timeval){0, 0});
    int epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN});
    close(epoll);
    openat(fd, "nothing", O_RDONLY);
    syscall(SYS_kcmp, getpid(), getpid(), 0, fd, 77);
    syscall(SYS_sendfile, fd, fd, NULL, 0);
    syscall(SYS_ioctl, fd, 0x40049409, fd);
    send_descriptor(fd);
}

static void nameless(void) {
    show(memfd_create("a memory", MFD_CLOEXEC));
    show(eventfd(3, 0));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    show(signalfd(-1, &set, 0));
    show(timerfd_create(CLOCK_MONOTONIC, 0));
    show(epoll_create1(0));
    show(inotify_init1(0));
    show(syscall(SYS_userfaultfd, 1));
    show(syscall(SYS_fanotify_init, 0x200, 0));
    int ends[2];
    pipe(ends);
    show(ends[0]);
    close(ends[1]);
    show(ends[0]);
    show(syscall(SYS_memfd_secret, 0));
    show(open(".", O_TMPFILE | O_RDWR, 0600));
    show(open("/proc/self/ns/uts", O_RDONLY));
    show(open("/proc/self/status", O_RDONLY));
    struct { uint32_t type, size; uint64_t config; char rest[112]; } event = {1, 112, 0};
    show(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
    char parameters[120] = {0};
    show(syscall(SYS_io_uring_setup, 1, parameters));
}

static void processes(void) {
    show(syscall(SYS_pidfd_open, getpid(), 0));
    show(syscall(SYS_pidfd_open, getppid(), 0));
    int child = fork();
    if (child == 0) { pause(); _exit(0); }
    int fd = syscall(SYS_pidfd_open, child, 0);
    show(fd);
    everywhere(fd);
    syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    siginfo_t info;
    waitid(P_PIDFD, fd, &info, WEXITED | WNOWAIT);
    show(fd);
    waitpid(child, NULL, 0);
    show(fd);
    everywhere(fd);
    syscall(SYS_pidfd_getfd, fd, 0, 0);
    syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0);
    waitid(P_PIDFD, fd, &info, WEXITED);
}

static void mapped(int fd) {
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
    mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, fd, PAGE);
    mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, fd, 0);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -5, 1);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, AT_FDCWD, 0);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, AT_FDCWD, 0);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 77, 0);
    syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0x1234500000000L | fd, 0);
}

static void from_here(void) {
    openat(AT_FDCWD, "nothing", O_RDONLY);
    unlinkat(AT_FDCWD, "nothing", 0);
    renameat(AT_FDCWD, "nothing", AT_FDCWD, "nowhere");
    faccessat(AT_FDCWD, "nothing", F_OK, 0);
    struct pollfd polled = {AT_FDCWD, POLLIN};
    poll(&polled, 1, 0);
    dup(AT_FDCWD);
    fsync(-1);
    open("nothing", O_RDONLY);
    char name[4096];
    syscall(SYS_getcwd, name, sizeof name);
}

static const char *const NAMES[] = {
    "plain", "here (deleted)", "(deleted)", " (deleted)", "tab\tand<angle>\"quoted\"\\", "letters\xc3\xa4\xff", "new\nline",
    "colon:[12]", "pipe:[12]", "digits 1<2>3"};

static void files(void) {
    for (int at = 0; at < sizeof NAMES / sizeof *NAMES; at++) {
        int fd = made(NAMES[at]);
        show(fd);
        unlink(NAMES[at]);
        show(fd);
        int other = made(NAMES[at]);
        show(fd);
        close(other);
        unlink(NAMES[at]);
        close(fd);
    }
    /* The name of the deleted file with its mark is that of a file. */
    int fd = made("one");
    unlink("one");
    int other = made("one (deleted)");
    show(fd);
    everywhere(fd);
    mapped(fd);
    close(other);
    /* Linked again elsewhere. */
    made("first");
    link("first", "second");
    fd = open("first", O_RDONLY);
    unlink("first");
    show(fd);
    /* Exchanged. */
    fd = made("third");
    rename("third", "fourth");
    show(fd);
    mkdir("sub", 0700);
    fd = open("sub", O_PATH | O_DIRECTORY);
    everywhere(fd);
    rmdir("sub");
    everywhere(fd);
    fchdir(fd);
    from_here();
    chdir("/");
    from_here();
}

static void links(void) {
    symlink("nothing", "link");
    int fd = open("link", O_PATH | O_NOFOLLOW);
    show(fd);
    fcntl(fd, F_GETFD);
    fcntl(fd, F_GETFL);
    unlink("link");
    fcntl(fd, F_GETFL);
    mkfifo("fifo", 0600);
    fd = open("fifo", O_RDWR);
    everywhere(fd);
    unlink("fifo");
    everywhere(fd);
}

static void devices(void) {
    show(open("/dev/null", O_RDWR));
    everywhere(open("/dev/zero", O_RDWR));
    int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    int unlocked = 0;
    ioctl(fd, 0x40045431, &unlocked);
    show(fd);
    everywhere(ioctl(fd, 0x5441, O_RDWR | O_NOCTTY));
    mknod("device", S_IFCHR | 0600, makedev(1, 3));
    mknod("block", S_IFBLK | 0600, makedev(7, 300));
    show(open("device", O_PATH));
    fcntl(open("block", O_PATH), F_GETFL);
    fd = open("device", O_RDWR);
    show(fd);
    mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    unlink("device");
    everywhere(fd);
    fd = open("block", O_PATH);
    fcntl(fd, F_GETFL);
    unlink("block");
    fcntl(fd, F_GETFL);
    symlink("/dev/null", "other (deleted)");
    fd = made("other");
    unlink("other");
    show(fd);
}

static void with_address(int family, int type, int protocol, void *address, int length, void *peer, int peer_length) {
    int fd = socket(family, type, protocol);
    show(fd);
    bind(fd, address, length);
    show(fd);
    if (peer) {
        connect(fd, peer, peer_length);
        show(fd);
    }
    close(fd);
}

static struct sockaddr_in inet(const char *text, int port) {
    struct sockaddr_in address = {AF_INET, htons(port)};
    inet_pton(AF_INET, text, &address.sin_addr);
    return address;
}

static struct sockaddr_in6 inet6(const char *text, int port) {
    struct sockaddr_in6 address = {AF_INET6, htons(port)};
    inet_pton(AF_INET6, text, &address.sin6_addr);
    return address;
}

static const int KINDS[][2] = {
    {SOCK_STREAM, 0}, {SOCK_DGRAM, 0}, {SOCK_DGRAM, UDP_LITE}, {SOCK_STREAM, MPTCP}, {SOCK_RAW, IPPROTO_RAW},
    {SOCK_RAW, IPPROTO_ICMP}, {SOCK_RAW, IPPROTO_UDP}, {SOCK_RAW, IPPROTO_TCP}, {SOCK_RAW, 200}, {SOCK_DGRAM, IPPROTO_ICMP}, {SOCK_DGRAM, IPPROTO_ICMPV6},
    {SOCK_SEQPACKET, IPPROTO_SCTP}, {SOCK_DCCP, IPPROTO_DCCP}, {SOCK_RAW, IPPROTO_ICMPV6}};

static void internet(void) {
    for (int at = 0; at < sizeof KINDS / sizeof *KINDS; at++) {
        const int *kind = KINDS[at];
        struct sockaddr_in here = inet("127.0.0.1", 4000 + at), there = inet("127.0.0.2", 5000 + at), any = inet("0.0.0.0", 6000 + at);
        with_address(AF_INET, kind[0], kind[1], &here, sizeof here, &there, sizeof there);
        with_address(AF_INET, kind[0], kind[1], &any, sizeof any, NULL, 0);
        struct sockaddr_in6 here6 = inet6("::1", 4000 + at), any6 = inet6("::", 6000 + at), mapped = inet6("::ffff:127.0.0.1", 7000 + at);
        with_address(AF_INET6, kind[0], kind[1], &here6, sizeof here6, &here6, sizeof here6);
        with_address(AF_INET6, kind[0], kind[1], &any6, sizeof any6, &mapped, sizeof mapped);
        with_address(AF_INET6, kind[0], kind[1], &mapped, sizeof mapped, NULL, 0);
    }
}

static void connected(int family, int protocol, void *address, int length) {
    int server = socket(family, SOCK_STREAM, protocol), client = socket(family, SOCK_STREAM, protocol);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    bind(server, address, length);
    listen(server, 5);
    show(server);
    if (family != AF_UNIX) {
        /* A port that is known. */
        char from[128];
        memcpy(from, address, length);
        ((struct sockaddr_in *)from)->sin_port = htons(9000 + protocol % 100);
        setsockopt(client, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        bind(client, (void *)from, length);
    }
    fcntl(client, F_SETFL, O_NONBLOCK);
    connect(client, address, length);
    struct pollfd polled = {server, POLLIN};
    poll(&polled, 1, 1000);
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int accepted = accept4(server, (void *)&peer, &size, SOCK_CLOEXEC);
    everywhere(accepted);
    show(client);
    shutdown(client, SHUT_RDWR);
    show(client);
    close(client);
    show(accepted);
    close(server);
    show(accepted);
    close(accepted);
}

static struct sockaddr_un local(const char *name, int length, socklen_t *size) {
    struct sockaddr_un address = {AF_UNIX};
    memcpy(address.sun_path, name, length);
    *size = offsetof(struct sockaddr_un, sun_path) + length;
    return address;
}

#define TEXT(literal) literal, sizeof(literal) - 1
static const struct { const char *bytes; int length; } UNIX_NAMES[] = {
    {TEXT("name")}, {TEXT("name2\0")}, {TEXT("name3\0more")}, {TEXT("\0abstract")}, {TEXT("\0with\0zeros\0")}, {TEXT("\0")}, {TEXT("\0quoted\"\\\n\xff")},
    {TEXT("quoted\"\\\n\xff>")},
    {TEXT("\0a long name, a long name, a long name, a long name, a long name, a long name, a long name, a long name 12")}};

static void unix_sockets(void) {
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (int kind = 0; kind < 3; kind++) {
        int type = types[kind], ends[2];
        for (int at = 0; at < sizeof UNIX_NAMES / sizeof *UNIX_NAMES; at++) {
            socklen_t size;
            struct sockaddr_un address = local(UNIX_NAMES[at].bytes, UNIX_NAMES[at].length, &size);
            int server = socket(AF_UNIX, type, 0), client = socket(AF_UNIX, type, 0);
            show(server);
            bind(server, (void *)&address, size);
            show(server);
            listen(server, 3);
            show(server);
            connect(client, (void *)&address, size);
            show(client);
            int accepted = accept(server, NULL, NULL);
            show(accepted);
            close(server);
            show(client);
            show(accepted);
            close(client);
            show(accepted);
            close(accepted);
            if (UNIX_NAMES[at].bytes[0]) unlink(address.sun_path);
        }
        socketpair(AF_UNIX, type, 0, ends);
        everywhere(ends[0]);
        show(ends[1]);
        close(ends[0]);
        show(ends[1]);
        close(ends[1]);
    }
    /* Named by itself, bound and deleted. */
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    bind(fd, (void *)&(struct sockaddr_un){AF_UNIX}, sizeof(sa_family_t));
    close(fd);
    socklen_t size;
    struct sockaddr_un address = local(TEXT("deleted"), &size);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(fd, (void *)&address, size);
    listen(fd, 2);
    unlink("deleted");
    show(fd);
    connected(AF_UNIX, 0, &address, size);
    int node = open("deleted", O_PATH);
    fcntl(node, F_GETFL);
}

static void netlinks(void) {
    for (int protocol = 0; protocol < 25; protocol++) {
        int fd = socket(AF_NETLINK, SOCK_RAW, protocol);
        show(fd);
        struct sockaddr_nl address = {AF_NETLINK, 0, 1000 + protocol, 0};
        bind(fd, (void *)&address, sizeof address);
        everywhere(fd);
        struct nlmsghdr message = {sizeof message, NLMSG_NOOP, NLM_F_REQUEST, 1, 0};
        write(fd, &message, sizeof message);
        send(fd, &message, sizeof message, 0);
        close(fd);
    }
}

/* Filters of 0 to 32 types, of which strace shows the smaller half. */
static void filters(void) {
    for (int types = 0; types <= 32; types++) {
        uint32_t mask = types == 32 ? ~0U : (1U << types) - 1;
        for (int length = 1; length <= 4; length++) setsockopt(-1, SOL_RAW, 1, &mask, length);
    }
}

static void other_families(void) {
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_RDM};
    for (int family = 0; family < 47; family++)
        for (int kind = 0; kind < 5; kind++) {
            if (family == AF_INET || family == AF_INET6 || family == AF_NETLINK || family == AF_UNIX) continue;
            int fd = socket(family, types[kind], family == AF_PACKET ? htons(3) : 0);
            if (fd < 0) continue;
            show(fd);
            fcntl(fd, F_GETFL);
            close(fd);
        }
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = 7000};
    with_address(AF_VSOCK, SOCK_STREAM, 0, &address, sizeof address, NULL, 0);
}

/* Each place of a call that may hold a descriptor. The calls fail for their other arguments. */
static void in_all_places(int fd) {
    const int calls[] = {
        SYS_read, SYS_write, SYS_fstat, SYS_lseek, SYS_dup, SYS_fcntl, SYS_ioctl, SYS_pread64, SYS_readv,
        SYS_accept, SYS_accept4, SYS_connect, SYS_bind, SYS_listen, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg,
        SYS_getsockopt, SYS_shutdown, SYS_sendfile, SYS_splice, SYS_tee, SYS_vmsplice, SYS_copy_file_range, SYS_epoll_ctl,
        SYS_epoll_wait, SYS_mq_timedsend, SYS_mq_timedreceive, SYS_mq_notify, SYS_mq_getsetattr, SYS_timerfd_settime,
        SYS_timerfd_gettime, SYS_signalfd, SYS_signalfd4, SYS_perf_event_open, SYS_inotify_add_watch, SYS_inotify_rm_watch,
        SYS_fanotify_mark, SYS_openat, SYS_unlinkat, SYS_renameat, SYS_linkat, SYS_symlinkat, SYS_fchdir, SYS_getdents64,
        SYS_setns, SYS_finit_module, SYS_io_uring_enter, SYS_flock, SYS_ftruncate, SYS_fallocate, SYS_syncfs};
    for (int call = 0; call < sizeof calls / sizeof *calls; call++)
        for (int at = 0; at < 5; at++) {
            long values[6] = {77, 77, 77, 77, 77, 77};
            values[at] = fd;
            syscall(calls[call], values[0], values[1], values[2], values[3], values[4], values[5]);
        }
}

int main(int count, char **arguments) {
    const char *group = count > 1 ? arguments[1] : "";
    if (strcmp(group, "files") == 0) {
        nameless();
        links();
        devices();
        processes();
        files();
    }
    if (strcmp(group, "selected") == 0) {
        int fd = open("/dev/null", O_RDWR);
        in_all_places(fd);
        mapped(fd);
        close(fd);
    }
    if (strcmp(group, "sockets") == 0) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
        ioctl(fd, SIOCSIFFLAGS, &request);
        close(fd);
        internet();
        struct sockaddr_in address = inet("127.0.0.1", 8001);
        connected(AF_INET, 0, &address, sizeof address);
        address = inet("127.0.0.1", 8002);
        connected(AF_INET, MPTCP, &address, sizeof address);
        struct sockaddr_in6 address6 = inet6("::1", 8003);
        connected(AF_INET6, 0, &address6, sizeof address6);
        unix_sockets();
        netlinks();
        filters();
        other_families();
    }
}

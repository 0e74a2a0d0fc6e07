/*
 * poll, ppoll, select and pselect6 with so many ready descriptors that strace ends their list: all
 * lengths of lists around its limits, by descriptors of one to four digits. All are ready at once.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FIRST = 3, SHORT = 10, MIDDLE = 100, LONG = 1000, LAST = 1500, MOST = 400 };

static void polled(int shorter, int count, short events) {
    struct pollfd polled[MOST];
    for (int at = 0; at < count; at++) polled[at] = (struct pollfd){at < shorter ? SHORT + at : MIDDLE + at, events};
    poll(polled, count, 1000);
    struct timespec nanoseconds[] = {{10, 500000000}, {100, 500000000}, {1000, 500000000}};
    for (int at = 0; at < 3; at++) syscall(SYS_ppoll, polled, count, &nanoseconds[at], NULL, 8);
    syscall(SYS_ppoll, polled, count, NULL, NULL, 8);
}

static void selected(int shorter, int count, int both) {
    unsigned long in[LAST / 64 + 1] = {0}, out[LAST / 64 + 1] = {0};
    for (int at = 0; at < count; at++) {
        int fd = at < shorter ? SHORT + at : MIDDLE + at;
        in[fd / 64] |= 1UL << fd % 64;
        if (both && at >= both) in[fd / 64] &= ~(1UL << fd % 64), out[fd / 64] |= 1UL << fd % 64;
    }
    unsigned long kept[2][LAST / 64 + 1];
    for (int at = 0; at <= LAST / 64; at++) kept[0][at] = in[at], kept[1][at] = out[at];
    struct timespec nanoseconds[] = {{10, 500000000}, {100, 500000000}, {1000, 500000000}};
    for (int at = 0; at < 4; at++) {
        for (int word = 0; word <= LAST / 64; word++) in[word] = kept[0][word], out[word] = kept[1][word];
        syscall(SYS_pselect6, LAST, in, both ? out : NULL, NULL, at < 3 ? &nanoseconds[at] : NULL, NULL);
    }
}

int main(void) {
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){LAST + 1, LAST + 1});
    int fd = open("/dev/null", O_RDWR);
    for (int to = fd + 1; to < LAST; to++) dup2(fd, to);
    for (int count = 30; count < 46; count++)
        for (int shorter = 0; shorter < 27; shorter += 1) polled(shorter, count, POLLIN);
    for (int count = 20; count < 36; count++) polled(count / 3, count, POLLIN | POLLOUT);
    for (int count = 235; count < 262; count++)
        for (int shorter = 0; shorter < 5; shorter++) selected(shorter, count, 0);
    for (int count = 225; count < 262; count++) {
        selected(3, count, 20);
        selected(0, count, count - 4);
        selected(1, count, count - 1);
    }
}

/*
 * Calls that are made seldom, and arguments of other widths than the kernel takes. All are
 * refused, or ask only.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROOM = 4096, NO_PROCESS = 0x3fffffff };
static long *room;

static void widths(void) {
    syscall(SYS_pipe2, -1L, 0xffffffff00000800);
    syscall(SYS_dup3, -1L, -2L, 0xffffffff00080000);
    syscall(SYS_seccomp, 0xdeadbeef00000005, 0xdeadbeef00000000, 0L);
    syscall(SYS_syslog, 0xbadc0de00000008, 0L, 0xdeadfacefffffffb);
    syscall(SYS_ioprio_set, 77L, 1L, -5L);
    syscall(SYS_openat2, -1L, "x", (long[]){0, 0, (long)0xfeed00000000003f}, 24L);
    syscall(SYS_openat, AT_FDCWD, "/nope", 0x100000L, 0L);
    syscall(SYS_openat, AT_FDCWD, "/nope", 0x101000L, 0L);
    syscall(SYS_openat, AT_FDCWD, "/nope", 0x400000L, 0L);
    syscall(SYS_memfd_secret, 0x12345678L);
    syscall(SYS_modify_ldt, -1L, 0L, 0L);
    syscall(SYS_fsconfig, -1L, 2L, "key", "\0\1\2", 3L);
    for (long command = 0x100; command < 0x10e; command++)
        if (command != 0x106 && command != 0x10d) syscall(SYS_futex, room, command, 5L, 0L, 0L, 1L);
}

static void times(void) {
    long wrong[4] = {7, -8, 5, 2000000000};
    syscall(SYS_utimes, "/nope", wrong);
    syscall(SYS_futimesat, AT_FDCWD, "/nope", wrong);
    syscall(SYS_utimensat, AT_FDCWD, "/nope", wrong, 0L);
    int epoll = epoll_create1(0);
    syscall(SYS_epoll_pwait2, epoll, room, 1L, (long[]){0, 5}, 0L, 8L);
    syscall(SYS_epoll_pwait2, epoll, room, 1L, (long[]){0, -3}, 0L, 8L);
    for (long size = 0; size <= 16; size++) syscall(SYS_rt_sigpending, room, size);
}

static void commands(void) {
    for (long code = 0x1011; code <= 0x1025; code++)
        if (code != 0x1012) syscall(SYS_arch_prctl, code, room);
    for (long operation = 2; operation < 34; operation++) {
        if (operation == 14 || operation == 16 || operation == 18) continue;
        syscall(SYS_keyctl, operation, 0L, 0L, 0L, 0L);
        syscall(SYS_keyctl, operation, 9999999L, room + 2, 8L, 9999998L);
    }
    for (long size = 1; size < 4; size++) syscall(SYS_keyctl, 31L, room, size);
    for (long option = 40; option < 65; option++)
        if (option != 59 && option != 47) syscall(SYS_prctl, option, 0x20013L, 2L, 3L, 4L);
    syscall(SYS_prctl, 15L, "123456789abcdefgh", 0L, 0L, 0L);
    syscall(SYS_prctl, 15L, "123456789abcdef", 0L, 0L, 0L);
    for (long request = 1; request < 20; request++)
        if (request != 16) syscall(SYS_ptrace, request, NO_PROCESS, 8L, 0x123L);
    for (long request = 0x4200; request < 0x4210; request++)
        if (request != 0x4206 && request != 0x420d) syscall(SYS_ptrace, request, NO_PROCESS, 8L, room);
    for (long command = 1; command < 10; command++) {
        syscall(SYS_quotactl, (0x800000L | command) << 8, "/dev/nope", 1L, room);
        syscall(SYS_quotactl, (0x800000L | command) << 8 | 1, 0L, 1L, 0L);
        syscall(SYS_quotactl, (0x5800L | command) << 8, "/dev/nope", 1L, room);
    }
}

static void objects(void) {
    syscall(SYS_msgctl, 0L, 3L, room);
    syscall(SYS_msgctl, 0L, 12L, 0L);
    syscall(SYS_semctl, 0L, 0L, 3L, room);
    syscall(SYS_shmctl, 0L, 3L, room);
}

static void entries(void) {
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    syscall(SYS_getdents, directory, room, ROOM);
    lseek(directory, 0, SEEK_SET);
    syscall(SYS_getdents64, directory, room, ROOM);
}

int main(void) {
    room = mmap((void *)0x20000000, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (room == MAP_FAILED) return 1;
    widths();
    times();
    entries();
    memset(room, 0, ROOM);
    commands();
    objects();
    return 0;
}

/* Calls whose strings, buffers, arrays and structures end where readable memory ends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, NO_DESCRIPTOR = -1 };
static char *page;

/* The last bytes of the page: the next page is not mapped. */
static void *last(size_t bytes) {
    return memset(page + PAGE - bytes, 0, bytes);
}

static void *last_of(const void *bytes, size_t count) {
    return memcpy(page + PAGE - count, bytes, count);
}

static void strings(void) {
    syscall(SYS_link, last_of("abcde", 5), "x");
    syscall(SYS_add_key, last_of("abcde", 5), "x", "y", 1L, 0L);
    syscall(SYS_add_key, "user", "name", last_of("abc", 3), 5L, 0L);
    syscall(SYS_mount, last_of("abcde", 5), "/nope", "t", 0L, 0L);
    syscall(SYS_faccessat, AT_FDCWD, last_of("abcde", 5), 0L);
    syscall(SYS_delete_module, last_of("abcde", 5), 0L);
    syscall(SYS_fanotify_mark, NO_DESCRIPTOR, 1L, 1L, AT_FDCWD, last_of("abc", 3));
    syscall(SYS_mq_open, last_of("abc", 3), 0L, 0L, 0L);
    syscall(SYS_setxattr, "/nope", last_of("user.x", 6), "v", 1L, 0L);
    syscall(SYS_setxattr, "/nope", "user.x", last_of("foo\0bar", 8), 8L, 0L);
    syscall(SYS_setxattr, "/nope", "user.x", "foo\0bar", 7L, 0L);
}

static void arrays(void) {
    struct iovec two[2] = {{last_of("abcde", 5), 5}, {page + PAGE - 3, 7}};
    syscall(SYS_writev, NO_DESCRIPTOR, two, 2L);
    syscall(SYS_write, NO_DESCRIPTOR, last_of("abcde", 5), 9L);
    syscall(SYS_write, NO_DESCRIPTOR, last_of("abcde", 5), 5L);
    void *cut = last_of(two, 24);
    syscall(SYS_writev, NO_DESCRIPTOR, cut, 2L);
    syscall(SYS_pwritev, NO_DESCRIPTOR, cut, 2L, 0L, 0L);
    char *words[2] = {"a", "b"};
    cut = last_of(words, sizeof words);
    syscall(SYS_execve, "/nope", cut, cut);
    syscall(SYS_execve, "/nope", page + PAGE, page + PAGE);
    char *bad[3] = {last_of("abc", 3), "ok", NULL};
    syscall(SYS_execve, "/nope", bad, bad);
    unsigned ids[2] = {1, 2};
    syscall(SYS_setgroups, 3L, last_of(ids, sizeof ids));
    syscall(SYS_kexec_load, 1L, 2L, last(40), 0L);
    syscall(SYS_poll, (int[]){0, 1, 2, 1, 2, 1}, 0L, 0L);
}

/*
 * clone3(2) is told how much of its structure there is. The signal is none, so that it is refused.
 */
static void sizes(void) {
    enum { SIGNAL = 4, CGROUP = 10, BEYOND = 11, NO_SIGNAL = 0x1ff };
    for (long size = 56; size <= 104; size += 8) {
        long *arguments = last((size_t)size);
        arguments[SIGNAL] = NO_SIGNAL;
        if (size > 8 * CGROUP) arguments[CGROUP] = 123;
        if (size > 8 * BEYOND) arguments[BEYOND] = 9;
        syscall(SYS_clone3, arguments, size);
        syscall(SYS_clone3, arguments, size + 8);
    }
}

int main(void) {
    page = mmap((void *)0x10000000, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (page == MAP_FAILED || munmap(page + PAGE, PAGE) != 0) return 1;
    strings();
    arrays();
    sizes();
    return 0;
}

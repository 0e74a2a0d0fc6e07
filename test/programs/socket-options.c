/*
 * setsockopt(2) and getsockopt(2) of a descriptor that is none: each level, each name, values of
 * many lengths, at the end of readable memory. Argument: 's' or 'g'.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, NO_DESCRIPTOR = -1, NAMES = 84 };
static const int LEVELS[] = {0,   1,   6,   17,  41,  58,  136, 132, 255, 256, 257, 258, 261, 262, 263, 264, 265, 266, 267,
                             268, 269, 270, 271, 272, 273, 274, 275, 276, 277, 278, 279, 280, 281, 282, 283, 999};
static const int LENGTHS[] = {-1, 0, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 20, 24, 28, 132, 136};

static void options(char *page, long call, int level, int name) {
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
        int length = LENGTHS[i];
        /* Levels without structures: a number, fewer bytes and more. */
        int has_structures = level < 2 || level == 41 || level == 255 || level == 263 || level == 270;
        if (!has_structures && length != 0 && length != 3 && length != 4 && length != 5) continue;
        int bytes = length < 0 ? 4 : length;
        char *value = page + PAGE - bytes;
        /* A number that many options know, and bytes that differ. */
        for (int at = 0; at < bytes; at++) value[at] = (char)(at & 3 ? 0 : 1 + at / 4);
        long given = call == SYS_setsockopt ? length : (long)&length;
        syscall(call, NO_DESCRIPTOR, level, name, value, given);
        if (length == 8) syscall(call, NO_DESCRIPTOR, level, name, value + 4, given);
        if (length == 4) syscall(call, NO_DESCRIPTOR, level, name, NULL, given);
    }
}

int main(int count, char **arguments) {
    char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + PAGE, PAGE);
    long call = count > 1 && *arguments[1] == 's' ? SYS_setsockopt : SYS_getsockopt;
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        int level = LEVELS[i];
        for (int name = -1; name < NAMES; name++)
            if (level < 2 || level == 6 || level == 41 || level == 263 || name < 20 || name % 10 == 0)
                options(page, call, level, name);
        for (int name = 100; name < 136; name++)
            if (level == 132 || level == 17) options(page, call, level, name);
    }
    syscall(call, NO_DESCRIPTOR, 1, 26, page, 4096);
    return 0;
}

/*
 * Makes the system calls that its standard input lists, one after the other: records of a
 * number, six arguments and the bytes that the arguments may point to. Both are read at once, by
 * the first read(2), and the memory has a fixed place, so that a tracer that keeps every call
 * from being made (-e inject=) shows the same text each time. The page behind the memory does not
 * exist.
 */
#include <asm/unistd.h>

enum { BYTES = 1024, PAGE = 4096, MOST = 8192, GATE32 = 1 };

struct record {
    unsigned gate;
    unsigned number;
    unsigned long arguments[6];
    unsigned char bytes[BYTES];
};

static struct record records[MOST];
/* The linker gives this section an address, see test/strace/support/chosen-calls.ts. */
__attribute__((section(".pointed"))) unsigned char pointed[PAGE] = {1};
__attribute__((section(".texts"))) char texts[PAGE] =
    "/tmp/name\0"
    "a\"b\\c\n\t\1\0037\0"
    "user.name\0"
    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz\0"
    "ext4\0";

static long call(long number, const unsigned long *a) {
    register long r10 __asm__("r10") = a[3];
    register long r8 __asm__("r8") = a[4];
    register long r9 __asm__("r9") = a[5];
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static long call32(long number, const unsigned long *a) {
    long result;
    register unsigned long last __asm__("r12") = a[5];
    __asm__ volatile("push %%rbp\n\tmov %%r12, %%rbp\n\tint $0x80\n\tpop %%rbp"
                     : "=a"(result)
                     : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]), "r"(last)
                     : "r8", "r9", "r10", "r11", "memory");
    return result;
}

void _start(void) {
    const unsigned long input[6] = {0, (unsigned long)records, sizeof records};
    long count = call(__NR_read, input) / (long)sizeof(struct record);
    for (long at = 0; at < count; at++) {
        const struct record *record = &records[at];
        for (int byte = 0; byte < BYTES; byte++)
            pointed[PAGE - BYTES + byte] = record->bytes[byte];
        if (record->gate == GATE32)
            call32(record->number, record->arguments);
        else
            call(record->number, record->arguments);
    }
    const unsigned long none[6] = {0};
    call(__NR_exit_group, none);
}

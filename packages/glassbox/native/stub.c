/*
 * The process in which the threads of a guest run: an address space that begins as nothing but
 * this page. It is traced from its first instruction on, and makes system calls only when the
 * platform sends a thread to `batch`. It has no stack and no memory that it could write.
 *
 * A thread in `batch` makes the r13 calls that stand at r12, each a struct guest_command, and
 * traps. It stops at the first call that fails. The results are in registers, where a guest that
 * runs at the same time cannot change them: rax is the last result, r13 the number of calls left.
 *
 * The platform installs a filter by its first batch: from then on only the instruction at
 * `batch_call` may make calls, and only those of a batch. A guest may jump there as well, but a
 * guest's calls never reach the host: it runs under PTRACE_SYSEMU.
 */
#include "guest.h"

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)

/*
 * At the beginning it maps the page of commands: mmap(STUB_PAGE, STUB_PAGE_BYTES, PROT_READ,
 * MAP_SHARED | MAP_FIXED, STUB_PAGE_FD, 0). If that fails it traps with the error in rax.
 */
__asm__(".section .text.first,\"ax\"\n"
        ".globl _start\n"
        "_start:\n"
        "  mov $" TEXT(__NR_mmap) ", %eax\n"
        "  movabs $" TEXT(STUB_PAGE) ", %rdi\n"
        "  mov $" TEXT(STUB_PAGE_BYTES) ", %esi\n"
        "  mov $1, %edx\n"
        "  mov $0x11, %r10d\n"
        "  mov $" TEXT(STUB_PAGE_FD) ", %r8d\n"
        "  xor %r9d, %r9d\n"
        "  xor %r13d, %r13d\n"
        "  syscall\n"
        "  jmp done\n"
        ".balign 64\n" /* STUB_CODE of layouts: the platform sends threads to _start + 64 */
        "batch:\n"
        "  test %r13, %r13\n"
        "  jz done\n"
        "  mov (%r12), %rax\n"
        "  mov 8(%r12), %rdi\n"
        "  mov 16(%r12), %rsi\n"
        "  mov 24(%r12), %rdx\n"
        "  mov 32(%r12), %r10\n"
        "  mov 40(%r12), %r8\n"
        "  mov 48(%r12), %r9\n"
        "  jmp batch_call\n"
        ".balign 64\n"
        "batch_call:\n"
        "  syscall\n" /* the filter knows the address of the next instruction: _start + 130 */
        "  cmp $-4096, %rax\n"
        "  ja done\n"
        "  add $64, %r12\n"
        "  dec %r13\n"
        "  jmp batch\n"
        "done:\n"
        "  int3\n"
        "  jmp batch\n");

/**
 * Makes each call of x86-64 by its number. A filter refuses all of them with ENOSYS but the last,
 * exit_group, so a tracer sees them and none has an effect.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NUMBERS 451
/** The uprobe calls: the kernel ends a program that makes them. */
#define FIRST_UPROBE 335
#define LAST_UPROBE 336

int main(void) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 38),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) return 1;
  for (long number = 0; number < NUMBERS; number++)
    if (number != SYS_exit_group && (number < FIRST_UPROBE || number > LAST_UPROBE))
      syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
  syscall(SYS_exit_group, 0);
}

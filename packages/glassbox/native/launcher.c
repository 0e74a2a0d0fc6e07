/*
 * What a traced command is before it is the command: it waits until its tracer has seized it and sends a plan, and runs that
 * plan, whose last step executes the program. A process of its own and not a child that shares Node's memory: that would
 * block the very thread that must serve its stops.
 *
 * Descriptor 3 is a stream socket to the tracer: eight bytes of length and an encoded plan come in; where a step fails, its struct
 * plan_failure goes out and the launcher ends with 127. An end of the stream ends it too.
 */
#include "plan.h"
#include <linux/mman.h>

#define SOCKET 3

static int read_all(void *to, u64 length) {
  u8 *at = to;
  while (length) {
    long got = sys(read, SOCKET, at, length);
    if (got == -EINTR) continue;
    if (got <= 0) return 0;
    at += got;
    length -= (u64)got;
  }
  return 1;
}

__attribute__((noreturn)) static void end(void) {
  for (;;) sys(exit_group, 127);
}

__attribute__((noreturn, used)) static void launch(void) {
  static s64 slots[PLAN_SLOTS];
  struct plan plan;
  struct plan_failure failure = {-1, 0};
  u64 length;
  if (!read_all(&length, sizeof length)) end();
  long bytes = sys(mmap, 0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes < 0 && bytes >= -4095)
    failure.error = (s32)-bytes;
  else if (!read_all((void *)bytes, length))
    end();
  else if (plan_load(&plan, (void *)bytes, length) < 0)
    failure.error = EINVAL;
  else
    plan_run(&plan, 0, slots, &failure);
  sys(write, SOCKET, &failure, sizeof failure);
  end();
}

__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  and $-16, %rsp\n"
        "  call launch\n");

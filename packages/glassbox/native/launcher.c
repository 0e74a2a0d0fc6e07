/*
 * The process that becomes a traced command. It waits until its tracer has seized it and sends a
 * plan, and runs that plan, whose last step executes the program. It is a process of its own and
 * not a child that shares Node's memory, because the parent of such a child is suspended, and the
 * parent is the thread that must serve the child's stops.
 *
 * The socket is its life: the launcher ends with 127 when the stream ends, and after a step that
 * failed.
 */
#include "launcher.h"
#include <linux/mman.h>

/* PLAN_SOCKET, or the first number above it that the command does not inherit. */
static int socket_place;

static int read_all(void *to, u64 length) {
  u8 *at = to;
  while (length) {
    long got = sys(read, socket_place, at, length);
    if (got == -EINTR) continue;
    if (got <= 0) return 0;
    at += got;
    length -= (u64)got;
  }
  return 1;
}

/* A filter that is installed by now may refuse both calls. Then a fault ends the process. */
__attribute__((noreturn)) static void end(void) {
  for (;;) {
    sys(exit_group, 127);
    sys(exit, 127);
    __asm__ volatile("hlt");
  }
}

static int number_of(const char *digits) {
  int number = 0;
  for (; *digits >= '0' && *digits <= '9'; digits++) number = number * 10 + (*digits - '0');
  return number;
}

/* `stack`: argc, then argv. argv[1] is the number of the socket. */
__attribute__((noreturn, used)) static void launch(const u64 *stack) {
  static s64 slots[PLAN_SLOTS];
  struct plan plan;
  struct plan_failure failure = {-1, 0, 0};
  struct launcher_request request;
  socket_place = stack[0] > 1 ? number_of((const char *)stack[2]) : PLAN_SOCKET;
  if (!read_all(&request, sizeof request)) end();
  long bytes = sys(mmap, 0, request.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes < 0 && bytes >= -4095)
    failure.error = (s32)-bytes;
  else if (!read_all((void *)bytes, request.length))
    end();
  else if (plan_load(&plan, (void *)bytes, request.length) < 0)
    failure.error = EINVAL;
  else
    plan_run(&plan, 0, slots, &failure);
  sys(write, socket_place, &failure, sizeof failure);
  end();
}

__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call launch\n");

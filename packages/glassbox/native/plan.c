/*
 * The interpreter of launch plans. It runs in three places: in a thread of Node, in a vfork-style
 * child that shares Node's memory, and in init. So it has no allocation but the child's stack, no
 * libc, and no state outside its arguments.
 *
 * Who owns what: the caller owns the bytes and the slots. A child that shares memory shares both
 * with its parent. The parent is suspended until the child has executed a program or ended, so it
 * finds there the descriptor numbers and the error that the child left. CLONE_VFORK suspends in a
 * way that counts as load on the machine. A child that may wait for long is therefore cloned
 * without it, and the parent sleeps on a futex that the kernel wakes at the same two moments.
 */
#include "plan.h"
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>

#define CHILD_STACK 32768
#define WAIT_ALL 0x40000000 /* __WALL */
#define SIG_SETMASK 2       /* asm/signal.h, which would bring the libc types */

static int valid_step(const struct plan_step *step, u32 index, const struct plan_header *header) {
  if (step->operation > OPERATION_AWAIT) return 0;
  if (step->result != PLAN_NO_SLOT && step->result >= PLAN_SLOTS) return 0;
  for (int i = 0; i < 6; i++) {
    if (step->kinds[i] > ARGUMENT_SLOT) return 0;
    if (step->kinds[i] == ARGUMENT_DATA && step->args[i] >= header->data_size) return 0;
    if (step->kinds[i] == ARGUMENT_SLOT && step->args[i] >= PLAN_SLOTS) return 0;
  }
  int jumps = step->jump > index + 1 && step->jump <= header->steps;
  if (step->operation == OPERATION_CLONE) return step->kinds[0] == ARGUMENT_IMMEDIATE && jumps;
  return step->jump == 0 || (step->operation == OPERATION_SYSCALL && jumps);
}

int plan_load(struct plan *plan, void *bytes, u64 length) {
  const struct plan_header *header = bytes;
  memset(plan, 0, sizeof *plan);
  if (length < sizeof *header || header->magic != PLAN_MAGIC || header->steps > PLAN_MAX_STEPS) return -EINVAL;
  u64 steps_at = sizeof *header, pointers_at = steps_at + (u64)header->steps * sizeof(struct plan_step);
  u64 data_at = pointers_at + (u64)header->pointers * sizeof(struct plan_pointer);
  if (data_at + header->data_size != length) return -EINVAL;

  const struct plan_step *steps = (const struct plan_step *)((u8 *)bytes + steps_at);
  const struct plan_pointer *pointers = (const struct plan_pointer *)((u8 *)bytes + pointers_at);
  u8 *data = (u8 *)bytes + data_at;
  for (u32 i = 0; i < header->steps; i++)
    if (!valid_step(&steps[i], i, header)) return -EINVAL;
  for (u32 i = 0; i < header->pointers; i++)
    if ((u64)pointers[i].at + 8 > header->data_size || pointers[i].to >= header->data_size) return -EINVAL;

  for (u32 i = 0; i < header->pointers; i++) {
    u64 address = (u64)(data + pointers[i].to);
    memcpy(data + pointers[i].at, &address, 8);
  }
  *plan = (struct plan){.steps = steps, .step_count = header->steps, .data = data};
  return 0;
}

struct child {
  struct plan plan; /* up to the step at which the parent goes on */
  u32 first;
  s64 *slots;
  struct plan_failure *failure;
};

/*
 * The child's whole life until execve. Its failure is in the parent's memory if the two share it.
 */
static void child_main(void *argument) {
  struct child *child = argument;
  plan_run(&child->plan, child->first, child->slots, child->failure);
  for (;;) sys(exit_group, 127);
}

/*
 * clone3, or clone, that calls `entry` in the child, on the child's own stack if the two share
 * memory.
 */
static long clone_child(long number, long a, long b, long c, long d, void (*function)(void *), void *data) {
  long result;
  register long fourth __asm__("r10") = d;
  register void (*entry)(void *) __asm__("r12") = function;
  register void *argument __asm__("r13") = data;
  __asm__ volatile("syscall\n\t"
                   "test %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "xor %%ebp, %%ebp\n\t"
                   "mov %%r13, %%rdi\n\t"
                   "and $-16, %%rsp\n\t"
                   "call *%%r12\n\t"
                   "hlt\n"
                   "1:"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(entry), "r"(argument)
                   : "rcx", "r11", "memory");
  return result;
}

/*
 * The filters of containers hide clone3, because they cannot read its flags: with ENOSYS, or with
 * EPERM before Docker 20.10.10. clone takes the same arguments, but can neither reset signal
 * handlers nor choose a cgroup. All signals are blocked instead, so no handler of Node runs in the
 * child. It unblocks them just before it executes the program.
 */
static long clone_without_clone3(struct clone_args *args, void (*entry)(void *), void *argument) {
  u64 all = ~0ull, before, flags = args->flags & ~CLONE_CLEAR_SIGHAND;
  if (flags >> 32) return -ENOSYS;
  sys(rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  long pid = clone_child(__NR_clone, (long)(flags | args->exit_signal), (long)(args->stack + args->stack_size),
                         (long)args->parent_tid, (long)args->child_tid, entry, argument);
  sys(rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof all);
  return pid;
}

long clone_process(struct clone_args *args, void (*entry)(void *), void *argument) {
  long pid = clone_child(__NR_clone3, (long)args, sizeof *args, 0, 0, entry, argument);
  if (pid != -ENOSYS && pid != -EPERM) return pid;
  long again = clone_without_clone3(args, entry, argument);
  return pid == -EPERM && again == -ENOSYS ? pid : again;
}

/*
 * `word` holds the child's id until the kernel clears it, at execve or at its end
 * (set_tid_address(2)).
 */
static void wait_until_clear(volatile u32 *word) {
  for (u32 pid = *word; pid; pid = *word) sys(futex, word, FUTEX_WAIT, pid, 0);
}

static long run_clone(const struct plan *plan, u32 index, const u64 *args, s64 *slots, struct plan_failure *failure) {
  const struct plan_step *step = &plan->steps[index];
  struct child child = {*plan, index + 1, slots, failure};
  struct clone_args clone = {.flags = args[0], .exit_signal = args[1], .cgroup = args[2]};
  volatile u32 alive = 0;
  int shares = (clone.flags & CLONE_VM) != 0, sleeps = shares && !(clone.flags & CLONE_VFORK);
  if (step->jump < child.plan.step_count) child.plan.step_count = step->jump;
  if (sleeps) {
    clone.flags |= CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    clone.parent_tid = clone.child_tid = (u64)&alive;
  }
  if (shares) {
    long stack = sys(mmap, 0, CHILD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack < 0) return stack;
    clone.stack = (u64)stack;
    clone.stack_size = CHILD_STACK;
  }
  long pid = clone_process(&clone, child_main, &child);
  if (pid > 0 && sleeps) wait_until_clear(&alive);
  if (shares) sys(munmap, clone.stack, CHILD_STACK);
  if (pid > 0 && failure->error) sys(wait4, pid, 0, WAIT_ALL, 0);
  if (pid > 0 && step->result != PLAN_NO_SLOT) slots[step->result] = pid;
  return pid;
}

static int ignores(const struct plan_step *step, long error) {
  for (int i = 0; i < 2; i++)
    if (step->ignore[i] == PLAN_ANY_ERROR || (step->ignore[i] && step->ignore[i] == error)) return 1;
  return 0;
}

/* The bit of the fallback of that step. */
static u32 fallback_bit(const struct plan *plan, u32 index) {
  u32 before = 0;
  for (u32 i = 0; i < index; i++)
    if (plan->steps[i].operation == OPERATION_SYSCALL && plan->steps[i].jump) before++;
  return before < 32 ? 1u << before : 0;
}

static long run_await(const struct plan *plan) {
  if (plan->await) plan->await();
  return -ENOSYS;
}

void plan_run(const struct plan *plan, u32 first, s64 *slots, struct plan_failure *failure) {
  for (u32 i = first; i < plan->step_count; i++) {
    const struct plan_step *step = &plan->steps[i];
    u64 args[6];
    for (int a = 0; a < 6; a++)
      args[a] = step->kinds[a] == ARGUMENT_DATA   ? (u64)(plan->data + step->args[a])
                : step->kinds[a] == ARGUMENT_SLOT ? (u64)slots[step->args[a]]
                                                  : step->args[a];
    long result;
    int failed;
    if (step->operation == OPERATION_SYSCALL)
      result = raw_syscall(step->number, (long)args[0], (long)args[1], (long)args[2], (long)args[3], (long)args[4],
                           (long)args[5]);
    else if (step->operation == OPERATION_CLONE)
      result = run_clone(plan, i, args, slots, failure);
    else if (step->operation == OPERATION_CLOCK)
      result = (long)now_ns();
    else
      result = run_await(plan);

    if (failure->error) return; /* a child's */
    failed = result < 0 && result >= -4095;
    if (failed && !ignores(step, -result)) {
      failure->step = (s32)i;
      failure->error = (s32)-result;
      return;
    }
    if (step->result != PLAN_NO_SLOT) slots[step->result] = result;
    if (step->operation == OPERATION_CLONE || (step->jump && !failed)) i = step->jump - 1u;
    else if (step->jump) failure->fallbacks |= fallback_bit(plan, i);
  }
}

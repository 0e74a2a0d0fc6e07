/*
 * Starts a process that runs a plan under a tracer: the calling thread. The child shares Node's
 * memory until it executes the program. So it needs no program of its own to wait in, and its
 * report works whatever its filter refuses: it is a write to memory.
 *
 * The child does nothing before its tracer has seized it. If the tracer's thread ends before that,
 * the kernel kills the child (PR_SET_PDEATHSIG), and afterwards by the tracer's options
 * (PTRACE_O_EXITKILL).
 *
 * A child may wait before one of its steps until a word of memory that it is given is not zero. So
 * it does what comes before while another thread still prepares the rest, and that thread lets it
 * go on without the tracer.
 *
 * Who owns what: each start has a mapping of its own, with the plan, its slots, its failure and
 * the child's stack. JavaScript gives it back with endStart() when the child has executed the
 * program or is dead. It is never given back for JavaScript: a child that ran in memory that is
 * used anew would change it.
 */
#include "gate.h"
#include "plan.h"
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/wait.h>

#define STACK 32768
#define SIGKILL 9
#define SIGNALS 64
#define SIG_SETMASK 2
#define WAIT_ALL 0x40000000 /* __WALL */

struct start {
  u64 length;
  volatile u32 seized;
  u32 hold;                /* the step before which it waits */
  const volatile u32 *word; /* for this word */
  s32 parent;
  struct plan plan;
  struct plan_failure failure;
  s64 slots[PLAN_SLOTS];
  u8 bytes[]; /* the plan, then the stack */
};

/* Without clone3 the child has the handlers of Node, and Node itself ignores some signals. */
static void reset_signals(void) {
  u64 action[4] = {0}; /* struct sigaction with SIG_DFL */
  for (int signal = 1; signal <= SIGNALS; signal++) sys(rt_sigaction, signal, action, 0, 8);
}

static void run_steps(struct start *start) {
  struct plan first = start->plan;
  if (start->hold < first.step_count) first.step_count = start->hold;
  plan_run(&first, 0, start->slots, &start->failure);
  if (start->failure.error || first.step_count == start->plan.step_count) return;
  while (!*start->word) sys(futex, start->word, FUTEX_WAIT, 0, 0, 0, 0);
  plan_run(&start->plan, first.step_count, start->slots, &start->failure);
}

static void child_main(void *argument) {
  struct start *start = argument;
  sys(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  while (!start->seized && sys(getppid) == start->parent) sys(futex, &start->seized, FUTEX_WAIT, 0, 0, 0, 0);
  if (start->seized) {
    sys(prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0);
    reset_signals();
    run_steps(start);
  }
  /* A filter may refuse both calls. Then a fault stops the child, and the tracer kills it. */
  for (;;) {
    sys(exit_group, 127);
    sys(exit, 127);
    __asm__ volatile("hlt");
  }
}

/* Memory for a start; 0 if there is none. */
static struct start *map_start(const struct bytes *plan) {
  u64 length = sizeof(struct start) + ((plan->length + 15) & ~15ul) + STACK;
  long at = sys(mmap, 0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at < 0 && at >= -4095) return 0;
  struct start *start = (struct start *)at;
  start->length = length;
  start->failure.step = -1;
  memcpy(start->bytes, plan->data, plan->length);
  return start;
}

static long clone_start(struct start *start, s64 cgroup) {
  struct clone_args args = {.flags = CLONE_VM | CLONE_CLEAR_SIGHAND};
  u64 all = ~0ull, before;
  if (cgroup >= 0) args.flags |= CLONE_INTO_CGROUP, args.cgroup = (u64)cgroup;
  start->parent = (s32)sys(getpid);
  args.stack = (u64)start + start->length - STACK;
  args.stack_size = STACK;
  sys(rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  long pid = clone_process(&args, child_main, start);
  sys(rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof all);
  return pid;
}

/*
 * startSeized(plan, slots: BigInt64Array(64), options, made: BigInt64Array(2), cgroup, hold,
 * word: Int32Array): starts a child that this thread has seized with these options, and that runs
 * the plan. It is in the v2 cgroup of that descriptor, or of this thread if that is negative.
 * Before the step `hold`, if that is not negative, it waits until the word is not zero; whoever
 * changes it wakes the child (futex(2)). The word must live until endStart(). Returns its id, or
 * -errno; `made[1]` is 1 then if the child could not be seized, and 2 if it was killed before
 * that. `made[0]` is the start, for endStart().
 */
napi_value gate_start_seized(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes plan, slots, made, word;
  s64 options, cgroup, hold;
  if (!get_arguments(env, info, 7, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &plan)) return throw_type(env, "startSeized() takes an encoded plan");
  if (!get_bytes(env, arguments[1], &slots) || slots.length != PLAN_SLOTS * sizeof(s64))
    return throw_type(env, "startSeized() needs a BigInt64Array of 64 slots");
  if (!get_integer(env, arguments[2], &options)) return throw_type(env, "startSeized() takes the options of ptrace");
  if (!get_bytes(env, arguments[3], &made) || made.length != 2 * sizeof(s64))
    return throw_type(env, "startSeized() needs a BigInt64Array of two for what it made");
  if (!get_integer(env, arguments[4], &cgroup)) return throw_type(env, "startSeized() takes the descriptor of a cgroup");
  if (!get_integer(env, arguments[5], &hold)) return throw_type(env, "startSeized() takes the step before which to wait");
  if (!get_bytes(env, arguments[6], &word) || (hold >= 0 && word.length != sizeof(u32)))
    return throw_type(env, "startSeized() takes the word to wait for");

  s64 *results = (s64 *)made.data;
  struct start *start = map_start(&plan);
  if (!start) return number(env, -ENOMEM);
  memcpy(start->slots, slots.data, slots.length);
  start->hold = hold < 0 ? PLAN_MAX_STEPS : (u32)hold;
  start->word = (u32 *)word.data;
  long pid = plan_load(&start->plan, start->bytes, plan.length);
  if (pid == 0) pid = clone_start(start, cgroup);
  long seized = pid > 0 ? sys(ptrace, PTRACE_SEIZE, pid, 0, options) : 0;
  if (seized < 0) {
    /* One that was killed before cannot be seized either. */
    int was_dead = sys(wait4, pid, 0, WAIT_ALL | WNOHANG, 0) == pid;
    if (!was_dead) {
      sys(kill, pid, SIGKILL);
      sys(wait4, pid, 0, WAIT_ALL, 0);
    }
    results[1] = was_dead ? 2 : 1;
    pid = seized;
  }
  if (pid < 0) {
    sys(munmap, start, start->length);
    return number(env, pid);
  }
  own_child(env, pid);
  results[0] = (s64)start;
  start->seized = 1;
  sys(futex, &start->seized, FUTEX_WAKE, 1, 0, 0, 0);
  return number(env, pid);
}

/*
 * endStart(start, failure: Int32Array(2)): the child has executed the program, or is dead. Gives
 * its memory back. The failure is that of its plan: a step, or -1, and an errno, or 0.
 */
napi_value gate_end_start(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes failure;
  s64 address;
  if (!get_arguments(env, info, 2, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &address) || !address || !get_bytes(env, arguments[1], &failure) ||
      failure.length != sizeof(struct plan_failure))
    return throw_type(env, "endStart() takes a start, and an Int32Array of two for its failure");
  struct start *start = (struct start *)address;
  memcpy(failure.data, &start->failure, sizeof start->failure);
  return number(env, sys(munmap, start, start->length));
}

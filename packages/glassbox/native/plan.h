/*
 * A launch plan as bytes, and its interpreter.
 *
 *   header | steps | pointers | data
 *
 * A step is a system call whose arguments are immediate numbers, addresses in the plan's data, or
 * slots (inputs of the plan and results of earlier steps). src/plan/encode.ts writes the bytes,
 * with the layout that scripts/native/layouts.mjs reads from this header.
 *
 * What plan_load promises: the interpreter itself never reads or writes outside the bytes of a
 * plan that was accepted and its slots, and a plan that was refused has no steps. It promises
 * nothing about the system calls in a plan: they do what the writer of the plan asked the kernel
 * for.
 */
#ifndef GLASSBOX_PLAN_H
#define GLASSBOX_PLAN_H

#include "sys.h"

#define PLAN_MAGIC 0x31584247u /* "GBX1" */
#define PLAN_SLOTS 64
#define PLAN_NO_SLOT 0xff
#define PLAN_ANY_ERROR 0xffff
#define PLAN_MAX_STEPS 0xffff
/*
 * The descriptor at which init and the launcher find the stream socket that their plans come
 * from.
 */
#define PLAN_SOCKET 3

enum plan_operation {
  OPERATION_SYSCALL,
  OPERATION_CLONE, /* args: flags, exit signal, cgroup; the child runs the steps to `jump` */
  OPERATION_CLOCK, /* the result is the time, CLOCK_MONOTONIC in ns */
  OPERATION_AWAIT, /* calls plan.await, which does not return: a child of init waits there */
};

enum plan_argument { ARGUMENT_IMMEDIATE, ARGUMENT_DATA, ARGUMENT_SLOT };

struct plan_step {
  u16 number;
  u8 operation;
  u8 result;     /* slot, or PLAN_NO_SLOT */
  /*
   * Of a clone: the step at which the parent goes on; the child ends there. Of a system call: the
   * step at which the plan goes on if it succeeds. The steps between are its fallback, for when it
   * fails with an ignored error. 0: it has none.
   */
  u16 jump;
  u16 ignore[2]; /* errors after which the plan goes on; 0: none */
  u8 kinds[6];   /* enum plan_argument */
  u64 args[6];
};

struct plan_pointer {
  u32 at, to; /* offsets in the data: the address of `to` is written at `at` */
};

struct plan_header {
  u32 magic, steps, pointers, data_size;
};

struct plan {
  const struct plan_step *steps;
  u32 step_count;
  u8 *data;
  void (*await)(void); /* what OPERATION_AWAIT calls; plan_load sets none, and the step fails */
};

/* The outcome of a plan. */
struct plan_failure {
  s32 step, error; /* the step that ended it, and its errno (positive); error 0: no step failed */
  u32 fallbacks;   /* which fallbacks were taken: bit 0 is the first of the plan */
};

_Static_assert(sizeof(struct plan_header) == 16, "src/plan/encode.ts writes it");
_Static_assert(sizeof(struct plan_step) == 64 && offsetof(struct plan_step, args) == 16, "so is this");
_Static_assert(sizeof(struct plan_pointer) == 8, "and this");
_Static_assert(sizeof(struct plan_failure) == 12, "src/gate and src/launch read it");

/*
 * Checks `length` bytes, which must be aligned to eight, and writes the pointers into the data.
 * Returns 0 and fills `plan`; or returns -EINVAL, and `plan` is empty: running it does nothing.
 */
int plan_load(struct plan *plan, void *bytes, u64 length);

/* Runs the steps from `first` on. In a child it returns only after a failure. */
void plan_run(const struct plan *plan, u32 first, s64 *slots, struct plan_failure *failure);

struct clone_args;

/*
 * Makes a process by clone3, or by clone if a filter hides clone3. The child calls `entry`, which
 * must not return. Returns its id, or -errno. If it shares memory, `args` has its stack. Without
 * clone3 it has the signal handlers of its parent and all signals blocked.
 */
long clone_process(struct clone_args *args, void (*entry)(void *), void *argument);

#endif

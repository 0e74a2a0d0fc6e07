/*
 * A launch plan as bytes, and its interpreter.
 *
 *   header | steps | pointers | data
 *
 * A step is a system call whose arguments are immediate, addresses in the plan's data, or slots (results of earlier
 * steps and inputs). The writer of the bytes is src/plan/encode.ts; plan_load refuses whatever could make the
 * interpreter itself read or write outside the plan and the slots. What the system calls do is the plan's affair.
 */
#ifndef GLASSBOX_PLAN_H
#define GLASSBOX_PLAN_H

#include "sys.h"

#define PLAN_MAGIC 0x31584247u /* "GBX1" */
#define PLAN_SLOTS 64
#define PLAN_NO_SLOT 0xff
#define PLAN_ANY_ERROR 0xffff

enum plan_operation {
  PLAN_SYSCALL,
  PLAN_CLONE, /* args: flags, exit signal, cgroup descriptor; the child goes on behind it, the parent at `jump` */
  PLAN_STORE, /* args: address, value, size: patches a slot into the data */
  PLAN_CLOCK, /* the result is the time, CLOCK_MONOTONIC in ns */
  PLAN_AWAIT, /* the child goes on with what the runner of the plan has it do; never returns */
};
enum plan_argument { PLAN_IMMEDIATE, PLAN_DATA, PLAN_SLOT };

struct plan_step {
  u16 number;
  u8 operation;
  u8 result;     /* slot, or PLAN_NO_SLOT */
  u16 jump;      /* PLAN_CLONE: where the parent goes on */
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
  void (*await)(void); /* what PLAN_AWAIT does; plan_load sets none, and the step fails */
};

/* The step that ended the plan, and its error (positive); error 0: none did. */
struct plan_failure {
  s32 step, error;
};

/* Checks `length` bytes and writes the pointers into the data. 0, or -EINVAL. */
int plan_load(struct plan *plan, void *bytes, u64 length);

/* Runs the steps from `first` on. In a child it returns only after a failure. */
void plan_run(const struct plan *plan, u32 first, s64 *slots, struct plan_failure *failure);

#endif

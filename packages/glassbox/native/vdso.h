/* The page of parameters of the vDSO, which the kernel writes: src/kernel/mm/vdso. */
#ifndef GLASSBOX_VDSO_H
#define GLASSBOX_VDSO_H

#include "sys.h"

#define VDSO_PAGE 4096
/* Nanoseconds are cycles * multiplier >> VDSO_SHIFT. */
#define VDSO_SHIFT 32

struct vdso_parameters {
  /* Odd while it is written. */
  u32 sequence;
  /* 0: every clock is a call. */
  u32 is_on;
  u64 cycles;
  u64 multiplier;
  /* The clocks when the counter was at `cycles`. */
  u64 monotonic_seconds;
  u64 monotonic_nanoseconds;
  u64 real_seconds;
  u64 real_nanoseconds;
};

#endif

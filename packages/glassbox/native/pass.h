/* Which calls a supervisor lets pass by itself: see pass.c. */
#ifndef GLASSBOX_PASS_H
#define GLASSBOX_PASS_H

#include "supervise.h"

/* What JavaScript has written; the memory is its own. */
struct passing {
  const struct passed_calls *calls;
  struct prefixes *tables; /* MOST_TABLES */
  const struct task_slot *tasks; /* TASK_SLOTS */
};

/* Whether the call at this stop of the filter may be made. No means that it was not decided. */
int passes(const struct passing *passing, s32 tid, const struct ptrace_syscall_info *info);

#endif

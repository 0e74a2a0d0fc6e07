/* Which calls a supervisor's step decides by itself: see pass.c and perform.c. */
#ifndef GLASSBOX_PASS_H
#define GLASSBOX_PASS_H

#include "supervise.h"

/* What JavaScript has written; the memory is its own. */
struct passing {
  const struct passed_calls *calls;
  struct prefixes *tables; /* MOST_TABLES */
  const struct task_slot *tasks; /* TASK_SLOTS */
};

/*
 * Whether the thread at this stop of the filter may go on: its call may be made, or has been made
 * for it. No means that the call was not decided.
 */
int decide(const struct passing *passing, s32 tid, const struct ptrace_syscall_info *info);

/* perform.c: the same for a call that the supervisor makes itself. */
int perform(const struct prefixes *table, const struct passed_kind *kind, s32 tid, const u64 *args);

#endif

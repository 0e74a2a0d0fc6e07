/*
 * The messages between a tracer and its launcher, over the stream socket
 * whose number is the launcher's first argument.
 *
 * tracer → launcher: a `launcher_request`, then an encoded plan of `length` bytes.
 * launcher → tracer: a `plan_failure`, if a step of the plan fails; otherwise nothing.
 */
#ifndef GLASSBOX_LAUNCHER_H
#define GLASSBOX_LAUNCHER_H

#include "plan.h"

struct launcher_request {
  u64 length;
};

_Static_assert(sizeof(struct launcher_request) == 8, "src/ptrace/launch.ts writes it");

#endif

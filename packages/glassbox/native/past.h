/*
 * The step of a trace that goes past calls (past.c), as traceStep (trace.c) starts it.
 */
#ifndef GLASSBOX_PAST_H
#define GLASSBOX_PAST_H

#include "gate.h"
#include "lanes.h"

/* What the lanes of a step use. */
struct lanes {
  struct lane_tables *tables;
  struct room captures, text;
  s64 taken; /* records */
  int over;  /* the step ends here */
};

/*
 * Takes stops, but goes past those of calls that are skipped or have a plan: it restarts their
 * threads at once. It ends behind the first stop that is neither. Returns how many records there
 * are, or -errno.
 */
long take_past_calls(struct stop_record *records, s64 maximum, const struct bytes *wake, struct lanes *lanes);

#endif

/* The parts of init. The theory of operation stands at the top of init.c. */
#ifndef GLASSBOX_INIT_H
#define GLASSBOX_INIT_H

#include "plan.h"
#include "wire.h"

/*
 * init's own descriptors; the plan that starts it puts the socket there. 0 to 2 stay free for the program. What plans put at
 * the kept ones stays until another plan replaces it: files of the program's cgroup.
 */
enum { SOCKET = 3, SIGNALS = 4, PROC = 5, LISTENER = 6, LAST_PID = 7, FIRST_KEPT = 8, FIRST_FAREWELL = 24 };

struct watched {
  u64 cpu_ns, memory;
  u32 processes;
};

/* What is known of the one program that runs, or ran last. */
struct program {
  u32 id, cause;
  s32 pid; /* 0: none runs */
  u32 how, status;
  int has_listener;
  int listener_over; /* nobody has the filter any more: nothing comes from it */
  struct prepare prepare;
  struct launch launch;
  struct ended ended;
  struct denied denied;
  u64 next_check;
  u64 scratch; /* bytes that stood in the box's tmpfs before it, where init watches */
};

/* watch.c: the time and memory of the program, and when to look next. */
void watch_start(struct program *program);
void watch_check(struct program *program, u64 now);
u64 watch_cpu(struct program *program);
int parse_number(const char **at, u64 *value);

/* examine.c: what a program changed in the box. Takes `renewed` parts as they are; returns the others that differ. */
u32 examine(u32 renewed);

/* notify.c: the call that the filter reported. */
void notify_receive(struct program *program);

#endif

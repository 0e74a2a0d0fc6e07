/* What the parts of init share. The comment at the top of init.c explains how init works. */
#ifndef GLASSBOX_INIT_H
#define GLASSBOX_INIT_H

#include "plan.h"
#include "wire.h"

/*
 * init's own descriptors. The plan that starts init puts the socket at PLAN_SOCKET. 0 to 2 stay
 * free for the program. From FIRST_KEPT on are files of the program's cgroup; what a plan puts
 * there stays until another plan replaces it. From FIRST_DISCONNECT on are the descriptors of the
 * disconnect plan.
 */
enum init_descriptor {
  INIT_SIGNALS = PLAN_SOCKET + 1,
  INIT_PROC,
  INIT_LISTENER, /* of the program's seccomp filter */
  INIT_LAST_PID, /* ns_last_pid, put there by the plan that sets up the root */
  INIT_FIRST_KEPT,
  INIT_FIRST_DISCONNECT = INIT_FIRST_KEPT + 16,
};

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
  int listener_over; /* no process has the filter any more: nothing comes from it */
  struct prepare prepare;
  struct launch launch;
  struct ended ended;
  struct denied denied;
  u64 next_check;
  u64 scratch; /* bytes that were in the box's tmpfs before it, if init watches */
  u64 own;     /* bytes that were no page cache at the last look */
  u32 stops;   /* of its processes, with init as tracer */
  u64 look_ns; /* the time from one look at the page cache to the next */
};

/* watch.c: the time and memory of the program, and when to look next. */
void watch_start(struct program *program);
void watch_check(struct program *program, u64 now);
u64 watch_cpu(struct program *program);

/*
 * page-cache.c: how much of the program's memory is page cache. Returns the time in ns after which
 * to look again, or 0 if there is nothing to look at.
 */
u64 page_cache_look(struct program *program);

/* number.c: the digits at `*at`, which then points behind them. 0 if there are none. */
int parse_number(const char **at, u64 *value);

/*
 * fingerprint.c: what programs changed in the box. Takes new fingerprints of the `renewed` parts
 * and returns the other parts that differ from theirs; both are sums of enum dirty.
 */
u32 fingerprint(u32 renewed);

/* notify.c: the call that the filter reported. */
void notify_receive(struct program *program);

#endif

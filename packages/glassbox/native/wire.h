/*
 * The messages between the host and init, over a stream socket. src/container/wire.ts is the other side.
 *
 * host → init: a `request`, with `descriptors` file descriptors attached to its first byte, then `length` bytes.
 * init → host: a `reply`, then `length` bytes. Numbers are little endian; both sides are one machine.
 */
#ifndef GLASSBOX_WIRE_H
#define GLASSBOX_WIRE_H

#include "sys.h"
#include <linux/seccomp.h>

enum request_type {
  REQUEST_PLAN = 1,     /* a plan for init itself; its descriptors become the first slots; answered by REPLY_DONE */
  REQUEST_LAUNCH = 2,   /* `launch`, then the plan of the child that was prepared; answered by REPLY_ENDED */
  REQUEST_KILL = 3,     /* a u32 cause: ends the program of this id, if it still runs */
  REQUEST_FAREWELL = 4, /* a plan to run, with its descriptors, when the host is gone; answered by REPLY_DONE */
  REQUEST_PREPARE = 5,  /* `prepare`, then a plan that clones a child, which awaits its launch; REPLY_DONE when it does, or
                           `cause` says what changed in the box, and nothing was done */
  REQUEST_EXAMINE = 6,  /* a u32 of parts to take as they are from now on; REPLY_DONE, `cause` says what changed in the others */
};

struct request {
  u32 type, id, length, descriptors;
};

/* Where init reads the CPU time of the program from. */
enum cpu_source {
  CPU_NONE = 0,
  CPU_NANOSECONDS = 1, /* a number of ns: cpuacct.usage of cgroup v1 */
  CPU_STAT = 2,        /* "usage_usec N": cpu.stat of cgroup v2 */
  CPU_SCAN = 3,        /* the processes of the PID namespace, by /proc */
};

struct prepare {
  u32 main_slot;       /* where the plan leaves the child's process id */
  u8 first_figure;     /* kept descriptors whose text is read when the program is dead: the first, and how many */
  u8 figures;
  u8 cpu;              /* the kept descriptor to read the CPU time from, or PLAN_NO_SLOT */
  u8 examine;          /* look first whether the box is as it was when it was fresh */
  u8 listens;          /* the plan lays on a filter and puts its listener into place */
  u8 reserved[7];
};

struct launch {
  u64 cpu_limit_ns;  /* 0: none */
  u64 wall_limit_ns; /* 0: none */
  u64 memory_limit;  /* bytes, kept by watching; 0: not init's task */
  u32 cpu_source;    /* enum cpu_source */
  u8 listener_slot;  /* the seccomp listener, or PLAN_NO_SLOT */
  u8 watch;          /* measure memory and processes by /proc */
  u8 started_slot;   /* where the child leaves the time just before execve */
  u8 reserved[9];
};

enum cause {
  CAUSE_NONE = 0, /* the program ended by itself */
  CAUSE_CPU = 1,
  CAUSE_WALL = 2,
  CAUSE_MEMORY = 3,
  CAUSE_DENIED = 4,
  CAUSE_HOST = 16, /* and above: what the host said in REQUEST_KILL */
};

/* Parts of a box in which a program can leave something that outlives its processes. */
enum part {
  PART_SCRATCH = 1, /* the directories that it may write */
  PART_NETWORK = 2, /* the counters and sockets of its network */
  PART_INIT = 4,    /* what its processes inherit from init */
};

enum reply_type { REPLY_DONE = 1, REPLY_ENDED = 2 };

struct reply {
  u32 type, id, length;
  s32 step, error; /* of the plan, where it failed */
  u32 cause;
  u32 how, status; /* si_code and si_status of the program, see waitid(2); how 0: never started */
};

struct ended {
  u64 started_ns, ended_ns; /* CLOCK_MONOTONIC */
  u64 user_us, system_us;   /* of all processes that init reaped, with those that they waited for */
  u64 max_rss;              /* bytes, the largest single process */
  u64 watched_cpu_ns, watched_memory;
  u32 watched_processes, reserved;
};

#define MAX_FIGURES 8
#define FIGURE_BYTES 256

/* Follows `ended`: the texts that `prepare` asked for, one after another, `length` bytes of each; 0 where it cannot be read. */
struct figures {
  u16 length[MAX_FIGURES];
  u8 text[MAX_FIGURES * FIGURE_BYTES];
};

#define SNAPSHOT 256

/* Comes last when cause is CAUSE_DENIED: the call, and the memory its arguments point to. */
struct denied {
  struct seccomp_data call;
  u8 memory[6][SNAPSHOT];
  u32 valid[6]; /* bytes of each that could be read */
};

#endif

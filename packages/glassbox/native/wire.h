/*
 * The messages between the host and init, over a stream socket. src/container/wire.ts is the
 * other side, with the layouts that scripts/native/layouts.mjs reads from this header.
 *
 * host → init: a `request`, with `descriptors` file descriptors attached to its first byte, then
 * `length` bytes. init → host: a `reply`, then `length` bytes. Numbers are little endian: both
 * sides are one machine.
 */
#ifndef GLASSBOX_WIRE_H
#define GLASSBOX_WIRE_H

#include "sys.h"
#include <linux/seccomp.h>

/* init ends at a request that exceeds one of these. */
#define MAX_PAYLOAD 8388608 /* 8 MiB */
#define MAX_DESCRIPTORS 32

enum request_type {
  /*
   * A plan for init itself, with descriptors as first slots. REPLY_DONE, and `cause` says which
   * fallbacks of the plan were taken.
   */
  REQUEST_PLAN = 1,
  REQUEST_LAUNCH = 2,     /* `launch`, then the plan of the child that was prepared; REPLY_ENDED */
  REQUEST_KILL = 3,       /* a u32 cause: ends the program of this id if it still runs; no reply */
  REQUEST_DISCONNECT = 4, /* a plan to run when the host is gone, with descriptors; REPLY_DONE */
  /*
   * `prepare`, then a plan that clones a child, which waits for its launch. REPLY_DONE when it
   * waits. If the box was changed, `cause` says where (a sum of enum dirty), and nothing was
   * done.
   */
  REQUEST_PREPARE = 5,
  /*
   * A u32, a sum of enum dirty: init takes a new fingerprint of these parts of the box.
   * REPLY_DONE, and `cause` says which of the other parts differ from their fingerprints.
   */
  REQUEST_FINGERPRINT = 6,
};

struct request {
  u32 type, id, length, descriptors;
};

/* The source from which init reads the CPU time of the program. */
enum cpu_source {
  CPU_NONE = 0,
  CPU_NANOSECONDS = 1, /* a number of ns: cpuacct.usage of cgroup v1 */
  CPU_STAT = 2,        /* "usage_usec N": cpu.stat of cgroup v2 */
  CPU_SCAN = 3,        /* the processes of the PID namespace, in /proc */
};

struct prepare {
  u32 main_slot;    /* the slot for the child's process id */
  u8 first_counter; /* the first of the kept descriptors that are read when the program is dead */
  u8 counters;      /* how many of them there are */
  u8 cpu;           /* the kept descriptor to read the CPU time from, or PLAN_NO_SLOT */
  u8 fingerprint;   /* first compare the box with its fingerprint */
  u8 listens;       /* the plan installs a filter and puts its listener into place */
  u8 memory;        /* the kept descriptor of memory.stat, or PLAN_NO_SLOT */
  u8 reserved[6];
};

struct launch {
  u64 cpu_limit_ns;  /* 0: none */
  u64 wall_limit_ns; /* 0: none */
  u64 memory_limit;  /* bytes, kept by watching; 0: init does not keep it */
  u32 cpu_source;    /* enum cpu_source */
  u8 listener_slot;  /* the seccomp listener, or PLAN_NO_SLOT */
  u8 watch;          /* measure memory and processes in /proc */
  u8 started_slot;   /* the slot for the time just before execve */
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
enum dirty {
  DIRTY_SCRATCH = 1, /* the directories that it may write */
  DIRTY_NETWORK = 2, /* the counters and sockets of its network */
  DIRTY_INIT = 4,    /* what its processes inherit from init */
};

enum reply_type { REPLY_DONE = 1, REPLY_ENDED = 2 };

struct reply {
  u32 type, id, length;
  s32 step, error; /* of the plan, if it failed */
  u32 cause;
  u32 how, status; /* si_code and si_status of the program (waitid(2)); how 0: it never started */
};

struct ended {
  u64 started_ns, ended_ns; /* CLOCK_MONOTONIC */
  u64 user_us, system_us;   /* of all processes that init reaped, and of their reaped children */
  u64 max_rss;              /* bytes, of the largest single process */
  u64 watched_cpu_ns, watched_memory;
  u32 watched_processes, reserved;
  u64 voluntary_switches, forced_switches; /* of the same processes as user_us */
  /*
   * By memory.stat, in bytes: page cache of files at the end, the most of it that init saw, and
   * the most that init saw of all other memory.
   */
  u64 cache, most_cache, most_own;
};

#define MAX_COUNTERS 8
#define COUNTER_BYTES 256

/*
 * Follows `ended`: the texts of the files that `prepare` named, one after another. Only the bytes
 * that were read are sent; `length` is 0 for a file that could not be read.
 */
struct counters {
  u16 length[MAX_COUNTERS];
  u8 text[MAX_COUNTERS * COUNTER_BYTES];
};

#define SNAPSHOT_BYTES 256

/* Comes last if cause is CAUSE_DENIED: the call, and the memory that its arguments point to. */
struct denied {
  struct seccomp_data call;
  u8 memory[6][SNAPSHOT_BYTES];
  u32 valid[6]; /* bytes of each that could be read */
};

_Static_assert(sizeof(struct request) == 16, "src/container/wire.ts writes it");
_Static_assert(sizeof(struct prepare) == 16 && offsetof(struct prepare, first_counter) == 4, "so is this");
_Static_assert(sizeof(struct launch) == 40 && offsetof(struct launch, cpu_source) == 24, "and this");
_Static_assert(sizeof(struct prepare) % 8 == 0 && sizeof(struct launch) % 8 == 0, "an aligned plan follows");
_Static_assert(sizeof(struct reply) == 32, "src/container/wire.ts reads it");
_Static_assert(sizeof(struct ended) == 104 && offsetof(struct ended, watched_processes) == 56, "so is this");
_Static_assert(offsetof(struct counters, text) == 2 * MAX_COUNTERS, "and this");
_Static_assert(sizeof(struct denied) == 64 + 6 * SNAPSHOT_BYTES + 24, "and this");

#endif

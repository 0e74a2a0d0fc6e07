/*
 * What a step of the tracer does without JavaScript at the stops of a call. TypeScript compiles a
 * plan for each call (src/decode/lanes); lanes.c executes it. There are three lanes, and a call
 * falls to the next one if a lane cannot do it:
 *
 *   lines     at the exit, the text of the call is made here by a program of small steps
 *   captures  the memory that the handlers will read is copied at the stop; the thread goes on at
 *             once, and the handlers are called later, for many stops at a time
 *   stops     the thread waits until its handlers were called
 *
 * What always holds:
 * - A thread goes on only if everything was copied that its plan asks for. What does not fit into
 *   its bounds, or cannot be read for another reason than a missing page, is a stop.
 * - The bounds come from the plan and from the buffers, never from the program's memory alone.
 *   Memory is read once: what was copied is what lengths and pointers are taken from.
 * - Records are in the order of the stops. A line takes the place of the two records of its call.
 *   If the stop of another thread comes between them, the line is in two parts, as in strace:
 *   `read(3,  <unfinished ...>` takes the place of the entry, `<... read resumed>` that of the
 *   exit. An event, or a line that is kept until the outcome is known, takes that of the exit.
 *
 * All buffers belong to JavaScript, for the life of a trace: the tables (written by TypeScript,
 * but for the open calls at their beginning, which are written here), the captures and the text
 * (written here, from the beginning in each step).
 */
#ifndef GLASSBOX_LANES_H
#define GLASSBOX_LANES_H

#include "sys.h"

#define PLANNED_CALLS 512     /* the first numbers of x86-64 */
#define OPEN_CALLS 128        /* a power of two */
#define LANE_ARGUMENTS 6
#define MOST_CAPTURES 12      /* in one list */
#define MOST_LINE_BYTES 32768 /* of one line */
#define SKIPPED_PLAN 1        /* the plan of a call of which no record is kept */
#define NO_SELECTOR 255
#define FIRST_RESTART 512     /* the kernel's restart codes, which only a tracer sees */
#define ERROR_NAMES 0         /* the kind of name of an errno, with its message */
#define ERRNO_NAMES 1         /* the same as a string of JSON, without its message */

/* Which lane a record went through. */
enum lane {
  LANE_STOP = 0,
  LANE_CAPTURED = 1, /* the thread went on */
  LANE_LINES = 2,    /* not a stop, but text: see struct stop_record */
  LANE_NOTHING = 3,  /* an entry whose call was told at its exit */
};

/* How the entry of an open call was told. */
enum told {
  TOLD_RECORD = 0,
  TOLD_LINE = 1, /* by the first part of its line */
};

/* A call that a thread has entered and whose entry went through a lane. */
struct open_call {
  s32 tid; /* 0: the place is free */
  u32 plan;
  u64 args[LANE_ARGUMENTS];
  u64 entered; /* CLOCK_MONOTONIC, ns */
  u32 number;  /* of the call */
  u32 told;    /* enum told */
  u32 next;    /* TOLD_LINE: where in the tables the program of its line goes on */
  u32 column;  /* TOLD_LINE: how long its open line is; 0 if the first part ended a line */
  u32 index;   /* TOLD_RECORD: of its record, in this step */
  u32 step;    /* the number of that step */
};

enum capture_operation {
  CAPTURE_END = 0,
  CAPTURE_BYTES = 1,  /* so many elements */
  CAPTURE_STRING = 2, /* up to a NUL, at most `most` bytes and the one behind them */
  CAPTURE_SOCKET = 3, /* nothing; a descriptor that may be a netlink socket is a stop */
};

enum capture_flag {
  CAPTURE_SUCCEEDED = 1, /* only if the call did not fail */
  CAPTURE_MUST_FIT = 2,  /* if there are more than `most` bytes, it is a stop */
  CAPTURE_STATUS = 4,    /* a path that ends in `status` is a stop */
  CAPTURE_HALF = 8,      /* the count has 32 bits */
  CAPTURE_ADDRESS = 16,  /* an address of netlink is a stop */
};

/* Where the number of elements is. */
enum capture_count {
  COUNT_ARGUMENT = 0, /* argument `count_at`, or at that offset of the element of `source` */
  COUNT_RESULT = 1,
  COUNT_FIXED = 2, /* `most` is the number of bytes */
};

/*
 * Copies memory. The address is argument `address`; or, if `source` is not 0, at offset `address`
 * of each element (of `stride` bytes) that operation `source` of the same list has copied.
 */
struct capture {
  u8 operation, flags, source, address;
  u8 counted, count_at;
  u16 stride;
  u32 element; /* bytes */
  u32 most;    /* bytes */
};

/* What was copied. The bytes follow, filled up to a multiple of 8. */
struct chunk {
  u64 address;
  u32 length;
  u32 wanted; /* more than `length` if memory ended */
};

/*
 * The plan of a call: offsets in the tables of its two lists, of the program of its line, and of
 * the program of the middle of its event as JSON; 0: none.
 */
struct call_plan {
  u32 enter, leave, line, json;
};

/* The plans of one number, by the value of an argument. Entries follow, in ascending order. */
struct plan_choice {
  u32 argument; /* NO_SELECTOR: only `otherwise` */
  u32 mask;
  u32 count;
  u32 otherwise; /* 0: a stop */
};

struct plan_entry {
  u32 value, plan;
};

/* One value of a kind that has a name, in a hash table with linear probing. */
struct name_entry {
  u64 value;
  u32 kind, used;
  u32 at, length; /* of its text, in the tables */
};

enum line_step {
  LINE_END = 0,     /* `)`, spaces, `= ` and the result: `format`, or a name of the kind `a` */
  LINE_TEXT = 1,    /* `b` bytes of the tables at `a` */
  LINE_NUMBER = 2,  /* by `format` */
  LINE_NAME = 3,    /* of the kind `a` */
  LINE_STRING = 4,  /* quoted, up to its NUL; at most `a` bytes */
  LINE_BYTES = 5,   /* quoted: as argument `width` or the result says; at most `a` are shown */
  LINE_POINTER = 6, /* NULL: `b` steps are skipped. Else, if `a` is not 0, a struct of `a` bytes */
  LINE_ENTRIES = 7, /* the number of directory entries */
  LINE_REQUIRE = 8, /* the lower half of the argument is `a`: else there is no line */
  LINE_RAW = 9,     /* JSON: all registers */
  LINE_JSON_STRING = 10, /* JSON: as LINE_STRING */
  LINE_JSON_BYTES = 11,  /* JSON: as LINE_BYTES; in base64 if they are not text */
  LINE_JSON_ENTRIES = 12, /* JSON: directory entries, whose types are names of the kind `a` */
  LINE_GIVE_UP = 13,      /* there is no line */
  LINE_WAIT = 14,         /* what follows is printed at the exit */
  LINE_OPTIONAL = 15,     /* a field: if its bits `a` (0: all) are zero, `b` steps are skipped */
  LINE_VECTORS = 17,      /* an array of iovec: LINE_BYTES of each; `b` elements at most */
  LINE_TIME = 16,         /* seconds, with the date in the zone `a`; ns are the next word */
};

enum line_flag {
  LINE_LATE = 1,   /* memory at the exit, not at the entry */
  LINE_FIELD = 2,  /* `width` bytes at offset `c` of the struct of the last LINE_POINTER */
  LINE_RESULT = 4, /* the length is the result, if that is less */
  LINE_SIGNED = 8, /* a field is extended with its sign */
  LINE_OUT = 16,   /* a pointer: after a failure, the address (LINE_POINTER skips `b` steps) */
  LINE_JSON = 32,  /* LINE_POINTER: NULL and addresses as JSON has them */
};

enum number_format {
  NUMBER_SIGNED = 0,
  NUMBER_UNSIGNED = 1,
  NUMBER_INT = 2,  /* the lower half, signed */
  NUMBER_UINT = 3, /* the lower half */
  NUMBER_HEX = 4,
  NUMBER_HALF_HEX = 5,
  NUMBER_ADDRESS = 6, /* NULL for zero */
  NUMBER_NAMED = 7,   /* LINE_END only: a name */
  /* For JSON: beyond 2^53, a number becomes a string, so that no digit is lost. */
  NUMBER_JSON_SIGNED = 8,
  NUMBER_JSON_UNSIGNED = 9,
  NUMBER_JSON_ADDRESS = 10, /* null for zero */
  NUMBER_JSON_USER = 11,    /* the lower half; all ones are -1 */
  NUMBER_MODE = 12,         /* 16 bits in octal, with three digits at least */
};

/* Values that have no name: `format` of LINE_NAME. */
enum name_unless {
  UNLESS_NONE = 0,
  UNLESS_NUMBER = 1,  /* the lower half is not negative: it is printed as a number */
  UNLESS_ADDRESS = 2, /* beyond the first page: in hexadecimal */
};

/* How strings are quoted: `format` of LINE_STRING and LINE_BYTES. */
enum string_style {
  STYLE_NONE = 0,
  STYLE_NON_ASCII_CHARS = 1, /* bytes that are not text are in hexadecimal */
  STYLE_NON_ASCII = 2,       /* strings that have such bytes are */
  STYLE_ALL = 3,
};

struct line_step_record {
  u8 step, argument, format, flags;
  u16 width, unused;
  u32 a, b, c;
};

/* How lines begin. */
enum line_prefix {
  PREFIX_NONE = 0,
  PREFIX_TID = 1,      /* `123   ` */
  PREFIX_BRACKETS = 2, /* `[pid   123] ` */
};

/* The time at which a line begins. */
enum clock_format {
  CLOCK_NONE = 0,
  CLOCK_DAY = 1,  /* `12:34:56` in the time zone of the trace */
  CLOCK_UNIX = 2, /* seconds since the epoch */
};

/* Outcomes of which lines and events are shown. */
enum shown_outcome {
  SHOWN_SUCCESSFUL = 1,
  SHOWN_FAILED = 2,
};

/* The process of a thread, for events. */
struct known_thread {
  s32 tid, pid;
};

/* The beginning of the tables. */
struct lane_tables {
  struct open_call open[OPEN_CALLS];
  u8 skipped[PLANNED_CALLS / 8];
  u32 active;   /* whether the next step may go past any call */
  u32 skips;    /* whether it may skip calls */
  u32 lines;    /* whether it makes lines */
  u32 filtered; /* tracees run freely between the stops of a filter */
  u32 prefix, columns;
  u32 clock, clock_digits;       /* enum clock_format, and the digits of a fraction */
  u32 relative, relative_digits; /* whether lines have the time since the line before */
  u32 numbered, pointed;         /* whether lines have the number, the instruction pointer */
  u32 timed, timed_digits;       /* whether lines end with the time that the call took */
  u32 outcomes;                  /* enum shown_outcome */
  u32 staged;                    /* lines are shown at the exit only */
  u32 separate;                  /* each thread has a file: no line interrupts that of another */
  u32 several;                   /* more than one tracee may run: each record has one thread */
  u32 inside;                    /* calls that are TOLD_LINE */
  s32 zone;                      /* seconds that local time is ahead of the time of day */
  u32 foreign;                   /* /proc has other ids than this PID namespace */
  u64 last;                      /* when the last line began; 0: there was none */
  u32 names_at, names; /* the table of names; their number is a power of two */
  u32 json;     /* whether lines are events as JSON */
  u32 step;     /* counts steps */
  u32 sequence; /* of events: the number of the next one, counted on here */
  u32 timer;    /* 1 more than the id of the tracer's timer, if that is off; else 0 */
  u64 first, offset; /* of events: the time of the first one; what makes a time the time of day */
  struct known_thread threads[OPEN_CALLS];
  u32 plans[PLANNED_CALLS]; /* of struct plan_choice; 0: a stop */
};

/* A buffer of a step. What lies below `used` is complete. */
struct room {
  u8 *data;
  u64 size, used;
};

struct stop_record;

/* captures.c. Returns 0 if the thread must wait: nothing is added to `to` then. */
int capture_all(struct room *to, const u8 *tables, u32 list, s32 tid, const u64 *args, s64 result, int failed);

/* The chunks of one list of captures. */
struct chunks {
  const u8 *data;
  u64 start, end;
};

/* What a line is made from. */
struct whole_call {
  s32 tid;
  u32 number;
  u64 pointer; /* the instruction pointer, at the stop of the part that is written */
  const u64 *args;
  s64 result;
  int failed;
  u64 entered, left; /* CLOCK_MONOTONIC, ns */
  struct chunks at_entry, at_exit;
};

/* captures.c: what was copied from this address, or NULL. */
const struct chunk *chunk_at(const struct chunks *in, u64 address);

/*
 * lines.c and events.c. They return 0, and add nothing, if there is something for which a program
 * has no step or no name.
 */
int write_line(struct room *to, u8 *tables, u32 program, const struct whole_call *call);
/* The parts of a line that another one interrupts. The first sets `next` and `column`. */
int write_entry(struct room *to, u8 *tables, u32 program, const struct whole_call *call, struct open_call *open);
int write_exit(struct room *to, u8 *tables, u32 program, const struct whole_call *call, const struct open_call *open);
int write_event(struct room *to, u8 *tables, const struct call_plan *plan, const struct whole_call *call);

_Static_assert(sizeof(struct capture) == 16 && sizeof(struct chunk) == 16, "src/ptrace/lanes writes and reads them");
_Static_assert(sizeof(struct line_step_record) == 20, "so is this");

#endif

/*
 * init: PID 1 of a box.
 *
 * Theory of operation. The host (a Node process) clones init into the box's new namespaces and
 * keeps one end of a stream socket. init runs the plans that it is sent: those that set up the
 * box, which init runs itself, and two for each program. The first of these clones a child, which
 * joins its cgroups and waits; the second has that child become the program. One program runs at a
 * time. When it ends, or a limit or the host ends it, init kills every process of the namespace,
 * reaps them all, and only then reports. So when the report arrives, nothing in the box runs any
 * more.
 *
 * The waiting child shares init's memory and descriptors. It reads init's socket in init's place
 * while init sleeps: so a launch wakes one process, which needs only execve. If a request is not a
 * launch, the child leaves it in the inbox and ends, and init answers it. Then no child is
 * prepared any more, and the host knows that.
 *
 * Invariants:
 * - the socket is the box's life: at its end init kills everything, runs the disconnect plan
 *   (which removes the box's cgroups), and ends; the kernel removes the namespaces with it.
 * - init is never in a cgroup of the program: its memory and time are not charged to the program.
 * - no signal from inside reaches init: the kernel drops what PID 1 has no handler for.
 * - init traces no process: a child that makes init its tracer is let go of at its first stop.
 * - no program can trace init or read its memory: init is not dumpable, and has capabilities that
 *   no program has. As root, init also has another user id.
 * - init is dumpable only while it runs its first plan, which writes to its own files in /proc.
 *   No program is in the box then.
 * - init believes nothing that a program wrote. Once a program ran it opens by name only files of
 *   its own /proc, which programs cannot change, and it looks at the scratch directories by their
 *   names without opening them.
 * - descriptors 3 to 7 are init's own. Those that plans keep and those of the disconnect plan
 *   follow. Every other open descriptor belongs to the plan that runs and is closed after it.
 */
#include "init.h"
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/signal.h>
#include <linux/socket.h>
#include <linux/wait.h>

#define SCM_RIGHTS 1
#define MSG_WAITALL 0x100
#define MSG_NOSIGNAL 0x4000
/*
 * With many CPUs, orphans can appear faster than init reaps them. After this many, init looks at
 * the clocks and the host.
 */
#define REAPED_A_TURN 64
/* How often init lets go of processes of one program that have made it their tracer. */
#define MOST_STOPS 1000

struct control {
  u64 length;
  s32 level, type;
  s32 descriptors[MAX_DESCRIPTORS];
};

/* rusage and siginfo as the kernel writes them; only what init reads has a name. */
struct usage {
  struct { s64 seconds, microseconds; } user, system;
  s64 max_rss, rest[11], voluntary_switches, forced_switches;
};
struct signal_info {
  s32 signal, error, code, pad, pid;
  u32 uid;
  s32 status, rest[25];
};

static struct program program;

/*
 * A plan that sets up the box failed, so its root may still be the host's. init runs no plan in
 * it any more.
 */
static int broken;

/*
 * A request with its payload, and its descriptors as the first slots. The function that handles it
 * owns the payload.
 */
static struct inbox {
  struct request request;
  s32 error; /* EMFILE: its descriptors did not all arrive, so the request must fail */
  u8 *payload;
  u64 size;
  s64 slots[PLAN_SLOTS];
} inbox;

/* The payload of a launch, unless it is longer: this memory need not be mapped first. */
static u8 launch_buffer[65536] __attribute__((aligned(8)));

/*
 * The outcome of the prepared child, which writes it just before it ends or executes the program.
 */
static enum { PREPARED_NOTHING, PREPARED_LAUNCH, PREPARED_REQUEST, PREPARED_ALONE } prepared;
static struct plan_failure launch_failure;

/* What init runs when the host is gone. */
static struct {
  struct plan plan;
  s64 slots[PLAN_SLOTS];
  u32 descriptors;
  void *payload; /* the plan lives in it */
  u64 size;
} disconnect_plan;

static void send_all(const void *bytes, u64 length) {
  const u8 *at = bytes;
  while (length) {
    long sent = sys(sendto, PLAN_SOCKET, at, length, MSG_NOSIGNAL, 0, 0);
    if (sent == -EINTR) continue;
    if (sent <= 0) return; /* the host is gone; the poll loop sees it next */
    at += sent;
    length -= (u64)sent;
  }
}

static void reply_done(u32 id, const struct plan_failure *failure, u32 cause) {
  struct reply reply = {.type = REPLY_DONE, .id = id, .step = failure->step, .error = failure->error, .cause = cause};
  send_all(&reply, sizeof reply);
}

/* ---- ending a program ---- */

static void account(const struct usage *usage) {
  program.ended.user_us += (u64)usage->user.seconds * 1000000u + (u64)usage->user.microseconds;
  program.ended.system_us += (u64)usage->system.seconds * 1000000u + (u64)usage->system.microseconds;
  u64 max_rss = (u64)usage->max_rss * 1024;
  if (max_rss > program.ended.max_rss) program.ended.max_rss = max_rss;
  program.ended.voluntary_switches += (u64)usage->voluntary_switches;
  program.ended.forced_switches += (u64)usage->forced_switches;
}

/*
 * A child, or a thread of one, has made init its tracer (PTRACE_TRACEME) and stopped. init lets go
 * of it and passes on the signal that it stopped for; events and SIGTRAP have none. Each time
 * takes as long as the program's own part of it, and is charged to no one. A program that does it
 * without end stays stopped.
 */
static void let_go(s32 pid, u32 status) {
  u32 signal = status & 0x7f;
  if (program.stops++ >= MOST_STOPS) return;
  sys(ptrace, PTRACE_DETACH, pid, 0, status >> 8 || signal == SIGTRAP ? 0 : signal);
}

/*
 * Reaps one child, the program or an orphan; 0 if there is none to reap. waitid reports the stops
 * of tracees too, with any options: a stop is not an end.
 */
static long reap(int options) {
  struct signal_info info;
  struct usage usage;
  info.pid = 0;
  long result = sys(waitid, P_ALL, 0, &info, options | WEXITED | __WALL, &usage);
  if (result < 0 || info.pid == 0) return 0;
  if (info.code >= CLD_TRAPPED) {
    let_go(info.pid, (u32)info.status);
    return info.pid;
  }
  account(&usage);
  if (info.pid == program.pid) {
    program.ended.ended_ns = now_ns();
    program.how = (u32)info.code;
    program.status = (u32)info.status;
    program.pid = 0;
  }
  return info.pid;
}

/* Reads the counters of the program's cgroup; returns the bytes of the whole. */
static u64 read_counters(struct counters *counters) {
  u8 *at = counters->text;
  for (u32 i = 0; i < MAX_COUNTERS; i++) {
    int fd = INIT_FIRST_KEPT + program.prepare.first_counter + (int)i;
    long length = i < program.prepare.counters ? sys(pread64, fd, at, COUNTER_BYTES, 0) : 0;
    counters->length[i] = length > 0 ? (u16)length : 0;
    at += counters->length[i];
  }
  return (u64)(at - (u8 *)counters);
}

static void report(const struct plan_failure *failure) {
  static struct {
    struct reply reply;
    struct ended ended;
    u8 rest[sizeof(struct counters) + sizeof(struct denied)];
  } message;
  u64 length = read_counters((struct counters *)message.rest);
  if (program.cause == CAUSE_DENIED) {
    memcpy(message.rest + length, &program.denied, sizeof program.denied);
    length += sizeof program.denied;
  }
  length += sizeof message.ended;
  message.reply = (struct reply){REPLY_ENDED,   program.id,    (u32)length, failure->step, failure->error,
                                 program.cause, program.how, program.status};
  message.ended = program.ended;
  send_all(&message, sizeof message.reply + length);
}

/* This takes the kernel up to 0.2 ms, so it comes after the report. */
static void close_listener(void) {
  if (program.has_listener) sys(close, INIT_LISTENER);
  program.has_listener = 0;
}

/*
 * Every process in the namespace but init dies here; the counters are read when nothing can
 * change them any more.
 */
static void end_program(u32 cause) {
  struct plan_failure none = {-1, 0, 0};
  if (program.cause == CAUSE_NONE) program.cause = cause;
  if (program.launch.watch || program.launch.cpu_source == CPU_SCAN) watch_cpu(&program);
  sys(kill, -1, SIGKILL);
  while (reap(0)) {
  }
  if (!program.ended.ended_ns) program.ended.ended_ns = now_ns();
  page_cache_look(&program);
  report(&none);
  close_listener();
}

/* ---- requests ---- */

static void close_above(u32 first) { sys(close_range, first, ~0u, 0); }

static u32 first_free(void) { return INIT_FIRST_DISCONNECT + disconnect_plan.descriptors; }

static void release(const struct inbox *in) {
  if (in->payload != launch_buffer) sys(munmap, in->payload, in->size);
}

/* The descriptors that a launch handed over for the program's stdin, stdout and stderr. */
static void close_stdio(void) {
  for (int fd = 0; fd < 3; fd++) sys(close, fd);
}

/*
 * The descriptors of a launch arrive at 0 to 2, the lowest free numbers. All others are moved
 * above, and close at execve.
 */
static s64 settle(u32 type, s32 fd, u32 index) {
  if (type == REQUEST_LAUNCH && fd == (s32)index) return fd;
  long moved = sys(fcntl, fd, F_DUPFD_CLOEXEC, INIT_FIRST_DISCONNECT + 2 * MAX_DESCRIPTORS);
  sys(close, fd);
  return moved;
}

/* Memory for the payload; 0 if there is none. */
static int find_room(void) {
  inbox.size = (u64)inbox.request.length + 1;
  inbox.payload = launch_buffer;
  if (inbox.request.type == REQUEST_LAUNCH && inbox.size <= sizeof launch_buffer) return 1;
  long memory = sys(mmap, 0, inbox.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  inbox.payload = (u8 *)memory;
  return memory >= 0;
}

/* Reads one request with its descriptors into the inbox; 0 at the end of the socket. */
static int receive(void) {
  struct request *request = &inbox.request;
  struct control control;
  struct iovec part = {request, sizeof *request};
  struct message message = {.parts = &part, .part_count = 1, .control = &control, .control_length = sizeof control};
  long got = sys(recvmsg, PLAN_SOCKET, &message, MSG_WAITALL);
  if (got != sizeof *request || request->descriptors > MAX_DESCRIPTORS || request->length > MAX_PAYLOAD) return 0;
  u64 count = message.control_length > 16 ? (control.length - 16) / 4 : 0;
  for (u32 i = 0; i < PLAN_SLOTS; i++) inbox.slots[i] = -1;
  for (u32 i = 0; i < count && i < request->descriptors; i++) inbox.slots[i] = settle(request->type, control.descriptors[i], i);
  inbox.error = 0;
  for (u32 i = 0; i < request->descriptors; i++)
    if (inbox.slots[i] < 0) inbox.error = EMFILE;
  if (!find_room()) return 0;
  return !request->length || sys(recvfrom, PLAN_SOCKET, inbox.payload, request->length, MSG_WAITALL, 0, 0) == request->length;
}

/* Keeps the descriptor in `slots[slot]` as `to` while the program runs. */
static int keep(const s64 *slots, u8 slot, int to) {
  if (slot >= PLAN_SLOTS || slots[slot] < 0) return 0;
  return slots[slot] == to || sys(dup3, slots[slot], to, O_CLOEXEC) >= 0;
}

/* The prepared child becomes the program; returns only after a failure. */
static void become_program(void) {
  struct plan plan;
  u32 length = inbox.request.length;
  if (inbox.error) {
    launch_failure.error = inbox.error;
    return;
  }
  if (length < sizeof(struct launch) ||
      plan_load(&plan, inbox.payload + sizeof(struct launch), length - sizeof(struct launch)) < 0) {
    launch_failure.error = EINVAL;
    return;
  }
  memcpy(&program.launch, inbox.payload, sizeof(struct launch));
  plan_run(&plan, 0, inbox.slots, &launch_failure);
}

/*
 * What the prepared child does: see the theory of operation. It runs on its own stack in init's
 * memory.
 */
static void await_launch(void) {
  struct plan_failure none = {-1, 0, 0};
  prepared = PREPARED_ALONE;
  reply_done(inbox.request.id, &none, 0);
  while (receive()) {
    if (inbox.request.type == REQUEST_KILL) { /* of the last program, which had ended by itself */
      release(&inbox);
      continue;
    }
    prepared = inbox.request.type == REQUEST_LAUNCH ? PREPARED_LAUNCH : PREPARED_REQUEST;
    if (prepared == PREPARED_LAUNCH) become_program();
    break;
  }
  sys(exit_group, 127);
}

/* The program runs; or its last steps failed and it is dead. */
static void launched(void) {
  s64 started = inbox.slots[program.launch.started_slot % PLAN_SLOTS];
  program.id = inbox.request.id;
  program.ended.started_ns = started > 0 ? (u64)started : now_ns();
  if (!program.has_listener) program.has_listener = keep(inbox.slots, program.launch.listener_slot, INIT_LISTENER);
  release(&inbox);
  if (program.pid) {
    watch_start(&program);
    return;
  }
  close_listener();
  report(&launch_failure);
}

/* Clones the child and sleeps while it waits; goes on when the child is the program, or dead. */
static void handle_prepare(void) {
  const struct inbox mine = inbox; /* the child reads the next request into the other */
  const struct prepare *header = (const struct prepare *)mine.payload;
  s64 slots[PLAN_SLOTS];
  struct plan plan;
  struct plan_failure failure = {-1, 0, 0};
  u32 changed = 0;
  memset(&program, 0, sizeof program);
  launch_failure = failure;
  memcpy(slots, mine.slots, sizeof slots);
  if (mine.error)
    failure.error = mine.error;
  else if (broken || mine.request.length < sizeof *header || header->main_slot >= PLAN_SLOTS || header->counters > MAX_COUNTERS ||
      plan_load(&plan, mine.payload + sizeof *header, mine.request.length - sizeof *header) < 0)
    failure.error = EINVAL;
  else if (!header->fingerprint || !(changed = fingerprint(0))) {
    program.prepare = *header;
    plan.await = await_launch;
    plan_run(&plan, 0, slots, &failure);
    program.pid = failure.error ? 0 : (s32)slots[header->main_slot];
    program.has_listener = !failure.error && header->listens;
    if (!failure.error && prepared == PREPARED_NOTHING) /* it was killed before it could reply */
      failure = (struct plan_failure){(s32)plan.step_count - 1, ESRCH, 0};
  }
  release(&mine);
  if (failure.error || changed) reply_done(mine.request.id, &failure, changed);
  if (prepared != PREPARED_LAUNCH || launch_failure.error)
    while (program.pid && reap(0)) {
    }
  if (prepared == PREPARED_LAUNCH) launched();
  else close_listener();
}

/* A launch for which no child waits: it could not be made. */
static void handle_launch(void) {
  struct plan_failure failure = {-1, ESRCH, 0};
  program.id = inbox.request.id;
  report(&failure);
}

/* From its first plan on no process may look into init, or write its files in /proc. */
static void become_undumpable(void) {
  static int done;
  if (!done) sys(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  done = 1;
}

static void handle_plan(void) {
  struct plan plan;
  struct plan_failure failure = {-1, 0, 0};
  if (inbox.error)
    failure.error = inbox.error;
  else if (broken || plan_load(&plan, inbox.payload, inbox.request.length) < 0)
    failure.error = EINVAL;
  else
    plan_run(&plan, 0, inbox.slots, &failure);
  become_undumpable();
  if (failure.error) broken = 1;
  reply_done(inbox.request.id, &failure, failure.fallbacks);
}

/*
 * Replaces the previous disconnect plan. If the new plan is refused, the previous one stays.
 */
static void handle_disconnect_plan(void) {
  struct plan plan;
  struct plan_failure failure = {-1, 0, 0};
  if (inbox.error || plan_load(&plan, inbox.payload, inbox.request.length) < 0) {
    failure.error = inbox.error ? inbox.error : EINVAL;
    release(&inbox);
  } else {
    if (disconnect_plan.payload) sys(munmap, disconnect_plan.payload, disconnect_plan.size);
    disconnect_plan.plan = plan;
    disconnect_plan.payload = inbox.payload;
    disconnect_plan.size = inbox.size;
    for (u32 i = 0; i < disconnect_plan.descriptors; i++) sys(close, INIT_FIRST_DISCONNECT + i);
    for (u32 i = 0; i < inbox.request.descriptors; i++)
      disconnect_plan.slots[i] = sys(dup3, inbox.slots[i], INIT_FIRST_DISCONNECT + i, O_CLOEXEC);
    disconnect_plan.descriptors = inbox.request.descriptors;
  }
  reply_done(inbox.request.id, &failure, 0);
}

static void handle_kill(void) {
  if (program.pid && inbox.request.id == program.id) end_program(*(u32 *)inbox.payload);
}

static void handle_fingerprint(void) {
  struct plan_failure none = {-1, 0, 0};
  reply_done(inbox.request.id, &none, fingerprint(*(u32 *)inbox.payload));
}

/*
 * Serves one request, and the one that ended the waiting of a child; 0 at the end of the socket.
 */
static int serve(void) {
  static void (*const handlers[])(void) = {
      [REQUEST_PLAN] = handle_plan,
      [REQUEST_LAUNCH] = handle_launch,
      [REQUEST_KILL] = handle_kill,
      [REQUEST_DISCONNECT] = handle_disconnect_plan,
      [REQUEST_PREPARE] = handle_prepare,
      [REQUEST_FINGERPRINT] = handle_fingerprint,
  };
  if (!receive()) return 0;
  do {
    u32 type = inbox.request.type;
    prepared = PREPARED_NOTHING;
    if (type < sizeof handlers / sizeof *handlers && handlers[type]) handlers[type]();
    if (type != REQUEST_DISCONNECT && type != REQUEST_PREPARE) release(&inbox);
  } while (prepared == PREPARED_REQUEST);
  close_stdio();
  close_above(first_free());
  return prepared != PREPARED_ALONE;
}

/*
 * The host is gone: nothing may be left of the box. A cgroup can be busy for a moment after its
 * last process.
 */
static void disconnect(void) {
  sys(kill, -1, SIGKILL);
  while (reap(0)) {
  }
  for (int tries = 0; disconnect_plan.plan.step_count && tries < 200; tries++) {
    struct plan_failure failure = {-1, 0, 0};
    struct time pause = {0, 5000000};
    plan_run(&disconnect_plan.plan, 0, disconnect_plan.slots, &failure);
    if (!failure.error) break;
    sys(nanosleep, &pause, 0);
  }
  sys(exit_group, 0);
}

static void begin(void) {
  u64 child = 1ul << (SIGCHLD - 1);
  struct { void *handler; u64 flags; void *restorer; u64 mask; } standard = {0, 0, 0, 0};
  sys(rt_sigprocmask, SIG_SETMASK, &child, 0, 8);
  for (int signal = 1; signal <= 64; signal++) sys(rt_sigaction, signal, &standard, 0, 8);
  sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); /* for the first plan, see the invariants */
  close_stdio();
  close_above(PLAN_SOCKET + 1); /* what the host had open without close-on-exec */
  long fd = sys(signalfd4, -1, &child, 8, O_CLOEXEC | O_NONBLOCK);
  sys(dup3, fd, INIT_SIGNALS, O_CLOEXEC);
  sys(fcntl, PLAN_SOCKET, F_SETFD, FD_CLOEXEC);
}

/*
 * Sleeps until something happens, at most until the next look at the clocks; not at all with
 * `more` to do. Without the default filter a program that has init's user id may lower init's
 * limit of descriptors, and ppoll fails. An init that sees nothing keeps no limit, so the box
 * ends then.
 */
static void wait_for_events(struct pollfd *events, int count, int more) {
  struct time timeout = {0, 0}, *limit = more ? &timeout : 0;
  if (!more && program.pid && program.next_check) {
    u64 now = now_ns(), left = program.next_check > now ? program.next_check - now : 0;
    timeout = (struct time){(s64)(left / 1000000000u), (s64)(left % 1000000000u)};
    limit = &timeout;
  }
  for (int i = 0; i < count; i++) events[i].revents = 0;
  if (sys(ppoll, events, count, limit, 0, 8) == -EINVAL) disconnect();
}

__attribute__((noreturn, used)) static void run_init(void) {
  begin();
  for (int more = 0;;) {
    int listener = program.has_listener && !program.listener_over ? INIT_LISTENER : -1;
    struct pollfd events[] = {{PLAN_SOCKET, POLLIN, 0}, {INIT_SIGNALS, POLLIN, 0}, {listener, POLLIN, 0}};
    u8 signals[1024];
    wait_for_events(events, 3, more);
    if (events[1].revents) sys(read, INIT_SIGNALS, signals, sizeof signals);
    if (program.pid && (events[2].revents & POLLIN)) {
      notify_receive(&program);
      end_program(CAUSE_DENIED);
    } else if (events[2].revents)
      program.listener_over = 1; /* ppoll would return at once until the last process is reaped */
    int ran = program.pid != 0, reaped = 0;
    while (reaped < REAPED_A_TURN && reap(WNOHANG)) reaped++;
    more = reaped == REAPED_A_TURN;
    if (ran && !program.pid) end_program(CAUSE_NONE);
    if (program.pid) {
      watch_check(&program, now_ns());
      if (program.cause) end_program(program.cause);
    }
    if (events[0].revents && !serve()) disconnect();
  }
}

/* The kernel enters here with the stack unaligned for a C function. */
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall run_init\n\thlt\n");

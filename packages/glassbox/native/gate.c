/*
 * The gate: what JavaScript cannot ask the kernel by itself. Each function is one system call, or
 * one sequence that must not be divided. src/gate/ has its types; nothing else calls it.
 *
 * Conventions: a number that is returned is the kernel's result, negative for -errno; a failing
 * call does not throw. A wrong type or a buffer that is too short throws a TypeError before
 * anything is done. Memory belongs to the caller's typed arrays, which V8 neither moves nor frees
 * during a call. The only state is what each thread has opened (owned.c) and watches (readable.c),
 * so any thread may call anything.
 *
 * How long a call may take: send() and receive() never wait. runPlan() waits for the calls of its
 * plan, and for a vfork-style child until its execve or its end; the plans that Node runs do not
 * wait for another process. syscall() takes as long as the call that it is asked for; signals do
 * not end it. traceStep(), superviseStep() and guestStep() block until a tracee stops,
 * guestSleep() until a descriptor is ready; only the thread of a tracer calls them, and a signal
 * ends them.
 */
#include "gate.h"
#include "plan.h"
#include "wire.h"

#define SIG_SETMASK 2
#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define MSG_DONTWAIT 0x40
#define MSG_CMSG_CLOEXEC 0x40000000
#define MSG_NOSIGNAL 0x4000

/*
 * Whether a call is made again after a signal. The signals that wake a tracer (wake.c) may come
 * at any time, also when it waits for nothing that they could end: a child must be reaped all the
 * same. After EINTR of close the descriptor is closed; a call with a time would begin it anew.
 */
static int is_made_again(s64 number) {
  switch (number) {
  case __NR_close:
  case __NR_poll:
  case __NR_nanosleep:
  case __NR_futex:
    return 0;
  default:
    return 1;
  }
}

/* syscall(number, ...arguments): integers, or typed arrays for pointers. */
static napi_value gate_syscall(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  s64 values[7] = {0};
  size_t count = MAX_ARGUMENTS;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return NULL;
  if (count < 1 || count > 7) return throw_type(env, "syscall() takes a number and up to six arguments");
  for (size_t i = 0; i < count; i++) {
    struct bytes bytes;
    if (get_integer(env, arguments[i], &values[i])) continue;
    if (i == 0 || !get_bytes(env, arguments[i], &bytes))
      return throw_type(env, "syscall() takes numbers, bigints and typed arrays");
    values[i] = (s64)bytes.data;
  }
  before_call(env, values[0], values + 1);
  s64 result;
  do result = raw_syscall(values[0], values[1], values[2], values[3], values[4], values[5], values[6]);
  while (result == -EINTR && is_made_again(values[0]));
  after_call(env, values[0], values + 1, result);
  return number(env, result);
}

/* Passes the values of some slots, which JavaScript lists in an array, to `own`. */
static void own_slots(napi_env env, const struct bytes *list, const s64 *slots, void (*own)(napi_env, s64)) {
  for (size_t i = 0; i < list->length; i++)
    if (list->data[i] < PLAN_SLOTS) own(env, slots[list->data[i]]);
}

/* What the steps of a plan have closed is not owned any more. */
static void disown_closed(napi_env env, const struct plan *plan, u32 steps, const s64 *slots) {
  for (u32 i = 0; i < steps; i++) {
    const struct plan_step *step = &plan->steps[i];
    if (step->operation == OPERATION_SYSCALL && step->number == __NR_close && step->kinds[0] == ARGUMENT_SLOT)
      before_call(env, __NR_close, &slots[step->args[0]]);
  }
}

/*
 * runPlan(plan, slots: BigInt64Array(64), failure: Int32Array(3), descriptors: Uint8Array,
 * children: Uint8Array): 0 or -errno. The last two list the slots that hold a descriptor or a
 * child of this process after the plan; -1 in such a slot means none. All signals are blocked
 * during the plan, because no handler of Node may run in a child that shares Node's memory.
 */
static napi_value gate_run_plan(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes bytes, slots, failed, descriptors, children;
  struct plan plan;
  u64 all = ~0ul, before = 0;
  if (!get_arguments(env, info, 5, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &bytes) || ((u64)bytes.data & 7))
    return throw_type(env, "runPlan() takes an encoded plan, aligned to eight bytes");
  if (!get_bytes(env, arguments[1], &slots) || slots.length < PLAN_SLOTS * sizeof(s64) || ((u64)slots.data & 7))
    return throw_type(env, "runPlan() needs a BigInt64Array of 64 slots");
  if (!get_bytes(env, arguments[2], &failed) || failed.length < sizeof(struct plan_failure))
    return throw_type(env, "runPlan() needs an Int32Array of three for the failure");
  if (!get_bytes(env, arguments[3], &descriptors) || !get_bytes(env, arguments[4], &children))
    return throw_type(env, "runPlan() needs two Uint8Arrays of slots");
  int loaded = plan_load(&plan, bytes.data, bytes.length);
  if (loaded < 0) return number(env, loaded);

  struct plan_failure failure = {-1, 0, 0};
  sys(rt_sigprocmask, SIG_SETMASK, &all, &before, 8);
  plan_run(&plan, 0, (s64 *)slots.data, &failure);
  sys(rt_sigprocmask, SIG_SETMASK, &before, NULL, 8);
  memcpy(failed.data, &failure, sizeof failure);
  own_slots(env, &descriptors, (s64 *)slots.data, own_descriptor);
  disown_closed(env, &plan, failure.error ? (u32)failure.step : plan.step_count, (s64 *)slots.data);
  /* After a failure the child is reaped already. */
  if (!failure.error) own_slots(env, &children, (s64 *)slots.data, own_child);
  return number(env, -failure.error);
}

/*
 * send(socket, bytes, descriptors): sends as many bytes as the socket takes now, without waiting.
 * Returns the number, or -errno (-EAGAIN: none). The descriptors are sent with the first byte.
 */
static napi_value gate_send(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  s64 socket;
  struct bytes bytes, descriptors;
  struct {
    u64 length;
    s32 level, type;
    s32 descriptors[MAX_DESCRIPTORS];
  } control = {0, SOL_SOCKET, SCM_RIGHTS, {0}};
  if (!get_arguments(env, info, 3, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &socket) || !get_bytes(env, arguments[1], &bytes) ||
      !get_bytes(env, arguments[2], &descriptors) || descriptors.length > sizeof control.descriptors)
    return throw_type(env, "send() takes a descriptor, bytes and an Int32Array of at most 32 descriptors");
  control.length = offsetof(__typeof__(control), descriptors) + descriptors.length;
  memcpy(control.descriptors, descriptors.data, descriptors.length);

  struct iovec part = {bytes.data, bytes.length};
  struct message message = {.parts = &part,
                            .part_count = 1,
                            .control = descriptors.length ? &control : NULL,
                            .control_length = descriptors.length ? (control.length + 7) & ~7ul : 0};
  long sent;
  do sent = sys(sendmsg, socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent == -EINTR);
  return number(env, sent);
}

/*
 * receive(socket, bytes, descriptors): reads what a socket has, up to the length of `bytes`,
 * without waiting. Returns the number, 0 at the end of the stream, or -errno (-EAGAIN: nothing is
 * there). `descriptors`, an Int32Array of 32, gets the descriptors that came along, then -1. They
 * are closed at execve.
 */
static napi_value gate_receive(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  s64 socket;
  struct bytes bytes, descriptors;
  struct {
    u64 length;
    s32 level, type;
    s32 descriptors[MAX_DESCRIPTORS];
  } control = {0};
  if (!get_arguments(env, info, 3, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &socket) || !get_bytes(env, arguments[1], &bytes) ||
      !get_bytes(env, arguments[2], &descriptors) || descriptors.length != sizeof control.descriptors)
    return throw_type(env, "receive() takes a descriptor, bytes and an Int32Array of 32");

  struct iovec part = {bytes.data, bytes.length};
  struct message message = {
      .parts = &part, .part_count = 1, .control = &control, .control_length = sizeof control};
  long got;
  do got = sys(recvmsg, socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (got == -EINTR);
  u64 head = offsetof(__typeof__(control), descriptors), size = 0;
  if (got >= 0 && message.control_length >= head && control.type == SCM_RIGHTS) size = control.length - head;
  memset(descriptors.data, -1, descriptors.length);
  memcpy(descriptors.data, control.descriptors, size);
  for (u64 i = 0; i < size / sizeof *control.descriptors; i++) own_descriptor(env, control.descriptors[i]);
  return number(env, got);
}

static const struct {
  const char *name;
  napi_callback call;
} functions[] = {
    {"syscall", gate_syscall},
    {"runPlan", gate_run_plan},
    {"send", gate_send},
    {"receive", gate_receive},
    {"handOver", gate_hand_over},
    {"watchReadable", gate_watch_readable},
    {"holdLoop", gate_hold_loop},
    {"pauseWatch", gate_pause_watch},
    {"unwatch", gate_unwatch},
    {"firstChanged", gate_first_changed},
    {"setFlags", gate_set_flags},
    {"installWake", gate_install_wake},
    {"takeSignals", gate_take_signals},
    {"traceStep", gate_trace_step},
    {"readMemory", gate_read_memory},
    {"writeMemory", gate_write_memory},
    {"startSeized", gate_start_seized},
    {"endStart", gate_end_start},
    {"superviseStep", gate_supervise_step},
    {"endAtExit", gate_end_at_exit},
    {"guestStep", gate_guest_step},
    {"guestBatch", gate_guest_batch},
    {"guestExtended", gate_guest_extended},
    {"guestSleep", gate_guest_sleep},
    {"guestTimer", gate_guest_timer},
    {"mapMemory", gate_map_memory},
    {"readCycles", gate_read_cycles},
};

NAPI_MODULE_INIT() {
  if (!own_from_now_on(env)) return throw_type(env, "glassbox's gate: no memory, or too late to load");
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok)
      return NULL;
  }
  return exports;
}

/*
 * The native half of the tracer: one step of its loop, and the memory of a tracee. src/ptrace
 * decides what a stop means; here it is only taken (stop.c), or gone past (past.c).
 */
#include "trace.h"
#include "past.h"
#include <asm/ptrace-abi.h>
#include <linux/wait.h>

napi_value step_result(napi_env env, const struct stop_record *record, s64 count) {
  for (s64 i = 0; i < count; i++)
    if ((record[i].status & 0xff) != 0x7f) disown_child(env, record[i].tid);
  return number(env, count);
}

/* A thread whose stop is told is in no call that was gone past. */
static void close_call(struct lane_tables *tables, long tid) {
  struct open_call *open = &tables->open[tid & (OPEN_CALLS - 1)];
  if (open->tid == tid) open->tid = 0;
}

/* Waits for one stop, and takes all others that are pending. */
static long take_stops(struct stop_record *records, s64 maximum, const struct bytes *wake, struct lane_tables *tables) {
  long options = __WALL | __WNOTHREAD;
  for (s64 taken = 0; taken < maximum; taken++, options |= WNOHANG) {
    long tid = wait_for_stop(&records[taken], wake, options);
    if (tid <= 0) return taken ? taken : tid;
    close_call(tables, tid);
    describe_stop(&records[taken]);
  }
  return maximum;
}

/*
 * traceStep(restarts: Int32Array, count, records: Uint8Array, maximum, wake: Int32Array, tables:
 * Uint8Array, captures: Uint8Array, text: Uint8Array): restarts `count` tracees, waits for one
 * stop, takes up to `maximum` stops that are there, and returns how many records there are; -EINTR
 * if it was woken first, -ECHILD if there is no tracee. It is not an error if a tracee has ended
 * before its restart: its end is among the stops.
 *
 * The last three are the buffers of lanes.h. If the tables say so, the step goes past calls that
 * need no JavaScript at their stops.
 */
napi_value gate_trace_step(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes restarts, records, wake, tables, captures, text;
  s64 count, maximum;
  if (!get_arguments(env, info, 8, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &restarts) || !get_integer(env, arguments[1], &count) || count < 0 ||
      (u64)count * sizeof(struct restart) > restarts.length)
    return throw_type(env, "traceStep() takes an Int32Array of restarts, and how many there are");
  if (!get_bytes(env, arguments[2], &records) || !get_integer(env, arguments[3], &maximum) || maximum < 1 ||
      (u64)maximum * sizeof(struct stop_record) > records.length || ((u64)records.data & 7))
    return throw_type(env, "traceStep() takes room for records, and how many fit");
  if (!get_bytes(env, arguments[4], &wake) || wake.length < 4)
    return throw_type(env, "traceStep() takes the word that wakes it");
  if (!get_bytes(env, arguments[5], &tables) || tables.length < sizeof(struct lane_tables) ||
      !get_bytes(env, arguments[6], &captures) || !get_bytes(env, arguments[7], &text) ||
      (((u64)tables.data | (u64)captures.data) & 7))
    return throw_type(env, "traceStep() takes the buffers of the lanes");

  restart_tracees((struct restart *)restarts.data, count);
  struct stop_record *record = (struct stop_record *)records.data;
  struct lanes lanes = {
      (struct lane_tables *)tables.data, {captures.data, captures.length, 0}, {text.data, text.length, 0}, 0, 0};
  return step_result(env, record, lanes.tables->active ? take_past_calls(record, maximum, &wake, &lanes)
                                                       : take_stops(record, maximum, &wake, lanes.tables));
}

long peek(s64 tid, u64 address, u8 *to, u64 length) {
  u64 done = 0;
  while (done < length) {
    u64 word, at = (address + done) & ~7ul, skip = address + done - at;
    u64 part = 8 - skip < length - done ? 8 - skip : length - done;
    long result = sys(ptrace, PTRACE_PEEKDATA, tid, at, &word);
    if (result < 0) return done ? (long)done : result;
    memcpy(to + done, (u8 *)&word + skip, part);
    done += part;
  }
  return (long)done;
}

/* Memory of this process, and as much of a tracee. */
struct span {
  s64 tid;
  struct iovec local, remote;
};

/*
 * The arguments tid, address, bytes. Returns 0 if they are something else: `expected` is thrown.
 */
static int get_span(napi_env env, napi_callback_info info, const char *expected, struct span *span) {
  napi_value arguments[MAX_ARGUMENTS];
  s64 address;
  struct bytes bytes;
  if (!get_arguments(env, info, 3, arguments)) return 0;
  if (!get_integer(env, arguments[0], &span->tid) || !get_integer(env, arguments[1], &address) ||
      !get_bytes(env, arguments[2], &bytes)) {
    throw_type(env, expected);
    return 0;
  }
  span->local = (struct iovec){bytes.data, bytes.length};
  span->remote = (struct iovec){(void *)address, bytes.length};
  return 1;
}

/*
 * readMemory(tid, address, bytes): how many bytes could be read from there, or -errno if none.
 * Page protections hold.
 */
napi_value gate_read_memory(napi_env env, napi_callback_info info) {
  struct span span;
  if (!get_span(env, info, "readMemory() takes a thread, an address and a typed array", &span)) return NULL;
  long got = sys(process_vm_readv, span.tid, &span.local, 1, &span.remote, 1, 0);
  if (got == -EPERM || got == -ENOSYS)
    got = peek(span.tid, (u64)span.remote.iov_base, span.local.iov_base, span.local.iov_len);
  return number(env, got);
}

/*
 * writeMemory(tid, address, bytes): how many bytes could be written there, or -errno if none. Page
 * protections hold.
 */
napi_value gate_write_memory(napi_env env, napi_callback_info info) {
  struct span span;
  if (!get_span(env, info, "writeMemory() takes a thread, an address and a typed array", &span)) return NULL;
  return number(env, sys(process_vm_writev, span.tid, &span.local, 1, &span.remote, 1, 0));
}

/*
 * The native half of the kernel's ptrace platform: resuming guests and waiting for their stops,
 * batches of commands in a stub, extended registers, the memory of a world as ArrayBuffers, and
 * the cycle counter for its vDSO.
 * src/kernel/platform/ptrace decides everything; here is what must be one sequence to be fast, or
 * needs pointers. Only the thread that seized the stubs calls these functions.
 *
 * Who owns what: the stubs belong to the calling thread, which ptrace ties them to. A mapping
 * belongs to its ArrayBuffer, which unmaps it when it is collected. A timer belongs to the caller
 * (owned.c deletes it if a worker is terminated), and so does the word that it sets, which must
 * stay until the timer is deleted.
 */
#include "guest.h"
#include "gate.h"
#include "trace.h"
#include <linux/audit.h>
#include <linux/elf.h>
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/wait.h>

#define SIGTRAP 5
#define SIGSEGV 11
#define SIGSYS 31
#define SIGEV_THREAD_ID 4
#define RAX_OFFSET 80
#define R13_OFFSET 16
#define STOPPED(status) (((status) & 0xff) == 0x7f)
#define STOP_SIGNAL(status) (((status) >> 8) & 0xff)
#define IS_CALL_STOP(status) ((status) == (SYSCALL_STOP << 8 | 0x7f))
#define IS_TRAP(status) ((status) == (SIGTRAP << 8 | 0x7f))

/* struct user_regs_struct: the kernel's header for it wants a libc's types. */
#define REGISTERS_BYTES (27 * 8)

/* siginfo_t of a fault or of SIGSYS. */
struct fault_info {
  s32 signal, error, code, pad;
  u64 address;
  u64 more[13];
};

static void describe(struct guest_record *record) {
  s32 status = record->status;
  if (!STOPPED(status)) {
    record->kind = GUEST_GONE;
    return;
  }
  if (IS_CALL_STOP(status)) {
    struct ptrace_syscall_info info;
    long got = sys(ptrace, PTRACE_GET_SYSCALL_INFO, record->tid, sizeof info, &info);
    record->kind = got > 0 ? GUEST_CALL : GUEST_OTHER;
    record->arch = info.arch;
    record->ip = info.instruction_pointer;
    record->sp = info.stack_pointer;
    record->nr = info.entry.nr;
    for (int i = 0; i < 6; i++) record->args[i] = info.entry.args[i];
    return;
  }
  if (status >> 16) {
    record->kind = status >> 16 == PTRACE_EVENT_STOP ? GUEST_INTERRUPTED : GUEST_OTHER;
    return;
  }
  struct fault_info info = {0};
  sys(ptrace, PTRACE_GETSIGINFO, record->tid, 0, &info);
  record->kind = GUEST_SIGNAL;
  record->signal = STOP_SIGNAL(status);
  record->code = info.code;
  record->address = info.address;
}

/*
 * guestStep(resumes: Int32Array, count, records: Int32Array, running, only, wake: Int32Array,
 * options): resumes `count` threads, so that `running` run, and waits for a stop; takes the others
 * that are there. Returns how many; -EINTR if it was woken first. `only` is the thread that runs,
 * if only one does, else -1. With the option WNOHANG it does not wait.
 */
napi_value gate_guest_step(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes resumes, records, wake;
  s64 count, running, only, flags;
  if (!get_arguments(env, info, 7, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &resumes) || !get_integer(env, arguments[1], &count) || count < 0 ||
      (u64)count * sizeof(struct guest_resume) > resumes.length || ((u64)resumes.data & 7) ||
      !get_bytes(env, arguments[2], &records) || records.length < sizeof(struct guest_record) ||
      ((u64)records.data & 7) || !get_integer(env, arguments[3], &running) || !get_integer(env, arguments[4], &only) ||
      !get_bytes(env, arguments[5], &wake) || wake.length < 4 || !get_integer(env, arguments[6], &flags))
    return throw_type(env, "guestStep() takes resumes, how many, records, the running, the only, a word, options");

  const struct guest_resume *resume = (const struct guest_resume *)resumes.data;
  for (s64 i = 0; i < count; i++, resume++) {
    if (resume->mode == GUEST_RESULT) sys(ptrace, PTRACE_POKEUSR, resume->tid, RAX_OFFSET, resume->rax);
    sys(ptrace, PTRACE_SYSEMU, resume->tid, 0, 0);
  }
  struct guest_record *record = (struct guest_record *)records.data;
  s64 most = (s64)(records.length / sizeof *record), taken = 0;
  if (most > running) most = running;
  for (long options = __WALL | __WNOTHREAD | flags; taken < most; taken++, record++, options |= WNOHANG) {
    long tid = options & WNOHANG ? sys(wait4, only, &record->status, options, 0)
                                 : interruptible_call((volatile s32 *)wake.data, __NR_wait4, only,
                                                      (long)&record->status, options, 0, 0);
    if (tid <= 0) return number(env, taken ? taken : tid);
    record->tid = (s32)tid;
    describe(record);
    if (record->kind == GUEST_GONE) disown_child(env, tid);
  }
  return number(env, taken);
}

/* Waits for the first stop of a thread that was just made. Returns 0, or -ESRCH if it died. */
static long wait_for_first_stop(long tid) {
  s32 status;
  long got;
  do got = sys(wait4, tid, &status, __WALL, 0);
  while (got == -EINTR);
  return got == tid && STOPPED(status) ? 0 : -ESRCH;
}

/* Runs a stopped thread until it traps. Stops for interrupts and births are in between. */
static long run_batch(long tid, struct guest_batch *batch) {
  for (;;) {
    s32 status;
    if (sys(ptrace, PTRACE_CONT, tid, 0, 0) < 0) return -ESRCH;
    long got;
    do got = sys(wait4, tid, &status, __WALL, 0);
    while (got == -EINTR);
    if (got < 0 || !STOPPED(status)) return -ESRCH;
    if (IS_TRAP(status)) return 0;
    u64 thread = 0;
    if (status >> 16 == PTRACE_EVENT_STOP) batch->interrupted = 1;
    else if (status >> 16 == PTRACE_EVENT_CLONE && sys(ptrace, PTRACE_GETEVENTMSG, tid, 0, &thread) == 0 &&
             wait_for_first_stop((long)thread) == 0)
      batch->thread = (s32)thread;
    /* The batch itself failed. Other signals come from outside, and are dropped. */
    else if (!(status >> 16) && (STOP_SIGNAL(status) == SIGSEGV || STOP_SIGNAL(status) == SIGSYS))
      return -EFAULT;
  }
}

/*
 * guestBatch(tid, registers: Int32Array, result: Int32Array): sends a stopped thread with these
 * registers through its batch. Returns 0 when it has come to its end; -ESRCH if the thread is
 * dead, -EFAULT if the stub refused.
 */
napi_value gate_guest_batch(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes registers, result;
  s64 tid;
  if (!get_arguments(env, info, 3, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &tid) || !get_bytes(env, arguments[1], &registers) ||
      registers.length != REGISTERS_BYTES || !get_bytes(env, arguments[2], &result) ||
      result.length != sizeof(struct guest_batch))
    return throw_type(env, "guestBatch() takes a thread, its registers and room for the result");
  struct guest_batch batch = {0};
  long error = sys(ptrace, PTRACE_SETREGS, tid, 0, registers.data);
  if (error == 0) error = run_batch(tid, &batch);
  if (error == 0) error = sys(ptrace, PTRACE_PEEKUSR, tid, R13_OFFSET, &batch.left);
  if (error == 0 && batch.left) error = sys(ptrace, PTRACE_PEEKUSR, tid, RAX_OFFSET, &batch.result);
  if (error == -ESRCH) disown_child(env, tid);
  memcpy(result.data, &batch, sizeof batch);
  return number(env, error);
}

/*
 * guestExtended(tid, bytes, set): reads the extended state of a stopped thread as XSAVE stores it
 * and returns its length, or sets it and returns 0; or -errno.
 */
napi_value gate_guest_extended(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes bytes;
  s64 tid, set;
  if (!get_arguments(env, info, 3, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &tid) || !get_bytes(env, arguments[1], &bytes) ||
      !get_integer(env, arguments[2], &set))
    return throw_type(env, "guestExtended() takes a thread, bytes, and whether to set them");
  struct iovec part = {bytes.data, bytes.length};
  long error = sys(ptrace, set ? PTRACE_SETREGSET : PTRACE_GETREGSET, tid, NT_X86_XSTATE, &part);
  return number(env, error < 0 || set ? error : (s64)part.iov_len);
}

/*
 * guestSleep(descriptors: Int32Array, ns, wake: Int32Array): ppoll(2) of these struct pollfd for
 * at most this time; negative: without limit. Returns the result; -EINTR if it was woken.
 */
napi_value gate_guest_sleep(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes descriptors, wake;
  s64 ns;
  if (!get_arguments(env, info, 3, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &descriptors) || !get_integer(env, arguments[1], &ns) ||
      !get_bytes(env, arguments[2], &wake) || wake.length < 4)
    return throw_type(env, "guestSleep() takes descriptors, a time, and the word that wakes it");
  struct time timeout = {ns / 1000000000, ns % 1000000000};
  return number(env, interruptible_call((volatile s32 *)wake.data, __NR_ppoll, (long)descriptors.data,
                                        (long)(descriptors.length / 8), ns < 0 ? 0 : (long)&timeout, 0, 8));
}

/* struct sigevent of a timer that signals a thread. */
struct thread_event {
  u64 value;
  s32 signal, notify, thread, pad[11];
};

/*
 * guestTimer(wake: Int32Array): makes a timer of CLOCK_MONOTONIC that sets this word and wakes
 * this thread. Returns its id, or -errno.
 */
napi_value gate_guest_timer(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes wake;
  s32 timer = 0;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &wake) || wake.length < 4)
    return throw_type(env, "guestTimer() takes the word that it sets");
  struct thread_event event = {
      .value = (u64)wake.data, .signal = WAKE_SIGNAL, .notify = SIGEV_THREAD_ID, .thread = (s32)sys(gettid)};
  long error = sys(timer_create, CLOCK_MONOTONIC, &event, &timer);
  if (error < 0) return number(env, error);
  own_timer(env, timer);
  return number(env, timer);
}

static void unmap(napi_env env, void *data, void *length) {
  (void)env;
  sys(munmap, data, length);
}

/*
 * mapMemory(fd, offset, length): a shared, writable mapping of a file as an ArrayBuffer, which
 * unmaps it at its end; or -errno.
 */
napi_value gate_map_memory(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS], buffer;
  s64 fd, offset, length;
  if (!get_arguments(env, info, 3, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &fd) || !get_integer(env, arguments[1], &offset) ||
      !get_integer(env, arguments[2], &length))
    return throw_type(env, "mapMemory() takes a descriptor, an offset and a length");
  long at = sys(mmap, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  if (at < 0 && at >= -4095) return number(env, at);
  if (napi_create_external_arraybuffer(env, (void *)at, (size_t)length, unmap, (void *)length, &buffer) == napi_ok)
    return buffer;
  sys(munmap, at, length);
  return number(env, -ENOMEM);
}

/*
 * readCycles(out: BigUint64Array): stores how many cycles the CPU had counted at which nanosecond
 * of CLOCK_MONOTONIC. Of several tries the shortest counts: it was not interrupted.
 */
napi_value gate_read_cycles(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes out;
  u64 best = ~0ul;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &out) || out.length < 16) return throw_type(env, "readCycles() takes 16 bytes");
  for (int i = 0; i < 8; i++) {
    u64 before = cycles(), time = now_ns(), taken = cycles() - before;
    if (taken >= best) continue;
    best = taken;
    memcpy(out.data, (u64[]){before + taken / 2, time}, 16);
  }
  return NULL;
}

/*
 * Waking a thread that waits for a tracee.
 *
 * A step blocks its thread in wait4, and neither an event loop nor worker.terminate() reaches it
 * there. A signal to that thread wakes it, and the word `wake` says that there is something to
 * look at. The signal may come between the look at the word and the system call. So that it is not
 * lost, its handler moves a thread that is between the two past the system call. The handler
 * stays installed, so the gate is linked to stay in memory (-z nodelete).
 */
#include "trace.h"
#include <asm/sigcontext.h>

#define SA_SIGINFO_RESTORER 0x04000004 /* SA_SIGINFO | SA_RESTORER, without SA_RESTART */
#define SI_TIMER -2

/* struct ucontext up to the registers: the kernel's header for it wants a libc's types. */
struct interrupted {
  u64 flags, link, stack[3];
  struct sigcontext registers;
};

/*
 * Signals other than WAKE_SIGNAL that arrived since takeSignals, one bit each. Signals belong to
 * the process, and so does this word.
 */
__attribute__((used)) static volatile u64 caught_signals;

int is_woken(const struct bytes *wake) { return *(volatile s32 *)wake->data || caught_signals; }

/* See trace.h. */
__asm__(".text\n"
        ".globl interruptible_call\n"
        ".hidden interruptible_call\n"
        "interruptible_call:\n"
        "  mov %rdi, %r11\n"
        "  mov %rsi, %rax\n"
        "  mov %rdx, %rdi\n"
        "  mov %rcx, %rsi\n"
        "  mov %r8, %rdx\n"
        "  mov %r9, %r10\n"
        "  mov 8(%rsp), %r8\n"
        "interruptible_look:\n"
        "  cmpl $0, (%r11)\n"
        "  jne interruptible_woken\n"
        "  cmpq $0, caught_signals(%rip)\n"
        "  jne interruptible_woken\n"
        "interruptible_syscall:\n"
        "  syscall\n"
        "  ret\n"
        "interruptible_woken:\n"
        "  mov $-4, %rax\n" /* -EINTR */
        "  ret\n"
        "wake_restorer:\n"
        "  mov $15, %eax\n" /* rt_sigreturn */
        "  syscall\n");
extern const u8 interruptible_look[], interruptible_syscall[], interruptible_woken[];
void wake_restorer(void);

/* siginfo_t of a timer. */
struct timer_info {
  s32 signal, error, code, timer, overrun, pad;
  volatile s32 *word;
};

static void wake_handler(int signal, const struct timer_info *info, struct interrupted *context) {
  /* A timer of guestTimer(): if it comes while JavaScript runs, the next step must know. */
  if (info->code == SI_TIMER && signal == WAKE_SIGNAL && info->word) *info->word = 1;
  if (signal < WAKE_SIGNAL) __atomic_fetch_or(&caught_signals, 1ul << (signal - 1), __ATOMIC_SEQ_CST);
  u64 at = context->registers.rip;
  if (at >= (u64)interruptible_look && at <= (u64)interruptible_syscall)
    context->registers.rip = (u64)interruptible_woken;
}

/*
 * installWake(signal): from now on the signal ends the traceStep of the thread that gets it.
 * WAKE_SIGNAL does nothing else; any other signal is kept for takeSignals.
 */
napi_value gate_install_wake(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  s64 signal;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &signal)) return throw_type(env, "installWake() takes a signal");
  struct {
    void (*handler)(int, const struct timer_info *, struct interrupted *);
    u64 flags;
    void (*restorer)(void);
    u64 mask;
  } action = {wake_handler, SA_SIGINFO_RESTORER, wake_restorer, 0};
  return number(env, sys(rt_sigaction, signal, &action, NULL, 8));
}

/* takeSignals(): the signals that came since the last call, signal n as bit n - 1. */
napi_value gate_take_signals(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, (s64)__atomic_exchange_n(&caught_signals, 0, __ATOMIC_SEQ_CST));
}

/*
 * A call that the filter reports instead of running it. The program is about to be ended for it,
 * so init never answers: it only keeps the evidence, which is the call as the kernel saw it and
 * the memory that its arguments point to. The memory is for the reader of the report; no decision
 * rests on it.
 *
 * A signal to the caller withdraws a report that nobody has received yet. That the call was made
 * is known all the same, and ends the program; only which call it was is lost.
 */
#include "init.h"
#include <asm/ioctl.h>
#include <linux/uio.h>

static u32 snapshot(s32 pid, u64 address, u8 *to) {
  /*
   * In two parts, cut at the end of the page: so an unmapped next page does not lose what is
   * before it.
   */
  u64 first = 4096 - (address & 4095);
  if (first > SNAPSHOT_BYTES) first = SNAPSHOT_BYTES;
  struct iovec local = {to, SNAPSHOT_BYTES};
  struct iovec remote[2] = {{(void *)address, first}, {(void *)(address + first), SNAPSHOT_BYTES - first}};
  long got = sys(process_vm_readv, pid, &local, 1, remote, first < SNAPSHOT_BYTES ? 2 : 1, 0);
  return got > 0 ? (u32)got : 0;
}

void notify_receive(struct program *program) {
  struct seccomp_notif call;
  memset(&call, 0, sizeof call);
  program->cause = CAUSE_DENIED;
  /* It fails if the report was withdrawn, or its caller died meanwhile. */
  if (sys(ioctl, INIT_LISTENER, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
    memset(&program->denied, 0, sizeof program->denied); /* no architecture has number 0 */
    return;
  }
  program->denied.call = call.data;
  for (int i = 0; i < 6; i++)
    program->denied.valid[i] = snapshot((s32)call.pid, call.data.args[i], program->denied.memory[i]);
}

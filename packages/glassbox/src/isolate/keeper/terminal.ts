/** `--tty-hack`: the keeper takes the terminal back that the program had. */
import { syscall } from '../../gate/gate.ts'
import { SIG_BLOCK, SIG_SETMASK, TIOCSPGRP } from '../../linux/constants.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const MASK = syscallNumber('rt_sigprocmask')
const SIGSET_BYTES = 8

/**
 * Brings the group of this process to the foreground of a terminal. Does nothing if the descriptor
 * is none. This thread blocks SIGTTOU meanwhile, which would stop it.
 */
export function takeTerminal(fd: number): void {
  const ttou = BigUint64Array.of(1n << BigInt((signalNumber('SIGTTOU') ?? 1) - 1))
  const before = BigUint64Array.of(0n)
  syscall(MASK, SIG_BLOCK, ttou, before, SIGSET_BYTES)
  syscall(syscallNumber('ioctl'), fd, TIOCSPGRP, Int32Array.of(syscall(syscallNumber('getpgrp'))))
  syscall(MASK, SIG_SETMASK, before, 0, SIGSET_BYTES)
}

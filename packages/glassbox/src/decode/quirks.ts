/**
 * What strace's text has of its own for single calls, and no kind of an argument says. One table:
 * a call that is not in it is printed by its kinds alone. (Quirks of structs: linux/shapes.ts.)
 */
import { personalityText } from './basic/flag-words.ts'
import { modeText } from './basic/modes.ts'
import {
  barriers,
  bpfResult,
  cloned,
  clonedByStruct,
  fcntlResult,
  ioctlResult,
  polled,
  ppolled,
  prctlResult,
  receivedMessages,
  featuresResult,
  type ResultPrinter,
  secondsSinceEpoch,
  segmentNumber,
  selected,
  takenSignal,
  truncatedError,
} from './call-results.ts'
import { signed32 } from './context.ts'
import { oldHandler, oldMask } from './old-calls.ts'
import { hex } from './text.ts'

export interface Quirk {
  /** The result in place of what its kind gives. `undefined`: its kind is enough. */
  readonly result?: ResultPrinter
  /** Whether that depends on the value alone, for one command of the call. */
  readonly isNamed?: true
  /** The result is an address. */
  readonly isAddress?: true
  /** The result is printed with memory that was input at the entry. */
  readonly isInputShownAgain?: true
  /** The whole text depends on the call that it resumes. */
  readonly isResumption?: true
  /** Argument 1 holds messages of a netlink socket: `<` that are sent, `>` that are received. */
  readonly netlink?: '<' | '>'
}

export const QUIRKS: Readonly<Record<string, Quirk>> = {
  arch_prctl: { result: featuresResult, isNamed: true },
  bpf: { result: bpfResult },
  brk: { isAddress: true },
  clone: { result: cloned },
  clone3: { result: clonedByStruct },
  fcntl: { result: fcntlResult, isNamed: true },
  ioctl: { result: ioctlResult, isNamed: true },
  // The kernel's word has 32 bits.
  futex: { result: value => String(signed32(value)), isNamed: true },
  membarrier: { result: barriers },
  mmap: { isAddress: true },
  modify_ldt: { result: truncatedError },
  mremap: { isAddress: true },
  personality: {
    result: (value, context) => `${hex(value)} (${personalityText(value, context)})`,
    isNamed: true,
  },
  poll: { result: polled },
  ppoll: { result: ppolled },
  prctl: { result: prctlResult, isNamed: true },
  pselect6: { result: selected('timespec'), isInputShownAgain: true },
  recvfrom: { netlink: '>' },
  recvmmsg: { result: receivedMessages },
  restart_syscall: { isResumption: true },
  rt_sigtimedwait: { result: takenSignal, isNamed: true },
  select: { result: selected('timeval'), isInputShownAgain: true },
  sendto: { netlink: '<' },
  set_thread_area: { result: segmentNumber },
  shmat: { isAddress: true },
  sgetmask: { result: oldMask('mask') },
  signal: { result: oldHandler },
  ssetmask: { result: oldMask('old mask') },
  stime: { result: secondsSinceEpoch },
  time: { result: secondsSinceEpoch },
  umask: { result: modeText, isNamed: true },
}

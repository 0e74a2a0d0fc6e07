/**
 * What is known of a signal besides its number: siginfo_t of sigaction(2). `encodeInfo` writes it
 * as the guest reads it, 128 bytes.
 */

export interface SignalInfo {
  readonly signal: number
  /** SI_*, or the code of the signal: CLD_EXITED, SEGV_MAPERR. */
  readonly code: number
  readonly details: Details
}

export type Details =
  | {
      readonly kind: 'sender'
      readonly pid: number
      readonly uid: number
      /** The sigval, in halves: of mq_notify(2). */
      readonly value?: { readonly lo: number; readonly hi: number }
    }
  | {
      readonly kind: 'child'
      readonly pid: number
      readonly uid: number
      readonly status: number
      /** In clock ticks. */
      readonly userTime: number
      readonly systemTime: number
    }
  | {
      readonly kind: 'fault'
      readonly address: number
      /** For the frame: the number of the trap, the error code of the CPU, and CR2. */
      readonly trap: number
      readonly error: number
      /** Whether the address is in CR2: of page faults. */
      readonly paged: boolean
    }
  | { readonly kind: 'timer'; readonly id: number; readonly timer: TimerSignal }
  /** As rt_sigqueueinfo(2) gave it. */
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }

/** What a POSIX timer knows at the moment of delivery. */
export interface TimerSignal {
  /** The sigval, in halves. */
  readonly valueLo: number
  readonly valueHi: number
  /** Called when its signal is taken out of the queue: the number of expirations since. */
  taken(): number
}

export const SIGINFO_SIZE = 128

export function encodeInfo(info: SignalInfo, view: DataView, offset: number): void {
  for (let i = 0; i < SIGINFO_SIZE; i += 4) view.setInt32(offset + i, 0, true)
  const details = info.details
  if (details.kind === 'raw') {
    const length = Math.min(details.bytes.length, SIGINFO_SIZE)
    for (let i = 0; i < length; i++) view.setUint8(offset + i, details.bytes[i] as number)
    view.setInt32(offset, info.signal, true)
    return
  }
  view.setInt32(offset, info.signal, true)
  view.setInt32(offset + 8, info.code, true)
  switch (details.kind) {
    case 'sender':
      view.setInt32(offset + 16, details.pid, true)
      view.setUint32(offset + 20, details.uid, true)
      view.setInt32(offset + 24, details.value?.lo ?? 0, true)
      view.setInt32(offset + 28, details.value?.hi ?? 0, true)
      return
    case 'child':
      view.setInt32(offset + 16, details.pid, true)
      view.setUint32(offset + 20, details.uid, true)
      view.setInt32(offset + 24, details.status, true)
      setWord(view, offset + 32, details.userTime)
      setWord(view, offset + 40, details.systemTime)
      return
    case 'fault':
      setWord(view, offset + 16, details.address)
      return
    case 'timer':
      view.setInt32(offset + 16, details.id, true)
      view.setInt32(offset + 20, details.timer.taken(), true)
      view.setInt32(offset + 24, details.timer.valueLo, true)
      view.setInt32(offset + 28, details.timer.valueHi, true)
  }
}

/** Writes a signed 64-bit number. */
export function setWord(view: DataView, offset: number, value: number): void {
  view.setInt32(offset, (value % 2 ** 32) | 0, true)
  view.setInt32(offset + 4, Math.floor(value / 2 ** 32), true)
}

/** Reads a signed 64-bit number, exact below 2^53. */
export function getWord(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true)
}

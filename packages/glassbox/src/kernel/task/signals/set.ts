/** A set of signals: 64 bits in two halves, as sigset_t has them. Bit 0 is signal 1. */
import { SIGNAL } from './numbers.ts'

const KILL_AND_STOP = (1 << (SIGNAL.SIGKILL - 1)) | (1 << (SIGNAL.SIGSTOP - 1))

export class SignalSet {
  lo = 0
  hi = 0

  has(signal: number): boolean {
    return (((signal <= 32 ? this.lo : this.hi) >>> ((signal - 1) & 31)) & 1) === 1
  }

  add(signal: number): void {
    if (signal <= 32) this.lo |= 1 << (signal - 1)
    else this.hi |= 1 << (signal - 33)
  }

  delete(signal: number): void {
    if (signal <= 32) this.lo &= ~(1 << (signal - 1))
    else this.hi &= ~(1 << (signal - 33))
  }

  set(lo: number, hi: number): void {
    this.lo = lo | 0
    this.hi = hi | 0
  }

  /** Sets it as a mask: SIGKILL and SIGSTOP cannot be blocked. */
  setMask(lo: number, hi: number): void {
    this.lo = lo & ~KILL_AND_STOP
    this.hi = hi | 0
  }

  copy(other: SignalSet): void {
    this.lo = other.lo
    this.hi = other.hi
  }

  get empty(): boolean {
    return (this.lo | this.hi) === 0
  }
}

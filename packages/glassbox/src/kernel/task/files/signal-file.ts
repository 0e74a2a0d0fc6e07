/** Signals that are read: signalfd(2). It takes the signals of the reading task, as Linux does. */
import { POLLIN, POLLRDNORM } from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { encodeInfo, SIGINFO_SIZE } from '../signals/info.ts'
import type { SignalInfo } from '../signals/info.ts'
import { SIGNAL } from '../signals/numbers.ts'
import { SignalSet } from '../signals/set.ts'
import { hasSignal, takeSignal } from '../signals/take.ts'
import type { WorldState } from '../state.ts'
import { AnonymousFile } from './anonymous.ts'

const SIZE = 128
const bytes = new Uint8Array(SIZE)
const view = new DataView(bytes.buffer)
const info = new DataView(new ArrayBuffer(SIGINFO_SIZE))

export class SignalFile extends AnonymousFile {
  readonly mask: SignalSet = new SignalSet()
  readonly #world: WorldState

  constructor(world: WorldState, flags: number) {
    super('[signalfd]', flags, world.signalQueue)
    this.#world = world
  }

  setMask(mask: SignalSet): void {
    this.mask.copy(mask)
    this.mask.delete(SIGNAL.SIGKILL)
    this.mask.delete(SIGNAL.SIGSTOP)
  }

  override poll(): number {
    return hasSignal(this.#world.current, this.mask) ? POLLIN | POLLRDNORM : 0
  }

  override read(transfer: Transfer): number {
    if (transfer.remaining < SIZE) return -EINVAL
    let moved = 0
    while (transfer.remaining >= SIZE) {
      const signal = takeSignal(this.#world.current, this.mask)
      if (signal === undefined) break
      encode(signal)
      if (transfer.put(bytes, 0, SIZE) < SIZE) return moved === 0 ? -EFAULT : moved
      moved += SIZE
    }
    return moved === 0 ? -EAGAIN : moved
  }
}

/** struct signalfd_siginfo: the fields of siginfo_t in another order. */
function encode(signal: SignalInfo): void {
  encodeInfo(signal, info, 0)
  bytes.fill(0)
  for (const [from, to] of HEAD) view.setInt32(to, info.getInt32(from, true), true)
  const { kind } = signal.details
  if (kind === 'child') for (const [from, to] of CHILD) view.setInt32(to, info.getInt32(from, true), true)
  else if (kind === 'timer')
    for (const [from, to] of TIMER) view.setInt32(to, info.getInt32(from, true), true)
  else if (kind === 'fault')
    for (const [from, to] of FAULT) view.setInt32(to, info.getInt32(from, true), true)
  else for (const [from, to] of SENDER) view.setInt32(to, info.getInt32(from, true), true)
}

type Moves = readonly (readonly [from: number, to: number])[]

/** From siginfo_t to signalfd_siginfo, 32 bits each. */
const HEAD: Moves = [
  [0, 0],
  [4, 4],
  [8, 8],
]
const SENDER: Moves = [
  [16, 12],
  [20, 16],
  [24, 44],
  [24, 48],
  [28, 52],
]
const CHILD: Moves = [
  [16, 12],
  [20, 16],
  [24, 40],
  [32, 56],
  [40, 64],
]
const TIMER: Moves = [
  [16, 24],
  [20, 32],
  [24, 44],
  [24, 48],
  [28, 52],
]
const FAULT: Moves = [
  [16, 72],
  [20, 76],
]

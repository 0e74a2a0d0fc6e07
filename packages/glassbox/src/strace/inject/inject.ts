/**
 * Tampering with calls: what to do to which calls, and the counters that say when. Calls are
 * counted per tracee and call from the tracee's beginning, and only traced calls count.
 */
import type { Abi } from '../../decode/types.ts'
import { syscallOf } from '../../linux/abi.ts'
import type { EnteredCall, LeftCall } from '../../trace/handlers.ts'
import type { TraceeAtEntry, TraceeAtExit } from '../../trace/tracee.ts'
import { type CallSet, contains } from '../select/call-set.ts'

export interface Poke {
  /** The index of the argument that points to the overwritten memory. */
  readonly index: number
  readonly bytes: Uint8Array
}

/** Which of a tracee's calls are meant, counted from 1. If `step` is 0, only the first. */
export interface When {
  readonly first: number
  readonly last: number
  readonly step: number
}

export interface Injection {
  readonly calls: CallSet
  readonly errno?: number
  readonly retval?: bigint
  readonly signal?: number
  /** The number of the call to make instead. */
  readonly instead?: number
  readonly delayEnterUs?: number
  readonly delayExitUs?: number
  readonly pokeEnter?: readonly Poke[]
  readonly pokeExit?: readonly Poke[]
  readonly when?: When
}

const ALWAYS: When = { first: 1, last: Infinity, step: 1 }

export function isDue({ first, last, step }: When, count: number): boolean {
  if (count < first || count > last) return false
  return step === 0 ? count === first : (count - first) % step === 0
}

/** What was done to one call. */
export interface Tampering {
  readonly injection: Injection
  /** The memory of an argument was overwritten. */
  poked: boolean
  delayed: boolean
}

/** Returns true if any memory was overwritten. `report` receives what could not be done. */
function overwrite(
  pokes: readonly Poke[],
  { tid, nr, abi, args }: EnteredCall,
  tracee: TraceeAtEntry | TraceeAtExit,
  report: (message: string) => void,
): boolean {
  const { name = '', args: known = [] } = syscallOf(nr, abi) ?? {}
  const failed = (why: string): void => report(`poke_tcb: Failed to tamper with process ${tid}: ${why}`)
  let done = false
  // strace begins with the last.
  for (const { index, bytes } of pokes.toReversed()) {
    const address = args[index] ?? 0n
    if (index >= known.length) {
      const count = `system call '${name}' has only ${known.length} arguments`
      failed(`requested to tamper with argument #${index + 1}, but ${count}`)
      continue
    }
    const written = address === 0n ? 0 : tracee.write(address, bytes)
    if (written === 0) failed("couldn't poke")
    else if (written < bytes.length)
      report(`upoken: pid:${tid} short write (${written} < ${bytes.length}) @0x${address.toString(16)}`)
    done ||= written > 0
  }
  return done
}

/**
 * The counters of one tracee, by call. As in strace, calls with the same number but another ABI
 * are counted separately.
 */
export type Counters = Map<`${Abi} ${number}`, number>

export class Injector {
  readonly #injections: readonly Injection[]
  readonly #report: (message: string) => void

  /** `report`: receives what could not be done to a call. */
  constructor(injections: readonly Injection[], report: (message: string) => void = () => {}) {
    this.#injections = injections
    this.#report = report
  }

  /** Must be called at the entry of each traced call. Returns what was done, if anything. */
  enter(call: EnteredCall, tracee: TraceeAtEntry, counters: Counters): Tampering | undefined {
    const injection = this.#of(call.abi, call.nr)
    if (!injection) return undefined
    const key = `${call.abi} ${call.nr}` as const
    const count = (counters.get(key) ?? 0) + 1
    counters.set(key, count)
    if (!isDue(injection.when ?? ALWAYS, count)) return undefined
    const tampering: Tampering = { injection, poked: false, delayed: false }
    if (injection.pokeEnter) tampering.poked = overwrite(injection.pokeEnter, call, tracee, this.#report)
    if (injection.errno !== undefined) tracee.skip({ errno: injection.errno })
    else if (injection.retval !== undefined) tracee.skip({ value: injection.retval })
    else if (injection.instead !== undefined) tracee.setNumber(injection.instead)
    if (injection.signal !== undefined) tracee.signal(injection.signal)
    if (injection.delayEnterUs !== undefined) {
      tracee.delay(injection.delayEnterUs)
      tampering.delayed = true
    }
    return tampering
  }

  exit(call: LeftCall, tracee: TraceeAtExit, tampering: Tampering): void {
    const { pokeExit, delayExitUs } = tampering.injection
    if (pokeExit && overwrite(pokeExit, call, tracee, this.#report)) tampering.poked = true
    if (delayExitUs !== undefined) {
      tracee.delay(delayExitUs)
      tampering.delayed = true
    }
  }

  /** If several injections name a call, the last one counts. */
  #of(abi: Abi, nr: number): Injection | undefined {
    return this.#injections.findLast(({ calls }) => contains(calls, abi, nr))
  }
}

/** What the line of the call says about it, after the result. */
export function tamperingText({ injection, poked, delayed }: Tampering): string {
  const changed = [
    poked ? ['args'] : [],
    injection.errno !== undefined || injection.retval !== undefined || injection.instead !== undefined
      ? ['retval']
      : [],
  ].flat()
  const what = poked ? ` (INJECTED: ${changed.join(', ')})` : changed.length > 0 ? ' (INJECTED)' : ''
  return delayed ? `${what} (DELAYED)` : what
}

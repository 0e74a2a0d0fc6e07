/**
 * The lanes of a trace: what the native step does at the stops of a call without coming back to
 * JavaScript (native/lanes.h says what always holds). This file decides which calls may go which
 * way. It owns the buffers that the step fills.
 *
 * A plan is compiled when a call is first seen, because a trace sees few of all calls. Calls at
 * which the tracer itself must look at the thread or change it never have one; calls that were not
 * asked for are skipped.
 */
import {
  CLOCK_FORMAT,
  LINE_PREFIX,
  MOST_LINE_BYTES,
  PLANNED_CALLS,
  SHOWN_OUTCOME,
} from '../../gate/generated/layouts.ts'
import type { StepLanes } from '../../gate/ptrace.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { isStandard, type Planned } from '../../decode/lanes/plan.ts'
import { preparedLanes, type PreparedLanes } from '../prepared-lanes.ts'
import type { LineForm, LineTaker, ToldLines, TraceHandlers } from '../../trace/handlers.ts'
import { CHILD_CALLS, MASK_CALLS, PATH_CALLS } from '../cpu-affinity/observing-calls.ts'
import { isProcForeign } from '../subject/proc-id.ts'
import { USER_FAULT_CALLS } from '../tracee/user-faults.ts'
import { OpenLines } from './open-lines.ts'
import { LaneTables } from './tables.ts'

const RESTART_SYSCALL = syscallNumber('restart_syscall')
const NOTHING_READ: Planned = { enter: [], leave: [] }
const TEXT_BYTES = 1 << 17
const CAPTURE_BYTES = 1 << 18

const numbersOf = (names: readonly string[]): ReadonlySet<number> =>
  new Set(names.map(name => syscallNumber(name)))

/** These change what a tracee is, what it sees of itself, or how its memory must be read. */
const ALWAYS_STOP = numbersOf(['execve', 'execveat', 'vfork', ...MASK_CALLS, ...CHILD_CALLS, 'userfaultfd'])
/** Of these the tracer must see some, by a path or a request. Their plans tell them apart. */
const SOMETIMES_STOP = numbersOf([...Object.keys(PATH_CALLS), ...USER_FAULT_CALLS])

/** For tests: which lanes are used. The text must be the same. */
const ONLY = process.env['GLASSBOX_TEST_LANES']

export class Lanes {
  readonly buffers: StepLanes
  readonly #tables: LaneTables = new LaneTables()
  /** Calls that only the native step knows. */
  readonly open: OpenLines = new OpenLines(this.#tables.bytes)
  readonly #handlers: TraceHandlers
  readonly #isWanted: (nr: number) => boolean
  readonly #taker: LineTaker | undefined
  readonly #seen = new Uint8Array(PLANNED_CALLS)
  #prepared: PreparedLanes | undefined
  #isOpen: boolean
  #skips = false
  #uses = false

  constructor(
    handlers: TraceHandlers,
    { isWanted, filtered }: { readonly isWanted: (nr: number) => boolean; readonly filtered: boolean },
  ) {
    this.#handlers = handlers
    this.buffers = {
      tables: this.#tables.bytes,
      captures: new Uint8Array(CAPTURE_BYTES),
      text: new Uint8Array(TEXT_BYTES + MOST_LINE_BYTES),
    }
    this.#isWanted = isWanted
    this.#isOpen = ONLY !== 'off'
    this.#taker = ONLY === 'captures' ? undefined : handlers.lines
    this.#tables.set('filtered', filtered ? 1 : 0)
    if (this.#taker) this.#useForm(this.#taker.form)
    this.#tables.set('foreign', isProcForeign() ? 1 : 0)
    this.#tables.set('json', this.#taker?.numbers ? 1 : 0)
    this.#taker?.useTable(this.#tables)
    if (this.#isOpen) this.#usePrepared()
    // Under a filter, calls that were not asked for do not stop at all.
    if (!filtered) this.#skipUnwanted()
  }

  #useForm({ columns, clock, relative, numbered, pointed, timed, hidden, separate }: LineForm): void {
    const tables = this.#tables
    tables.set('columns', columns)
    tables.set('clock', CLOCK_FORMAT[clock?.format ?? 'none'])
    tables.set('clockDigits', clock?.digits ?? 0)
    if (clock) tables.setOffset(clock.offsetNs)
    tables.set('relative', relative === undefined ? 0 : 1)
    tables.set('relativeDigits', relative ?? 0)
    tables.set('numbered', numbered ? 1 : 0)
    tables.set('pointed', pointed ? 1 : 0)
    tables.set('timed', timed === undefined ? 0 : 1)
    tables.set('timedDigits', timed ?? 0)
    const isShown = (outcome: 'successful' | 'failed'): number =>
      hidden?.includes(outcome) ? 0 : SHOWN_OUTCOME[outcome]
    tables.set('outcomes', isShown('successful') | isShown('failed'))
    tables.set('staged', hidden ? 1 : 0)
    tables.set('separate', separate ? 1 : 0)
  }

  /**
   * If the handlers have standard plans: those that the build compiled are used from the first
   * call on, so that most calls never come to JavaScript.
   */
  #usePrepared(): void {
    for (let nr = 0; nr < PLANNED_CALLS; nr++) {
      if (!this.#isWanted(nr) || ALWAYS_STOP.has(nr)) continue
      const planned = this.#handlers.plan?.(nr)
      // A call with a form of its own (-e raw=, abbrev=) is compiled when it is first seen.
      if (!planned || !isStandard(planned)) continue
      this.#prepared ??= preparedLanes(planned.form)
      if (!this.#prepared) return
      if (!this.#tables.hasPrepared) this.#tables.prepare(this.#prepared)
      this.#seen[nr] = 1
      if (this.#tables.usePrepared(nr)) this.#uses = true
    }
  }

  /**
   * restart_syscall is shown under the name of the call that it resumes, so every call must be
   * known.
   */
  #skipUnwanted(): void {
    if (this.#isWanted(RESTART_SYSCALL)) return
    for (let nr = 0; nr < PLANNED_CALLS; nr++) {
      if (this.#isWanted(nr) || ALWAYS_STOP.has(nr) || SOMETIMES_STOP.has(nr)) continue
      this.#tables.skip(nr, true)
      this.#skips = true
    }
  }

  /** From now on every call stops. */
  close(): void {
    this.#isOpen = false
  }

  /** A call of x86-64 was entered and stopped. */
  saw(nr: number): void {
    if (nr >= PLANNED_CALLS || nr < 0 || this.#seen[nr] !== 0) return
    this.#seen[nr] = 1
    const known = this.#planned(nr)
    const planned = known && isStandard(known) ? known.compile() : known
    if (!planned) return
    this.#tables.plan(nr, planned)
    this.#uses = true
  }

  #planned(nr: number): Planned | undefined {
    const handlers = this.#handlers
    if (ALWAYS_STOP.has(nr) || !this.#isWanted(nr)) return undefined
    const planned = handlers.plan?.(nr)
    if (planned || SOMETIMES_STOP.has(nr)) return planned
    return handlers.mayDefer?.(nr) ? NOTHING_READ : undefined
  }

  /**
   * Tells the next step what it may do. `open`: whether it may go past calls. `alone`: only one
   * tracee runs. With several, the text of each thread is told apart, because the tracer must see
   * whether they run in parallel. `timer`: see Schedule.idleTimer. Returns whether it may go past
   * any call.
   */
  prepare(open: boolean, alone: boolean, timer: number): boolean {
    const tables = this.#tables
    tables.set('timer', timer)
    const skips = this.#skips && alone
    const active = open && this.#isOpen && (this.#uses || skips)
    tables.set('active', active ? 1 : 0)
    tables.set('skips', skips ? 1 : 0)
    tables.set('several', alone && !this.#taker?.form.separate ? 0 : 1)
    tables.set('lines', active && this.#prepareLines() ? 1 : 0)
    return active
  }

  /** Returns whether the next step may make lines. */
  #prepareLines(): boolean {
    const taker = this.#taker
    if (!taker) return false
    const { prefix, zone = 0, lastNs = 0n } = taker.next()
    this.#tables.set('prefix', LINE_PREFIX[prefix])
    const { clock, relative } = taker.form
    if (clock || relative !== undefined) this.#tables.setTimes(zone, lastNs)
    if (!taker.numbers) return true
    const numbers = taker.numbers()
    if (numbers) this.#tables.numberEvents(numbers)
    return numbers !== undefined
  }

  /** A thread became traced, or is now of another process. */
  thread(tid: number, pid: number): void {
    this.#tables.thread(tid, pid)
  }

  /** Lines that the step made, from `start` to `end` of its text. */
  tell(start: number, end: number, facts: Omit<ToldLines, 'text'>): void {
    this.#taker?.lines({ ...facts, text: this.buffers.text.subarray(start, end) })
  }
}

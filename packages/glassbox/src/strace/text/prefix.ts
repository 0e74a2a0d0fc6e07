/**
 * The text before the body of a line: pid, times, number of the call, instruction pointer. Each
 * appears only if it was asked for.
 */
import type { LineForm, LinePrefix, NextLines } from '../../trace/handlers.ts'
import type { Tracee } from '../../trace/tracee.ts'
import { fraction, WallClock } from '../clock.ts'
import type { Prefix } from '../options.ts'
import type { TraceeState } from '../tracee-state.ts'

const NS = 1_000_000_000n
const POINTER_DIGITS = 16
const UNKNOWN_NUMBER = '???'
const UNKNOWN_POINTER = '?'.repeat(POINTER_DIGITS)

export class PrefixText {
  readonly #options: Prefix
  readonly #clock: WallClock | undefined
  readonly #comm: ((state: TraceeState) => string) | undefined
  readonly #isBare: boolean
  #lastNs: bigint | undefined

  /** `comm`: the text after a pid; -Y. */
  constructor(options: Prefix, comm: ((state: TraceeState) => string) | undefined) {
    const { time, relative, number, instructionPointer } = options
    this.#options = options
    this.#comm = comm
    this.#clock = time && new WallClock(time.format, time.precision)
    this.#isBare = !time && relative === undefined && !number && !instructionPointer
  }

  /** `several`: there is more than one tracee. */
  text(state: TraceeState, timeNs: bigint, several: boolean, tracee: Tracee | undefined): string {
    const pid = this.#pid(state, several)
    return this.#isBare ? pid : pid + this.#rest(state, timeNs, tracee)
  }

  /** What the tracer must know to begin lines; `undefined` if it cannot. */
  get lineForm(): Omit<LineForm, 'columns'> | undefined {
    const { time, relative, number: numbered, instructionPointer: pointed } = this.#options
    if (this.#comm) return undefined
    const clock =
      time && this.#clock
        ? {
            format: time.format === 'time' ? ('day' as const) : time.format,
            digits: time.precision,
            offsetNs: this.#clock.offsetNs,
          }
        : undefined
    return { ...(clock && { clock }), ...(relative !== undefined && { relative }), numbered, pointed }
  }

  /** How lines begin until there is another tracee. */
  next(several: boolean): NextLines {
    const prefix = this.form(several)
    if (this.#isBare) return { prefix }
    return { prefix, zone: this.#clock?.zone ?? 0, lastNs: this.#lastNs ?? 0n }
  }

  /** The tracer made lines, of which the last one began at this time. */
  told(lastNs: bigint): void {
    if (this.#options.relative !== undefined) this.#lastNs = lastNs
  }

  form(several: boolean): LinePrefix {
    const { pid } = this.#options
    if (pid === 'never' || (pid === 'brackets' && !several)) return 'none'
    return pid === 'shared' ? 'tid' : 'brackets'
  }

  #pid(state: TraceeState, several: boolean): string {
    const form = this.form(several)
    if (form === 'none') return ''
    const number = String(state.tid)
    const comm = this.#comm?.(state) ?? ''
    return form === 'tid' ? `${number.padEnd(5)}${comm} ` : `[pid ${number.padStart(5)}${comm}] `
  }

  #rest(state: TraceeState, timeNs: bigint, tracee: Tracee | undefined): string {
    const { relative, number, instructionPointer } = this.#options
    let text = this.#clock ? `${this.#clock.text(timeNs)} ` : ''
    if (relative !== undefined) {
      const ns = timeNs - (this.#lastNs ?? timeNs)
      this.#lastNs = timeNs
      const since = `${String(ns / NS).padStart(6)}${fraction(ns, relative)}`
      text += this.#clock ? `(+${since}) ` : `${since} `
    }
    if (number) text += `[${state.number < 0 ? UNKNOWN_NUMBER : String(state.number).padStart(4)}] `
    if (instructionPointer) {
      const pointer = tracee?.instructionPointer.toString(16).padStart(POINTER_DIGITS, '0')
      text += `[${pointer ?? UNKNOWN_POINTER}] `
    }
    return text
  }
}

/** What stands before the text of a line: thread, time, number of the call, instruction pointer. */
import { commandText } from './descriptors.ts'
import type { StraceOptions } from './options.ts'

const two = (number: number): string => String(number).padStart(2, '0')

export class Prefix {
  readonly #options: StraceOptions
  /** Between the monotonic clock of stops and the clock on the wall. */
  readonly #offset: bigint
  #lastNs: bigint | undefined
  readonly #plain: boolean

  constructor(options: StraceOptions) {
    this.#options = options
    this.#offset = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()
    this.#plain =
      options.time === 'none' && !options.relative && !options.numbers && !options.instructionPointer
  }

  /** `several`: more than one thread is traced at this moment. */
  text(tid: number, timeNs: bigint, several: boolean, nr?: number, ip?: bigint): string {
    const thread = this.#thread(tid, several)
    if (this.#plain) return thread
    return `${thread}${this.#time(timeNs)}${this.#number(nr)}${this.#pointer(ip)}`
  }

  #thread(tid: number, several: boolean): string {
    const { separately, output, follow, pids, alwaysPid, commands } = this.#options
    if (separately) return ''
    const name = commands ? commandText(tid) : ''
    if (output !== undefined && (follow || pids.length > 1 || alwaysPid))
      return commands ? `${tid}${name} ` : `${String(tid).padEnd(5)} `
    return output === undefined && (several || alwaysPid) ? `[pid ${String(tid).padStart(5)}${name}] ` : ''
  }

  #fraction(ns: bigint): string {
    const { precision } = this.#options
    return precision === 0 ? '' : `.${String(ns).padStart(9, '0').slice(0, precision)}`
  }

  #time(timeNs: bigint): string {
    const { time, relative } = this.#options
    const absolute = time === 'none' ? '' : `${this.#absolute(timeNs + this.#offset)} `
    if (!relative) return absolute
    const passed = timeNs - (this.#lastNs ?? timeNs)
    this.#lastNs = timeNs
    const text = `${String(passed / 1_000_000_000n).padStart(6)}.${String((passed % 1_000_000_000n) / 1000n).padStart(6, '0')}`
    return absolute === '' ? `${text} ` : `${absolute}(+ ${text}) `
  }

  #absolute(ns: bigint): string {
    const seconds = ns / 1_000_000_000n
    const fraction = this.#fraction(ns % 1_000_000_000n)
    if (this.#options.time === 'unix') return `${seconds}${fraction}`
    const date = new Date(Number(seconds) * 1000)
    return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${fraction}`
  }

  #number(nr: number | undefined): string {
    return this.#options.numbers && nr !== undefined ? `[${String(nr).padStart(4)}] ` : ''
  }

  #pointer(ip: bigint | undefined): string {
    if (!this.#options.instructionPointer) return ''
    return ip === undefined ? '[????????????????] ' : `[${ip.toString(16).padStart(16, '0')}] `
  }
}

/**
 * The tables that the native step reads: plans, and names with their texts, as native/lanes.h lays
 * them out. One buffer of fixed size, which this file appends to; when it is full, later calls
 * have no plan and later names are not known, and nothing else changes. Only the native step
 * writes the open calls at the beginning of the buffer.
 */
import {
  CALL_PLAN_LAYOUT,
  CAPTURE_COUNT,
  CAPTURE_FLAG,
  CAPTURE_LAYOUT,
  CAPTURE_OPERATION,
  ERRNO_NAMES,
  ERROR_NAMES,
  KNOWN_THREAD_LAYOUT,
  LANE_TABLES_LAYOUT,
  LINE_FLAG,
  LINE_STEP,
  LINE_STEP_RECORD_LAYOUT,
  MOST_CAPTURES,
  NAME_ENTRY_LAYOUT,
  NAME_UNLESS,
  NO_SELECTOR,
  NUMBER_FORMAT,
  OPEN_CALLS,
  PLAN_CHOICE_LAYOUT,
  PLAN_ENTRY_LAYOUT,
  PLANNED_CALLS,
  STRING_STYLE,
} from '../../gate/generated/layouts.ts'
import { ERRNOS, ERRORS, type NameTable } from '../../decode/lanes/name-table.ts'
import type { PreparedLanes } from '../prepared-lanes.ts'
import type { EventNumbers } from '../../trace/handlers.ts'
import type {
  CallPlan,
  Capture,
  CompiledPlan,
  LineProgram,
  LineStep,
  Source,
} from '../../decode/lanes/plan.ts'

const BYTES = 1 << 19
/** Words at the beginning of the tables. */
type Flag =
  | ('active' | 'skips' | 'filtered' | 'lines' | 'prefix' | 'columns' | 'namesAt' | 'names' | 'json')
  | ('clock' | 'clockDigits' | 'relative' | 'relativeDigits' | 'numbered' | 'pointed' | 'timed')
  | ('timedDigits' | 'outcomes' | 'staged' | 'separate' | 'several' | 'foreign' | 'timer')

/** A power of two. The table is never more than half full, so that a search is short. */
const NAMES = 4096
const MOST_NAMES = NAMES / 2
const LONGEST_NAME = 1024

/** As `put_name` of native/lines.c computes it. */
function slotOf(kind: number, value: bigint): number {
  const low = Number(BigInt.asUintN(32, value))
  const high = Number(value >> 32n)
  return (Math.imul(low ^ high ^ (kind << 16), 2654435761) >>> 8) & (NAMES - 1)
}

export class LaneTables implements NameTable {
  readonly bytes: Uint8Array
  readonly #view: DataView
  readonly #literals = new Map<string, number>()
  readonly #kinds = new Map<string, number>([
    [ERRORS, ERROR_NAMES],
    [ERRNOS, ERRNO_NAMES],
  ])
  #prepared: Uint32Array | undefined
  #names = 0
  #end: number

  constructor() {
    this.bytes = new Uint8Array(BYTES)
    this.#view = new DataView(this.bytes.buffer)
    this.#end = LANE_TABLES_LAYOUT.SIZE + NAMES * NAME_ENTRY_LAYOUT.SIZE
    this.set('namesAt', LANE_TABLES_LAYOUT.SIZE)
    this.set('names', NAMES)
  }

  set(field: Flag, value: number): void {
    this.#view.setUint32(LANE_TABLES_LAYOUT[field], value, true)
  }

  /** What makes a time of CLOCK_MONOTONIC the time of day. */
  setOffset(offsetNs: bigint): void {
    this.#view.setBigUint64(LANE_TABLES_LAYOUT.offset, offsetNs, true)
  }

  /** How far local time is ahead of UTC, and when the last line began. */
  setTimes(zone: number, lastNs: bigint): void {
    this.#view.setInt32(LANE_TABLES_LAYOUT.zone, zone, true)
    this.#view.setBigUint64(LANE_TABLES_LAYOUT.last, lastNs, true)
  }

  /** What the step must know for its events. */
  numberEvents({ sequence, firstNs, offsetNs }: EventNumbers): void {
    this.#view.setUint32(LANE_TABLES_LAYOUT.sequence, sequence, true)
    this.#view.setBigUint64(LANE_TABLES_LAYOUT.first, firstNs, true)
    this.#view.setBigUint64(LANE_TABLES_LAYOUT.offset, offsetNs, true)
  }

  /** Events of this thread have this process. A later thread may take its place. */
  thread(tid: number, pid: number): void {
    const at = LANE_TABLES_LAYOUT.threads + (tid & (OPEN_CALLS - 1)) * KNOWN_THREAD_LAYOUT.SIZE
    this.#view.setInt32(at + KNOWN_THREAD_LAYOUT.tid, tid, true)
    this.#view.setInt32(at + KNOWN_THREAD_LAYOUT.pid, pid, true)
  }

  skip(nr: number, skips: boolean): void {
    const at = LANE_TABLES_LAYOUT.skipped + (nr >> 3)
    const bits = this.bytes[at] ?? 0
    this.bytes[at] = skips ? bits | (1 << (nr & 7)) : bits & ~(1 << (nr & 7))
  }

  /** From now on the step executes this plan for calls of the number. */
  plan(nr: number, planned: CompiledPlan): void {
    const before = this.#end
    const at = this.#choice(planned)
    // What did not fit is written over by the next plan.
    if (at === 0) this.#end = before
    else this.#view.setUint32(LANE_TABLES_LAYOUT.plans + nr * 4, at, true)
  }

  /** What the build made of these tables: plans that are not used yet, and names. */
  save(): PreparedLanes {
    const plans = new Uint32Array(this.bytes.buffer, LANE_TABLES_LAYOUT.plans, PLANNED_CALLS).slice()
    const tables = this.bytes.slice(LANE_TABLES_LAYOUT.SIZE, this.#end)
    return { kinds: [...this.#kinds.keys()], names: this.#names, plans, tables }
  }

  /** Takes what `save` has made, before anything else is added. */
  prepare({ kinds, names, plans, tables }: PreparedLanes): void {
    for (const [number, kind] of kinds.entries()) this.#kinds.set(kind, number)
    this.#names = names
    this.#prepared = plans
    this.bytes.set(tables, LANE_TABLES_LAYOUT.SIZE)
    this.#end = LANE_TABLES_LAYOUT.SIZE + tables.length
  }

  get hasPrepared(): boolean {
    return this.#prepared !== undefined
  }

  /** From now on the step executes the prepared plan of this call, if there is one. */
  usePrepared(nr: number): boolean {
    const at = this.#prepared?.[nr] ?? 0
    this.#view.setUint32(LANE_TABLES_LAYOUT.plans + nr * 4, at, true)
    return at !== 0
  }

  lacks(kind: string, value: bigint): boolean {
    if (this.#names >= MOST_NAMES) return false
    const at = this.#entryOf(this.#kind(kind), value)
    return this.#view.getUint32(at + NAME_ENTRY_LAYOUT.used, true) === 0
  }

  /** The entry of this name, or the one that it would take. */
  #entryOf(kind: number, value: bigint): number {
    const view = this.#view
    for (let slot = slotOf(kind, value); ; slot = (slot + 1) & (NAMES - 1)) {
      const at = LANE_TABLES_LAYOUT.SIZE + slot * NAME_ENTRY_LAYOUT.SIZE
      const isFree = view.getUint32(at + NAME_ENTRY_LAYOUT.used, true) === 0
      const isThis =
        view.getUint32(at + NAME_ENTRY_LAYOUT.kind, true) === kind &&
        view.getBigUint64(at + NAME_ENTRY_LAYOUT.value, true) === value
      if (isFree || isThis) return at
    }
  }

  learn(kind: string, value: bigint, text: string): void {
    if (!this.lacks(kind, value) || text.length > LONGEST_NAME) return
    const at = this.#text(text)
    if (at === 0) return
    const number = this.#kind(kind)
    const entry = this.#entryOf(number, value)
    const view = this.#view
    view.setBigUint64(entry + NAME_ENTRY_LAYOUT.value, value, true)
    view.setUint32(entry + NAME_ENTRY_LAYOUT.kind, number, true)
    view.setUint32(entry + NAME_ENTRY_LAYOUT.at, at, true)
    view.setUint32(entry + NAME_ENTRY_LAYOUT.length, text.length, true)
    view.setUint32(entry + NAME_ENTRY_LAYOUT.used, 1, true)
    this.#names++
  }

  #kind(kind: string): number {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const number = this.#kinds.size
    this.#kinds.set(kind, number)
    return number
  }

  /** Returns where there is room for so many bytes; 0 if there is not. */
  #take(bytes: number): number {
    const at = this.#end
    if (bytes > this.bytes.length - at) return 0
    this.#end = at + ((bytes + 7) & ~7)
    return at
  }

  /** Text of names and literals is ASCII. */
  #text(text: string): number {
    const known = this.#literals.get(text)
    if (known !== undefined) return known
    const at = this.#take(text.length)
    if (at === 0) return 0
    for (let index = 0; index < text.length; index++) this.bytes[at + index] = text.charCodeAt(index)
    this.#literals.set(text, at)
    return at
  }

  #choice(planned: CompiledPlan): number {
    const plans = 'plans' in planned ? [...planned.plans].sort(([a], [b]) => a - b) : []
    const at = this.#take(PLAN_CHOICE_LAYOUT.SIZE + plans.length * PLAN_ENTRY_LAYOUT.SIZE)
    if (at === 0) return 0
    const view = this.#view
    const word = (offset: number, value: number): void => view.setUint32(at + offset, value, true)
    const otherwise = 'plans' in planned ? 0 : this.#callPlan(planned)
    word(PLAN_CHOICE_LAYOUT.argument, 'plans' in planned ? planned.argument : NO_SELECTOR)
    word(PLAN_CHOICE_LAYOUT.mask, 'plans' in planned ? planned.mask : 0)
    word(PLAN_CHOICE_LAYOUT.count, plans.length)
    word(PLAN_CHOICE_LAYOUT.otherwise, otherwise)
    for (const [index, [value, plan]] of plans.entries()) {
      const entry = PLAN_CHOICE_LAYOUT.SIZE + index * PLAN_ENTRY_LAYOUT.SIZE
      word(entry + PLAN_ENTRY_LAYOUT.value, value)
      word(entry + PLAN_ENTRY_LAYOUT.plan, this.#callPlan(plan))
    }
    return plans.length === 0 && otherwise === 0 ? 0 : at
  }

  /** Returns 0, which makes the call stop, if it does not fit. */
  #callPlan({ enter, leave, line, json }: CallPlan): number {
    if (enter.length > MOST_CAPTURES || leave.length > MOST_CAPTURES) return 0
    const at = this.#take(CALL_PLAN_LAYOUT.SIZE)
    const lists = [this.#captures(enter), this.#captures(leave)] as const
    if (at === 0 || lists.includes(undefined)) return 0
    this.#view.setUint32(at + CALL_PLAN_LAYOUT.enter, lists[0] ?? 0, true)
    this.#view.setUint32(at + CALL_PLAN_LAYOUT.leave, lists[1] ?? 0, true)
    this.#view.setUint32(at + CALL_PLAN_LAYOUT.line, line ? this.#program(line) : 0, true)
    if (json) this.#view.setUint32(at + CALL_PLAN_LAYOUT.json, this.#steps(json), true)
    return at
  }

  /** Returns 0 for an empty list, undefined if there is no room. */
  #captures(captures: readonly Capture[]): number | undefined {
    if (captures.length === 0) return 0
    const at = this.#take((captures.length + 1) * CAPTURE_LAYOUT.SIZE)
    if (at === 0) return undefined
    for (const [index, capture] of captures.entries())
      this.#capture(at + index * CAPTURE_LAYOUT.SIZE, capture)
    return at
  }

  #capture(at: number, { what, address, from, count, element, most, ...capture }: Capture): void {
    const { bytes } = this
    const view = this.#view
    const isCounted = typeof count === 'object'
    bytes[at + CAPTURE_LAYOUT.operation] = CAPTURE_OPERATION[what]
    bytes[at + CAPTURE_LAYOUT.flags] =
      (capture.succeeded ? CAPTURE_FLAG.succeeded : 0) |
      (capture.mustFit ? CAPTURE_FLAG.mustFit : 0) |
      (capture.unlessNetlink ? CAPTURE_FLAG.address : 0) |
      (capture.guarded ? CAPTURE_FLAG.status : 0) |
      (isCounted && count.half ? CAPTURE_FLAG.half : 0)
    bytes[at + CAPTURE_LAYOUT.source] = from ? from.capture + 1 : 0
    bytes[at + CAPTURE_LAYOUT.address] = address
    bytes[at + CAPTURE_LAYOUT.counted] = isCounted
      ? CAPTURE_COUNT.argument
      : CAPTURE_COUNT[count === 'result' ? 'result' : 'fixed']
    bytes[at + CAPTURE_LAYOUT.countAt] = isCounted ? count.at : 0
    view.setUint16(at + CAPTURE_LAYOUT.stride, from?.stride ?? 0, true)
    view.setUint32(at + CAPTURE_LAYOUT.element, element, true)
    view.setUint32(at + CAPTURE_LAYOUT.most, most, true)
  }

  /** Returns 0, no program, if there is no room. */
  #program({ steps, result }: LineProgram): number {
    return this.#steps(steps, end => {
      const isNamed = typeof result === 'object'
      this.bytes[end + LINE_STEP_RECORD_LAYOUT.format] = NUMBER_FORMAT[isNamed ? 'named' : result]
      if (isNamed) this.#view.setUint32(end + LINE_STEP_RECORD_LAYOUT.a, this.#kind(result.named), true)
    })
  }

  #steps(steps: readonly LineStep[], writeEnd?: (at: number) => void): number {
    const all = steps.flatMap(flat)
    const at = this.#take((all.length + 1) * LINE_STEP_RECORD_LAYOUT.SIZE)
    if (at === 0) return 0
    for (const [index, step] of all.entries())
      if (!this.#step(at + index * LINE_STEP_RECORD_LAYOUT.SIZE, step)) return 0
    writeEnd?.(at + all.length * LINE_STEP_RECORD_LAYOUT.SIZE)
    return at
  }

  #step(at: number, step: LineStep): boolean {
    const { bytes } = this
    const view = this.#view
    bytes[at + LINE_STEP_RECORD_LAYOUT.step] = LINE_STEP[step.step]
    const word = (field: 'a' | 'b' | 'c', value: number): void =>
      view.setUint32(at + LINE_STEP_RECORD_LAYOUT[field], value, true)
    const argument = (index: number, flags: number): void => {
      bytes[at + LINE_STEP_RECORD_LAYOUT.argument] = index
      bytes[at + LINE_STEP_RECORD_LAYOUT.flags] = flags
    }
    const from = (source: Source): void => {
      const inMemory = 'offset' in source
      argument(source.argument, inMemory ? LINE_FLAG.field | (source.signed ? LINE_FLAG.signed : 0) : 0)
      if (!inMemory) return
      view.setUint16(at + LINE_STEP_RECORD_LAYOUT.width, source.width, true)
      word('c', source.offset)
    }
    const late = (is: boolean): number => (is ? LINE_FLAG.late : 0)
    switch (step.step) {
      case 'text': {
        const text = this.#text(step.text)
        word('a', text)
        word('b', step.text.length)
        return text !== 0
      }
      case 'number':
        from(step.source)
        bytes[at + LINE_STEP_RECORD_LAYOUT.format] = NUMBER_FORMAT[step.form]
        break
      case 'name':
        from(step.source)
        if (step.unless) bytes[at + LINE_STEP_RECORD_LAYOUT.format] = NAME_UNLESS[step.unless]
        word('a', this.#kind(step.kind))
        break
      case 'optional':
        from(step.source)
        word('a', step.mask)
        word('b', step.inside.flatMap(flat).length)
        break
      case 'time':
        from(step.source)
        word('a', step.zone)
        break
      case 'raw':
      case 'giveUp':
      case 'wait':
        break
      case 'jsonEntries':
        argument(step.argument, LINE_FLAG.late | LINE_FLAG.out)
        word('a', this.#kind(step.kind))
        break
      case 'string':
      case 'jsonString':
        argument(step.argument, late(step.late))
        if ('style' in step) bytes[at + LINE_STEP_RECORD_LAYOUT.format] = STRING_STYLE[step.style]
        word('a', step.most)
        break
      case 'bytes':
      case 'jsonBytes':
      case 'vectors':
        argument(step.argument, late(step.late) | (step.byResult ? LINE_FLAG.result | LINE_FLAG.out : 0))
        view.setUint16(at + LINE_STEP_RECORD_LAYOUT.width, step.length, true)
        if ('style' in step) bytes[at + LINE_STEP_RECORD_LAYOUT.format] = STRING_STYLE[step.style]
        word('a', step.most)
        if ('items' in step) word('b', step.items)
        break
      case 'entries':
        argument(step.argument, LINE_FLAG.late)
        break
      case 'require':
        argument(step.argument, 0)
        word('a', step.value)
        break
      case 'pointer':
        argument(
          step.argument,
          late(step.late) | (step.out ? LINE_FLAG.out : 0) | (step.isJson ? LINE_FLAG.json : 0),
        )
        word('a', step.size)
        word('b', step.inside.flatMap(flat).length)
        break
    }
    return true
  }
}

/** The steps inside another one follow it. */
const flat = (step: LineStep): readonly LineStep[] =>
  'inside' in step ? [step, ...step.inside.flatMap(flat)] : [step]

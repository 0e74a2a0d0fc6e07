/**
 * What a tracer must know of a call so that the program need not wait for its handlers: which
 * memory they will read, and how its line is made. Plans are compiled from the kinds of the one
 * table of calls (captures.ts, line-program.ts, call-plans.ts); `ptrace/lanes` encodes them and
 * the native step executes them (native/lanes.h). Values only.
 */
import type { Kind } from '../../linux/schema/kinds.ts'

/**
 * Memory that is copied at a stop. `socket` copies nothing: the thread waits if the descriptor in
 * argument `address` may be a netlink socket. For others, `address` is the index of the argument
 * that points to the memory; or, with `from`, the offset of the pointer in each element that an
 * earlier capture of the same list has copied.
 */
export interface Capture {
  readonly what: 'bytes' | 'string' | 'socket'
  readonly address: number
  readonly from?: { readonly capture: number; readonly stride: number }
  /**
   * The number of elements: an argument (or a field of the element of `from`, at this offset), the
   * result, or one.
   */
  readonly count: { readonly at: number; readonly half: boolean } | 'result' | 'one'
  /** Bytes of one element. */
  readonly element: number
  /** No more bytes than this are copied. */
  readonly most: number
  /** If there are more bytes than `most`, the thread waits instead. */
  readonly mustFit?: boolean
  /** Only if the call did not fail. */
  readonly succeeded?: boolean
  /** If the bytes are a socket address of netlink, the thread waits instead. */
  readonly unlessNetlink?: boolean
  /** If the string ends in `status`, the thread waits instead: see ptrace/cpu-affinity. */
  readonly guarded?: boolean
}

/** What is copied at the entry of a call, and at its exit. */
export interface Captures {
  readonly enter: readonly Capture[]
  readonly leave: readonly Capture[]
}

/** How much of the memory of a call is read. */
export interface CaptureLimits {
  /** Bytes of a string or buffer. */
  readonly bytes: number
  /** Elements of an array. */
  readonly items: number
}

/** More elements than an array can have and still be captured. */
export const EVERY_ITEM = 65536

/** How a number is written: in text, and in JSON, where one beyond 2^53 is a string. */
export type NumberForm =
  | ('signed' | 'unsigned' | 'int' | 'uint' | 'hex' | 'halfHex' | 'address' | 'mode')
  | ('jsonSigned' | 'jsonUnsigned' | 'jsonAddress' | 'jsonUser')

/** Where a number is: in an argument, or in a member of the struct of the last pointer. */
export type Source =
  | { readonly argument: number }
  | {
      readonly argument: number
      readonly offset: number
      readonly width: number
      readonly signed: boolean
    }

/** Which bytes of a string are written in hexadecimal. */
export type StringStyle = 'none' | 'nonAsciiChars' | 'nonAscii' | 'all'

/** How lines are printed, by the options. */
export interface LineStyle {
  /** Bytes of a string that are shown. */
  readonly limit: number
  /** All members of structs are shown. */
  readonly full: boolean
  readonly strings: StringStyle
  /** Arguments have their names. */
  readonly names: boolean
  /** Arguments are registers in hexadecimal. */
  readonly raw: boolean
  /** Seconds that local time is ahead of UTC, if that never changes. */
  readonly fixedZone?: number
}

/** A step of the program that makes a line. `late`: from memory as it is at the exit. */
export type LineStep =
  | { readonly step: 'text'; readonly text: string }
  | { readonly step: 'number'; readonly form: NumberForm; readonly source: Source }
  | {
      readonly step: 'name'
      readonly kind: string
      readonly source: Source
      readonly late: boolean
      /**
       * Values without a name: lower halves that are not negative are numbers, or values beyond
       * the first page are addresses.
       */
      readonly unless?: 'number' | 'address'
      /** In JSON: the kind of the value. */
      readonly schema?: Kind
    }
  /** In JSON: all registers. */
  | { readonly step: 'raw' }
  | {
      readonly step: 'string'
      readonly argument: number
      readonly most: number
      readonly late: boolean
      readonly style: StringStyle
    }
  | {
      readonly step: 'jsonString'
      readonly argument: number
      readonly most: number
      readonly late: boolean
    }
  | {
      readonly step: 'bytes'
      readonly argument: number
      readonly length: number
      readonly most: number
      readonly late: boolean
      readonly byResult: boolean
      readonly style: StringStyle
    }
  /** An array of iovec; `length`: the argument that is their number, of which few are shown. */
  | {
      readonly step: 'vectors'
      readonly argument: number
      readonly length: number
      readonly most: number
      readonly items: number
      readonly late: boolean
      readonly byResult: boolean
      readonly style: StringStyle
    }
  | {
      readonly step: 'jsonBytes'
      readonly argument: number
      readonly length: number
      readonly most: number
      readonly late: boolean
      readonly byResult: boolean
    }
  | { readonly step: 'entries'; readonly argument: number }
  /** In JSON: directory entries. The types of files are names of this kind. */
  | {
      readonly step: 'jsonEntries'
      readonly argument: number
      readonly kind: string
      readonly schema: Kind
    }
  /** There is no line. */
  | { readonly step: 'giveUp' }
  /** What follows is printed at the exit. */
  | { readonly step: 'wait' }
  /** Left out if these bits of the member (if the mask is 0, all bits) are zero. */
  | {
      readonly step: 'optional'
      readonly source: Source
      readonly mask: number
      readonly inside: readonly LineStep[]
    }
  /** Seconds, with the date in a comment; nanoseconds are the next word. `zone`: seconds. */
  | { readonly step: 'time'; readonly source: Source; readonly zone: number }
  | { readonly step: 'require'; readonly argument: number; readonly value: number }
  | {
      readonly step: 'pointer'
      readonly argument: number
      /** The bytes that must be there. */
      readonly size: number
      readonly late: boolean
      /** The kernel fills it in, so it is an address if the call failed. */
      readonly out: boolean
      readonly isJson?: true
      readonly inside: readonly LineStep[]
    }

/** The result: a number, or a value of this kind that has a name. */
export type ResultForm = NumberForm | { readonly named: string }

export interface LineProgram {
  readonly steps: readonly LineStep[]
  readonly result: ResultForm
}

export interface CallPlan extends Captures {
  /** Absent if the line cannot be made by a program. */
  readonly line?: LineProgram
  /** The part of the event that the call's name, registers and arguments make. */
  readonly json?: readonly LineStep[]
}

/** The plan of each value of an argument. Values that are absent have no plan, nor have others. */
export interface PlanChoice {
  readonly argument: number
  readonly mask: number
  readonly plans: ReadonlyMap<number, CallPlan>
}

/** Of one call number. */
export type CompiledPlan = CallPlan | PlanChoice

/** The standard form of lines: text, or JSON, without an option that changes it. */
export type LaneForm = 'text' | 'json'

/** A plan for the standard form. The build has compiled those; if it did not, `compile` does. */
export interface StandardPlan {
  readonly form: LaneForm
  compile(): CompiledPlan | undefined
}

export type Planned = CompiledPlan | StandardPlan

export const isStandard = (planned: Planned): planned is StandardPlan => 'form' in planned

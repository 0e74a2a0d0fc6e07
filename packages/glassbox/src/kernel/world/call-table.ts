/**
 * The table of calls that a kernel serves: for each number its handler, how wide its arguments
 * are, and how far it is served. Dispatch, the list of calls that `glassbox kernel syscalls`
 * prints, and the page of the docs are all made from it.
 */
import { argumentsOf } from '../../linux/schema/calls.ts'
import { widthOf } from '../../linux/schema/widths.ts'
import { allSyscalls, syscallByNumber, syscallNumber } from '../../linux/syscalls.ts'
import type { Family, Handler } from '../syscalls/family.ts'

/** Numbers of calls are below this. */
const MOST_CALLS = 512
/** Two bits an argument: how its register becomes a number. */
export const WIDTH = { long: 0, signed: 1, unsigned: 2 } as const
const WIDTH_BITS = 2
const NOT_KNOWN = -1

export interface ServedCall {
  readonly nr: number
  readonly name: string
  readonly support: 'full' | 'partial' | 'none'
  /** Of a call that is served in part: what is missing, one sentence. */
  readonly missing?: string
}

export class CallTable {
  readonly handlers: (Handler | undefined)[] = Array.from({ length: MOST_CALLS }, () => undefined)
  /** The widths of all arguments of a call, packed, once it was made; before, NOT_KNOWN. */
  readonly #widths = new Int16Array(MOST_CALLS).fill(NOT_KNOWN)
  readonly #missing = new Map<number, string>()

  constructor(families: readonly Family[]) {
    for (const family of families)
      for (const [name, entry] of Object.entries(family)) {
        const nr = syscallNumber(name)
        if (typeof entry === 'function') this.handlers[nr] = entry
        else {
          this.handlers[nr] = entry.handler
          if (entry.partly !== undefined) this.#missing.set(nr, entry.partly)
        }
      }
  }

  /** The widths of all arguments of a served call, packed; 0: all are long. */
  widths(nr: number): number {
    const known = this.#widths[nr] ?? 0
    return known === NOT_KNOWN ? this.#learn(nr) : known
  }

  /** Few of all calls are made in a world, and a short program waits for no others. */
  #learn(nr: number): number {
    const packed = packedWidths(syscallByNumber(nr)?.name ?? '')
    this.#widths[nr] = packed
    return packed
  }

  /** Every call of x86-64, by number. */
  calls(): readonly ServedCall[] {
    return allSyscalls()
      .toSorted((a, b) => a.nr - b.nr)
      .map(({ nr, name }) => {
        const missing = this.#missing.get(nr)
        if (this.handlers[nr] === undefined) return { nr, name, support: 'none' }
        return missing === undefined
          ? { nr, name, support: 'full' }
          : { nr, name, support: 'partial', missing }
      })
  }
}

const LONG = { bits: 64, signed: true }

/** Arguments that are a number or an address, as another one says: their kind is the number's. */
const MAY_BE_ADDRESS: Readonly<Record<string, number>> = { fcntl: 2 }

function packedWidths(name: string): number {
  let packed = 0
  for (const [index, { kind }] of argumentsOf(name).entries()) {
    const { bits, signed } = MAY_BE_ADDRESS[name] === index ? LONG : widthOf(kind)
    const code = bits === 64 ? WIDTH.long : signed ? WIDTH.signed : WIDTH.unsigned
    packed |= code << (index * WIDTH_BITS)
  }
  return packed
}

/** An argument as the call takes it. */
export function fit(packed: number, index: number, value: number): number {
  const code = (packed >> (index * WIDTH_BITS)) & 3
  if (code === WIDTH.long) return value
  return code === WIDTH.signed ? value | 0 : value >>> 0
}

/** Sets of constants that belong together: bits that may be combined, or single values. */
import { SETS } from './generated/flags.ts'

export type SetName = keyof typeof SETS

export interface ConstantSet {
  readonly kind: 'flags' | 'enum'
  /** Whether the value has 64 bits. Others have 32. */
  readonly isWide?: boolean
  /** Whether unnamed numbers are printed in decimal. Others are printed in hexadecimal. */
  readonly isDecimal?: boolean
  /** The comment after a value without a name, such as `MAP_???`. */
  readonly unknown: string
  /** The constants in the order in which they are printed. */
  readonly entries: readonly (readonly [name: string, value: number])[]
}

const read = new Map<string, ConstantSet>()

function parse(text: string): ConstantSet {
  const [kind = '', unknown = '', ...entries] = text.split(' ')
  return {
    kind: kind.startsWith('flags') ? 'flags' : 'enum',
    ...(kind.endsWith('64') ? { isWide: true } : {}),
    ...(kind.endsWith('10') ? { isDecimal: true } : {}),
    unknown: unknown.slice(1),
    entries: entries.map(entry => {
      const equals = entry.indexOf('=')
      // A few names have blanks.
      return [entry.slice(0, equals).replaceAll('%20', ' '), Number(entry.slice(equals + 1))]
    }),
  }
}

/**
 * The set with the name that the syscall table uses; `undefined` if there is none. Returns the
 * same object each time.
 */
export function constantSet(name: string): ConstantSet | undefined {
  const known = read.get(name)
  if (known) return known
  const text = Object.hasOwn(SETS, name) ? SETS[name as SetName] : undefined
  if (text === undefined) return undefined
  const set = parse(text)
  read.set(name, set)
  return set
}

export const SET_NAMES: readonly SetName[] = Object.keys(SETS) as SetName[]

/** Sets of capabilities, as capget(2) and capset(2) take them: names of bits, 32 per word. */
import { type ConstantSet, constantSet } from '../../linux/flags.ts'
import { argument, type Printer } from '../context.ts'
import { readView, readWord } from '../memory.ts'
import { flagsText } from '../names.ts'
import { address } from '../text.ts'
import type { TextOptions } from '../types.ts'

const WORD_BITS = 32

/** The capabilities of one word, as flags. */
function wordSet(word: number): ConstantSet {
  const { entries = [] } = constantSet('cap') ?? {}
  const within = entries.filter(([, bit]) => Math.floor(bit / WORD_BITS) === word)
  return {
    kind: 'flags',
    unknown: 'CAP_???',
    entries: within.map(([name, bit]) => [`1<<${name}`, 2 ** (bit % WORD_BITS)]),
  }
}

let words: readonly ConstantSet[] | undefined

function setText(values: readonly number[], options: TextOptions): string {
  words ??= [wordSet(0), wordSet(1)]
  const parts = words.flatMap((set, index) => {
    const value = values[index] ?? 0
    return value === 0 ? [] : [flagsText(set, BigInt(value), options)]
  })
  return parts.length === 0 ? '0' : parts.join('|')
}

const LONG_VERSIONS = [0x20071026n, 0x20080522n]

/** Later versions have twice 32 bits of each set, as the preceding header says. */
export const capabilitySets: Printer = (value, context) => {
  const { memory, options } = context
  const version = readWord(memory, argument(context, 0), 4)
  const isLong = version !== undefined && LONG_VERSIONS.includes(version)
  const view = version === undefined ? undefined : readView(memory, value, isLong ? 24 : 12)
  if (!view) return address(value)
  const set = (index: number): string => {
    const low = view.getUint32(index * 4, true)
    return setText(isLong ? [low, view.getUint32(index * 4 + 12, true)] : [low], options)
  }
  return `{effective=${set(0)}, permitted=${set(1)}, inheritable=${set(2)}}`
}

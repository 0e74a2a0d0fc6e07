/** Sets of capabilities, as capget(2) and capset(2) take them: names of bits, 32 per word. */
import { readStruct, struct } from '../../codec/struct.ts'
import { type ConstantSet, constantSet } from '../../linux/flags.ts'
import type { StructValues } from '../../linux/schema/layouts.ts'
import { argument, type Printer } from '../context.ts'
import { readView } from '../memory.ts'
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

const LONG_VERSIONS = [0x20071026, 0x20080522]

/** Later versions have twice 32 bits of each set, as the preceding header says. */
export const capabilitySets: Printer = (value, context) => {
  const { memory, options } = context
  const version = readStruct(memory, argument(context, 0), 'caphdr')?.version
  const codec = struct('cap_user_data')
  const count = LONG_VERSIONS.includes(Number(version)) ? 2 : 1
  const view = version === undefined ? undefined : readView(memory, value, count * codec.size)
  if (!view) return address(value)
  const sets = Array.from({ length: count }, (_, index) => codec.read(view, index * codec.size))
  const text = (name: keyof StructValues['cap_user_data']): string =>
    `${name}=${setText(
      sets.map(set => set[name]),
      options,
    )}`
  return `{${text('effective')}, ${text('permitted')}, ${text('inheritable')}}`
}

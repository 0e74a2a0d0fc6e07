/** Arguments by their names: paths as text, descriptors and numbers as numbers, everything else as it stands in its register. */
import { readString } from '../decode/memory.ts'
import type { MemoryReader } from '../decode/memory.ts'
import type { Call, Value } from '../decode/types.ts'
import { syscallByNumber } from '../linux/syscalls.ts'

const LONGEST_PATH = 4096
const TEXTS: ReadonlySet<string> = new Set(['path', 'string'])
const SIGNED: ReadonlySet<string> = new Set(['fd', 'dirfd', 'int', 'id', 'sig'])

export function plainValues(call: Call, memory: MemoryReader): Readonly<Record<string, Value>> {
  const known = call.abi === 'i386' ? undefined : syscallByNumber(call.nr)
  if (!known) return Object.fromEntries(call.args.map((value, index) => [`arg${index}`, value]))
  return Object.fromEntries(
    known.args.map(({ name, kind }, index) => [name, valueOf(kind, call.args[index] ?? 0n, memory)]),
  )
}

function valueOf(kind: string, value: bigint, memory: MemoryReader): Value {
  if (TEXTS.has(kind)) {
    const found = value === 0n ? undefined : readString(memory, value, LONGEST_PATH)
    return found ? Buffer.from(found.bytes).toString() : value
  }
  return SIGNED.has(kind) ? Number(BigInt.asIntN(32, value)) : value
}

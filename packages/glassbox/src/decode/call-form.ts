/**
 * A call of another ABI in the form of the call of x86-64 that it means: each argument in the
 * place and with the width that it has there. By it, kinds, variants and commands hold for calls
 * of all ABIs. Pure, but for calls whose arguments lie in memory.
 */
import { syscallOf } from '../linux/abi.ts'
import { kinds } from '../linux/generated/kinds.ts'
import { isPointing, type Kind } from '../linux/schema/kinds.ts'
import { type DataModel, pointerBytes } from '../linux/schema/models.ts'
import { widthOf } from '../linux/schema/widths.ts'
import type { RegisterForm, Syscall, SyscallArg } from '../linux/syscall.ts'
import { x32Number } from '../linux/x32.ts'
import { type MemoryReader, readWord } from './memory.ts'
import { multiplexed } from './multiplexed.ts'
import type { Abi, Call } from './types.ts'

export interface CallForm {
  /** The arguments of the call that it means. */
  readonly call: Call
  readonly syscall: Syscall | undefined
  readonly memory: MemoryReader
}

/** From clock_gettime64(2) on, calls of i386 take times of 64 bits. */
const FIRST_TIME64 = 403

const modelOf = (abi: Abi, nr: number): DataModel =>
  abi === 'x86_64' ? 64 : abi === 'x32' ? 'x32' : nr >= FIRST_TIME64 ? 'time64' : 32

const ADDRESS_END = 2n ** 32n

/** The memory of a program of 32 bits: it ends where its addresses do. */
class NarrowMemory implements MemoryReader {
  readonly model: DataModel
  readonly #memory: MemoryReader

  constructor(memory: MemoryReader, model: DataModel) {
    this.#memory = memory
    this.model = model
  }

  read(address: bigint, length: number): Uint8Array {
    return address < ADDRESS_END ? this.#memory.read(address, length) : new Uint8Array(0)
  }
}

const HALF = 32n

function valueOf(form: RegisterForm, { args }: Call, memory: MemoryReader): bigint | undefined {
  const { from, high, shift, inMemory } = form
  if (inMemory) {
    const bytes = pointerBytes(memory.model)
    return readWord(memory, (args[0] ?? 0n) + BigInt(from * bytes), bytes)
  }
  const low = args[from] ?? 0n
  if (high !== undefined) return BigInt.asUintN(32, low) | (BigInt.asUintN(32, args[high] ?? 0n) << HALF)
  return shift === undefined ? low : BigInt.asUintN(32, low) << BigInt(shift)
}

/** Calls of x32 with numbers of their own take registers of 32 bits. */
const FIRST_OF_X32 = 512

/** preadv(2) and its kind, whose offsets have 64. */
const WITH_OFFSETS = new Set(['preadv', 'pwritev', 'preadv2', 'pwritev2'].map(x32Number))

const inRegisters = (call: Call): Call =>
  call.abi === 'x32' && call.nr >= FIRST_OF_X32 && !WITH_OFFSETS.has(call.nr)
    ? { ...call, args: call.args.map(value => BigInt.asUintN(32, value)) }
    : call

/** The call with its arguments in the places of x86-64; `undefined`: they cannot be read. */
function inPlaces(call: Call, { registers }: Syscall, memory: MemoryReader): Call | undefined {
  if (!registers) return call
  const args: bigint[] = []
  for (const form of registers) {
    const value = valueOf(form, call, memory)
    if (value === undefined) return undefined
    args.push(value)
  }
  return { ...call, args }
}

/** `isRaw`: the arguments shall be the registers. */
export function formOf(made: Call, memory: MemoryReader, isRaw: boolean): CallForm {
  const { nr, abi = 'x86_64' } = made
  const syscall = syscallOf(nr, abi)
  if (abi === 'x86_64') return { call: made, syscall, memory }
  const call = inRegisters(made)
  const narrow = new NarrowMemory(memory, modelOf(abi, nr))
  if (!syscall) return { call, syscall, memory: narrow }
  const part = abi === 'i386' ? multiplexed(syscall, call, narrow) : undefined
  if (part) return { memory: narrow, ...part }
  if (isRaw) return { call, syscall, memory: narrow }
  const placed = inPlaces(call, syscall, narrow)
  // As in strace: of arguments that cannot be read, their address is known.
  return placed
    ? { call: placed, syscall, memory: narrow }
    : { call, syscall: { ...bare(syscall), args: [ADDRESS], hasUnreadArguments: true }, memory: narrow }
}

const ADDRESS: SyscallArg = { name: 'args', kind: 'addr', schema: kinds().addr }

const bare = ({ nr, name, result, classes }: Syscall): Omit<Syscall, 'args'> => ({
  nr,
  name,
  result,
  classes,
  sameAs: undefined,
})

/** How many registers a call takes: those of its arguments, or those that they are made of. */
export const registerCount = ({ args, registers }: Syscall): number =>
  registers
    ? 1 + Math.max(...registers.map(({ from, high = 0, inMemory }) => (inMemory ? 0 : Math.max(from, high))))
    : args.length

/** Whether a register is shown whole, also what a program of 32 bits has no use for. */
const isWhole = (kind: Kind): boolean =>
  isPointing(kind) || (kind.type === 'int' && (kind.form === 'hex' || kind.form === 'address'))

/**
 * A register as the number that a kind means: in programs of 32 bits longs have 32. `form`: the
 * argument is not in the register of its number.
 */
export function fitRegister(
  value: bigint,
  kind: Kind,
  model: DataModel | undefined,
  form: RegisterForm | undefined,
): bigint {
  if (model === undefined || model === 64 || isWhole(kind)) return value
  if (form?.high !== undefined || form?.shift !== undefined) return value
  const { bits, signed } = widthOf(kind)
  if (bits !== 64) return value
  // Offsets have 64 bits in x32.
  if (model === 'x32' && !('notation' in kind && kind.notation === 'long')) return value
  return signed ? signExtended(value) : value
}

const signExtended = (value: bigint): bigint => BigInt.asUintN(64, BigInt.asIntN(32, value))

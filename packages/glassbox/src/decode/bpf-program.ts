/**
 * A program of classic BPF, as seccomp(2) and prctl(2) take it: `[BPF_STMT(BPF_LD|BPF_W|BPF_ABS, 0), BPF_JUMP(BPF_JMP|BPF_K|BPF_JEQ, 0x4d, 0,
 * 0x1), …]`. Source: linux/bpf_common.h. Every value of a byte has a name in it but the gaps, which stand as numbers.
 */
import { arrayText } from './arrays.ts'
import type { Context } from './context.ts'
import { readView } from './memory.ts'
import { setText } from './scalars.ts'
import { hex } from './text.ts'

const INSTRUCTION_BYTES = 8
const CLASSES = ['LD', 'LDX', 'ST', 'STX', 'ALU', 'JMP', 'RET', 'MISC'] as const
type Class = (typeof CLASSES)[number]

const SIZES = ['W', 'H', 'B'] as const
const MODES = ['IMM', 'ABS', 'IND', 'MEM', 'LEN', 'MSH'] as const
const OPERATIONS = ['ADD', 'SUB', 'MUL', 'DIV', 'OR', 'AND', 'LSH', 'RSH', 'NEG', 'MOD', 'XOR'] as const
const JUMPS = ['JA', 'JEQ', 'JGT', 'JGE', 'JSET'] as const
const RETURNED = ['K', 'X', 'A'] as const

const named = (names: readonly string[], index: number, bits: number): string => {
  const name = names[index]
  return name === undefined ? hex(bits) : `BPF_${name}`
}

const load = (code: number): string[] => [
  named(SIZES, (code & 0x18) >> 3, code & 0x18),
  named(MODES, (code & 0xe0) >> 5, code & 0xe0),
]
const operation =
  (names: readonly string[]) =>
  (code: number): string[] => [code & 8 ? 'BPF_X' : 'BPF_K', named(names, (code & 0xf0) >> 4, code & 0xf0)]

/** What follows the class. */
const REST: Readonly<Record<Class, (code: number) => string[]>> = {
  LD: load,
  LDX: load,
  ST: () => [],
  STX: () => [],
  ALU: operation(OPERATIONS),
  JMP: operation(JUMPS),
  RET: code => [named(RETURNED, (code & 0x18) >> 3, code & 0x18)],
  MISC: code => [code & 0x80 ? 'BPF_TXA' : 'BPF_TAX'],
}

/** What a filter returns: the action, and the data beside it. */
function returned(value: number): string {
  const data = value & 0xffff
  const action = setText('=seccomp_ret', BigInt(value - data))
  return data === 0 ? action : `${action}|${hex(data)}`
}

function instructionText(view: DataView): string {
  const code = view.getUint16(0, true)
  const [yes, no, value] = [view.getUint8(2), view.getUint8(3), view.getUint32(4, true)]
  const kind = CLASSES[code & 7] as Class
  const words = [`BPF_${kind}`, ...REST[kind](code)].join('|')
  if (kind === 'JMP') return `BPF_JUMP(${words}, ${hex(value)}, ${hex(yes)}, ${hex(no)})`
  return `BPF_STMT(${words}, ${words === 'BPF_RET|BPF_K' ? returned(value) : hex(value)})`
}

export const bpfProgram = (value: bigint, count: bigint, context: Context): string =>
  arrayText(value, count, INSTRUCTION_BYTES, context, at => {
    const view = readView(context.memory, at, INSTRUCTION_BYTES)
    return view && instructionText(view)
  })

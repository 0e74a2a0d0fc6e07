/**
 * A program of classic BPF, as seccomp(2) and prctl(2) take it: `[BPF_STMT(BPF_LD|BPF_W|BPF_ABS,
 * 0), BPF_JUMP(BPF_JMP|BPF_K|BPF_JEQ, 0x4d, 0, 0x1), …]`. Sources: linux/bpf_common.h, linux/bpf.h
 * (some names of eBPF, which strace takes as well).
 */
import { readStruct, struct } from '../../codec/struct.ts'
import type { StructValues } from '../../linux/schema/layouts.ts'
import { arrayText } from '../basic/arrays.ts'
import type { Context } from '../context.ts'
import { NAMES, named, nameless, setText } from '../names.ts'
import { hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

/** A field of the code: its bits, and the names of its values in order. An empty name is a gap. */
interface Part {
  readonly mask: number
  readonly names: readonly string[]
}

const SIZE: Part = { mask: 0x18, names: ['W', 'H', 'B', 'DW'] }
const MODE: Part = { mask: 0xe0, names: ['IMM', 'ABS', 'IND', 'MEM', 'LEN', 'MSH'] }
const SOURCE: Part = { mask: 0x08, names: ['K', 'X'] }
const RETURNED: Part = { mask: 0x18, names: ['K', 'X', 'A'] }
const MOVED: Part = { mask: 0xf8, names: ['TAX', ...Array<string>(15).fill(''), 'TXA'] }
const OPERATION: Part = {
  mask: 0xf0,
  names: [
    ...['ADD', 'SUB', 'MUL', 'DIV', 'OR', 'AND', 'LSH', 'RSH', 'NEG', 'MOD', 'XOR'],
    ...['MOV', 'ARSH', 'END'],
  ],
}
const JUMP: Part = {
  mask: 0xf0,
  names: [
    ...['JA', 'JEQ', 'JGT', 'JGE', 'JSET', 'JNE', 'JSGT', 'JSGE', 'CALL', 'EXIT'],
    ...['JLT', 'JLE', 'JSLT', 'JSLE'],
  ],
}

const CLASS: Part = { mask: 0x07, names: ['LD', 'LDX', 'ST', 'STX', 'ALU', 'JMP', 'RET', 'MISC'] }
/** The parts that follow the class, by class. */
const PARTS: readonly (readonly Part[])[] = [
  [SIZE, MODE],
  [SIZE, MODE],
  [],
  [],
  [SOURCE, OPERATION],
  [SOURCE, JUMP],
  [RETURNED],
  [MOVED],
]
const RET = 6

/** Extended BPF has other classes for the last two, and one more mode instead of two. */
const EXTENDED_CLASS: Part = {
  mask: 0x07,
  names: ['LD', 'LDX', 'ST', 'STX', 'ALU', 'JMP', 'JMP32', 'ALU64'],
}
const EXTENDED_MODE: Part = { mask: 0xe0, names: ['IMM', 'ABS', 'IND', 'MEM', '', '', 'XADD'] }
const EXTENDED_PARTS: readonly (readonly Part[])[] = [
  [SIZE, EXTENDED_MODE],
  [SIZE, EXTENDED_MODE],
  [SIZE, EXTENDED_MODE],
  [SIZE, EXTENDED_MODE],
  [SOURCE, OPERATION],
  [SOURCE, JUMP],
  [],
  [SOURCE, OPERATION],
]

function partText({ mask, names }: Part, code: number, options: TextOptions): string {
  const bits = code & mask
  const name = names[bits / (mask & -mask)] ?? ''
  return name === '' ? nameless(hex(bits), 'BPF_???', options) : named(hex(bits), `BPF_${name}`, options)
}

/**
 * The class and its parts. Bits outside all parts are printed as a number. This does not depend
 * on -X.
 */
function codeText(
  code: number,
  options: TextOptions,
  first: Part = CLASS,
  others: readonly (readonly Part[])[] = PARTS,
): string {
  const parts = [first, ...(others[code & first.mask] ?? [])]
  const rest = parts.reduce((bits, { mask }) => bits & ~mask, code)
  const texts = parts.map(part => partText(part, code, options))
  // As in strace, which looks at two parts by a mask each, and at one as all the rest.
  if (rest !== 0 && parts.length < 3) texts.push(nameless(hex(rest), 'BPF_???', NAMES))
  return texts.join('|')
}

/** The code of an instruction of extended BPF. */
export const extendedCode = (code: number, options: TextOptions): string =>
  codeText(code, options, EXTENDED_CLASS, EXTENDED_PARTS)

/** The return value of a filter: the action, and its data. */
function returned(value: number, options: TextOptions): string {
  const data = value & 0xffff
  const action = setText('=seccomp_ret', BigInt(value - data), options)
  return data === 0 ? action : `${action}|${hex(data)}`
}

function instructionText(instruction: StructValues['sock_filter'], options: TextOptions): string {
  const { code, jt: yes, jf: no, k: value } = instruction
  const isReturn = (code & CLASS.mask) === RET
  const words = codeText(code, options)
  // As in strace, which asks for targets and not for the class.
  return yes === 0 && no === 0
    ? `BPF_STMT(${words}, ${isReturn ? returned(value, options) : hex(value)})`
    : `BPF_JUMP(${words}, ${hex(value)}, ${hex(yes)}, ${hex(no)})`
}

export const bpfProgram = (value: bigint, count: bigint, context: Context): string =>
  arrayText(value, count, struct('sock_filter').size, context, at => {
    const instruction = readStruct(context.memory, at, 'sock_filter')
    return instruction && instructionText(instruction, context.options)
  })

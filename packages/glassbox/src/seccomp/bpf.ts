/**
 * Classic BPF as seccomp uses it: the instructions, and their encoding in eight bytes each.
 * Source: linux/filter.h, seccomp(2).
 *
 * The machine has one 32-bit accumulator. `load` reads a word of seccomp_data into it. Jumps only
 * go forward, conditional ones by at most 255 instructions.
 */

export type Jump = 'jeq' | 'jgt' | 'jge' | 'jset'

export type Instruction =
  | { readonly op: 'load'; readonly offset: number }
  | { readonly op: 'and'; readonly value: number }
  | { readonly op: 'ja'; readonly skip: number }
  | { readonly op: Jump; readonly value: number; readonly yes: number; readonly no: number }
  | { readonly op: 'return'; readonly value: number }

export const INSTRUCTION_BYTES = 8
/** BPF_MAXINSNS. */
export const MAX_INSTRUCTIONS = 4096

const CODE: Readonly<Record<Instruction['op'], number>> = {
  load: 0x20, // BPF_LD | BPF_W | BPF_ABS
  and: 0x54, // BPF_ALU | BPF_AND | BPF_K
  ja: 0x05, // BPF_JMP | BPF_JA
  jeq: 0x15,
  jgt: 0x25,
  jge: 0x35,
  jset: 0x45,
  return: 0x06, // BPF_RET | BPF_K
}

const OPERATION = new Map(Object.entries(CODE).map(([op, code]) => [code, op as Instruction['op']]))

/** The operand `k` of an instruction. */
function operand(instruction: Instruction): number {
  if (instruction.op === 'load') return instruction.offset
  return instruction.op === 'ja' ? instruction.skip : instruction.value
}

/** A sock_filter array, little endian. */
export function encodeBpf(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES)
  const view = new DataView(bytes.buffer)
  for (const [index, instruction] of program.entries()) {
    const at = index * INSTRUCTION_BYTES
    view.setUint16(at, CODE[instruction.op], true)
    if ('yes' in instruction) {
      view.setUint8(at + 2, instruction.yes)
      view.setUint8(at + 3, instruction.no)
    }
    view.setUint32(at + 4, operand(instruction), true)
  }
  return bytes
}

/**
 * The instructions of a sock_filter array, with `undefined` for each that glassbox never
 * generates.
 */
export function decodeBpf(bytes: Uint8Array): (Instruction | undefined)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: Math.floor(bytes.length / INSTRUCTION_BYTES) }, (_, index) => {
    const at = index * INSTRUCTION_BYTES
    const op = OPERATION.get(view.getUint16(at, true))
    const value = view.getUint32(at + 4, true)
    if (op === undefined) return undefined
    if (op === 'load') return { op, offset: value }
    if (op === 'ja') return { op, skip: value }
    if (op === 'and' || op === 'return') return { op, value }
    return { op, value, yes: view.getUint8(at + 2), no: view.getUint8(at + 3) }
  })
}

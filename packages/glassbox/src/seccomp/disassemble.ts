/** A BPF program as text: one line per instruction, with jump targets as line numbers. */
import { syscallByNumber } from '../linux/syscalls.ts'
import { errnoName } from '../linux/errno.ts'
import { decodeBpf, type Instruction } from './bpf.ts'
import { ARCH_OFFSET, actionOf, NUMBER_OFFSET } from './data.ts'

const hex = (value: number): string => `0x${value.toString(16)}`

function wordName(offset: number): string {
  if (offset === NUMBER_OFFSET) return 'nr'
  if (offset === ARCH_OFFSET) return 'arch'
  if (offset < 16) return offset === 8 ? 'ip.low' : 'ip.high'
  return `args[${(offset - 16) >> 3}].${offset % 8 === 0 ? 'low' : 'high'}`
}

function actionText(value: number): string {
  const action = actionOf(value)
  if (!action) return hex(value)
  if (action.kind === 'errno') return `errno ${errnoName(action.errno)}`
  return action.kind === 'trace' ? `trace ${action.data}` : action.kind
}

/** The name of the call whose number the instruction compares with. */
function comment(instruction: Instruction, loaded: number): string {
  if (loaded !== NUMBER_OFFSET || !('yes' in instruction)) return ''
  const name = syscallByNumber(instruction.value)?.name
  return name === undefined ? '' : `  ; ${name}`
}

function line(instruction: Instruction, at: number): string {
  switch (instruction.op) {
    case 'load':
      return `load ${wordName(instruction.offset)}`
    case 'and':
      return `and ${hex(instruction.value)}`
    case 'ja':
      return `goto ${at + 1 + instruction.skip}`
    case 'return':
      return `return ${actionText(instruction.value)}`
    default: {
      const { op, value, yes, no } = instruction
      return `${op} ${hex(value)} ? ${at + 1 + yes} : ${at + 1 + no}`
    }
  }
}

export function disassemble(bytes: Uint8Array): string {
  let loaded = -1
  const lines = decodeBpf(bytes).map((instruction, at) => {
    const number = String(at).padStart(4)
    if (!instruction) return `${number}  ?`
    if (instruction.op === 'load') loaded = instruction.offset
    return `${number}  ${line(instruction, at)}${comment(instruction, loaded)}`
  })
  return `${lines.join('\n')}\n`
}

/**
 * Computes the caller's frame from a frame, by a row of rules. Unreadable memory throws a
 * RangeError.
 */
import type { MemoryReader } from '../decode/memory.ts'
import type { CfaRule, Row, Rule } from './cfi.ts'
import { evaluate } from './expression.ts'
import { readWord } from './memory.ts'
import { COLUMNS, type Registers, RETURN, RSP } from './registers.ts'

const word = (value: bigint): bigint => BigInt.asUintN(64, value)

export interface Stepped {
  readonly registers: Registers
  readonly cfa: bigint
}

/** Returns `undefined` if the frame is the outermost one. */
export function stepBy(row: Row, registers: Registers, memory: MemoryReader): Stepped | undefined {
  const around = { registers, memory }
  const cfa = cfaOf(row.cfa, around)
  const valueOf = (column: number, rule: Rule | undefined): bigint | undefined => {
    switch (rule?.kind) {
      case 'undefined':
        return undefined
      case 'same':
        return registers[column]
      case 'offset':
        return readWord(memory, word(cfa + BigInt(rule.offset)))
      case 'value-offset':
        return word(cfa + BigInt(rule.offset))
      case 'register':
        return registers[rule.register]
      case 'expression':
        return readWord(memory, evaluate(rule.bytes, around, cfa))
      case 'value-expression':
        return evaluate(rule.bytes, around, cfa)
      default:
        return column === RSP ? cfa : registers[column]
    }
  }
  const above = Array.from({ length: COLUMNS }, (_, column) => valueOf(column, row.rules[column]))
  const back = row.rules[row.returnColumn]
  const returnAddress = back && valueOf(row.returnColumn, back)
  if (returnAddress === undefined) return undefined
  above[RETURN] = returnAddress
  return { registers: above, cfa }
}

function cfaOf(
  rule: CfaRule,
  around: { readonly registers: Registers; readonly memory: MemoryReader },
): bigint {
  if (rule.kind === 'expression') return evaluate(rule.bytes, around)
  const base = around.registers[rule.register]
  if (base === undefined) throw new RangeError(`register ${rule.register} is not known`)
  return word(base + BigInt(rule.offset))
}

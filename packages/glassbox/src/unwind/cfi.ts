/**
 * Runs call frame instructions (DWARF 4, section 6.4.2) up to one address. From a CIE and an FDE
 * it makes the row of rules by which the caller's frame is found. Pure; a damaged program throws
 * a RangeError.
 */
import { Cursor, EH_PE } from './cursor.ts'
import type { Fde } from './eh-frame.ts'
import { COLUMNS } from './registers.ts'

/** How a register of the caller's frame is found. `cfa` is the canonical frame address. */
export type Rule =
  /** It has no value in the caller. For the return address, this marks the outermost frame. */
  | { readonly kind: 'undefined' }
  | { readonly kind: 'same' }
  /** In memory at cfa + offset. */
  | { readonly kind: 'offset'; readonly offset: number }
  /** The value is cfa + offset. */
  | { readonly kind: 'value-offset'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number }
  /** In memory at the address that the expression yields. */
  | { readonly kind: 'expression'; readonly bytes: Uint8Array }
  | { readonly kind: 'value-expression'; readonly bytes: Uint8Array }

export type CfaRule =
  | { readonly kind: 'register'; readonly register: number; readonly offset: number }
  | { readonly kind: 'expression'; readonly bytes: Uint8Array }

/** The rules that apply at one address. A column without a rule keeps its value. */
export interface Row {
  readonly cfa: CfaRule
  readonly rules: readonly (Rule | undefined)[]
  readonly returnColumn: number
  readonly signalFrame: boolean
}

const SAME: Rule = { kind: 'same' }
const UNDEFINED: Rule = { kind: 'undefined' }
/** The two upper bits are the instruction, the others its operand. */
const HIGH = 0xc0
const LOW = 0x3f

class Program {
  readonly fde: Fde
  code: Cursor
  /** The address at which the current row begins. */
  location: number
  cfa: CfaRule | undefined
  rules: (Rule | undefined)[] = Array.from({ length: COLUMNS })
  /** The rules that the CIE made, to which DW_CFA_restore returns. */
  initial: readonly (Rule | undefined)[] = []
  readonly remembered: { readonly cfa: CfaRule | undefined; readonly rules: (Rule | undefined)[] }[] = []

  constructor(fde: Fde) {
    this.fde = fde
    this.location = fde.start
    this.code = new Cursor(fde.cie.instructions)
  }

  set(register: number, rule: Rule | undefined): void {
    // Columns of vector registers and the like are not needed here.
    if (register < COLUMNS) this.rules[register] = rule
  }

  advance(units: number): void {
    this.location += units * this.fde.cie.codeAlignment
  }

  factored(value: number): number {
    return value * this.fde.cie.dataAlignment
  }

  /** DW_CFA_def_cfa_register and _offset change one half of an existing rule. */
  changeCfa(change: { readonly register?: number; readonly offset?: number }): void {
    if (this.cfa?.kind !== 'register')
      throw new RangeError('a part of a CFA rule that is not a register and an offset')
    this.cfa = { ...this.cfa, ...change }
  }

  expression(): Uint8Array {
    return this.code.block(this.code.uleb())
  }

  restore(): void {
    const state = this.remembered.pop()
    if (!state) throw new RangeError('a state is restored that was not remembered')
    this.cfa = state.cfa
    this.rules = state.rules
  }
}

type Instruction = (program: Program) => void

/** DW_CFA_*, by the whole byte. Operands are read in the order in which they occur. */
const INSTRUCTIONS: Readonly<Record<number, Instruction>> = {
  0x00: () => {}, // nop
  0x01: p => setLocation(p),
  0x02: p => p.advance(p.code.u8()), // advance_loc1, 2, 4
  0x03: p => p.advance(p.code.u16()),
  0x04: p => p.advance(p.code.u32()),
  // offset_extended
  0x05: p => p.set(p.code.uleb(), { kind: 'offset', offset: p.factored(p.code.uleb()) }),
  0x06: p => restoreRule(p, p.code.uleb()), // restore_extended
  0x07: p => p.set(p.code.uleb(), UNDEFINED),
  0x08: p => p.set(p.code.uleb(), SAME),
  0x09: p => p.set(p.code.uleb(), { kind: 'register', register: p.code.uleb() }),
  0x0a: p => void p.remembered.push({ cfa: p.cfa, rules: [...p.rules] }), // remember_state
  0x0b: p => p.restore(),
  // def_cfa
  0x0c: p => void (p.cfa = { kind: 'register', register: p.code.uleb(), offset: p.code.uleb() }),
  0x0d: p => p.changeCfa({ register: p.code.uleb() }),
  0x0e: p => p.changeCfa({ offset: p.code.uleb() }),
  0x0f: p => void (p.cfa = { kind: 'expression', bytes: p.expression() }),
  0x10: p => p.set(p.code.uleb(), { kind: 'expression', bytes: p.expression() }),
  // offset_extended_sf
  0x11: p => p.set(p.code.uleb(), { kind: 'offset', offset: p.factored(p.code.sleb()) }),
  // def_cfa_sf
  0x12: p => void (p.cfa = { kind: 'register', register: p.code.uleb(), offset: p.factored(p.code.sleb()) }),
  0x13: p => p.changeCfa({ offset: p.factored(p.code.sleb()) }),
  // val_offset
  0x14: p => p.set(p.code.uleb(), { kind: 'value-offset', offset: p.factored(p.code.uleb()) }),
  0x15: p => p.set(p.code.uleb(), { kind: 'value-offset', offset: p.factored(p.code.sleb()) }),
  0x16: p => p.set(p.code.uleb(), { kind: 'value-expression', bytes: p.expression() }),
  0x2e: p => void p.code.uleb(), // GNU_args_size: of exceptions only
  // GNU_negative_offset_extended
  0x2f: p => p.set(p.code.uleb(), { kind: 'offset', offset: -p.factored(p.code.uleb()) }),
}

/**
 * DW_CFA_set_loc. No compiler emits it. A relative operand cannot be resolved, because its own
 * position is not known here.
 */
function setLocation(program: Program): void {
  const { encoding } = program.fde.cie
  if ((encoding & EH_PE.application) !== EH_PE.absolute) throw new RangeError('a relative DW_CFA_set_loc')
  program.location = program.code.pointer(encoding)
}

function restoreRule(program: Program, register: number): void {
  program.set(register, program.initial[register])
}

function perform(program: Program): void {
  const code = program.code.u8()
  const operand = code & LOW
  switch (code & HIGH) {
    case 0x40:
      program.advance(operand)
      break
    case 0x80:
      program.set(operand, { kind: 'offset', offset: program.factored(program.code.uleb()) })
      break
    case 0xc0:
      restoreRule(program, operand)
      break
    default: {
      const instruction = INSTRUCTIONS[code]
      if (!instruction) throw new RangeError(`call frame instruction ${code}`)
      instruction(program)
    }
  }
}

/** The row that applies at `address`, which lies within the FDE. */
export function rowAt(fde: Fde, address: number): Row {
  const program = new Program(fde)
  while (!program.code.atEnd) perform(program)
  program.initial = [...program.rules]
  program.code = new Cursor(fde.instructions)
  while (!program.code.atEnd) {
    const { cfa, rules } = program
    perform(program)
    if (program.location <= address) continue
    // The instruction advanced past the address, so the row before it applies.
    program.cfa = cfa
    program.rules = rules
    break
  }
  if (!program.cfa) throw new RangeError('no CFA')
  const { returnColumn, signalFrame } = fde.cie
  return { cfa: program.cfa, rules: program.rules, returnColumn, signalFrame }
}

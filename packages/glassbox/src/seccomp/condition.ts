/** Compiles a comparison of a 64-bit argument to BPF, which compares 32 bits at a time. */
import type { Assembler, Label } from './assemble.ts'
import type { Jump } from './bpf.ts'
import { highOffset, lowOffset } from './data.ts'
import type { Condition } from './policy.ts'

const low = (value: bigint): number => Number(value & 0xffffffffn)
const high = (value: bigint): number => Number((value >> 32n) & 0xffffffffn)

interface Compared {
  readonly arg: number
  readonly value: bigint
  readonly wide: boolean
}

/** Writes the test, which continues at `yes` or `no`, and returns its label. */
export function compileCondition(out: Assembler, condition: Condition, yes: Label, no: Label): Label {
  const { arg, op, value, mask = 0n, width = 64 } = condition
  const compared = { arg, value, wide: width === 64 }
  const compilers: Record<Condition['op'], () => Label> = {
    eq: () => equal(out, compared, yes, no),
    ne: () => equal(out, compared, no, yes),
    gt: () => greater(out, compared, 'jgt', yes, no),
    ge: () => greater(out, compared, 'jge', yes, no),
    lt: () => greater(out, compared, 'jge', no, yes),
    le: () => greater(out, compared, 'jgt', no, yes),
    'masked-eq': () => maskedEqual(out, compared, mask, yes, no),
    'masked-ne': () => maskedEqual(out, compared, mask, no, yes),
  }
  return compilers[op]()
}

function equal(out: Assembler, { arg, value, wide }: Compared, yes: Label, no: Label): Label {
  const lower = test(out, lowOffset(arg), 'jeq', low(value), yes, no)
  return wide ? test(out, highOffset(arg), 'jeq', high(value), lower, no) : lower
}

/** Compares the high halves first, and the low halves only if the high halves are equal. */
function greater(out: Assembler, { arg, value, wide }: Compared, op: Jump, yes: Label, no: Label): Label {
  const lower = test(out, lowOffset(arg), op, low(value), yes, no)
  if (!wide) return lower
  const offset = highOffset(arg)
  const same = out.jump('jeq', high(value), lower, out.withLoaded(offset, no))
  return test(out, offset, 'jgt', high(value), yes, same)
}

function maskedEqual(
  out: Assembler,
  { arg, value, wide }: Compared,
  mask: bigint,
  yes: Label,
  no: Label,
): Label {
  const lower = maskedHalf(out, lowOffset(arg), low(mask), low(value), yes, no)
  if (!wide) return lower
  return maskedHalf(out, highOffset(arg), high(mask), high(value), lower, no)
}

/** A test for no set bit, or for a single set bit, needs one instruction. */
function maskedHalf(
  out: Assembler,
  offset: number,
  mask: number,
  value: number,
  yes: Label,
  no: Label,
): Label {
  if (value === 0) return test(out, offset, 'jset', mask, no, yes)
  if (value === mask && (mask & (mask - 1)) === 0) return test(out, offset, 'jset', mask, yes, no)
  return out.load(offset, out.and(mask, out.jump('jeq', value, yes, no)))
}

/** Loads a word and tests it. What follows and needs the same word does not load it again. */
function test(out: Assembler, offset: number, op: Jump, value: number, yes: Label, no: Label): Label {
  const [hit, miss] = [out.withLoaded(offset, yes), out.withLoaded(offset, no)]
  return out.load(offset, out.jump(op, value, hit, miss))
}

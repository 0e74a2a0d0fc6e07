/** What a condition on an argument means. */
import type { Condition } from './policy.ts'

/** Whether a condition holds for these arguments. */
export function holds(
  { arg, op, value, mask = 0n, width = 64 }: Condition,
  args: readonly bigint[],
): boolean {
  const cut = (number: bigint): bigint => BigInt.asUintN(width, number)
  const actual = cut(args[arg] ?? 0n)
  const wanted = cut(value)
  const answers: Record<Condition['op'], boolean> = {
    eq: actual === wanted,
    ne: actual !== wanted,
    lt: actual < wanted,
    le: actual <= wanted,
    gt: actual > wanted,
    ge: actual >= wanted,
    'masked-eq': (actual & cut(mask)) === wanted,
    'masked-ne': (actual & cut(mask)) !== wanted,
  }
  return answers[op]
}

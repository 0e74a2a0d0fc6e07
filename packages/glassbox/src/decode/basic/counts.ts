/** How many elements arrays have, by their kinds: an argument says so, or the result. */
import { argument, type Context, signed32 } from '../context.ts'

const RESULT = (_operand: string, { outcome }: Context): bigint | undefined => outcome?.value
const SAID = (operand: string, context: Context): bigint => argument(context, Number(operand))

/** How many elements arrays of a kind have. */
const COUNTED: Readonly<Record<string, (operand: string, context: Context) => bigint | undefined>> = {
  polls: (_operand, context) => BigInt.asUintN(32, argument(context, 1)),
  epolls: RESULT,
  ids: (_operand, context) => context.outcome?.value ?? BigInt(signed32(argument(context, 0))),
  results: RESULT,
  iovec: SAID,
  iovaddr: SAID,
  nodemask: SAID,
  mincore: (_operand, context) => argument(context, 1),
  counted: (operand, context) => BigInt.asUintN(32, argument(context, Number(/,(\d)/.exec(operand)?.[1]))),
  items: (operand, context) => argument(context, Number(/,(\d)/.exec(operand)?.[1] ?? '0')),
}

/**
 * Arrays of no elements are `[]` even if structs are shown as addresses: poll(2), epoll_wait(2).
 */
export const isEmpty = (letters: string, operand: string, context: Context): boolean => {
  const count = COUNTED[letters]
  return count !== undefined && count(operand, context) === 0n
}

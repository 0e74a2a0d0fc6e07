/** What the kernel says about pages and nodes: mincore(2), mbind(2), move_pages(2). */
import { arrayText } from '../basic/arrays.ts'
import { argument, type Printer } from '../context.ts'
import { readWord } from '../memory.ts'
import { errnoText } from '../names.ts'
import { address } from '../text.ts'

const PAGE = 4096n

/** One byte per page. Its lowest bit says whether the page is in memory. */
export const residence: Printer = (value, context) => {
  const pages = (argument(context, 1) + PAGE - 1n) / PAGE
  return arrayText(value, pages, 1, context, at => {
    const [byte] = context.memory.read(at, 1)
    return byte === undefined ? undefined : String(byte & 1)
  })
}

/** Sixteen digits, of which `0x` takes two if more words follow. */
const wordText = (word: bigint): string =>
  word === 0n ? '0'.repeat(16) : `0x${word.toString(16).padStart(14, '0')}`

/** A set of nodes in 64-bit words. An argument says how many bits it has. */
export const nodeMask =
  (operand: string): Printer =>
  (value, context) => {
    const bits = argument(context, Number(operand))
    if (bits === 0n) return '[]'
    // The kernel takes one bit less than the caller says.
    const words = BigInt.asUintN(64, bits + 62n) / 64n
    if (words === 0n) return address(value)
    return arrayText(value, words, 8, context, at => {
      const word = readWord(context.memory, at, 8)
      return word === undefined ? undefined : wordText(word)
    })
  }

/** The node of a page, or the reason why it has none. */
export const pageStatus: Printer = (value, { options }) => {
  const number = Number(BigInt.asIntN(32, value))
  return number < 0 ? errnoText(number, options) : String(number)
}

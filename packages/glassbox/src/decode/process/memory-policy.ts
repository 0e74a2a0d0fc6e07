/** What the kernel says about pages and nodes: mincore(2), mbind(2), move_pages(2). */
import { arrayText } from '../basic/arrays.ts'
import { pointerBytes } from '../../linux/schema/models.ts'
import { argument, type Printer } from '../context.ts'
import { readPointer } from '../memory.ts'
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

/** All digits of a word, of which `0x` takes two. */
const wordText = (word: bigint, bytes: number): string =>
  word === 0n ? '0'.repeat(2 * bytes) : `0x${word.toString(16).padStart(2 * bytes - 2, '0')}`

/** A set of nodes in longs of the program. An argument says how many bits it has. */
export const nodeMask =
  (operand: string): Printer =>
  (value, context) => {
    const bits = argument(context, Number(operand))
    if (bits === 0n) return '[]'
    // The kernel takes one bit less than the caller says.
    const bytes = pointerBytes(context.memory.model)
    const width = BigInt(8 * bytes)
    const words = BigInt.asUintN(64, bits + width - 2n) / width
    if (words === 0n) return address(value)
    return arrayText(value, words, bytes, context, at => {
      const word = readPointer(context.memory, at)
      return word === undefined ? undefined : wordText(word, bytes)
    })
  }

/** The node of a page, or the reason why it has none. */
export const pageStatus: Printer = (value, { options }) => {
  const number = Number(BigInt.asIntN(32, value))
  return number < 0 ? errnoText(number, options) : String(number)
}

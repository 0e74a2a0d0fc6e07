/** The command line of the server: `--server` or `--server=BOXES`, and nothing else. */
import { availableParallelism } from 'node:os'
import { integer, NumberFault } from '../front/numbers.ts'
import { IsolateError } from '../types.ts'
import { socketPath } from './socket-path.ts'

const MOST_BOXES = 1000

/** Throws IsolateError. Without a number, two boxes wait for each CPU. */
export function serverOptions(words: readonly string[]): { path: string; boxes: number } {
  const [first = '', ...rest] = words
  if (rest[0] !== undefined) throw new IsolateError('usage', `--server takes no ${rest[0]}`)
  if (process.geteuid?.() !== 0) throw new IsolateError('internal', 'Must be started as root')
  return { path: socketPath(), boxes: boxesOf(first) }
}

function boxesOf(word: string): number {
  if (word === '--server') return 2 * availableParallelism()
  const [, value] = /^--server=(.*)$/.exec(word) ?? []
  try {
    const boxes = integer(value ?? '')
    if (boxes <= MOST_BOXES) return boxes
    throw new NumberFault(`the largest is ${MOST_BOXES}`)
  } catch (error) {
    if (!(error instanceof NumberFault)) throw error
    throw new IsolateError('usage', `Invalid number of prepared boxes: ${word}: ${error.message}`)
  }
}

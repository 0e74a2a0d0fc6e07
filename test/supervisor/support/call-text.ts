/** Calls as test/programs/files.c takes them. */
import { syscallNumber } from '#glassbox/linux/syscalls.js'

/** The words that may stand before the name of a call. */
const PREFIX = /^(?:quiet:|thread:|repeat:\d+:)*/

/**
 * Replaces the name of a call by its number.
 *
 * @example
 * callText('open,s:/etc/passwd,0') // '2,s:/etc/passwd,0'
 */
export function callText(text: string): string {
  const [prefix = ''] = PREFIX.exec(text) ?? []
  const [name = '', ...args] = text.slice(prefix.length).split(',')
  return [`${prefix}${syscallNumber(name)}`, ...args].join(',')
}

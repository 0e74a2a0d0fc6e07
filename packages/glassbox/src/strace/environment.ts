/**
 * The environment of a traced program, which is that of the command. bin/glassbox.js hides Node's
 * variables from the command itself by giving them other names. The program gets them under their
 * own names.
 */
import { INHERITED_VARIABLE } from './inherited.ts'

const WITHHELD = 'GLASSBOX_WITHHELD_'

/**
 * @example
 *     environmentOf({ GLASSBOX_WITHHELD_NODE_OPTIONS: '--inspect' })
 *     // { NODE_OPTIONS: '--inspect' }
 */
export function environmentOf(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(own).flatMap(([name, value]) => {
    const known = name.startsWith(WITHHELD) ? name.slice(WITHHELD.length) : name
    return value === undefined || name === INHERITED_VARIABLE ? [] : [[known, value] as const]
  })
  return Object.fromEntries(entries)
}

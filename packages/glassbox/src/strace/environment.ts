/**
 * The environment of a traced program: that of the command. bin/glassbox.js keeps variables of
 * Node's from the command itself, and puts them aside under other names; the program gets them as
 * they were.
 */

const WITHHELD = 'GLASSBOX_WITHHELD_'

/**
 * @example environmentOf({ GLASSBOX_WITHHELD_NODE_OPTIONS: '--inspect' }) // { NODE_OPTIONS:
 * '--inspect' }
 */
export function environmentOf(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(own).flatMap(([name, value]) => {
    const known = name.startsWith(WITHHELD) ? name.slice(WITHHELD.length) : name
    return value === undefined ? [] : [[known, value] as const]
  })
  return Object.fromEntries(entries)
}

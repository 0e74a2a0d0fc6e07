/** A spec as text: what the wall grants. */
import type { Grant, LandlockSpec } from './types.ts'

const WORDS = {
  exact: (path: string) => `the file ${path}`,
  tree: (path: string) => `everything below ${path}`,
  level: (path: string) => `the files in ${path}, as of the start`,
  glob: (path: string) => `the files ${path}, as of the start`,
} as const

const line = ({ text, kind, path, within }: Grant): string =>
  `${text}\t/* ${WORDS[kind](path)}${within === undefined ? '' : `; links do not lead out of ${within}`} */`

/**
 * One line for each grant. Everything else is denied.
 *
 * @example
 * printSpec(landlockSpec(paths, context)) // a heading, then lines such as "read: /usr/"
 */
export function printSpec({ abi, grants }: LandlockSpec): string {
  return `/* Landlock (ABI ${abi}) denies what is not listed here */\n${grants.map(line).join('\n')}\n`
}

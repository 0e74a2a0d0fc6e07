/**
 * What `/box` means to a program of this runner: its private directory. The path of the program,
 * its working directory, and the variables HOME and TMPDIR are translated; arguments and other
 * variables are not, because they are the caller's text.
 */
import { BOX_DIRECTORY } from '../../job/box-layout.ts'

/** A path as the program has to use it. `work`: the private directory, without a final slash. */
export const placed = (path: string, work: string): string =>
  path === BOX_DIRECTORY || path.startsWith(`${BOX_DIRECTORY}/`)
    ? `${work}${path.slice(BOX_DIRECTORY.length)}`
    : path

const DIRECTORIES = ['HOME', 'TMPDIR'] as const

/**
 * The environment of the program. TMPDIR is added if it is missing, because a program may not
 * write to /tmp of the host.
 */
export function environment(
  env: Readonly<Record<string, string>>,
  work: string,
): Readonly<Record<string, string>> {
  const given: Readonly<Record<string, string>> = { TMPDIR: BOX_DIRECTORY, ...env }
  const directories = DIRECTORIES.filter(name => Object.hasOwn(given, name))
  return {
    ...given,
    ...Object.fromEntries(directories.map(name => [name, placed(given[name] ?? '', work)])),
  }
}

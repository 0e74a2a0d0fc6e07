/** Arguments after the last one that a function takes. */
import { InvalidOptionError } from '../errors.ts'
import { show } from './show.ts'

/**
 * Throws InvalidOptionError if there is an argument after the last one of `usage`, such as a
 * callback. An `undefined` one is ignored, as everywhere.
 *
 * @example
 * refuseMore('box.readFile(path, options)', more)
 */
export function refuseMore(usage: string, more: readonly unknown[]): void {
  const found = more.find(value => value !== undefined)
  if (found === undefined) return
  throw new InvalidOptionError(
    'arguments',
    `${usage} takes no further argument, got ${show(found)}.`,
    typeof found === 'function'
      ? 'It takes no callback: await the promise that it returns.'
      : 'Everything else is a key of the options.',
  )
}

/** Variables as `--env` has them. */
import { InvalidOptionError } from '../../errors.ts'

/** The name and the value of `NAME=VALUE`. */
export function parseEnv(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)]
  throw new InvalidOptionError(
    '--env',
    `--env: expected NAME=VALUE, got ${JSON.stringify(text)}.`,
    'For example --env TZ=UTC.',
  )
}

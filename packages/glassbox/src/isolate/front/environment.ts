/** Rules of `--env`, and the environment that they make of the caller's. */
import { IsolateError } from '../types.ts'

/** `value`: `undefined` takes the caller's, an empty one removes the variable. */
export interface EnvironmentRule {
  readonly name: string
  readonly value: string | undefined
}

/** Makes the C library write its last words to the standard error output, not to the terminal. */
const BUILT_IN: readonly EnvironmentRule[] = [{ name: 'LIBC_FATAL_STDERR_', value: '1' }]

/** Throws IsolateError (usage) for a rule without a name. */
export function parseEnvironmentRule(text: string): EnvironmentRule {
  const equals = text.indexOf('=')
  const name = equals < 0 ? text : text.slice(0, equals)
  if (name === '') throw new IsolateError('usage', `Invalid environment rule '${text}': the name is missing`)
  return { name, value: equals < 0 ? undefined : text.slice(equals + 1) }
}

/** Lists of `NAME=value`. `whole`: begin with the caller's whole environment. */
export function environmentOf(
  rules: readonly EnvironmentRule[],
  caller: readonly string[],
  whole: boolean,
): string[] {
  const callers = new Map(caller.map(split))
  const variables = new Map(whole ? callers : [])
  for (const { name, value } of [...BUILT_IN, ...rules]) {
    const wanted = value ?? callers.get(name)
    if (value === '') variables.delete(name)
    else if (wanted !== undefined) variables.set(name, wanted)
  }
  return [...variables].map(([name, value]) => `${name}=${value}`)
}

function split(variable: string): [name: string, value: string] {
  const equals = variable.indexOf('=')
  return equals < 0 ? [variable, ''] : [variable.slice(0, equals), variable.slice(equals + 1)]
}

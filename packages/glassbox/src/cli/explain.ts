/** Explains errors: to a person at a terminal, and to a script that reads JSON. */
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { printable } from '../printable.ts'
import { originalStack } from './original-stack.ts'
import type { ErrorDocument } from './run/json.ts'

/** The names of the library's options on the command line. */
export type OptionNames = ReadonlyMap<string, string>

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** The option as it was typed: `--bind` for `binds[0].target`. */
const nameOf = (option: string, names: OptionNames | undefined): string | undefined =>
  names?.get(option) ?? names?.get(option.replace(/[.[].*$/s, ''))

/** Replaces the library's name of an option by the name that the user typed. */
function inTheCommandsWords({ option, message }: InvalidOptionError, names: OptionNames | undefined): string {
  const name = nameOf(option, names)
  if (name === undefined || message.includes(name)) return message
  return message.includes(option) ? message.replaceAll(option, name) : `${name}: ${message}`
}

/** Describes an error for a script. */
export function errorDocument(error: unknown, names: OptionNames | undefined): ErrorDocument {
  if (error instanceof GlassboxError) {
    const { code, path, syscall, errno } = error
    const isOption = error instanceof InvalidOptionError
    const message = isOption ? inTheCommandsWords(error, names) : error.message
    const option = isOption ? (nameOf(error.option, names) ?? error.option) : undefined
    // Infinity in the library is `unlimited` on the command line.
    return { code, message, hint: error.hint?.replace('Infinity', 'unlimited'), option, path, syscall, errno }
  }
  if (!(error instanceof Error)) return { code: 'ERR_GLASSBOX_INTERNAL', message: String(error) }
  const { code = 'ERR_GLASSBOX_INTERNAL', message, path, syscall, errno } = error as NodeJS.ErrnoException
  return { code, message, path, syscall, errno: errno === undefined ? undefined : Math.abs(errno) }
}

/**
 * Describes an error and what to do next, in one line. An unexpected error is shown with its
 * stack.
 */
export function explain(error: unknown, names: OptionNames | undefined): string {
  const { message, hint, syscall } = errorDocument(error, names)
  // A system error, as Node words it, is not a bug.
  const isBug = error instanceof Error && !(error instanceof GlassboxError) && syscall === undefined
  if (isBug)
    return originalStack(error.stack ?? message)
      .split('\n')
      .map(printable)
      .join('\n')
  return printable([sentence(message), ...(hint === undefined ? [] : [sentence(hint)])].join(' '))
}

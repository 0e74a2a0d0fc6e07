/** Errors in words, for a person at a terminal and for a script that reads JSON. */
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { printable } from '../printable.ts'
import type { ErrorDocument } from './run/json.ts'

/** What the library's options are called on the command line. */
export type OptionNames = ReadonlyMap<string, string>

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** `--bind` for `binds[0].target`: the option by which it was typed. */
const nameOf = (option: string, names: OptionNames | undefined): string | undefined =>
  names?.get(option) ?? names?.get(option.replace(/[.[].*$/s, ''))

/** The library speaks of its options; whoever typed a command knows them by other names. */
function inTheCommandsWords({ option, message }: InvalidOptionError, names: OptionNames | undefined): string {
  const name = nameOf(option, names)
  if (name === undefined || message.includes(name)) return message
  return message.includes(option) ? message.replaceAll(option, name) : `${name}: ${message}`
}

/** What went wrong, for a script. */
export function errorDocument(error: unknown, names: OptionNames | undefined): ErrorDocument {
  if (error instanceof GlassboxError) {
    const { code, path, syscall, errno } = error
    const isOption = error instanceof InvalidOptionError
    const message = isOption ? inTheCommandsWords(error, names) : error.message
    const option = isOption ? (nameOf(error.option, names) ?? error.option) : undefined
    // What the library calls Infinity is typed as unlimited.
    return { code, message, hint: error.hint?.replace('Infinity', 'unlimited'), option, path, syscall, errno }
  }
  if (!(error instanceof Error)) return { code: 'ERR_GLASSBOX_INTERNAL', message: String(error) }
  const { code = 'ERR_GLASSBOX_INTERNAL', message, path, syscall, errno } = error as NodeJS.ErrnoException
  return { code, message, path, syscall, errno: errno === undefined ? undefined : Math.abs(errno) }
}

/**
 * What went wrong and what to do next, in one line; with a stack if it should not have happened.
 */
export function explain(error: unknown, names: OptionNames | undefined): string {
  const { message, hint, syscall } = errorDocument(error, names)
  // An error of the system, as Node words it, is no bug.
  const isBug = error instanceof Error && !(error instanceof GlassboxError) && syscall === undefined
  if (isBug) return (error.stack ?? message).split('\n').map(printable).join('\n')
  return printable([sentence(message), ...(hint === undefined ? [] : [sentence(hint)])].join(' '))
}

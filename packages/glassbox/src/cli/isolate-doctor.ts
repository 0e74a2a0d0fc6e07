/** `glassbox isolate doctor CALLER`: what of a caller's command lines works on this host. */
import { InvalidOptionError } from '../errors.ts'
import { CALLERS } from '../isolate/callers/callers.ts'
import { tryCaller, type Tried } from '../isolate/callers/try.ts'
import type { Surroundings } from '../isolate/command.ts'
import type { CallIo } from '../isolate/types.ts'
import { printable } from '../printable.ts'
import { nearest } from '../suggest.ts'
import { stdout } from './output.ts'
import { paint } from './terminal.ts'

const names = Object.keys(CALLERS)

/** Resolves with 0 if everything works, 1 if something does not. Throws for an unknown caller. */
export async function isolateDoctor(
  words: readonly string[],
  io: CallIo,
  surroundings: Surroundings,
): Promise<number> {
  const [name, ...more] = words
  const caller = name !== undefined && Object.hasOwn(CALLERS, name) ? CALLERS[name] : undefined
  if (!caller || more.length > 0) throw unknown(caller ? more[0] : name)
  const tried = await tryCaller(caller, io, surroundings)
  const { title, dialect, because } = caller
  stdout.write(`${title}, with dialect ${dialect}: ${because}.\n`)
  for (const each of tried) stdout.write(`${rowOf(each)}\n`)
  const failed = tried.filter(({ failure }) => failure !== undefined).length
  const fine = `All its command lines work here. Call the command isolate${dialect}, or set "dialect = ${dialect}".`
  stdout.write(`${failed === 0 ? fine : `${failed} of ${tried.length} command lines do not work here.`}\n`)
  return failed === 0 ? 0 : 1
}

function rowOf({ purpose, line, failure }: Tried): string {
  const text = `${purpose}\n    isolate ${line}`
  if (failure === undefined) return `${paint(stdout, 'green', '✓')} ${text}`
  return `${paint(stdout, 'red', '✗')} ${text}\n    ${printable(failure)}`
}

function unknown(word: string | undefined): InvalidOptionError {
  const known = `The callers are ${names.join(', ')}.`
  if (word === undefined) return new InvalidOptionError('CALLER', 'No caller was named.', known)
  const guess = nearest(word, names)
  return new InvalidOptionError(
    'CALLER',
    `There is no caller called ${word}.`,
    guess ? `Did you mean ${guess}?` : known,
  )
}

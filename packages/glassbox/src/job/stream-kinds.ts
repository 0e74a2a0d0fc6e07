/** stdin, stdout and stderr as kinds of option values. `streams.ts` has their vocabulary. */
import { InvalidOptionError } from '../errors.ts'
import { guarded, type Kind } from '../options/kind.ts'
import { type ErrorOutput, type Input, type Output, sourceOf, targetOf } from './streams.ts'

/**
 * A checked copy of the caller's object, which may change later. Streams and bytes are not copied.
 */
function settledInput(value: unknown): Input {
  const source = sourceOf(value)
  if (source.kind === 'file') return Object.freeze({ file: source.path })
  if (source.kind !== 'data' || typeof value === 'string') return value as Input
  const [only] = source.data
  if (Array.isArray(value)) return Object.freeze([...source.data])
  return typeof only === 'string' ? Object.freeze({ text: only }) : (value as Input)
}

function settledOutput(name: 'stdout' | 'stderr', value: unknown): ErrorOutput {
  const target = targetOf(name, value)
  if (target.kind === 'file') return Object.freeze({ file: target.path })
  if (!('stream' in target) || target.stream === value) return value as ErrorOutput
  return target.end ? target.stream : Object.freeze({ stream: target.stream, end: false })
}

/** Turns an error of the caller's code, such as a getter, into an InvalidOptionError. */
function checked<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidOptionError) throw error
    return guarded<T>(path, () => {
      throw error
    })
  }
}

export const INPUT: Kind<Input> = {
  expected: 'something to read from',
  read: (value, path) => checked(path, () => settledInput(value)),
}

export const OUTPUT: Kind<Output> = {
  expected: 'something to write to',
  read: (value, path) => checked(path, () => settledOutput('stdout', value) as Output),
}

export const ERROR_OUTPUT: Kind<ErrorOutput> = {
  expected: 'something to write to',
  read: (value, path) => checked(path, () => settledOutput('stderr', value)),
}

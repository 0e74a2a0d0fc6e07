/** Checks what a caller said, before anything is started: unknown options are errors with a suggestion. */
import { isAbsolute } from 'node:path'
import { pathComponents } from '../job/box-path.ts'
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import { checkHostStreams } from '../stdio/host-file.ts'
import type { BoxOptions, CommandOptions } from '../job/options.ts'
import { checkStreams } from '../job/streams.ts'

const BOX_OPTIONS: readonly (keyof BoxOptions)[] = [
  ...(['runner', 'binds', 'net', 'hostname', 'diskBytes', 'diskFiles', 'files', 'signal'] as const),
]
const COMMAND_OPTIONS: readonly (keyof CommandOptions)[] = [
  ...(['limits', 'stdin', 'stdout', 'stderr', 'encoding', 'cwd', 'env', 'policy'] as const),
  ...(['collect', 'collectBytes', 'signal', 'trace'] as const),
]

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  runner: ['namespace'],
  net: ['none', 'host'],
  encoding: ['utf8', 'buffer'],
}

const POSITIVE = ['diskBytes', 'diskFiles', 'collectBytes']

function suggestion(name: string, known: readonly string[]): string {
  const guess = nearest(name, known)
  if (guess !== undefined) return `Did you mean ${guess}?`
  return `The options are ${known.join(', ')}.`
}

function checkNames(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    throw new InvalidOptionError(name, `There is no option called ${name}.`, suggestion(name, known))
  }
}

function checkValues(options: Readonly<Record<string, unknown>>): void {
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = options[name]
    if (value === undefined || choices.includes(value as string)) continue
    throw new InvalidOptionError(
      name,
      `Expected ${name} to be ${choices.join(' or ')}, got ${JSON.stringify(value)}.`,
    )
  }
  for (const name of POSITIVE) {
    const value = options[name]
    if (value === undefined || (Number.isSafeInteger(value) && Number(value) > 0)) continue
    throw new InvalidOptionError(
      name,
      `Expected ${name} to be a whole number above zero, got ${JSON.stringify(value)}.`,
    )
  }
}

function checkEnvironment(env: Readonly<Record<string, unknown>> = {}): void {
  for (const [name, value] of Object.entries(env)) {
    if (name !== '' && !/[=\0]/.test(name) && typeof value === 'string' && !value.includes('\0')) continue
    throw new InvalidOptionError(
      'env',
      `Not an environment variable: ${JSON.stringify(name)}=${JSON.stringify(value)}.`,
      'A name is not empty and has no "=", a value is text, and neither has a NUL byte.',
    )
  }
}

function checkAbsolute(option: string, path: string | undefined): void {
  if (path === undefined || (isAbsolute(path) && !path.includes('\0'))) return
  throw new InvalidOptionError(
    option,
    `Expected ${option} to be an absolute path of the box, got ${JSON.stringify(path)}.`,
  )
}

export function validateBoxOptions(options: BoxOptions): void {
  checkNames(options, BOX_OPTIONS)
  checkValues(options as Readonly<Record<string, unknown>>)
  for (const bind of options.binds ?? []) checkAbsolute('binds.target', bind.target)
  const hostname = options.hostname
  if (hostname !== undefined && !/^[\w.-]{1,64}$/.test(hostname)) {
    throw new InvalidOptionError(
      'hostname',
      `Not a host name: ${JSON.stringify(hostname)}.`,
      'Use at most 64 letters, digits, dots and dashes.',
    )
  }
}

export function validateCommandOptions(options: CommandOptions): void {
  checkNames(options, COMMAND_OPTIONS)
  checkValues(options as Readonly<Record<string, unknown>>)
  checkEnvironment(options.env)
  checkAbsolute('cwd', options.cwd)
  for (const path of options.collect ?? []) pathComponents(path)
  checkStreams(options)
  checkHostStreams(options)
}

const BOX_ONLY = new Set<string>(BOX_OPTIONS.filter(name => name !== 'signal'))

/** Splits the options of run() into those of the box and those of the command; unknown ones are errors. */
export function splitOptions(options: BoxOptions & CommandOptions): {
  box: BoxOptions
  command: CommandOptions
} {
  checkNames(options, [...BOX_OPTIONS, ...COMMAND_OPTIONS])
  const entries = Object.entries(options)
  return {
    box: Object.fromEntries(entries.filter(([name]) => BOX_ONLY.has(name))),
    command: Object.fromEntries(entries.filter(([name]) => !BOX_ONLY.has(name))),
  }
}

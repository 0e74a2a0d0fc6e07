/**
 * What a caller asked for, checked once, before anything is started: the program and its
 * arguments, the terms of the job, and what is asked of the box. The results are frozen copies.
 */
import { constants } from 'node:buffer'
import { InvalidOptionError } from '../errors.ts'
import { ARGUMENT } from '../job/command-options.ts'
import type { JobTerms } from '../job/job.ts'
import { resolveLimits } from '../job/limits.ts'
import type { BoxOptions, CommandOptions } from '../job/options.ts'
import type { ResolvedBox, ResolvedCommand } from '../job/resolved.ts'
import { BOX_RUN, OPEN_BOX, POOL_RUN, RUN } from '../job/schemas.ts'
import { guarded, isArray, isInstance, type Kind, list, unexpected } from '../options/kind.ts'
import { ownEntries } from '../options/record.ts'
import { checkHostStreams } from '../stdio/host-file.ts'

export interface CheckedCommand {
  readonly terms: JobTerms
  readonly options: ResolvedCommand
}

/** A program and its arguments. */
export interface Words {
  readonly program: string
  readonly args: readonly string[]
}

/** What openBox() takes. Throws InvalidOptionError, as all of these. */
export const checkBox = (options: unknown = {}): ResolvedBox => OPEN_BOX.read(options, '') as ResolvedBox

/** What box.run() takes. */
export const checkCommand = (options: unknown = {}): CheckedCommand => command(BOX_RUN.read(options, ''))

/** What pool.run() takes. */
export function checkPooled(options: unknown = {}): CheckedCommand & { readonly files: BoxOptions['files'] } {
  const { files, ...rest } = POOL_RUN.read(options, '')
  return { files, ...command(rest) }
}

/** What run() takes: the options of a box and those of a command. The signal is the command's. */
export function checkRun(options: unknown = {}): CheckedCommand & { readonly box: ResolvedBox } {
  const { runner, binds, net, hostname, diskBytes, diskFiles, files, ...rest } = RUN.read(options, '')
  const box = { runner, binds, net, hostname, diskBytes, diskFiles, files } as ResolvedBox
  return { box: Object.freeze(box), ...command(rest) }
}

/** What the table cannot say: limits that follow others, and streams in view of the host. */
function command(read: CommandOptions): CheckedCommand {
  const options = Object.freeze({ ...read, limits: resolveLimits(read.limits) }) as ResolvedCommand
  const { limits, policy, env, cwd, trace } = options
  checkStreams(options)
  const terms = { limits, policy, env, cwd }
  return { terms: Object.freeze(trace ? { ...terms, trace } : terms), options }
}

function checkStreams(options: ResolvedCommand): void {
  checkHostStreams(options)
  checkCapturable(options)
}

/** What is captured becomes one string, or one buffer: neither can be of any size. */
function checkCapturable({ stdout, stderr, encoding, limits }: ResolvedCommand): void {
  const captured = stdout === 'capture' ? 'stdout' : stderr === 'capture' ? 'stderr' : undefined
  const [most, what] =
    encoding === 'utf8' ? [constants.MAX_STRING_LENGTH, 'text'] : [constants.MAX_LENGTH, 'bytes']
  if (captured === undefined || limits.outputBytes <= most) return
  throw new InvalidOptionError(
    'limits.outputBytes',
    `Expected limits.outputBytes to be at most ${most} while ${captured} is captured as ${what}, got ${limits.outputBytes}.`,
    `${encoding === 'utf8' ? "Ask for encoding: 'buffer', or give" : 'Give'} ${captured} a stream or a file.`,
  )
}

const args = list(ARGUMENT, 'a list of arguments', value =>
  typeof value === 'string'
    ? `Put it into a list: [${JSON.stringify(value)}].`
    : 'Arguments come second, options third: run(program, [], options).',
)

/** For what people give instead of a program's name; `name` is the call that they made. */
function programHint(value: unknown): string {
  if (isInstance(value, URL)) return 'Use fileURLToPath() of node:url.'
  if (isArray(value) && Object.hasOwn(value, 'raw')) return "It is no template tag: run('echo', ['hi'])."
  return "The program comes first, its arguments second: run('ls', ['-l'])."
}

/** The program and the arguments of a call. */
export function checkWords(program: unknown, given: unknown = []): Words {
  if (typeof program !== 'string') throw unexpected('program', 'the name of a program', program, programHint)
  return { program, args: args.read(given, 'args') }
}

const POOL: Kind<object> = {
  expected: 'a pool',
  read: (value, path) => {
    const has = (name: string): boolean =>
      typeof guarded(path, () => (value as Record<string, unknown>)[name]) === 'function'
    if (typeof value === 'object' && value !== null && has('run')) return value
    const promised = typeof value === 'object' && value !== null && has('then')
    throw unexpected(
      path,
      POOL.expected,
      value,
      promised ? 'Await createPool() first.' : 'createPool() makes one.',
    )
  },
}

/** The pool among the options of run(), if there is one, and the other options. */
export function takePool(options: unknown): { readonly pool?: object; readonly rest: unknown } {
  const none = { rest: options }
  if (typeof options !== 'object' || options === null) return none
  if (!guarded('options', () => Object.hasOwn(options, 'pool'))) return none
  const { pool, ...rest } = Object.fromEntries(ownEntries(options, '', 'an object'))
  return pool === undefined ? { rest } : { pool: POOL.read(pool, 'pool'), rest }
}

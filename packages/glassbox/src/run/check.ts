/**
 * Checks the arguments and options of every call, once, before anything is started. The results
 * are frozen copies. Each function throws InvalidOptionError.
 */
import { constants } from 'node:buffer'
import { InvalidOptionError } from '../errors.ts'
import { BOX_DIRECTORY } from '../job/box-layout.ts'
import { ARGUMENT } from '../job/command-options.ts'
import type { JobTerms } from '../job/job.ts'
import { resolveLimits } from '../job/limits.ts'
import type { BoxOptions, CommandOptions } from '../job/options.ts'
import type { ResolvedBox, ResolvedCommand } from '../job/resolved.ts'
import { BOX_RUN, OPEN_BOX, POOL_RUN, RUN } from '../job/schemas.ts'
import { guarded, isArray, isInstance, type Kind, list, unexpected } from '../options/kind.ts'
import { ownEntries } from '../options/record.ts'
import { checkHostStreams } from '../stdio/host-file.ts'
import { type ReadBox, resolveHere } from './here.ts'

export interface CheckedCommand {
  readonly terms: JobTerms
  readonly options: ResolvedCommand
}

/** A program and its arguments. */
export interface Words {
  readonly program: string
  readonly args: readonly string[]
}

/** The options of openBox(). */
export const checkBox = (options: unknown = {}): ResolvedBox =>
  Object.freeze(resolveHere(OPEN_BOX.read(options, '') as ReadBox))

/** The options of box.run(), in a box whose programs start in `cwd` by default. */
export const checkCommand = (options: unknown = {}, cwd?: string): CheckedCommand =>
  command(BOX_RUN.read(options, ''), cwd)

/** The options of pool.run(), in a pool whose programs start in `cwd` by default. */
export function checkPooled(
  options: unknown = {},
  cwd?: string,
): CheckedCommand & { readonly files: BoxOptions['files'] } {
  const { files, ...rest } = POOL_RUN.read(options, '')
  return { files, ...command(rest, cwd) }
}

/** The options of run(): those of a box and those of a command. The signal is the command's. */
export function checkRun(options: unknown = {}): CheckedCommand & { readonly box: ResolvedBox } {
  const { runner, binds, mounts, here, etc, net, hostname, diskBytes, diskFiles, files, ...rest } = RUN.read(
    options,
    '',
  )
  const read = { runner, binds, mounts, here, etc, net, hostname, diskBytes, diskFiles, files }
  const box = resolveHere(read as ReadBox)
  return { box: Object.freeze(box), ...command(rest, box.here) }
}

/**
 * Checks what the table cannot: default limits that depend on others, and the host's files that
 * are streams.
 */
function command({ policy: read, ...rest }: CommandOptions, directory = BOX_DIRECTORY): CheckedCommand {
  const limits = resolveLimits(rest.limits)
  const options = Object.freeze({ ...rest, limits, cwd: rest.cwd ?? directory }) as ResolvedCommand
  const { env, cwd, trace } = options
  checkStreams(options)
  const policy = read as JobTerms['policy']
  const terms = { limits, policy, env, cwd }
  return { terms: Object.freeze(trace ? { ...terms, trace } : terms), options }
}

function checkStreams(options: ResolvedCommand): void {
  checkHostStreams(options)
  checkCapturable(options)
}

/** Captured output becomes one string or one buffer, and each has a largest size. */
function checkCapturable({ stdout, stderr, encoding, limits }: ResolvedCommand): void {
  const captured = stdout === 'capture' ? 'stdout' : stderr === 'capture' ? 'stderr' : undefined
  const [most, what] =
    encoding === 'utf8' ? [constants.MAX_STRING_LENGTH, 'text'] : [constants.MAX_LENGTH, 'bytes']
  if (captured === undefined || limits.outputBytes <= most) return
  throw new InvalidOptionError(
    'limits.outputBytes',
    `Expected limits.outputBytes to be at most ${most} while ${captured} is captured as ${what}, got ${limits.outputBytes}.`,
    `${encoding === 'utf8' ? "Use encoding: 'buffer', or give" : 'Give'} ${captured} a stream or a file.`,
  )
}

const args = list(ARGUMENT, 'a list of arguments', value =>
  typeof value === 'string'
    ? `Put it into a list: [${JSON.stringify(value)}].`
    : 'Arguments come second, options third: run(program, [], options).',
)

/** A hint for a value that is not the name of a program. */
function programHint(value: unknown): string {
  if (isInstance(value, URL)) return 'Use fileURLToPath() of node:url.'
  if (isArray(value) && Object.hasOwn(value, 'raw'))
    return "run() is not a template tag: run('echo', ['hi'])."
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
      promised ? 'Await createPool() first.' : 'Make one with createPool().',
    )
  },
}

/** Separates the option `pool` of run() from the other options. */
export function takePool(options: unknown): { readonly pool?: object; readonly rest: unknown } {
  const none = { rest: options }
  if (typeof options !== 'object' || options === null) return none
  if (!guarded('options', () => Object.hasOwn(options, 'pool'))) return none
  const { pool, ...rest } = Object.fromEntries(ownEntries(options, '', 'an object'))
  return pool === undefined ? { rest } : { pool: POOL.read(pool, 'pool'), rest }
}

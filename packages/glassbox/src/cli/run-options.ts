/** The options of `glassbox run`, and what they mean for run(). */
import { accessSync, constants, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { pathComponents } from '../job/box-path.ts'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { DEFAULT_ENV } from '../job/box-layout.ts'
import { DEFAULT_LIMITS } from '../job/limits.ts'
import type { Bind, Limits, RunOptions } from '../job/options.ts'
import { denyCalls } from '../seccomp/presets.ts'
import { collectOf } from './copy-out.ts'
import type { OptionSpec, ParsedOptions } from './options.ts'
import { formatDuration, formatSize, parseCount, parseDuration, parseSize } from './units.ts'

interface LimitOption extends OptionSpec {
  readonly limit: keyof Limits
  readonly parse: (option: string, text: string) => number
}

const duration = (ms: number): string => formatDuration(ms).replace(' ', '')
const size = (bytes: number): string => formatSize(bytes).replace(' ', '')

const LIMIT_OPTIONS: readonly LimitOption[] = [
  {
    name: '--cpu-time',
    value: 'TIME',
    limit: 'cpuTimeMs',
    parse: parseDuration,
    help: 'CPU time of all processes together: 1.5s, 250ms.',
    default: duration(DEFAULT_LIMITS.cpuTimeMs),
  },
  {
    name: '--wall-time',
    value: 'TIME',
    limit: 'wallTimeMs',
    parse: parseDuration,
    help: 'Time by the clock.',
    default: 'three times the CPU time, at least 10s',
  },
  {
    name: '--memory',
    value: 'SIZE',
    limit: 'memoryBytes',
    parse: parseSize,
    help: 'Memory of all processes together: 64MiB, 1GiB.',
    default: size(DEFAULT_LIMITS.memoryBytes),
  },
  {
    name: '--processes',
    value: 'N',
    limit: 'processes',
    parse: parseCount,
    help: 'Processes and threads at a time.',
    default: String(DEFAULT_LIMITS.processes),
  },
  {
    name: '--output',
    value: 'SIZE',
    limit: 'outputBytes',
    parse: parseSize,
    help: 'Bytes written to stdout, and to stderr, each.',
    default: size(DEFAULT_LIMITS.outputBytes),
  },
  {
    name: '--stack',
    value: 'SIZE',
    limit: 'stackBytes',
    parse: parseSize,
    help: 'Stack of the main thread.',
    default: size(DEFAULT_LIMITS.stackBytes),
  },
  {
    name: '--open-files',
    value: 'N',
    limit: 'openFiles',
    parse: parseCount,
    help: 'Open descriptors of each process.',
    default: String(DEFAULT_LIMITS.openFiles),
  },
  {
    name: '--file-size',
    value: 'SIZE',
    limit: 'fileSizeBytes',
    parse: parseSize,
    help: 'Size of a file that it writes.',
    default: size(DEFAULT_LIMITS.fileSizeBytes),
  },
]

/** The command's name for what run() calls an option. */
export const OPTION_NAMES: ReadonlyMap<string, string> = new Map([
  ...LIMIT_OPTIONS.map(({ name, limit }): [string, string] => [`limits.${limit}`, name]),
  ...['cwd', 'net', 'runner', 'env', 'stdin', 'stdout', 'stderr'].map((name): [string, string] => [
    name,
    `--${name}`,
  ]),
  ['binds', '--bind'],
  ['syscall', '--deny'],
  ['policy', '--deny'],
])

export const RUN_OPTIONS: readonly OptionSpec[] = [
  ...LIMIT_OPTIONS,
  { name: '--stdin', value: 'FILE', help: 'Read stdin from a file.', default: 'that of glassbox' },
  { name: '--stdout', value: 'FILE', help: 'Write stdout to a file.', default: 'that of glassbox' },
  { name: '--stderr', value: 'FILE', help: 'Write stderr to a file.', default: 'that of glassbox' },
  { name: '--cwd', value: 'DIR', help: 'Working directory in the box.', default: '/box' },
  {
    name: '--env',
    value: 'K=V',
    repeated: true,
    help: 'Set a variable; nothing of your environment is passed on by itself.',
  },
  {
    name: '--bind',
    value: 'SRC[:DST[:rw]]',
    repeated: true,
    help: 'Show a file or directory of this host in the box, read-only unless :rw.',
  },
  {
    name: '--copy-in',
    value: 'SRC[:DST]',
    repeated: true,
    help: 'Copy a file into the working directory before the start.',
  },
  {
    name: '--copy-out',
    value: 'SRC[:DST]',
    repeated: true,
    help: 'Copy a file of the working directory out when everything in the box is dead.',
  },
  {
    name: '--net',
    value: 'none|host',
    help: 'A network with only loopback, or the host’s.',
    default: 'none',
  },
  { name: '--deny', value: 'CALL[,CALL]', repeated: true, help: 'System calls that end the program.' },
  {
    name: '--runner',
    value: 'NAME',
    help: 'Which runner; this version has namespace.',
    default: 'namespace',
  },
  {
    name: '--trace',
    value: 'FILE',
    help: 'Write all system calls of the program and its children to a file, as strace -f does.',
  },
  { name: '--plan', help: 'Print every system call that would be made, and start nothing.' },
  {
    name: '--json',
    help: 'Print the result as one JSON document on stdout, instead of the output and the report.',
  },
  { name: '--quiet', help: 'No report.' },
  { name: '--help', help: 'This text.' },
]

/** `SRC[:DST]`; the source may be a path with a colon only where it is not followed by one. */
function pair(option: string, text: string): [string, string | undefined] {
  const [source = '', target, ...more] = text.split(':')
  if (source === '' || more.length > 0) {
    throw new InvalidOptionError(
      option,
      `${option}: expected SRC or SRC:DST, got ${JSON.stringify(text)}.`,
      `For example ${option} data.csv.`,
    )
  }
  return [source, target]
}

function parseBind(text: string): Bind {
  const [source = '', target, mode, ...more] = text.split(':')
  const writable = mode === 'rw' || (mode === undefined && target === 'rw')
  const known = mode === undefined || mode === 'rw' || mode === 'ro'
  if (source === '' || more.length > 0 || !known) {
    throw new InvalidOptionError(
      '--bind',
      `--bind: expected SRC[:DST[:rw]], got ${JSON.stringify(text)}.`,
      'For example --bind /data:/data:rw.',
    )
  }
  return { source, writable, ...(target === undefined || target === '' || target === 'rw' ? {} : { target }) }
}

function parseEnv(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)]
  throw new InvalidOptionError(
    '--env',
    `--env: expected NAME=VALUE, got ${JSON.stringify(text)}.`,
    'For example --env TZ=UTC.',
  )
}

/** A directory as target means "into it", as with cp(1). */
function copyOutTarget(source: string, target = '.'): string {
  const isDirectory = statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? target.endsWith('/')
  return isDirectory ? `${target.replace(/\/$/, '')}/${basename(source)}` : target
}

/** A name that two words would mean: the second would silently take the place of the first. */
function refuseTwice(option: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw new InvalidOptionError(option, `${option}: ${twice} was named twice.`, 'Name each file once.')
}

/** A name in the working directory, as the library takes it; its error, in the words of the option. */
function checkNameInBox(option: string, name: string): void {
  try {
    pathComponents(name)
  } catch (error) {
    if (!(error instanceof GlassboxError)) throw error
    throw new InvalidOptionError(option, `${option}: ${error.message}`, error.hint)
  }
}

function checkReadable(source: string): void {
  const hint = 'Name a file that you may read.'
  try {
    accessSync(source, constants.R_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InvalidOptionError('--copy-in', `--copy-in: cannot read ${source}: ${code}.`, hint)
  }
}

/** The directory must be there before the program runs: its result could not be kept afterwards. */
function checkTargetDirectory(target: string): void {
  try {
    accessSync(dirname(target), constants.W_OK)
  } catch {
    throw new InvalidOptionError(
      '--copy-out',
      `--copy-out: cannot write into ${dirname(target)}.`,
      'Name a file in a directory that is there and that you may write.',
    )
  }
}

const copyInTarget = (source: string, target = './'): string =>
  target.endsWith('/') ? `${target}${basename(source)}`.replace(/^\.\//, '') : target

/** The options of run() that the words of the command stand for. Streams are the caller's affair. */
export function runRequest({ values }: ParsedOptions): RunOptions {
  const one = (name: string): string | undefined => values.get(name)?.[0]
  const all = (name: string): readonly string[] => values.get(name) ?? []
  const limits = Object.fromEntries(
    LIMIT_OPTIONS.flatMap(({ name, limit, parse }) => {
      const text = one(name)
      return text === undefined ? [] : [[limit, parse(name, text)]]
    }),
  )
  const copyIn = all('--copy-in').map(text => {
    const [source, target] = pair('--copy-in', text)
    return [copyInTarget(source, target), { file: source }] as const
  })
  refuseTwice(
    '--copy-in',
    copyIn.map(([name]) => name),
  )
  for (const [name, { file }] of copyIn) {
    checkNameInBox('--copy-in', name)
    checkReadable(file)
  }
  const copies = all('--copy-out').map(text => {
    const [source, target] = pair('--copy-out', text)
    return [source, copyOutTarget(source, target)] as const
  })
  refuseTwice(
    '--copy-out',
    copies.map(([name]) => name),
  )
  for (const [name, target] of copies) {
    checkNameInBox('--copy-out', name)
    checkTargetDirectory(target)
  }
  const copyOut = new Map(copies)
  const denied = all('--deny').flatMap(text => text.split(',').map(name => name.trim()))
  const chosen = { runner: one('--runner'), net: one('--net'), cwd: one('--cwd') }
  return {
    ...(Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)) as RunOptions),
    limits,
    files: Object.fromEntries(copyIn),
    binds: all('--bind').map(parseBind),
    env: { ...DEFAULT_ENV, ...Object.fromEntries(all('--env').map(parseEnv)) },
    collect: collectOf(copyOut),
    ...(denied.length > 0 ? { policy: denyCalls(denied) } : {}),
  }
}

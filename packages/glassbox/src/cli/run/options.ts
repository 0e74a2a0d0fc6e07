/**
 * The options of `glassbox run`, as a table. The parser, its errors, the help, completion and
 * docs/cli.md are made from it.
 */
import { DEFAULT_LIMITS } from '../../job/limits.ts'
import type { Limits } from '../../job/options.ts'
import { COMMON_OPTIONS, type OptionSpec } from '../options.ts'
import { formatDuration, formatSize, parseCount, parseDuration, parseSize } from '../units.ts'

interface LimitOption extends OptionSpec {
  readonly limit: keyof Limits
  readonly parse: (option: string, text: string) => number
}

const duration = (ms: number): string => formatDuration(ms).replace(' ', '')
const size = (bytes: number): string => formatSize(bytes).replace(' ', '')

export const LIMIT_OPTIONS: readonly LimitOption[] = [
  {
    name: '--cpu-time',
    elsewhere: ['-t', '--time', '--cpu', '--time-limit'],
    value: 'TIME',
    limit: 'cpuTimeMs',
    parse: parseDuration,
    help: 'CPU time of all processes together: 1.5s, 250ms.',
    default: duration(DEFAULT_LIMITS.cpuTimeMs),
  },
  {
    name: '--wall-time',
    elsewhere: ['--timeout', '--wall', '--real-time'],
    value: 'TIME',
    limit: 'wallTimeMs',
    parse: parseDuration,
    help: 'Time by the clock.',
    default: 'three times the CPU time, at least 10s',
  },
  {
    name: '--memory',
    elsewhere: ['-m', '--mem', '--memory-limit', '--memory-max'],
    value: 'SIZE',
    limit: 'memoryBytes',
    parse: parseSize,
    help: 'Memory of all processes together: 64MiB, 1GiB.',
    default: size(DEFAULT_LIMITS.memoryBytes),
  },
  {
    name: '--processes',
    elsewhere: ['-p', '--pids-limit', '--pids', '--nproc', '--tasks-max'],
    value: 'N',
    limit: 'processes',
    parse: parseCount,
    help: 'Processes and threads at a time.',
    default: String(DEFAULT_LIMITS.processes),
  },
  {
    name: '--output',
    elsewhere: ['--output-limit'],
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
    elsewhere: ['--nofile'],
    value: 'N',
    limit: 'openFiles',
    parse: parseCount,
    help: 'Open descriptors of each process.',
    default: String(DEFAULT_LIMITS.openFiles),
  },
  {
    name: '--file-size',
    elsewhere: ['-f', '--fsize'],
    value: 'SIZE',
    limit: 'fileSizeBytes',
    parse: parseSize,
    help: 'Size of a file that it writes.',
    default: size(DEFAULT_LIMITS.fileSizeBytes),
  },
]

/** What a program can make of its trace: some MB a second. */
export const DEFAULT_TRACE_BYTES: number = 256 * 2 ** 20

/** The command's name for what run() calls an option. */
export const OPTION_NAMES: ReadonlyMap<string, string> = new Map([
  ...LIMIT_OPTIONS.map(({ name, limit }): [string, string] => [`limits.${limit}`, name]),
  ...['cwd', 'net', 'runner', 'env', 'stdin', 'stdout', 'stderr'].map((name): [string, string] => [
    name,
    `--${name}`,
  ]),
  ['binds', '--bind'],
  ['files', '--copy-in'],
  ['collect', '--copy-out'],
  ['syscall', '--deny'],
  ['policy', '--deny'],
])

export const RUN_OPTIONS: readonly OptionSpec[] = [
  ...LIMIT_OPTIONS,
  {
    name: '--stdin',
    elsewhere: ['-i'],
    value: 'FILE',
    help: 'Read stdin from a file.',
    default: 'that of glassbox',
  },
  {
    name: '--stdout',
    elsewhere: ['-o'],
    value: 'FILE',
    help: 'Write stdout to a file.',
    default: 'that of glassbox',
  },
  {
    name: '--stderr',
    value: 'FILE|stdout',
    help: 'Write stderr to a file, or (the word stdout) to where stdout goes, in one order.',
    default: 'that of glassbox',
  },
  {
    name: '--cwd',
    elsewhere: ['-w', '--workdir', '--chdir', '--working-dir', '-C'],
    value: 'DIR',
    help: 'Working directory in the box.',
    default: '/box',
  },
  {
    name: '--env',
    elsewhere: ['-e', '-E'],
    value: 'K=V',
    repeated: true,
    help: 'Set a variable; nothing of your environment is passed on by itself.',
  },
  {
    name: '--bind',
    elsewhere: ['-v', '--volume', '--mount', '-b'],
    value: 'SRC[:DST[:rw]]',
    repeated: true,
    help: 'Show a file or directory of this host in the box, read-only unless :rw.',
  },
  {
    name: '--copy-in',
    elsewhere: ['--file', '--cp'],
    value: 'SRC[:DST]',
    repeated: true,
    help: 'Copy a file or directory into the working directory before the start.',
  },
  {
    name: '--copy-out',
    value: 'SRC[:DST]',
    repeated: true,
    help: 'Copy a file or directory of the working directory out when everything in the box is dead.',
  },
  {
    name: '--net',
    elsewhere: ['--network', '--share-net'],
    value: 'none|host',
    help: 'A network with only loopback, or the host’s.',
    default: 'none',
  },
  {
    name: '--deny',
    elsewhere: ['--seccomp'],
    value: 'CALL[,CALL]',
    repeated: true,
    help: 'System calls that end the program.',
  },
  {
    name: '--runner',
    value: 'NAME',
    help: 'Which runner; this version has namespace.',
    default: 'namespace',
  },
  {
    name: '--trace',
    elsewhere: ['--strace'],
    value: 'FILE',
    help: 'Write all system calls of the program and its children to a file, as strace -f does.',
  },
  {
    name: '--trace-size',
    value: 'SIZE',
    help: 'Where that file is cut; the program goes on.',
    default: size(DEFAULT_TRACE_BYTES),
  },
  {
    name: '--plan',
    elsewhere: ['--dry-run', '-n'],
    help: 'Print every system call that would be made, and start nothing.',
  },
  {
    name: '--json',
    help: 'Print the result as one JSON document on stdout, instead of the output and the report.',
  },
  { name: '--quiet', elsewhere: ['-q', '--silent'], help: 'No report.' },
  ...COMMON_OPTIONS,
]

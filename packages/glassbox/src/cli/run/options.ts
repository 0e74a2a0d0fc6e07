/**
 * The options of `glassbox run`, as a table. The parser, its errors, the help, completion and
 * docs/cli.md are made from it.
 */
import { DEFAULT_LIMITS } from '../../job/limits.ts'
import type { Limits } from '../../job/options.ts'
import { COMMON_OPTIONS, type OptionSpec } from '../options.ts'
import { parseCount, parseDuration, parseSize } from '../../options/units.ts'
import { formatDuration, formatSize } from '../units.ts'

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
    help: 'CPU time limit of all processes together: 1.5s, 250ms.',
    default: duration(DEFAULT_LIMITS.cpuTimeMs),
  },
  {
    name: '--wall-time',
    elsewhere: ['--timeout', '--wall', '--real-time'],
    value: 'TIME',
    limit: 'wallTimeMs',
    parse: parseDuration,
    help: 'Wall-clock time limit.',
    default: 'three times the CPU time, at least 10s',
  },
  {
    name: '--memory',
    elsewhere: ['-m', '--mem', '--memory-limit', '--memory-max'],
    value: 'SIZE',
    limit: 'memoryBytes',
    parse: parseSize,
    help: 'Memory limit of all processes together: 64MiB, 1GiB.',
    default: size(DEFAULT_LIMITS.memoryBytes),
  },
  {
    name: '--processes',
    elsewhere: ['-p', '--pids-limit', '--pids', '--nproc', '--tasks-max'],
    value: 'N',
    limit: 'processes',
    parse: parseCount,
    help: 'Limit on processes and threads that exist at one time.',
    default: String(DEFAULT_LIMITS.processes),
  },
  {
    name: '--output',
    elsewhere: ['--output-limit'],
    value: 'SIZE',
    limit: 'outputBytes',
    parse: parseSize,
    help: 'Limit on the bytes written to stdout, and on those written to stderr.',
    default: size(DEFAULT_LIMITS.outputBytes),
  },
  {
    name: '--stack',
    value: 'SIZE',
    limit: 'stackBytes',
    parse: parseSize,
    help: 'Stack limit of the main thread.',
    default: size(DEFAULT_LIMITS.stackBytes),
  },
  {
    name: '--open-files',
    elsewhere: ['--nofile'],
    value: 'N',
    limit: 'openFiles',
    parse: parseCount,
    help: 'Limit on the open descriptors of each process.',
    default: String(DEFAULT_LIMITS.openFiles),
  },
  {
    name: '--file-size',
    elsewhere: ['-f', '--fsize'],
    value: 'SIZE',
    limit: 'fileSizeBytes',
    parse: parseSize,
    help: 'Size limit of each file that the program writes.',
    default: size(DEFAULT_LIMITS.fileSizeBytes),
  },
]

/** Limits the trace file by default, because a program can cause some MB of trace per second. */
export const DEFAULT_TRACE_BYTES: number = 256 * 2 ** 20

/** Maps the names of options of run() to the names of the command's options. */
export const OPTION_NAMES: ReadonlyMap<string, string> = new Map([
  ...LIMIT_OPTIONS.map(({ name, limit }): [string, string] => [`limits.${limit}`, name]),
  ...['cwd', 'here', 'net', 'runner', 'env', 'stdin', 'stdout', 'stderr'].map((name): [string, string] => [
    name,
    `--${name}`,
  ]),
  ['binds', '--bind'],
  ['etc', '--etc'],
  ['files', '--copy-in'],
  ['collect', '--copy-out'],
  ['syscall', '--deny'],
  ['policy', '--policy'],
  ['policy.paths.read', '--allow-read'],
  ['policy.paths.write', '--allow-write'],
  ['policy.paths.execute', '--allow-exec'],
])

export const RUN_OPTIONS: readonly OptionSpec[] = [
  {
    name: '--profile',
    elsewhere: ['--config', '--template', '--preset'],
    value: 'NAME|FILE',
    help: 'Options under one name: build, judge, agent, or a JSON file. Options beside it win.',
  },
  ...LIMIT_OPTIONS,
  {
    name: '--stdin',
    elsewhere: ['-i'],
    value: 'FILE',
    help: 'Read stdin from a file.',
    default: 'inherited',
  },
  {
    name: '--stdout',
    elsewhere: ['-o'],
    value: 'FILE',
    help: 'Write stdout to a file.',
    default: 'inherited',
  },
  {
    name: '--stderr',
    value: 'FILE|stdout',
    help: 'Write stderr to a file, or (the word stdout) to the same place as stdout, in order.',
    default: 'inherited',
  },
  {
    name: '--cwd',
    elsewhere: ['-w', '--workdir', '--chdir', '--working-dir', '-C'],
    value: 'DIR',
    help: 'Working directory inside the box.',
    default: '/box, or the current directory with --here',
  },
  {
    name: '--env',
    elsewhere: ['-e', '-E'],
    value: 'K=V',
    repeated: true,
    help: 'Set an environment variable. Nothing is inherited from your environment.',
  },
  {
    name: '--bind',
    elsewhere: ['-v', '--volume', '--mount', '-b'],
    value: 'SRC[:DST[:rw|copy]]',
    repeated: true,
    help: 'Make a host file or directory visible in the box, read-only unless :rw. With :copy programs change it in memory only (kernel runner).',
  },
  {
    name: '--here',
    elsewhere: ['--pwd', '--workspace', '--share-cwd', '--private-cwd'],
    help: 'Make the current directory visible under its own path, writable, and start in it.',
  },
  {
    name: '--etc',
    value: 'NAME',
    repeated: true,
    help: 'Show a file or directory of /etc that belongs to no installed package.',
  },
  {
    name: '--copy-in',
    elsewhere: ['--file', '--cp'],
    value: 'SRC[:DST]',
    repeated: true,
    help: 'Copy a file or directory into the working directory before the program starts.',
  },
  {
    name: '--copy-out',
    value: 'SRC[:DST]',
    repeated: true,
    help: 'Copy a file or directory out of the working directory once every process in the box has exited.',
  },
  {
    name: '--net',
    elsewhere: ['--network', '--share-net'],
    value: 'none|host',
    help: 'Network: loopback only (none), or that of the host.',
    default: 'none',
  },
  {
    name: '--deny',
    elsewhere: ['--seccomp'],
    value: 'CALL[,CALL]',
    repeated: true,
    help: 'Kill the program when it makes one of these system calls.',
  },
  {
    name: '--policy',
    elsewhere: ['--seccomp-profile'],
    value: 'NAME|FILE',
    help: 'Policy: the name of a preset, or a file (JSON, or a module that exports one).',
    default: 'default with --runner ptrace or --allow-…',
  },
  {
    name: '--allow-read',
    elsewhere: ['--ro', '--read'],
    value: 'PATH',
    repeated: true,
    help: 'Let the program read a file, or all of a directory, beyond its policy.',
  },
  {
    name: '--allow-write',
    elsewhere: ['--rw', '--write'],
    value: 'PATH',
    repeated: true,
    help: 'Let it read, change, make and remove a file, or all of a directory.',
  },
  {
    name: '--allow-exec',
    elsewhere: ['--exec', '--allow-execute', '--allow-run'],
    value: 'PATH',
    repeated: true,
    help: 'Let it execute a file, or all of a directory.',
  },
  {
    name: '--explain',
    help: 'After the run, say which rule denied which call, and what would allow it.',
  },
  {
    name: '--runner',
    value: 'namespace|ptrace|kernel',
    help: 'Runner: a box; or, without privilege, a traced program on the host, or a kernel in TypeScript.',
    default: 'namespace',
  },
  {
    name: '--trace',
    elsewhere: ['--strace'],
    value: 'FILE',
    help: 'Write all system calls of the program and its children to a file, like strace -f.',
  },
  {
    name: '--trace-size',
    value: 'SIZE',
    help: 'Size limit of that file. It is truncated there; the program goes on.',
    default: size(DEFAULT_TRACE_BYTES),
  },
  {
    name: '--plan',
    elsewhere: ['--dry-run', '-n'],
    help: 'Print every system call that would be made, without starting anything.',
  },
  {
    name: '--json',
    help: 'Print the result as one JSON document on stdout instead of the output and the report.',
  },
  { name: '--quiet', elsewhere: ['-q', '--silent'], help: 'Do not print the report.' },
  ...COMMON_OPTIONS,
]

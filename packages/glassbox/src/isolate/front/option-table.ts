/**
 * Every option of isolate, as data: its names, its value, what it writes into the draft, and its
 * line of the help.
 */
import type { Takes } from '../../options/getopt.ts'
import { type Dialect, IsolateError, type IsolateCommand } from '../types.ts'
import type { Draft } from './draft.ts'
import { parseEnvironmentRule } from './environment.ts'
import { integer, milliseconds, positive } from './numbers.ts'

export interface IsolateOption {
  readonly long: string
  readonly letter?: string
  readonly takes: Takes
  /** How the help calls its value. */
  readonly value?: string
  readonly help: string
  readonly group: 'commands' | 'box' | 'program' | 'limits' | 'reports'
  /**
   * The only line of versions that has it, or `ours`. In the other line it works when it is spelt
   * out, but shortens nothing, so abbreviations mean what they mean there.
   */
  readonly only?: Dialect | 'ours'
  apply(draft: Draft, value: string): void
}

type Row = readonly [spelling: string, help: string, apply: IsolateOption['apply'], only?: Dialect | 'ours']

/** `-b --box-id=ID`, `--cg`, `-p --processes[=N]`. */
function option(group: IsolateOption['group'], [spelling, help, apply, only]: Row): IsolateOption {
  const [, letter, long = '', bracket, value] =
    /^(?:-(\w) )?--([\w-]+)(\[?)(?:=([^\]]+)\]?)?$/.exec(spelling) ?? []
  const takes = value === undefined ? 'nothing' : bracket === '[' ? 'optional' : 'value'
  return {
    ...{ long, takes, help, group, apply },
    ...(letter === undefined ? {} : { letter }),
    ...(value === undefined ? {} : { value }),
    ...(only === undefined ? {} : { only }),
  }
}

const command =
  (name: IsolateCommand | 'help'): IsolateOption['apply'] =>
  draft => {
    if (draft.command !== undefined && draft.command !== name)
      throw new IsolateError('usage', `Two commands at once: --${draft.command} and --${name}`)
    draft.command = name
  }

function quota(draft: Draft, text: string): void {
  const [blocks = '', inodes, ...more] = text.split(',')
  if (inodes === undefined || more.length > 0)
    throw new IsolateError('usage', `Invalid quota '${text}': it is blocks,inodes`)
  const both = { blocks: integer(blocks), inodes: integer(inodes) }
  draft.quota = both.blocks === 0 ? undefined : both
}

function report(draft: Draft, name: 'meta' | 'json', path: string): void {
  draft[name] = path
  draft.openReport(name, path)
}

/** An option that makes sense only with `--cg`. */
const ofGroup =
  (apply: IsolateOption['apply']): IsolateOption['apply'] =>
  (draft, value) => {
    draft.needsCg = true
    apply(draft, value)
  }

const COMMANDS: readonly Row[] = [
  ['--init', 'make a box and print its directory', command('init')],
  ['--run', 'run a program in the box: --run -- PROGRAM [ARGUMENT ...]', command('run')],
  ['--cleanup', 'remove the box', command('cleanup')],
  ['--print-cg-root', 'print the root of the control groups', command('print-cg-root'), '2'],
  ['--check-config', 'check the config file', command('check-config'), '2'],
  ['--version', 'print the version', command('version')],
  ['--plan', 'print what the command would do, and do nothing', d => (d.plan = true), 'ours'],
  ['--help', 'print this text', command('help'), 'ours'],
]

const BOX: readonly Row[] = [
  [
    '-b --box-id=ID',
    'which box; "auto" with --init: any free one (default: 0)',
    (d, v) => (d.boxId = v === 'auto' ? v : integer(v)),
  ],
  ['--cg', 'use control groups; the same for all commands of a box', d => (d.cg = true)],
  ['-q --quota=BLOCKS,INODES', 'disk quota of the box (--init)', quota],
  ['--wait', 'wait for a box that is in use', d => (d.wait = true), '2'],
  ['--as-uid=UID', 'act for this user (only root)', (d, v) => (d.uid = integer(v)), '2'],
  ['--as-gid=GID', 'act for this group (only root)', (d, v) => (d.gid = integer(v)), '2'],
]

const PROGRAM: readonly Row[] = [
  ['-c --chdir=DIR', 'working directory, relative to /box', (d, v) => (d.chdir = v)],
  ['-d --dir=RULE', 'make a directory visible: IN=OUT[:OPTION...]', (d, v) => d.directories.add(v)],
  ['-D --no-default-dirs', 'without the directories of every box', d => (d.defaultDirectories = false)],
  ['-e --full-env', "begin with the caller's environment", d => (d.fullEnvironment = true)],
  [
    '-E --env=RULE',
    'NAME (copy), NAME=VALUE, NAME= (remove)',
    (d, v) => d.environment.push(parseEnvironmentRule(v)),
  ],
  ['-i --stdin=FILE', 'standard input, a file in the box', (d, v) => (d.stdin = v)],
  ['-o --stdout=FILE', 'standard output, a file in the box', (d, v) => (d.stdout = v)],
  ['-r --stderr=FILE', 'standard error output, a file in the box', (d, v) => (d.stderr = { path: v })],
  ['--stderr-to-stdout', 'the standard error output is the standard output', d => (d.stderr = 'stdout')],
  ['--inherit-fds', "keep the caller's other descriptors open", d => (d.inheritFds = true)],
  ['--share-net', "use the host's network", d => (d.shareNet = true)],
  ['--special-files', 'keep links, FIFOs, sockets and devices in the box', d => (d.specialFiles = true)],
  ['--tty-hack', 'the program may read from the terminal', d => (d.ttyHack = true)],
  ['--syscalls=FLAGS', 'which system calls are refused', (d, v) => (d.syscallFlags = integer(v)), '2'],
]

const LIMITS: readonly Row[] = [
  ['-t --time=SECONDS', 'CPU time', (d, v) => (d.cpuMs = milliseconds(v))],
  [
    '-x --extra-time=SECONDS',
    'kill no earlier than after this CPU time',
    (d, v) => (d.extraCpuMs = milliseconds(v) ?? 0),
  ],
  ['-w --wall-time=SECONDS', 'time by the clock', (d, v) => (d.wallMs = milliseconds(v))],
  [
    '--cg-mem=KIB',
    'memory of all processes together (with --cg)',
    ofGroup((d, v) => (d.cgMemKiB = positive(v))),
  ],
  [
    '--cg-timing',
    'measure the CPU time of the group (with --cg; the default)',
    ofGroup(d => (d.cgTiming = true)),
    '1',
  ],
  [
    '--no-cg-timing',
    'measure the CPU time of the processes (with --cg)',
    ofGroup(d => (d.cgTiming = false)),
    '1',
  ],
  ['-m --mem=KIB', 'address space of each process', (d, v) => (d.addressSpaceKiB = positive(v))],
  ['-k --stack=KIB', 'stack of each process', (d, v) => (d.stackKiB = positive(v))],
  ['-f --fsize=KIB', 'size of each file', (d, v) => (d.fileSizeKiB = positive(v))],
  ['--core=KIB', 'size of core dumps (default: 0)', (d, v) => (d.coreKiB = integer(v))],
  [
    '-n --open-files=N',
    'open files; 0: as the caller (default: 1024)',
    (d, v) => (d.openFiles = positive(v)),
  ],
  [
    '-p --processes[=N]',
    'processes and threads; without N: any number (default: 1)',
    (d, v) => (d.processes = v === NO_VALUE ? undefined : positive(v)),
  ],
]

const REPORTS: readonly Row[] = [
  ['-M --meta=FILE', 'write how the program ended; -: standard output', (d, v) => report(d, 'meta', v)],
  ['--json=FILE', 'the same as JSON', (d, v) => report(d, 'json', v), 'ours'],
  ['-s --silent', 'do not say how the program ended', d => (d.silent = true)],
  ['-v --verbose', 'say what is done; twice: also with which values', d => (d.verbose += 1)],
]

/** What an option with an optional value gets when it has none. No word contains a NUL. */
export const NO_VALUE = '\0'

export const OPTIONS: readonly IsolateOption[] = [
  ...COMMANDS.map(row => option('commands', row)),
  ...BOX.map(row => option('box', row)),
  ...PROGRAM.map(row => option('program', row)),
  ...LIMITS.map(row => option('limits', row)),
  ...REPORTS.map(row => option('reports', row)),
]

/**
 * The options of a trace and its possible targets, as tables: kinds, bounds, defaults, and the
 * names that other tools use.
 */
import { statSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { InvalidOptionError } from '../errors.ts'
import {
  boolean,
  choice,
  func,
  guarded,
  isArray,
  isInstance,
  type Kind,
  kind,
  list,
  number,
  text,
  unexpected,
} from '../options/kind.ts'
import { dictionary, type Fields, record } from '../options/record.ts'
import { SYSCALL } from '../policy/rule-kinds.ts'
import type { TraceEvent } from './events.ts'
import type { TraceCommand, TraceOptions } from './options.ts'
import type { Trace } from './trace.ts'

export const EVENTS: readonly TraceEvent['type'][] = [
  ...(['syscall-enter', 'syscall-exit', 'signal', 'group-stop', 'new-child', 'exec'] as const),
  ...(['exit', 'killed'] as const),
]

/** The highest process id on any kernel (PID_MAX_LIMIT). */
const HIGHEST_PID = 2 ** 22
/** User and group ids have 32 bits; the highest one means "unchanged". */
const HIGHEST_ID = 2 ** 32 - 2
/** Counters of events have 31 bits. */
const LONGEST_QUEUE = 2 ** 30
const LARGEST_BUFFER = 2 ** 30

const PID = number({ from: 1, to: HIGHEST_PID, whole: true })
const ID = number({ from: 0, to: HIGHEST_ID, whole: true })

const listOf = (example: string) => (value: unknown) =>
  typeof value === 'string' ? `Put it into a list: [${JSON.stringify(value)}].` : `For example [${example}].`

const eventList = list(choice(EVENTS), 'a list of events', listOf("'exec'"))

const EVENT_CHOICE: Kind<NonNullable<TraceOptions['events']>> = {
  expected: "a list of events, or 'none'",
  read: (value, path) => (value === 'none' ? value : eventList.read(value, path)),
}

/** An existing module, as a URL. A relative path is relative to the current directory. */
const MODULE: Kind<string> = {
  expected: 'the path or URL of a module',
  read: (value, path) => {
    if (!isInstance(value, URL) && (typeof value !== 'string' || value === ''))
      throw unexpected(
        path,
        MODULE.expected,
        value,
        'Handlers run in another thread, so they must come from a module.',
      )
    const url = guarded(path, () =>
      isInstance(value, URL) ? value.href : value.includes('://') ? value : pathToFileURL(value).href,
    )
    if (url.startsWith('file:')) {
      const file = guarded(path, () => fileURLToPath(url))
      if (!guarded(path, () => statSync(file, { throwIfNoEntry: false })))
        throw new InvalidOptionError(
          path,
          `${path}: the file ${file} does not exist.`,
          'Check the path of the module.',
        )
    }
    return url
  },
}

/** Copied at once, which also tests that the value can be sent to a thread. */
const CLONEABLE: Kind<unknown> = {
  expected: 'data that can be sent to a worker thread',
  read: (value, path) => {
    try {
      return structuredClone(value)
    } catch (error) {
      const why = error instanceof Error ? error.message : 'it cannot be copied'
      throw new InvalidOptionError(
        path,
        `Expected ${path} to be ${CLONEABLE.expected}: ${why}`,
        'Functions and class instances cannot be sent to a thread; see structuredClone().',
        error,
      )
    }
  },
}

const handlers = record<{ readonly module: string; readonly data?: unknown }>({
  fields: {
    module: { kind: MODULE, words: ['file', 'path', 'url', 'script'] },
    data: { kind: CLONEABLE, words: ['workerData', 'options', 'args'] },
  },
  required: ['module'],
  lacks: 'handlers has no key',
  expected: '{ module, data }',
  hint: () => "For example { module: new URL('./handlers.js', import.meta.url) }.",
})

const signal: Kind<AbortSignal> = {
  expected: 'an AbortSignal',
  read: (value, path) => {
    if (isInstance(value, AbortSignal)) return value
    throw unexpected(
      path,
      signal.expected,
      value,
      isInstance(value, AbortController) ? 'Pass its signal: controller.signal.' : undefined,
    )
  },
}

const TRACE_FIELDS: Fields<TraceOptions> = {
  follow: { kind: boolean, words: ['children', 'forks', 'followForks', 'threads', 'f'] },
  syscalls: {
    kind: list(SYSCALL, 'a list of system calls', listOf("'openat'")),
    words: ['calls', 'filter', 'trace', 'e'],
  },
  seccomp: { kind: boolean, words: ['seccompBpf', 'bpf'] },
  handlers: { kind: handlers, words: ['handler', 'module', 'worker'] },
  events: { kind: EVENT_CHOICE, words: ['event', 'types', 'only'] },
  queue: {
    kind: number({ from: 1, to: LONGEST_QUEUE, whole: true }),
    words: ['highWaterMark', 'queueLength', 'maxQueue'],
  },
  slowReader: { kind: choice(['pause', 'drop']), words: ['overflow', 'backpressure', 'drop', 'policy'] },
  sameCpu: { kind: boolean, words: ['affinity', 'pin', 'cpu'] },
  killOnExit: { kind: boolean, words: ['killOnDetach', 'exitKill'] },
  signal: { kind: signal, words: ['abort', 'abortSignal', 'cancelSignal', 'cancel'] },
  bufferLimit: {
    kind: number({ from: 1, to: LARGEST_BUFFER, whole: true }),
    words: ['stringLimit', 'maxString', 'strsize', 's'],
  },
  attach: { kind: list(PID, 'a list of process ids', listOf('1234')), words: ['pid', 'pids', 'p'] },
}

const OPTIONS = record<TraceOptions>({
  fields: TRACE_FIELDS,
  lacks: 'trace() has no option',
  expected: 'an object',
  hint: () => "For example trace({ program: 'ls' }, { syscalls: ['openat'] }).",
})

/** Checks and copies the options that a caller gave to trace(). */
export const traceOptions = (options: unknown): TraceOptions => OPTIONS.read(options ?? {}, '')

type BoxTrace = Omit<TraceOptions, 'attach' | 'killOnExit' | 'seccomp' | 'signal'> & {
  readonly reader?: (trace: Trace) => Promise<void>
}

const NOT_IN_A_BOX = 'It applies to trace() only: a program in a box dies with its box.'
const { attach: _attach, killOnExit: _kill, seccomp: _seccomp, signal: _signal, ...boxFields } = TRACE_FIELDS

const boxTrace = record<BoxTrace>({
  fields: {
    ...boxFields,
    reader: {
      kind: func<NonNullable<BoxTrace['reader']>>('a function that takes the trace'),
      words: ['read', 'onEvent', 'callback', 'listener'],
    },
  },
  lacks: 'The trace of a program has no option',
  advice: {
    attach: NOT_IN_A_BOX,
    killOnExit: NOT_IN_A_BOX,
    seccomp: 'A program in a box has one filter: name the calls in syscalls.',
    signal: 'Pass the signal to the run itself.',
  },
  expected: 'an object with a reader or handlers',
  hint: () =>
    'For example { reader: async trace => { for await (const event of trace) console.log(event) } }.',
})

/**
 * The options for tracing a program in a box. At least a reader or handlers are required, because
 * otherwise no code would see the trace.
 */
export const PROGRAM_TRACE: Kind<BoxTrace> = {
  ...boxTrace,
  read: (value, path) => {
    const read = boxTrace.read(value, path)
    if (read.reader === undefined && read.handlers === undefined)
      throw unexpected(path, boxTrace.expected, value, 'Without one of them the trace would have no effect.')
    return read
  },
}

const user = record<NonNullable<TraceCommand['user']>>({
  fields: {
    uid: { kind: ID },
    gid: { kind: ID },
    groups: { kind: list(ID, 'a list of group ids', listOf('1000')) },
  },
  required: ['uid', 'gid', 'groups'],
  lacks: 'A user has no key',
  expected: '{ uid, gid, groups }',
})

const DESCRIPTOR = number({ from: 0, to: 2 ** 31 - 1, whole: true })
const stdio = list(DESCRIPTOR, 'a list of three descriptors', () => 'For example [0, 1, 2].')

const STDIO: Kind<readonly [number, number, number]> = {
  expected: stdio.expected,
  read: (value, path) => {
    const read = stdio.read(value, path)
    if (read.length !== 3) throw unexpected(path, stdio.expected, value, 'For example [0, 1, 2].')
    return read as unknown as readonly [number, number, number]
  },
}

const TEXT = text('text without a NUL byte')
const NAME = kind<string>(
  'the name of a program',
  value => typeof value === 'string' && value !== '' && !value.includes('\0'),
)

const command = record<TraceCommand>({
  fields: {
    program: { kind: NAME, words: ['prog', 'command', 'cmd', 'file', 'path', 'executable', 'exec'] },
    args: { kind: list(TEXT, 'a list of arguments', listOf("'-l'")), words: ['argv', 'arguments'] },
    argv0: { kind: TEXT },
    env: {
      kind: dictionary({ expected: 'an object of variables', of: TEXT }),
      words: ['environment', 'envs'],
    },
    cwd: { kind: TEXT, words: ['workdir', 'workingDirectory', 'dir', 'chdir'] },
    user: { kind: user, words: ['uid', 'as', 'u'] },
    stdio: { kind: STDIO, words: ['fds', 'descriptors'] },
  },
  required: ['program'],
  lacks: 'A command has no key',
  expected: 'a command, { program, args }, or a process id',
  hint: value =>
    typeof value === 'string'
      ? `For example trace({ program: ${JSON.stringify(value)} }).`
      : "For example trace({ program: 'ls', args: ['-l'] }), or trace(pid).",
})

const pids = list(PID, 'a list of process ids')

/** Checks the target that a caller gave: a command, a process id, or several. */
export function traceTarget(target: unknown): TraceCommand | number | readonly number[] {
  if (typeof target === 'number') return PID.read(target, 'pid')
  if (!isArray(target)) return command.read(target, 'target')
  const read = pids.read(target, 'pids')
  if (read.length > 0) return read
  throw unexpected('pids', 'a list of at least one process id', target)
}

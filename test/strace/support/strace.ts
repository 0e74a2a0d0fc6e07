/**
 * Both tracers on the same command, and their text without what differs from run to run:
 * addresses, ids, times.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../../../packages/glassbox/bin/glassbox.js', import.meta.url))
const TIMEOUT_MS = 60_000
const BIG = 1 << 28

// strace tells errors in the language of its user; ours are English.
process.env['LC_ALL'] = 'C'

/** Tests that compare with strace are skipped by its name where it is not installed. */
export const noStrace: false | string = spawnSync('strace', ['-V']).status !== 0 && 'strace is not installed'

/** By this name it calls itself in its messages. */
export const THEIRS: readonly string[] = ['strace']

export const OURS: readonly string[] = [process.execPath, BIN, 'strace']

/**
 * In front of a tracer that keeps calls from being made which must not be made: it is process 1
 * of a namespace, so that its program is dead when it is, whatever ends it. Without that the
 * program would go on and make them.
 */
export const CONFINED: readonly string[] = [
  ...['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])],
  ...['--pid', '--fork', '--kill-child', '--mount-proc'],
]
export const notConfined: false | string =
  noStrace || (spawnSync('unshare', [...CONFINED.slice(1), 'true']).status !== 0 && 'needs namespaces')

export interface Ran {
  /** The tracer's own. */
  readonly pid: number
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

/** Runs one of the two. */
export function runTracer(
  tracer: readonly string[],
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Ran {
  const [program = '', ...first] = tracer
  const { pid, status, signal, stdout, stderr } = spawnSync(program, [...first, ...args], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: BIG,
    ...options,
  })
  return { pid, code: status, signal, out: stdout, err: stderr }
}

/** PID_MAX_LIMIT of 64 bits, proc(5): no id is as great. */
const ID_LIMIT = 2 ** 22

/**
 * Ids of the files that -ff wrote as `out.ID`, in the order in which the threads began: from the
 * tracer's own id on, which came before them. Ids begin again from 300 when the machine has
 * counted to its last.
 */
export function threadsOf(directory: string, tracer: number): number[] {
  const began = (tid: number): number => (tid < tracer ? tid + ID_LIMIT : tid)
  return readdirSync(directory)
    .map(name => Number(name.replace(/^out\.?/, '')))
    .toSorted((a, b) => began(a) - began(b))
}

export const strace = (...args: readonly string[]): Ran => runTracer(OURS, args)

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/\[[0-9a-f]{16}\]/g, '[IP]'],
  [/\b0x[0-9a-f]{6,16}\b/g, 'ADDR'],
  [/\[pid +\d+/g, '[pid N'],
  [/Process \d+/g, 'Process N'],
  [/(with process |upoken: pid:)\d+/g, '$1N'],
  [/(si_pid|si_utime|si_stime)=\d+( \/\*[^*]*\*\/)?/g, '$1=N'],
  [/\b(in pid|changed to|PID=) ?\d+/g, '$1 N'],
  [/\b(wait4|kill|tgkill)\((?:N|\d+)(, (?:N|\d+)(?=, SIG))?/g, '$1(N'],
  [/^\d{3,7} +/gm, 'N '],
  [/<\d+\.\d+>/g, '<T>'],
  [/\d\d:\d\d:\d\d(\.\d+)?/g, 'TIME'],
  [/\b\d{10}\.\d+/g, 'EPOCH'],
  [/ +\d+\.\d{3,9}(?=[ )])/g, ' REL'],
  [/\/\* \d+ vars \*\//g, '/* V vars */'],
  [/(pipe|socket|UNIX-STREAM):\[\d+(->\d+)?\]/g, '$1:[I]'],
  [/"(\\x[0-9a-f]{2})+"/g, '"RANDOM"'],
  // Both columns move with the length of what was replaced.
  [/ +=/g, ' ='],
  [/= \d{3,7}$/gm, '= N'],
  [/= \d{3,7}<([^>]*)>$/gm, '= N<$1>'],
]

export const normalized = (text: string): string =>
  REPLACEMENTS.reduce((result, [pattern, by]) => result.replace(pattern, by), text)

/**
 * What both say of the same command: exit status, the trace of stderr, and of a file of -o where
 * FILE stands among the arguments.
 */
export function both(args: readonly string[]): { readonly ours: string; readonly theirs: string } {
  const of = (tracer: readonly string[]): string => {
    const directory = mkdtempSync(join(tmpdir(), 'glassbox-strace-'))
    try {
      const file = join(directory, 'out')
      const { pid, code, signal, err } = runTracer(
        tracer,
        args.map(word => (word === 'FILE' ? file : word)),
      )
      const files = threadsOf(directory, pid).map((tid, index) => {
        const name = tid === 0 ? 'out' : `out.${tid}`
        return `-- file ${index}\n${readFileSync(join(directory, name), 'latin1')}`
      })
      return normalized([`${code} ${signal}`, err, ...files].join('\n').replaceAll(directory, 'DIR'))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
  return { ours: of(OURS), theirs: of(THEIRS) }
}

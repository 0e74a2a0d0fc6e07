/**
 * The command, started as a user types it; what is asked of leftovers is asked about these
 * processes only.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cgroupsLeft } from './left.js'

export const command: string = fileURLToPath(
  new URL('../../../packages/glassbox/bin/glassbox.js', import.meta.url),
)

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/**
 * Other tests and users run boxes on the same host: only groups named by one of these processes
 * count.
 */
const started = new Set<number>()

export interface Surrounding {
  readonly input?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /**
   * By an ordinary user; root becomes one, with a copy of the command that everyone may read
   * wherever the checkout is.
   */
  readonly ordinary?: boolean
}

let copied: string | undefined

function readableCommand(): string {
  if (copied === undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'glassbox-command-'))
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
    const source = fileURLToPath(new URL('../../../packages/glassbox/', import.meta.url))
    for (const part of ['bin', 'dist', 'prebuilds', 'package.json']) {
      execFileSync('cp', ['-r', join(source, part), directory])
    }
    execFileSync('chmod', ['-R', 'a+rX', directory])
    copied = join(directory, 'bin/glassbox.js')
  }
  return copied
}

/** Words that make an ordinary user of root. */
const ORDINARY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] as const

const isRoot = process.getuid?.() === 0

const lineOf = ({ ordinary }: Surrounding): readonly string[] =>
  ordinary && isRoot ? [...ORDINARY, process.execPath, readableCommand()] : [process.execPath, command]

export function glassbox(words: readonly string[], options: Surrounding = {}): Ended {
  const [file = process.execPath, ...args] = [...lineOf(options), ...words]
  const { pid, status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    timeout: 30_000,
    input: options.input ?? '',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  })
  started.add(pid)
  return { code: status, out: stdout, err: stderr }
}

/**
 * A script of bash in which `"$@"` is the command, for what only a shell can give it: full
 * devices, closed descriptors. `code` is what the script exits with. It must be read as a user
 * would: PIPESTATUS and all.
 */
export function viaBash(script: string, options: Surrounding = {}): Ended {
  const { pid, status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', script, 'bash', process.execPath, command],
    {
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 2 ** 28,
      input: options.input ?? '',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    },
  )
  started.add(pid)
  return { code: status, out: stdout, err: stderr }
}

/** The command in the background, its stdout a pipe. */
export function startGlassbox(words: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [command, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
  if (child.pid !== undefined) started.add(child.pid)
  return child
}

export const boxed = (options: readonly string[], ...words: readonly string[]): Ended =>
  glassbox(['run', ...options, '--', ...words])

export const shell = (options: readonly string[], script: string): Ended => boxed(options, 'sh', '-c', script)

export function assertNoGroupsLeft(): void {
  const pattern = new RegExp(`^glassbox-(${[...started].join('|')})-`)
  assert.deepEqual(cgroupsLeft(pattern), [], 'no cgroup of an ended command is left')
}

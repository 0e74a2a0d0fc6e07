/** Starts the command as a user types it. Checks for leftovers cover only these processes. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cgroupsLeft } from './left.js'

const packageDirectory = fileURLToPath(new URL('../../../packages/glassbox/', import.meta.url))
export const command: string = join(packageDirectory, 'bin/glassbox.js')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/**
 * Other tests and users run boxes on the same host, so only groups that are named after one of
 * these processes count.
 */
const started = new Set<number>()

export interface Surrounding {
  readonly input?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /**
   * Run as an ordinary user. Root becomes one, with a copy of the command that every user may
   * read, wherever the checkout is.
   */
  readonly ordinary?: boolean
}

let copied: string | undefined

/** The directory of a copy of the package that every user may read. */
export function readablePackage(): string {
  if (copied === undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'glassbox-command-'))
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
    for (const part of ['bin', 'dist', 'prebuilds', 'package.json'])
      execFileSync('cp', ['-r', join(packageDirectory, part), directory])
    execFileSync('chmod', ['-R', 'a+rX', directory])
    copied = directory
  }
  return copied
}

/**
 * The output of a module that runs in a process of its own. `library` in its text is replaced by
 * the specifier of the library. `ordinary`: run it as a user without privilege, even if this user
 * is root. `groups`: directories of cgroups that the process joins first.
 */
export function printed(text: string, ordinary = false, groups: readonly string[] = []): Ended {
  const directory = ordinary ? readablePackage() : packageDirectory
  const words = [process.execPath, '--input-type=module', '-e']
  const joins = groups.map(group => `echo 0 > ${group}/cgroup.procs && `)
  const shell = ['sh', '-c', `${joins.join('')}exec "$0" "$@"`]
  const [file = '', ...args] = [...shell, ...(ordinary && isRoot ? ORDINARY : []), ...words]
  const module = text.replaceAll('library', JSON.stringify(join(directory, 'dist/library/index.js')))
  const { status, stdout, stderr, pid } = spawnSync(file, [...args, module], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  started.add(pid)
  return { code: status, out: stdout, err: stderr }
}

/** The start of a command line by which root becomes an ordinary user. */
export const ORDINARY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] as const

const isRoot = process.getuid?.() === 0

const lineOf = ({ ordinary }: Surrounding): readonly string[] =>
  ordinary && isRoot
    ? [...ORDINARY, process.execPath, join(readablePackage(), 'bin/glassbox.js')]
    : [process.execPath, command]

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
 * Runs a bash script in which `"$@"` is the command, for conditions that only a shell can set up:
 * full devices, closed descriptors. `code` is the exit code of the script, which reports that of a
 * pipe by PIPESTATUS.
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

/** The command in the background, with a pipe as stdout. */
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

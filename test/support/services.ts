/**
 * Services of their own, for tests of what a service must endure: started in odd ways, without
 * free descriptors, beside another service. Each runs programs with one runner.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBox, type RunnerName, type RunResult } from '#glassbox/index.js'
import { program } from './programs.js'
import { temporaryDirectory } from './temporary.js'

const swarm = program('swarm')
const library = fileURLToPath(new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url))

/** A separate service, which reports what it does as one line of JSON in a file. */
export interface Told {
  readonly error?: string
  readonly hint?: string
  readonly status?: string
  readonly stdout?: string
  readonly mode?: number
  readonly later?: string
}

/** Runs `swarm start` and puts a file in and out; `more` comes before. */
export const service = (
  runner: RunnerName,
  more = '',
): string => `import { run } from ${JSON.stringify(library)}
  import { writeFileSync } from 'node:fs'
  const told = {}
  const once = async () => {
    const { status, stdout, files } = await run(${JSON.stringify(swarm)}, ['start'],
      { runner: '${runner}', files: { in: 'x' }, collect: ['in'] })
    return { status, stdout, mode: files.in?.mode }
  }
  try { ${more}
    Object.assign(told, await once()) } catch (error) {
    told.error = String(error.code ?? error.stack)
    told.hint = error.hint
  }
  writeFileSync(process.argv[2], JSON.stringify(told))`

/** Starts it by a shell that has first made the world odd: `$0` is Node, "$@" its arguments. */
export function startOddly(context: TestContext, script: string, text: string, env = {}): Told {
  const directory = temporaryDirectory(context)
  const [file, out] = [join(directory, 'service.mjs'), join(directory, 'told')]
  writeFileSync(file, text)
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script, process.execPath, file, out], {
    encoding: 'utf8',
    env: { ...process.env, ...ODD_ENV, ...env },
    timeout: 120_000,
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(readFileSync(out, 'utf8')) as Told
}

const SIGNALS = 'import os, signal, sys\nsignals = [s for s in range(1, 65) if s not in (9, 19, 32, 33)]\n'
const EXECUTE = '\nos.execv(sys.argv[1], sys.argv[1:])'
const IGNORE = `${SIGNALS}for s in signals: signal.signal(s, signal.SIG_IGN)${EXECUTE}`
const BLOCK = `${SIGNALS}signal.pthread_sigmask(signal.SIG_BLOCK, signals)${EXECUTE}`
/** Variables that the scripts use. */
export const ODD_ENV: Readonly<Record<string, string>> = { IGNORE, BLOCK }
export const REMOVED = 'd=$(mktemp -d); cd "$d"; rmdir "$d"; "$0" "$@"'
export const ODD: readonly { readonly name: string; readonly script: string }[] = [
  { name: 'with SIGCHLD and every other signal ignored', script: 'python3 -c "$IGNORE" "$0" "$@"' },
  { name: 'with every signal blocked', script: `python3 -c "$BLOCK" "$0" "$@"` },
  { name: 'with 0, 1 and 2 closed', script: '"$0" "$@" <&- >&- 2>&-' },
  { name: 'with a umask of 077', script: 'umask 077; "$0" "$@"' },
  { name: 'in a directory that was removed', script: REMOVED },
  { name: 'with an empty environment', script: 'exec env -i "$0" "$@"' },
  {
    name: 'with no core file, small stack and few descriptors',
    script: 'ulimit -c 0 -s 1024 -n 256; "$0" "$@"',
  },
]

/** It takes all but a few descriptors, for a while: at each number left another step fails. */
export const HUNGRY = `await once()
    const { openSync, closeSync } = await import('node:fs')
    const codes = []
    for (const spare of [...Array(28).keys(), 60]) {
      const taken = []
      try { for (;;) taken.push(openSync('/dev/null', 'r')) } catch {}
      for (let i = 0; i < spare; i++) closeSync(taken.pop())
      codes.push(await once().then(({ status }) => status, error => String(error.code ?? error)))
      for (const fd of taken) closeSync(fd)
    }
    told.later = codes.join()`

/** A box's user and its life, by the clock of the host in ns: what `LIVES` prints. */
export interface Life {
  readonly user: string
  readonly from: bigint
  readonly to: bigint
}
const LIVES = 'id -u; date +%s%N; sleep 0.05; date +%s%N'
const lifeOf = (text: string): Life => {
  const [user = '', from = '', to = ''] = text.trim().split('\n')
  return { user, from: BigInt(from), to: BigInt(to) }
}
/** Ids may come back after the end of their box, as process ids do. */
export const shareUser = (a: Life, b: Life): boolean => a.user === b.user && a.from <= b.to && b.from <= a.to

export interface TwoServices {
  /** What the two services told. */
  readonly told: readonly Told[]
  /** The program that ran beside them. */
  readonly mine: RunResult
  readonly lives: readonly Life[]
}

/** Two services run programs side by side, and a box of this process lives beside them. */
export async function twoServices(context: TestContext, runner: RunnerName): Promise<TwoServices> {
  const directory = mkdtempSync(join(tmpdir(), 'glassbox-two-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755)
  const policy = runner === 'ptrace' ? ({ policy: 'shell' } as const) : {}
  const options = { runner, ...policy }
  // Each sweeps at its start what dead services left, while the other's boxes live.
  const more = `const lives = []
    for (let i = 0; i < 10; i++) {
      const { status, stdout } = await run('sh', ['-c', '${LIVES}'], ${JSON.stringify(options)})
      if (status !== 'exited') throw new Error(status)
      lives.push(stdout)
    }
    told.later = lives.join()`
  await using box = await openBox({ runner })
  const running = box.run('sh', ['-c', `${LIVES.replace('0.05', '1')}; echo well`], policy)
  const file = join(directory, 'service.mjs')
  writeFileSync(file, service(runner, more))
  const told = await Promise.all(
    [0, 1].map(async number => {
      const out = join(directory, String(number))
      const child = spawn(process.execPath, [file, out], { stdio: 'ignore' })
      const [code] = (await once(child, 'exit')) as [number]
      assert.equal(code, 0)
      return JSON.parse(readFileSync(out, 'utf8')) as Told
    }),
  )
  const mine = await running
  const texts = [mine.stdout, ...told.flatMap(({ later = '' }) => later.split(','))]
  return { told, mine, lives: texts.map(lifeOf) }
}

/**
 * The program gets of its starter what it would get without the tracer: descriptors, blocked and
 * ignored signals. The tracer lets go of the program's stdin and stdout.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { program } from '../support/programs.js'

const BIN = fileURLToPath(new URL('../../../packages/glassbox/bin/glassbox.js', import.meta.url))
const GUEST = program('inherit')
const SILENT = ['-o', '/dev/null']

/** What the guest prints, started by itself and by way of these words. */
function printed(words: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr } = spawnSync(GUEST, [...words, GUEST], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  assert.equal(stderr, '')
  return stdout
}

const native = printed([])

test('the control: without a tracer the guest has descriptors and signals of its starter', () => {
  assert.equal(
    native,
    'SigBlk:\t0000000000004201\nSigIgn:\t0000000000001802\n9 /etc/passwd\n11 pipe\n12 pipe\n',
  )
})

for (const [name, options, env] of [
  ['as a child of the tracer', [], {}],
  ['above a tracer of its own (-D)', ['-D'], {}],
  ['with variables of Node', [], { NODE_OPTIONS: '--no-warnings' }],
  ['behind a filter', ['-f', '--seccomp-bpf', '-e', 'trace=openat'], {}],
] as const)
  test(`the program has them too: ${name}`, () => {
    assert.equal(printed([BIN, 'strace', ...SILENT, ...options], env), native)
  })

test('started by way of node, without the front, the program still has the descriptors', () => {
  const descriptors = (text: string): string => text.replaceAll(/^Sig.*\n/gm, '')
  const words = [process.execPath, BIN, 'strace', ...SILENT]
  assert.equal(descriptors(printed(words)), descriptors(native))
})

const ms = (script: string): number => {
  const start = performance.now()
  const { status } = spawnSync('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] })
  assert.equal(status, 0)
  return performance.now() - start
}

test('a stream that the program closes is closed for the other side', () => {
  const traced = `${process.execPath} ${BIN} strace ${SILENT.join(' ')} sh -c`
  // The left side of the pipe ends by SIGPIPE, if the tracer holds no end of it, and says so.
  const file = `$(mktemp)`
  const script = `f=${file}; (yes; echo ended >"$f") | ${traced} 'exec <&-; while [ ! -s "$0" ]; do sleep .01; done' "$f"; rm "$f"`
  assert.ok(ms(script) < 60_000)
})

test('a stream that was closed stays closed', () => {
  const { stdout } = spawnSync(
    'sh',
    ['-c', `exec "$0" strace ${SILENT.join(' ')} ls /proc/self/fd <&-`, BIN],
    {
      encoding: 'utf8',
    },
  )
  const { stdout: without } = spawnSync('sh', ['-c', 'exec ls /proc/self/fd <&-'], { encoding: 'utf8' })
  assert.equal(stdout, without)
})

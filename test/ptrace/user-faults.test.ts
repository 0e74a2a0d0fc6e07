/**
 * Arguments in memory that only userfaultfd could provide. A tracer that waited for it could be
 * ended by nothing but SIGKILL, so each trace runs in a process of its own here.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { OURS } from '../strace/support/strace.js'
import { background, isAlive, state, until } from './support/traces.js'

const index = new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url).href

const skipOf = (word: string, what: string): false | string =>
  spawnSync(program('traced'), ['user-fault', word]).status === 77 && `${what} is not to be had here`
const noUserFaults = skipOf('probe', 'userfaultfd(2)')

/** Far longer than it takes; the program itself is blocked for 20 s. */
const PATIENCE_MS = 10_000

/**
 * A Node that traces, kills once both processes of the program have been seen after the call, and
 * prints what it saw.
 */
async function killed(context: TestContext, target: string, options: string): Promise<unknown> {
  const script = `
    const { trace } = await import(${JSON.stringify(index)})
    const running = trace(${target}, ${options})
    const seen = { paths: [], others: 0 }
    let blocked = 0
    for await (const event of running) {
      if (event.type === 'syscall-enter' && event.name === 'openat') {
        seen.paths.push(typeof event.args.path)
        if (typeof event.args.path !== 'string') blocked = event.tid
      }
      if (blocked !== 0 && event.tid !== blocked && ++seen.others === 20) void running.kill()
    }
    console.log(JSON.stringify({ ...seen, ...await running }))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  })
  context.after(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.on('data', (data: Buffer) => void (out += data.toString()))
  const [, signal] = (await once(child, 'close')) as [number | null, string | null]
  assert.equal(signal, null, 'it ended by itself')
  return JSON.parse(out)
}

const command = (...args: string[]): string => JSON.stringify({ program: program('traced'), args })

for (const [probe, word, what] of [
  ['probe', 'call', 'userfaultfd(2)'],
  ['probe-device', 'device', '/dev/userfaultfd'],
] as const) {
  for (const syscalls of [undefined, ['openat', 'getppid']]) {
    const how = syscalls ? 'under a filter' : 'with every call'
    test(`a path that ${what} is to provide holds nobody up, ${how} [PT-10]`, {
      skip: skipOf(probe, what),
    }, async context => {
      const target = command('user-fault', word)
      const seen = (await killed(context, target, JSON.stringify({ syscalls }))) as Record<string, unknown>
      assert.equal(seen['signal'], 'SIGKILL')
      assert.ok((seen['others'] as number) >= 20, 'the child goes on meanwhile')
      const paths = seen['paths'] as string[]
      assert.notEqual(paths.at(-1), 'string', 'the page is not there')
      assert.equal(paths.at(-2), 'string', 'other memory is read as ever')
    })
  }
}

test('nor where the process had it before it was attached to', { skip: noUserFaults }, async context => {
  const pid = background([program('traced'), 'user-fault', 'later'])
  context.after(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  await until(() => state(pid) === 'S', 'its wait for SIGUSR1')
  // Calls are seen from the first stop on, which interrupts the wait: it goes on when it is seen
  // to wait again.
  const script = `
    const { trace } = await import(${JSON.stringify(index)})
    const running = trace(${pid})
    for await (const event of running) {
      if (event.type !== 'syscall-enter') continue
      if (event.name === 'rt_sigtimedwait') process.kill(${pid}, 'SIGUSR1')
      if (event.name === 'openat' && typeof event.args.path !== 'string') break
    }
    console.log((await running.kill()).signal)`
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  })
  assert.equal(signal, null, 'it ended by itself')
  assert.equal(stdout, 'SIGKILL\n')
})

test('strace shows the address of the page, and is ended by a signal', {
  skip: noUserFaults,
}, async context => {
  const [node = '', ...words] = OURS
  const child = spawn(
    node,
    [...words, '-f', '--kill-on-exit', '-e', 'trace=openat', program('traced'), 'user-fault', 'call'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    },
  )
  context.after(() => child.kill('SIGKILL'))
  let err = ''
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString('latin1')
    if (/openat\(AT_FDCWD, 0x/.test(err)) child.kill('SIGTERM')
  })
  const [, signal] = (await once(child, 'close')) as [number | null, string | null]
  assert.equal(signal, 'SIGTERM')
  assert.match(err, /openat\(AT_FDCWD, "\/etc\/hostname", O_RDONLY/)
})

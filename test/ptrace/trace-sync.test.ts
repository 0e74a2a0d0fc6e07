/** A trace in the calling thread, which has no other way to hear of a signal. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { traceSync } from '#glassbox/ptrace/trace-sync.js'
import { program } from '../support/programs.js'
import { state, until } from './support/traces.js'

const traced = (...args: string[]): { program: string; args: string[] } => ({
  program: program('traced'),
  args,
})

test('handlers are called and the end is returned', () => {
  const names: string[] = []
  const end = traceSync(traced('vforks'), {
    handlers: {
      attached: () => names.push('attached'),
      newChild: () => names.push('newChild'),
      exited: ({ code }) => names.push(`exited ${code}`),
      end: () => 'data',
    },
  })
  assert.deepEqual(end, { exitCode: 4, data: 'data' })
  assert.deepEqual(names, ['attached', 'newChild', 'exited 3', 'exited 4'])
})

test('errors are thrown: of a handler as it is, of the start by its code', () => {
  assert.throws(
    () =>
      traceSync(traced('faces'), {
        handlers: {
          enter() {
            throw new RangeError('a fault')
          },
        },
      }),
    { name: 'RangeError' },
  )
  const cwd = '/no/such/directory'
  assert.throws(() => traceSync({ ...traced('faces'), cwd }, { handlers: {} }), {
    code: 'ERR_GLASSBOX_STEP_FAILED',
  })
  assert.throws(() => traceSync(4_000_000, { handlers: {} }), { errno: 3 })
  assert.throws(() => traceSync(traced('faces'), { handlers: {}, signals: { SIGRTMIN: 'kill' } }), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
  })
})

for (const [signal, effect] of [
  ['SIGINT', 'detach'],
  ['SIGTERM', 'kill'],
  ['SIGHUP', 'tell'],
] as const) {
  test(`a signal has its effect though the thread waits in the kernel: ${effect}`, async () => {
    const here = new URL('../../../packages/glassbox/dist/ptrace/trace-sync.js', import.meta.url).href
    const script = `
      const { traceSync } = await import(${JSON.stringify(here)})
      const { writeSync } = await import('node:fs')
      const end = traceSync(${JSON.stringify(traced('sleeps'))}, {
        handlers: {},
        signals: { ${signal}: '${effect}' },
        onPid: pid => writeSync(1, pid + '\\n'),
        onSignal: name => writeSync(1, name + '\\n'),
      })
      writeSync(1, JSON.stringify(end) + '\\n')
      process.kill(process.pid, '${signal}')
      setTimeout(() => {}, 10_000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    await until(() => out.includes('\n'), 'the pid')
    const pid = Number.parseInt(out, 10)
    await until(() => state(pid) === 'S', 'its sleep')
    child.kill(signal)
    const [, by] = (await once(child, 'exit')) as [number, string]
    const end = { detach: '{}', kill: '{"signal":"SIGKILL"}', tell: '{"exitCode":0}' }[effect]
    assert.equal(out, `${pid}\n${signal}\n${end}\n`)
    assert.equal(by, signal, 'afterwards the signal has its own effect again')
    await until(() => state(pid) === undefined || state(pid) === 'Z', 'the end of the program')
  })
}

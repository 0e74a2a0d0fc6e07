/**
 * clone3 has its flags in memory, where another thread can write CLONE_UNTRACED after the tracer
 * has looked (review D4). No child may leave the trace by that. The positive control is strace,
 * which lets them go.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { trace, type TraceOptions } from '#glassbox/index.js'
import { noGate32, program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { outputOf } from './support/births.js'

/**
 * The more of them, the more ways the two threads meet; a thousand once, with a filter and
 * without.
 */
const MANY = 1000
const SOME = 300
const guest = program('births')
const FILTERED: TraceOptions = { syscalls: ['getppid'] }
const WITH_SAME_CPU: TraceOptions = { syscalls: ['getppid', 'openat'] }
const UNFILTERED: TraceOptions = { seccomp: false, sameCpu: false }

/** One of each way to trace, spread over the kinds: the race is the same for all. */
const CASES: readonly (readonly [kind: string, count: number, options: TraceOptions, cpu?: string])[] = [
  ['fork', MANY, UNFILTERED],
  ['fork', MANY, FILTERED],
  ['fork', SOME, WITH_SAME_CPU, '0'],
  ['vfork', SOME, FILTERED],
  ['vfork', SOME, UNFILTERED, '0'],
  ['vm', SOME, FILTERED],
  ['vm', SOME, WITH_SAME_CPU],
  ['parent', SOME, FILTERED],
  ['parent', SOME, UNFILTERED],
]

test('without a tracer, and under a tracer without this protection, children are untraced', context => {
  const alone = spawnSync(guest, ['fork', '20'], { encoding: 'utf8' })
  assert.equal(alone.stdout.match(/untraced/g)?.length, 20, alone.stderr)
  assert.match(alone.stdout, /^born 20 killed 0$/m)
  const strace = spawnSync('strace', ['-f', '-e', 'trace=getppid', '-o', '/dev/null', guest, 'fork', '300'], {
    encoding: 'utf8',
  })
  if (strace.error) context.diagnostic('no strace on PATH: nothing to compare with')
  else assert.match(strace.stdout, /untraced/)
})

for (const [kind, count, options, cpu] of CASES) {
  const how = `${JSON.stringify(options)}${cpu === undefined ? '' : ', on one CPU'}`
  test(`${count} children by clone3 (${kind}), whose flags another thread writes: none is untraced (${how})`, async t => {
    const { text, end, born } = await outputOf(t, [kind, String(count), ...(cpu ? [cpu] : [])], options)
    assert.doesNotMatch(text, /untraced|survived/)
    const [, made, killed] = /^born (\d+) killed (\d+)$/m.exec(text) ?? []
    assert.equal(Number(made), count)
    assert.equal(end.exitCode, 0)
    // The other thread is a child too, and so is who makes siblings.
    assert.equal(born - (kind === 'parent' ? 2 : 1) + Number(killed), count)
    t.diagnostic(`${killed} tried to leave`)
  })
}

test('a thread that would be untraced ends its process: it never runs', async t => {
  const { text, end } = await outputOf(t, ['thread', String(SOME)], FILTERED)
  assert.doesNotMatch(text, /untraced|survived/)
  assert.ok(end.signal === 'SIGSEGV' || text.includes(`born ${SOME} `), JSON.stringify(end))
})

test('the same by int 0x80', { skip: noGate32 }, async t => {
  const { text } = await outputOf(t, ['i386', String(SOME)], FILTERED)
  assert.doesNotMatch(text, /untraced|survived/)
  assert.match(text, new RegExp(`^born ${SOME} killed \\d+$`, 'm'))
})

test('an honest child has its mask and its handler of SIGSEGV, as without a tracer', async t => {
  const expected = `${'handled\n'.repeat(50)}born 100 killed 0\n`
  const alone = spawnSync(guest, ['honest', '100'], { encoding: 'utf8' })
  assert.equal(alone.stdout.replaceAll('untraced\n', ''), expected)
  for (const options of [{}, FILTERED, UNFILTERED]) {
    const { text, born } = await outputOf(t, ['honest', '100'], options)
    assert.equal(text, expected)
    assert.equal(born, 100)
  }
})

test('a trace that is left while children are born leaves each of them as it would be', async t => {
  const path = join(temporaryDirectory(t), 'output')
  for (let round = 0; round < 10; round++) {
    const fd = openSync(path, 'w')
    const running = trace(
      { program: guest, args: ['honest', '400'], stdio: [0, fd, 2] },
      { events: ['new-child'], seccomp: false },
    )
    let seen = 0
    for await (const event of running) if (event.type === 'new-child' && ++seen > round * 3) break
    await running.detach({ keep: true })
    closeSync(fd)
    const text = await untilEnded(path)
    assert.match(text, /^born 400 killed 0$/m)
    assert.equal(text.match(/handled/g)?.length, 200)
    assert.doesNotMatch(text, /mask/)
  }
})

test('a process that was attached to lives on when the process of its tracer ends', async t => {
  const index = new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url).href
  const attach = `
    const { trace } = await import(${JSON.stringify(index)})
    await trace(Number(process.argv[1]), { events: 'none' }).pid
    setTimeout(() => process.exit(0), 5 + Math.random() * 20)`
  for (let round = 0; round < 6; round++) {
    const running = spawn(guest, ['honest', '100000'], { stdio: 'ignore' })
    t.after(() => running.kill('SIGKILL'))
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', attach, String(running.pid)])
    assert.equal(status, 0)
    await sleep(20)
    assert.equal(running.signalCode, null, 'it runs')
    running.kill('SIGKILL')
  }
})

/** What the program wrote, when it has written its last line. */
async function untilEnded(path: string): Promise<string> {
  for (let tries = 0; tries < 1000; tries++) {
    const text = readFileSync(path, 'utf8')
    if (text.includes('born')) return text
    await sleep(10)
  }
  return readFileSync(path, 'utf8')
}

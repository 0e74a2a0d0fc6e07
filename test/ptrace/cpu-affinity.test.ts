/**
 * Tracer and tracee on one CPU: unseen by the program, and no hindrance to one that runs in
 * parallel.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { trace, type TraceOptions } from '#glassbox/index.js'
import { program } from '../support/programs.js'
import { output, until } from './support/traces.js'

const skip = availableParallelism() < 2 ? 'needs two CPUs' : false

const variants: Readonly<Record<string, TraceOptions>> = {
  'all calls': {},
  'without following': { follow: false },
  'some calls': { syscalls: ['getppid'] },
  'some calls that read': { syscalls: ['getppid', 'read', 'openat'] },
  'calls that read without those that open': { syscalls: ['getppid', 'read'] },
  'without a filter': { syscalls: ['getppid'], seccomp: false },
}

for (const [name, options] of Object.entries(variants)) {
  test(`a program sees its own CPUs and hands them on: ${name}`, { skip }, async t => {
    const before = spawnSync(program('traced'), ['masks'], { encoding: 'utf8' }).stdout
    const { out, end } = await output(t, ['masks'], options)
    assert.equal(end.exitCode, 0)
    assert.equal(out, before)
    assert.equal(before.split('\n').length, 4)
  })
}

test('an execve of another thread keeps the mask of that thread', { skip }, async t => {
  const before = spawnSync(program('traced'), ['masks'], { encoding: 'utf8' }).stdout
  for (const options of [{}, { syscalls: ['getppid', 'execve', 'openat'] }]) {
    const { out } = await output(t, ['thread-exec', 'masks'], options)
    assert.equal(out, before)
  }
})

/** As /proc/PID/status shows a mask of one CPU, on a machine with as many CPUs as this one. */
const maskText = (cpu: number): string => (1 << cpu).toString(16).padStart(maskOf('self').length, '0')

const maskOf = (pid: number | string): string => {
  try {
    return /^Cpus_allowed:\s*(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? ''
  } catch {
    return ''
  }
}

test('one that makes calls alone shares the CPU of its tracer, seen from outside', { skip }, async t => {
  const running = trace({ program: program('traced'), args: ['loops'] }, { events: 'none' })
  t.after(() => running.kill())
  const pid = await running.pid
  await until(() => maskOf(pid) !== maskOf('self'), 'its mask is another')
  await running.kill()
  const apart = trace({ program: program('traced'), args: ['loops'] }, { events: 'none', sameCpu: false })
  t.after(() => apart.kill())
  const other = await apart.pid
  for (let look = 0; look < 20; look++) {
    assert.equal(maskOf(other), maskOf('self'))
    await new Promise(resolve => setTimeout(resolve, 5))
  }
})

test('two that compute at a time have their own CPUs', { skip }, async t => {
  const running = trace(
    { program: program('traced'), args: ['parallel', '100000'] },
    { events: ['new-child'] },
  )
  t.after(() => running.kill())
  const pid = await running.pid
  const { value } = await running[Symbol.asyncIterator]().next()
  assert.ok(value?.type === 'new-child')
  const free = (): boolean => [pid, value.child].every(one => maskOf(one) === maskOf('self'))
  let looks = 0
  // It takes a moment until it shows that there are two; afterwards they are alone for a turn now
  // and then at most.
  await until(() => (looks = free() ? looks + 1 : 0) > 5, 'both have all CPUs, look after look')
})

test('afterwards our own threads have their CPUs again', { skip }, async t => {
  const before = maskOf('thread-self')
  await output(t, ['children', '5'])
  assert.equal(maskOf('thread-self'), before)
})

test('a mask that somebody else sets meanwhile stays as it is', { skip }, async t => {
  const running = trace({ program: program('traced'), args: ['loops'] }, { events: 'none' })
  t.after(() => running.kill())
  const pid = await running.pid
  const own = maskOf('self')
  await until(() => maskOf(pid) !== own, 'its mask is another')
  // The CPU that it was not moved to: nobody can take that for the mask of the tracer.
  const other = maskOf(pid) === maskText(0) ? 1 : 0
  spawnSync('taskset', ['-pc', String(other), String(pid)])
  assert.equal(maskOf(pid), maskText(other))
  for (let look = 0; look < 40; look++) {
    await new Promise(resolve => setTimeout(resolve, 20))
    assert.equal(maskOf(pid), maskText(other))
  }
})

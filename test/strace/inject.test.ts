/**
 * Tampering: each form, beside strace where its output is the same from run to run; and when it is
 * due.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isDue, Injector } from '#glassbox/strace/inject/inject.js'
import { durationUs, injection } from '#glassbox/strace/inject/grammar.js'
import type { EnteredCall, TraceeAtEntry } from '#glassbox/index.js'
import { program } from '../support/programs.js'
import { both, noStrace, strace } from './support/strace.js'

const FORMS: readonly (readonly [options: readonly string[], command: readonly string[]])[] = [
  [['-e', 'trace=access', '-e', 'fault=access'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:error=EIO'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:error=eio'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:error=5'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:error=4095'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:retval=0'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:error=EIO', '-e', 'inject=access:retval=0'], ['true']],
  [['-e', 'trace=brk', '-e', 'inject=brk:retval=0x10'], ['true']],
  [['-e', 'trace=brk', '-e', 'inject=brk:retval=-1'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:signal=USR1'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:signal=10:error=EIO'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:delay_enter=10'], ['true']],
  [['-T', '-e', 'trace=access', '-e', 'inject=access:delay_exit=0.01ms'], ['true']],
  [['-e', 'trace=access', '-e', 'inject=access:error=EIO:delay_enter=1us:delay_exit=1us'], ['true']],
  [
    ['-e', 'trace=uname', '-e', 'inject=uname:poke_exit=@arg1=414200'],
    ['uname', '-s'],
  ],
  [
    ['-e', 'trace=openat', '-e', 'inject=openat:poke_enter=@arg2=00'],
    ['cat', '/etc/passwd'],
  ],
  [
    ['-e', 'trace=openat', '-e', 'inject=openat:poke_enter=@arg2=2f00:error=EIO'],
    ['cat', '/etc/passwd'],
  ],
  [['-e', 'trace=none', '-e', 'inject=access:error=EIO'], ['true']],
  [
    ['-P', '/etc/passwd', '-e', 'inject=openat:error=ENOSPC'],
    ['cat', '/etc/passwd', '/etc/hostname'],
  ],
]

for (const [options, command] of FORMS) {
  test(options.join(' '), { skip: noStrace }, () => {
    const { ours, theirs } = both([...options, ...command])
    assert.equal(ours, theirs)
  })
}

/**
 * straced opens: five opens of /etc/passwd after the three of its start; exits with the number of
 * those that failed.
 */
const WHEN: readonly (readonly [when: string, due: readonly number[]])[] = [
  ['3', [3]],
  ['3+', [3, 4, 5, 6, 7]],
  ['3+2', [3, 5, 7]],
  ['3..5', [3, 4, 5]],
  ['3..7+3', [3, 6]],
  ['7', [7]],
  ['8', []],
]

for (const [when, due] of WHEN) {
  const args = [
    '-e',
    'trace=openat',
    '-e',
    `inject=openat:error=ENOSPC:when=${when}`,
    program('straced'),
    'opens',
  ]
  test(`when=${when}`, { skip: noStrace }, () => {
    const { ours, theirs } = both(args)
    assert.equal(ours, theirs)
  })
  test(`when=${when} fails the calls ${due.join(', ') || 'none'}`, () => {
    const { err, code } = strace(...args)
    const lines = err.split('\n').filter(line => line.startsWith('openat'))
    const failed = lines.flatMap((line, index) => (line.includes('(INJECTED)') ? [index + 1] : []))
    assert.deepEqual([failed, code], [due, due.length])
  })
}

test('each tracee counts for itself', () => {
  const { err } = strace(
    ...['-f', '-e', 'trace=umask', '-e', 'inject=umask:retval=7:when=2', program('straced'), 'threads'],
  )
  assert.equal(err.split('(INJECTED)').length - 1, 3)
  assert.equal(err.split('umask(').length - 1, 15)
})

test('another call may be made instead', () => {
  const { err, code } = strace(
    ...['-e', 'trace=rmdir', '-e', 'inject=rmdir:syscall=getpid:delay_enter=1', program('straced'), 'turns'],
  )
  const results = [...err.matchAll(/rmdir\("\S+"\) += (\d+) \(INJECTED\)/g)].map(([, result]) =>
    Number(result),
  )
  assert.deepEqual([code, results.length, new Set(results).size], [0, 3, 1])
  assert.ok((results[0] ?? 0) > 1)
})

test('a skipped call has no effect', () => {
  const { out } = strace('-e', 'trace=write', '-e', 'inject=write:retval=3', '-o', '/dev/null', 'echo', 'hi')
  assert.equal(out, '')
})

test('a delayed call takes its time, and others are not held up', () => {
  const { err } = strace('-T', '-e', 'trace=access', '-e', 'inject=access:delay_enter=50ms', 'true')
  const seconds = Number(/\(DELAYED\) <([\d.]+)>/.exec(err)?.[1])
  assert.ok(seconds >= 0.05, err)
})

test('when it is due, by counting', () => {
  const number = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(number, number, number, (first, length, step) => {
      const last = first + length
      const due = Array.from({ length: 100 }, (_, index) => index + 1).filter(count =>
        isDue({ first, last, step }, count),
      )
      const expected: number[] = []
      for (let count = first; count <= last; count += step) expected.push(count)
      assert.deepEqual(due, expected)
      assert.equal(isDue({ first, last: Infinity, step: 0 }, first), true)
      assert.equal(isDue({ first, last: Infinity, step: 0 }, first + step), false)
    }),
  )
})

test('times with their units', () => {
  assert.deepEqual(
    ['1', '1us', '1ms', '1.5s', '10ns', '.5ms', '1e3'].map(durationUs),
    [1, 1, 1000, 1_500_000, 0.01, 500, 1000],
  )
  for (const text of ['', 'x', '1m', '-1', '1e', '1 ms']) assert.equal(durationUs(text), undefined, text)
})

test('octal and hexadecimal values, as strtoull reads them', () => {
  assert.equal(injection('brk:retval=010', 'inject').retval, 8n)
  assert.equal(injection('brk:retval=0x10', 'inject').retval, 16n)
  assert.equal(injection('brk:retval=10', 'inject').retval, 10n)
  assert.throws(() => injection('brk:retval=1x', 'inject'))
})

test('calls of one number by two ABIs are counted apart, as in strace', () => {
  const skipped: string[] = []
  const tracee = (abi: string): TraceeAtEntry =>
    ({ skip: () => skipped.push(abi) }) as unknown as TraceeAtEntry
  const call = (abi: 'x86_64' | 'i386'): EnteredCall => ({
    tid: 1,
    pid: 1,
    timeNs: 0n,
    nr: 20,
    args: [],
    abi,
  })
  const injector = new Injector([injection('all:error=EPERM:when=2', 'inject')])
  const counters = new Map()
  for (const abi of ['x86_64', 'i386', 'i386', 'x86_64'] as const)
    injector.enter(call(abi), tracee(abi), counters)
  assert.deepEqual(skipped, ['i386', 'x86_64'])
})
